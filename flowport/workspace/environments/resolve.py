"""What a step asks for -> the exact versions of everything that it needs on one platform, which uv finds."""

from __future__ import annotations

import os
import re
import tempfile
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from flowport.runtime.environments import tools
from flowport.runtime.environments.errors import EnvironmentProblem
from flowport.runtime.environments.lock_file import Request
from flowport.runtime.environments.needs import TASK
from flowport.runtime.environments.platforms import UV
from flowport.runtime.requirements.forms import of_conda, of_pypi
from flowport.runtime.requirements.installed import is_python, pip_names

_ITEM = re.compile(r"^(?![ #]).+(?:\n[ ].+)*", re.MULTILINE)
"""An item of a requirements file, with the indented lines that have its hashes."""

_MARKER = re.compile(r" ; .*?(?= \\$|$)", re.MULTILINE)


class Resolved(NamedTuple):
    """The items of a requirements file by the names of the packages, and which of these have no wheel for the platform."""

    items: dict[str, str]
    built: list[str]


class Resolver(NamedTuple):
    """Finds versions for one Python and one platform. Those in `preferred`, the items of a lock file, stay where they still fit."""

    python: str
    platform: str
    preferred: str = ""

    def resolve(self, asked: Request) -> Resolved:
        """The versions; raises EnvironmentProblem.

        Versions with wheels come first, because what is built from source needs compilers where it is installed.
        """
        lines = [*_lines(asked), *TASK]
        try:
            return Resolved(self._compiled(lines, "--only-binary", ":all:"), [])
        except EnvironmentProblem:
            items = self._compiled(lines)
        return Resolved(items, [name for name, item in items.items() if not self._has_wheel(item)])

    def _has_wheel(self, item: str) -> bool:
        try:
            self._compiled([item.partition(" \\")[0]], "--no-deps", "--only-binary", ":all:")
        except EnvironmentProblem:
            return False
        return True

    def _compiled(self, lines: Sequence[str], *more: str) -> dict[str, str]:
        # pip and uv accept hashes for all packages of a file or for none, and what an address names has none.
        hashes = () if any("://" in line for line in lines) else ("--generate-hashes",)
        with tempfile.TemporaryDirectory(prefix="flowport-lock-") as folder:
            output = os.path.join(folder, "locked.txt")
            with open(output, "w", encoding="utf-8") as file:
                file.write(_MARKER.sub("", self.preferred))
            tools.run(
                [
                    *(_uv(), "pip", "compile", "-q", "--python-version", self.python, "--python-platform", UV[self.platform]),
                    *("--no-annotate", "--no-header", "--no-python-downloads", *hashes, *more, "--output-file", output, "-"),
                ],
                f"no versions of these packages fit together for {self.platform} and Python {self.python}",
                given="".join(f"{line}\n" for line in lines),
            )
            with open(output, encoding="utf-8") as file:
                return {re.split(r"[=@ \[;]", item)[0]: item for item in _ITEM.findall(file.read())}


def _uv() -> str:
    found = tools.uv()
    if found is None:
        raise EnvironmentProblem("uv finds the versions, and it is not installed: pip install uv")
    return found


def _lines(asked: Request) -> Iterator[str]:
    """What is asked for, as pip writes it."""
    for name, version in asked.packages.items():
        if name.lower() == "python":
            continue
        if "://" in name:
            yield f"{name}{version.strip()}"
        elif asked.conda:
            yield from _of_conda(name, version)
        else:
            found = of_pypi(name, version)
            yield f"{found.line} {found.unchecked}{f' ; {found.marker}' if found.marker else ''}".strip()


def _of_conda(name: str, version: str) -> Iterator[str]:
    """A package of conda by its name on PyPI; raises EnvironmentProblem if there is no Python in it."""
    found = of_conda(name, version)
    if not is_python(found.name):
        raise EnvironmentProblem(f'`{found.name}` is a package of conda alone: lock it with conda, without `conda = "pypi"`')
    yield found._replace(name=pip_names(found.name)[0]).line
