"""Folders for the stores of tests, which are removed when the process of the tests ends."""

from __future__ import annotations

from tempfile import TemporaryDirectory, mkdtemp

_parents: list[TemporaryDirectory[str]] = []
"""The folder that all others are in, once there is one."""


def new_folder() -> str:
    """A new and empty folder."""
    if not _parents:
        _parents.append(TemporaryDirectory(prefix="flowport-testing-"))
    return mkdtemp(dir=_parents[0].name)
