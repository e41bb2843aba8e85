"""What a flow writes about a package -> the versions that fit, by the rules of pip and of conda.

    @pypi   "pandas": "2.1"         ==2.1         @conda  "pandas": "=2.1"            ==2.1.*
            "ray[data]": ">=2,<3"   >=2,<3                "main::numpy": "1.26=py_0"  ==1.26
            "mine": "@ git+..."     any                   "pandas": ">=2|1.5.*"       one of the two
            "six": "1.16 ; sys_platform == 'linux'"       ==1.16 there, and nothing elsewhere

`installed` knows what there is.
"""

from __future__ import annotations

import platform
import re
from fnmatch import fnmatchcase
from typing import NamedTuple

from packaging.markers import InvalidMarker, Marker
from packaging.requirements import InvalidRequirement, Requirement
from packaging.specifiers import InvalidSpecifier, SpecifierSet
from packaging.utils import canonicalize_name
from packaging.version import InvalidVersion, Version

ANY = ("", "*")
_CLAUSE = re.compile(r"(===|==|!=|<=|>=|~=|<|>|=)?\s*([^\s=<>!~]+)(?:(?:\s*=\s*|\s+)\S+)?")
"""A clause of conda: an operator, a version and a build, which is left out ("Package match specifications" of conda)."""


class UnreadableForm(ValueError):
    """A name or a version that neither pip nor conda would read."""


class Wanted(NamedTuple):
    """A package with the versions that fit: one of `choices`, which are specifiers or patterns of a text; any where there are none.

    `unchecked` says what is asked for beyond the version and cannot be compared, such as an address; "" for nothing.
    Where the `marker` does not hold, nothing is asked for.
    """

    name: str
    extras: tuple[str, ...] = ()
    choices: tuple[SpecifierSet | str, ...] = ()
    unchecked: str = ""
    marker: str = ""

    def admits(self, version: str) -> bool:
        """Whether an installed version fits."""
        return not self.choices or any(_admits(choice, version) for choice in self.choices)

    @property
    def counts(self) -> bool:
        """Whether the marker holds for this Python."""
        return not self.marker or Marker(self.marker).evaluate()

    @property
    def versions(self) -> str:
        """The versions in words; "" for any."""
        return " or ".join(str(choice) if isinstance(choice, SpecifierSet) else f"=={choice}" for choice in self.choices)

    @property
    def line(self) -> str:
        """What to give to `pip install`."""
        extras = f"[{','.join(self.extras)}]" if self.extras else ""
        return f"{self.name}{extras}{self.versions.partition(' or ')[0]}"


def of_pypi(name: str, version: str) -> Wanted:
    """An entry of `packages` of `@pypi`."""
    if "://" in name:
        return Wanted(name, unchecked=f"{name}{version.strip()}")
    text, _, marker = (part.strip() for part in version.partition(";"))
    try:
        marker = str(Marker(marker)) if marker else ""
        read = Requirement(name.strip())
        if read.marker or read.url or read.specifier:
            raise UnreadableForm(f"`{name}` is more than the name of a package")
        if text.startswith("@"):
            return Wanted(read.name, tuple(sorted(read.extras)), unchecked=text, marker=marker)
        bare = text and not text.startswith(("<", ">", "!", "~", "="))
        specifier = SpecifierSet(f"=={text}" if bare else text)
    except InvalidRequirement:
        raise UnreadableForm(f"`{name}` is not the name of a package") from None
    except (InvalidSpecifier, InvalidMarker):
        raise UnreadableForm(f"`{version}` is not a version of `{name}`") from None
    return Wanted(read.name, tuple(sorted(read.extras)), (specifier,) if text else (), marker=marker)


def of_conda(name: str, version: str) -> Wanted:
    """An entry of `packages` of `@conda`; the name may have a channel in front, as in `conda-forge::numpy`."""
    own = name.strip().rpartition("::")[2]
    if not re.fullmatch(r"[A-Za-z0-9_][\w.-]*", own):
        raise UnreadableForm(f"`{name}` is not the name of a package")
    texts = [text.strip() for text in version.split("|")]
    if any(text in ANY for text in texts):
        return Wanted(own)
    return Wanted(own, (), tuple(_choice(name, text) for text in texts))


def wanted(conda: bool, name: str, version: str) -> Wanted:
    """An entry of `packages`; raises UnreadableForm."""
    return of_conda(name, version) if conda else of_pypi(name, version)


def spelled(conda: bool, name: str, version: str) -> tuple[str, str]:
    """An entry of `packages` in one spelling: `My_Pkg` and `2.1` of pip are `my-pkg` and `==2.1`."""
    if conda:
        return name.lower(), version
    if "://" in name or name.lower() == "python":
        return name, version
    found = of_pypi(name, version)
    extras = f"[{','.join(found.extras)}]" if found.extras else ""
    marker = f" ; {found.marker}" if found.marker else ""
    return f"{canonicalize_name(found.name)}{extras}", f"{found.unchecked or found.versions}{marker}".strip()


def python_fits(version: str, here: str = "") -> bool:
    """Whether this Python is the one asked for: its major and minor version decide if one version is written; raises UnreadableForm.

    An image with 3.11.9 fits a flow that asks for 3.11.5.
    """
    here = here or platform.python_version()
    text = version.strip().removeprefix("==").removesuffix("t")  # 3.13t has no lock, which no flow can see
    if re.fullmatch(r"\d+(\.\d+)*(\.\*)?", text):
        parts = text.removesuffix(".*").split(".")[:2]
        return here.split(".")[: len(parts)] == parts
    found = of_conda("python", text)
    if any(isinstance(choice, str) for choice in found.choices):
        raise UnreadableForm(f"`{version}` is not a version of Python")
    return found.admits(here)


def _choice(name: str, text: str) -> SpecifierSet | str:
    clauses = [_CLAUSE.fullmatch(each.strip()) for each in text.split(",")]
    pairs = [(found[1] or "==", found[2]) for found in clauses if found]
    if len(pairs) < len(clauses):
        raise UnreadableForm(f"`{text}` is not a version of `{name}`")
    try:
        return SpecifierSet(",".join(_specifier(*pair) for pair in pairs))
    except InvalidSpecifier:
        if len(pairs) == 1 and pairs[0][0] in ("==", "="):  # such as 9e or 1.1.1k, which have no order
            return pairs[0][1] + ("*" if pairs[0][0] == "=" else "")
        raise UnreadableForm(f"`{text}` is not a version of `{name}`") from None


def _specifier(operator: str, version: str) -> str:
    if operator == "=":
        return f"=={version}" if version.endswith("*") else f"=={version}.*"
    return operator + (version.removesuffix(".*") if operator in ("<", ">", "<=", ">=") else version)


def _admits(choice: SpecifierSet | str, version: str) -> bool:
    if isinstance(choice, str):
        return fnmatchcase(version, choice)
    try:
        return choice.contains(Version(version), prereleases=True)
    except InvalidVersion:
        return False
