"""The exception that `@catch(var=...)` stores. Its pickle names `flowport.CaughtError`, so that this file can move."""

from __future__ import annotations


class CaughtError(Exception):
    """What `@catch(var=...)` stores: the type of an exception, `builtins.ValueError`, its message and its traceback, as text."""

    def __init__(self, type: str, message: str, stacktrace: str) -> None:
        super().__init__(type, message, stacktrace)
        self.type, self.message, self.stacktrace = type, message, stacktrace

    @property
    def exception(self) -> str:
        """The message, as the exception itself may not be importable where it is read."""
        return self.message

    def __str__(self) -> str:
        name = self.type.rpartition(".")[2]
        return f"{name}: {self.message}" if self.message else name

    def __repr__(self) -> str:
        return f"<CaughtError {self}>"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, CaughtError) and (self.type, self.message) == (other.type, other.message)

    def __hash__(self) -> int:
        return hash((self.type, self.message))


CaughtError.__module__ = "flowport"

MetaflowExceptionWrapper = CaughtError
"""Metaflow's name for it."""
