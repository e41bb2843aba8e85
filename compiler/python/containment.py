"""Checks that a file is a regular file inside the folders of the flow, after following links.

Continuous integration compiles flows of other people. A link to `/proc/self/environ` must not copy the secrets of that machine into a
code package or a message.
"""

from __future__ import annotations

import os
from collections.abc import Iterable


def leads_out(path: str, folders: Iterable[str]) -> str | None:
    """Why the file at `path` is rejected; None for a regular file below one of `folders`."""
    if not os.path.isfile(path):
        return "is not a regular file"
    if not below(path, folders):
        return f"is a link to `{os.path.realpath(path)}`, outside the flow's folder"
    return None


def below(path: str, folders: Iterable[str]) -> bool:
    """Whether a path, with every link in it followed, is below one of the folders."""
    real = os.path.realpath(path)
    return any(real.startswith(os.path.join(os.path.realpath(folder), "")) for folder in folders)
