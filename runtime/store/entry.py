"""A document in a listing."""

from __future__ import annotations


class Entry:
    """A document: its key, its size in bytes, when it was written (seconds since 1970), and a text that differs for each version."""

    __slots__ = ("key", "modified", "size", "version")

    def __init__(self, key: str, size: int, modified: float, version: str) -> None:
        self.key, self.size, self.modified, self.version = key, size, modified, version
