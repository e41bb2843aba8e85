"""The outcome of one item, as plain data that can be stored and sent through a pipe. Only type checkers import this module."""

from __future__ import annotations

from typing import Any, TypedDict


class _Exception(TypedDict):
    type: str
    full: str
    """The type with its module."""
    message: str
    traceback: str
    item: str
    """The address of the item."""


class Failure(_Exception, total=False):
    """What is kept of an exception that stopped an item."""

    fatal: bool
    """Whether `@catch` does not apply."""
    metrics: dict[str, list[Any]]
    """The steps and the last values of each metric that the item had logged."""


class _Row(TypedDict):
    row: int


class Outcome(_Row, total=False):
    """Of a finished item everything but `error`; of a failed one `row`, `error`, and in `own` the artifacts that it set before."""

    own: dict[str, bytes]
    """The entries of the artifacts that the item set."""
    cards: dict[str, bytes]
    """The entries of its cards, by the names of these; of a failed item what its step had added."""
    metrics: dict[str, bytes]
    """The stored forms of its metrics, by name."""
    logged: list[str]
    """The artifacts that it named with `current.log_artifact`."""
    to: list[str]
    """The next steps of the item."""
    values: list[bytes] | None
    """The entries of what its foreach goes over."""
    reads: dict[str, Any]
    """The digest of each thing that it read."""
    taken: str
    """The run in which it ran, when that was another one."""
    caught: bool
    ended: str
    """Why it was ended: another node of its gang failed."""
    error: Failure
