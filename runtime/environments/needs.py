"""What flowport itself needs in an image, where no lock file has it: `python -m flowport.runtime.environments.needs [conda]`.

What the base image has in a version that will do stays, because the base image may need that version itself. Everything else is installed
in the exact versions below, so that the same base image and the same flowport give the same image, whenever it is built.
"""

from __future__ import annotations

import os
import re
import sys
from importlib.metadata import PackageNotFoundError, version

TASK = ("obstore>=0.6", "packaging>=22")
"""What a task needs: the dependencies of pyproject.toml without those of the command line."""

RATTLER = ("py-rattler>=0.20", "pyyaml>=6")
"""What installs packages of conda: the extra `conda` of pyproject.toml, and what reads the settings of conda."""

THEIRS = ("typing-extensions>=4",)
"""What these need."""

EXACT = (
    "obstore==0.11.1 ; python_full_version < '3.11'",
    "obstore==0.12.1 ; python_full_version >= '3.11'",
    "packaging==26.4",
    "py-rattler==0.28.0",
    "pyyaml==6.0.4",
    "typing-extensions==4.16.0",
)
"""The versions, as pip reads them: lines of `constraints.txt`."""


def missing(needed: tuple[str, ...]) -> list[str]:
    """The lines of EXACT about what is not there, or in an older version."""
    names = [each.partition(">=")[0] for each in needed if not _is_there(each)]
    return [line for line in EXACT if line.partition("==")[0] in names]


def _is_there(needed: str) -> bool:
    name, _, least = needed.partition(">=")
    try:
        found = version(name)
    except PackageNotFoundError:
        return False
    return _numbers(found) >= _numbers(least)


def _numbers(text: str | None) -> list[int]:
    """The numbers with which a version begins; none, if what is there does not say its version."""
    found = re.match(r"\d+(\.\d+)*", text or "")
    return [int(number) for number in found[0].split(".")] if found else []


def main(words: list[str]) -> None:
    """Install what is missing, by replacing this process with pip."""
    lines = missing((*TASK, *(RATTLER if "conda" in words else ()), *THEIRS))
    if lines:
        os.execv(sys.executable, [sys.executable, "-m", "pip", "install", "--no-cache-dir", "--no-deps", *lines])


if __name__ == "__main__":
    main(sys.argv[1:])
