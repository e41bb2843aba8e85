"""A requirements file of pip -> packages with their versions, as `@pypi` has them.

    pandas>=2,<3            "pandas": "<3,>=2"
    ray[data]               "ray[data]": ""
    six ; sys_platform...   "six": " ; sys_platform..."
    mine @ git+https://...  "mine": "@ git+https://..."
    -r more.txt             what the other file has

Options about indexes are left out: where packages come from is a setting of the machine that installs them. The format is that of pip's
documentation, "Requirements File Format".
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name

_OF_INDEXES = re.compile(
    r"(-i|--index-url|--extra-index-url|--no-index|-f|--find-links|--trusted-host|--prefer-binary|--pre|--only-binary|--no-binary)\b"
)
_MORE = re.compile(r"(?:-r|--requirement)[ =]*(.+)")


class UnreadableLine(ValueError):
    """A line that stands for no package, such as `-e .`, or a file that cannot be read."""


def packages(path: str) -> dict[str, str]:
    """The packages of a file; raises UnreadableLine."""
    found: dict[str, tuple[str, str]] = {}
    for name, version in _packages(path, ()):
        _, before = found.setdefault(canonicalize_name(name), (name, version))
        if before != version:
            both = " and ".join(f"`{each.strip()}`" if each else "no version" for each in (before, version))
            raise UnreadableLine(f"`{os.path.basename(path)}` names `{name}` twice, with {both}: a step has one of them")
    return dict(found.values())


def _packages(path: str, around: tuple[str, ...]) -> Iterator[tuple[str, str]]:
    try:
        with open(path, encoding="utf-8-sig") as file:
            text = file.read()
    except (OSError, UnicodeDecodeError) as error:
        raise UnreadableLine(f"`{os.path.basename(path)}` cannot be read: {getattr(error, 'strerror', None) or error}") from error
    for line in text.replace("\\\n", " ").splitlines():
        written = re.sub(r"(^|\s)#.*", "", line).strip()
        written = re.sub(r"\s+--hash[ =]\S+", "", written)
        more = _MORE.fullmatch(written)
        if more and os.path.realpath(path) not in around:
            yield from _packages(os.path.join(os.path.dirname(path), more[1].strip()), (*around, os.path.realpath(path)))
        elif written and not more and not _OF_INDEXES.match(written):
            yield _package(written, path)


def _package(line: str, path: str) -> tuple[str, str]:
    if re.match(r"\w+(\+\w+)?://", line):
        return line, ""
    try:
        found = Requirement(line)
    except InvalidRequirement:
        raise UnreadableLine(f"the line `{line}` of `{os.path.basename(path)}` does not name a package") from None
    extras = f"[{','.join(sorted(found.extras))}]" if found.extras else ""
    version = f"@ {found.url}" if found.url else str(found.specifier)
    return f"{found.name}{extras}", f"{version} ; {found.marker}" if found.marker else version
