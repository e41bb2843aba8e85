"""Lock files: the exact versions of everything in an environment, for review and for whoever makes it.

    # The exact versions of an environment, written by `flowport lock`.
    # environment: numpy-pandas-5c1e0a9b2f
    # python: 3.11
    # platforms: linux/amd64
    # request: {"conda":false,"packages":{"numpy":"","pandas":"2.1"},"python":"3.11"}
    numpy==1.26.4 \\
        --hash=sha256:...

The lines after the head are those of a requirements file of pip, or with `conda` in the request of an environment of conda: a channel, a
name, a version and a build. They contain no address of an index.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, NamedTuple

from flowport.runtime.store import digests

if TYPE_CHECKING:
    from collections.abc import Mapping

FOLDER = "environments"
"""The folder with lock files, beside the file of the flow."""

TITLE = "The exact versions of an environment, written by `flowport lock`."
HEAD = ("environment", "python", "platforms", "request")
CONFLICT = ("<<<<<<< ", ">>>>>>> ")
"""What lines begin with that git leaves in a file whose versions it cannot merge."""

LONGEST = 40
"""Characters of the readable part of a name."""


class BadLockFile(ValueError):
    """A file that `flowport lock` has not written, or that was damaged."""


class Request(NamedTuple):
    """What a step asks for: packages of pip or of conda with their versions as they are written, and a Python, "" for any."""

    conda: bool
    packages: Mapping[str, str]
    python: str = ""

    def document(self) -> dict[str, Any]:
        """The request as JSON. Names are sorted, so that equal requests are equal texts."""
        return {"conda": self.conda, "packages": dict(sorted(self.packages.items())), "python": self.python}

    def text(self) -> str:
        """The same on one line."""
        return json.dumps(self.document(), separators=(",", ":"))

    @property
    def name(self) -> str:
        """The name of the environment: its first packages, to recognize it by, and a digest. Only the digest makes it unique."""
        names = [_readable(name) for name in sorted(self.packages, key=str.lower)] or [f"python{self.python}"]
        readable = names[0]
        for name in names[1:]:
            if len(readable) + 1 + len(name) > LONGEST:
                break
            readable += f"-{name}"
        return f"{readable[:LONGEST]}-{digests.of(self.text().encode(errors='surrogatepass'))[:10]}"


class LockFile(NamedTuple):
    """What a lock file says. `python` is a major and minor version; `platforms` are those that it was made for, such as `linux/amd64`."""

    name: str
    python: str
    platforms: tuple[str, ...]
    request: Request
    lines: str

    @property
    def text(self) -> str:
        """The whole file."""
        values = (self.name, self.python, " ".join(self.platforms), self.request.text())
        head = [TITLE, *(f"{key}: {value}" for key, value in zip(HEAD, values, strict=True))]
        return "".join(f"# {line}\n" for line in head) + self.lines

    @property
    def digest(self) -> str:
        """The digest of the whole file."""
        return digests.of(self.text.encode())


def read(data: bytes) -> LockFile:
    """The lock file with these bytes, whatever its lines end with; raises BadLockFile."""
    try:
        text = data.decode().replace("\r\n", "\n")  # as git leaves it with `core.autocrlf`
        if any(line.startswith(CONFLICT) for line in text.splitlines()):
            raise BadLockFile("it has two versions, which git could not merge")
        found = dict(line[2:].split(": ", 1) for line in text.splitlines()[1 : 1 + len(HEAD)])
        asked = json.loads(found["request"])
        request = Request(bool(asked["conda"]), dict(asked["packages"]), str(asked["python"]))
        lines = "".join(text.splitlines(keepends=True)[1 + len(HEAD) :])
        lock = LockFile(found["environment"], found["python"], tuple(found["platforms"].split()), request, lines)
    except BadLockFile:
        raise
    except (ValueError, LookupError, TypeError) as error:
        raise BadLockFile("it has no head that `flowport lock` writes") from error
    if lock.text != text or lock.name != request.name:
        raise BadLockFile("its head was changed")
    return lock


def _readable(name: str) -> str:
    """A package's name with the characters that file names and tags of images may have."""
    plain = name.rpartition("/")[2].rpartition("::")[2].partition("[")[0].lower()
    return "".join(letter if letter.isascii() and letter.isalnum() else "-" for letter in plain).strip("-") or "package"
