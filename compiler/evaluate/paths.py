"""A replacement for `pathlib.Path` that never looks at the disk."""

from __future__ import annotations

import posixpath


class PathText:
    """A path at compile time."""

    ATTRIBUTES = ("parent", "name", "stem", "suffix", "parents", "parts")
    METHODS = ("joinpath", "with_suffix", "with_name", "as_posix", "resolve", "absolute", "expanduser")

    def __init__(self, *parts: str | PathText) -> None:
        self.text = posixpath.normpath(posixpath.join(*map(str, parts))) if parts else "."

    def __str__(self) -> str:
        return self.text

    __fspath__ = as_posix = __str__

    def __truediv__(self, other: str | PathText) -> PathText:
        return PathText(self, other)

    joinpath = __truediv__

    @property
    def parent(self) -> PathText:
        return PathText(posixpath.dirname(self.text))

    @property
    def parents(self) -> tuple[PathText, ...]:
        found = [self.parent]
        while found[-1].text not in (".", "/", ""):
            found.append(found[-1].parent)
        return tuple(found)

    @property
    def parts(self) -> tuple[str, ...]:
        return tuple(part for part in self.text.split("/") if part)

    @property
    def name(self) -> str:
        return posixpath.basename(self.text)

    @property
    def stem(self) -> str:
        return posixpath.splitext(self.name)[0]

    @property
    def suffix(self) -> str:
        return posixpath.splitext(self.name)[1]

    def with_name(self, name: str) -> PathText:
        return self.parent / name

    def with_suffix(self, suffix: str) -> PathText:
        return self.parent / (self.stem + suffix)

    def resolve(self, strict: bool = False) -> PathText:
        if not self.text.startswith("/"):
            raise ValueError("it depends on the working directory")
        return self

    absolute = resolve

    def expanduser(self) -> PathText:
        if self.text.startswith("~"):
            raise ValueError("it depends on the user who starts the flow")
        return self
