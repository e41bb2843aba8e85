"""The state in which each item of a task starts: working directory, environment variables, and the lists and dictionaries of the class.

An item may change them. They are restored before the next item of the same process.
"""

from __future__ import annotations

import os

from flowport.runtime.package.class_attributes import NOTHING, owners

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

CHANGEABLE = (list, dict, set, bytearray)


class State:
    """The state of this process before the first item of a task."""

    def __init__(self, kind: type) -> None:
        self._folder = _folder()
        self._environment = dict(os.environ)
        self._constants = [(owner, name, value, _copy(value)) for owner, name, value in _changeable(kind)]

    def renew(self) -> None:
        """Put back what was changed; values of the class that cannot be copied stay as they are."""
        if self._folder is not None and _folder() != self._folder and os.path.isdir(self._folder):
            os.chdir(self._folder)
        if self._environment != (now := dict(os.environ)):
            for name in now.keys() - self._environment.keys():
                del os.environ[name]
            os.environ.update(self._environment)
        for number, (owner, name, value, before) in enumerate(self._constants):
            if before is not NOTHING and vars(owner).get(name) is value and not _equal(value, before):
                fresh = _copy(before)
                setattr(owner, name, fresh)
                self._constants[number] = (owner, name, fresh, before)


def _folder() -> str | None:
    """The working directory; None where it was removed."""
    try:
        return os.getcwd()
    except FileNotFoundError:
        return None


def _changeable(kind: type) -> Iterator[tuple[type, str, Any]]:
    for owner in owners(kind):
        for name, value in vars(owner).items():
            if isinstance(value, CHANGEABLE) and not name.startswith("__"):
                yield owner, name, value


def _copy(value: Any) -> Any:
    from copy import deepcopy

    try:
        return deepcopy(value)
    except Exception:  # whatever the classes of what is in it raise
        return NOTHING


def _equal(value: Any, before: Any) -> bool:
    try:
        return bool(value == before)
    except Exception:  # arrays are compared part by part
        return False
