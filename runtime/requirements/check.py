"""Compares the packages and the Python that a step asks for with those that are here, before the user's module is imported."""

from __future__ import annotations

import platform
import shlex
import sys
from collections.abc import Mapping
from typing import NamedTuple

from flowport.runtime.protocol import NonRetryable
from flowport.runtime.requirements import installed
from flowport.runtime.requirements.forms import Wanted, python_fits, wanted

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


class PackagesDiffer(NonRetryable):
    """A package is missing or has another version: trying again is of no use."""


class _Difference(NamedTuple):
    """What differs in words, and what to install; "" where that is no package."""

    text: str
    line: str


class _Comparison:
    """What was found so far about the packages of a step."""

    def __init__(self, conda: bool) -> None:
        self.conda = installed.conda_packages() if conda else None
        self.by_conda = conda
        self.differences: list[_Difference] = []
        self.unchecked: list[str] = []

    def python(self, version: str) -> None:
        """Compare Python itself."""
        if not python_fits(version):
            self.differences.append(_Difference(f"Python is {platform.python_version()} and not {version}", ""))

    def package(self, package: Wanted) -> None:
        """Compare one package."""
        if not package.counts:
            return
        if "://" in package.name:
            self.unchecked.append(package.unchecked)
            return
        found = self._version(package)
        if found is None and self.by_conda and self.conda is None and not _would_show(package.name):
            self.unchecked.append(package.name)
        elif found is None or not package.admits(found):
            state = f"is {found} and not {package.versions}" if found else f"{package.versions} is missing".strip()
            self.differences.append(_Difference(f"`{package.name}` {state}", self._line(package)))
        else:
            self.unchecked += [f"{package.name} {package.unchecked}"] if package.unchecked else []
            self._extras(package)

    def _version(self, package: Wanted) -> str | None:
        found = (self.conda or {}).get(package.name.lower())
        names = _names(package.name) if self.by_conda else (package.name,)
        return found or next((version for name in names if (version := installed.version(name))), None)

    def _extras(self, package: Wanted) -> None:
        for needed in installed.of_extras(package.name, package.extras) if package.extras else ():
            found = installed.version(needed.name)
            if found is None or not needed.specifier.contains(found, prereleases=True):
                state = f" is {found} and not {needed.specifier}" if found else " is missing"
                listed = f"`{needed.name}`{'' if found or not needed.specifier else f' {needed.specifier}'}"
                whole = f"`{package.name}[{','.join(package.extras)}]`"
                self.differences.append(_Difference(f"{listed} of {whole}{state}", package.line))

    def _line(self, package: Wanted) -> str:
        return package.line if self.conda is not None else package._replace(name=self._pip_name(package.name)).line

    def _pip_name(self, name: str) -> str:
        return installed.pip_names(name)[0] if self.by_conda else name


def _names(name: str) -> tuple[str, ...]:
    return installed.pip_names(name) if installed.is_python(name) else ()


def _would_show(name: str) -> bool:
    """Whether a conda package that is outside of conda would be found: programs and libraries are not."""
    return installed.is_python(name) and not installed.is_program(name)


def is_here(asked: Mapping[str, Any]) -> bool:
    """Whether all that a step asks for is installed in this Python."""
    return not _compared(asked).differences


def check(plan: Mapping[str, Any]) -> None:
    """Raise PackagesDiffer if a step asks for something else than what is here; print what cannot be compared."""
    found = _compared(plan["packages"])
    if found.unchecked:
        listed = ", ".join(f"`{each}`" for each in found.unchecked)
        sys.stderr.write(f"flowport: step `{plan['step']}` asks for {listed}, and nothing here says whether that is what is installed\n")
    if found.differences:
        listed = ", ".join(each.text for each in found.differences)
        raise PackagesDiffer(f"step `{plan['step']}` asks for something else than what is here: {listed}; {_way_out(found)}")


def _compared(asked: Mapping[str, Any]) -> _Comparison:
    found = _Comparison(asked["conda"])
    if asked["python"]:
        found.python(asked["python"])
    for name, version in asked["packages"].items():
        if name.lower() == "python":
            if version:
                found.python(version)
        else:
            found.package(wanted(asked["conda"], name, version))
    return found


def _way_out(found: _Comparison) -> str:
    lines = list(dict.fromkeys(each.line for each in found.differences if each.line))
    tool = "conda install" if found.conda is not None else "pip install"
    ways = [f"`{tool} {' '.join(map(shlex.quote, lines))}`"] if lines else []
    ways += ["another Python"] if any(not each.line for each in found.differences) else []
    return f"on this machine use {' and '.join(ways)}, on an engine an image that fits"
