"""Names for an engine: a user's name where it is legal there, otherwise a shortened one with a hash.

    Namer("A-Za-z0-9_-", 80)("train the model 🙂")  ->  "train-the-model-3f1c9a07"

Names made by one `Namer` are unique, and the same names in the same order give the same result.
"""

from __future__ import annotations

import re

from flowport.runtime.store import digests

HASH = 8


def legal(text: str, characters: str, limit: int) -> str:
    """`text` when it consists of `characters` and is no longer than `limit`; otherwise a name made of it.

    `characters` is the inside of a regular expression's class.
    """
    if text and len(text) <= limit and re.fullmatch(f"[{characters}]+", text):
        return text
    return with_hash(text, text, characters, limit)


def with_hash(text: str, salt: str, characters: str, limit: int) -> str:
    """The legal characters of `text`, followed by a hash of `salt`."""
    kept = re.sub(f"[^{characters}]+", "-", text).strip("-")[: limit - HASH - 1]
    digest = digests.of(salt.encode())[:HASH]
    return f"{kept}-{digest}" if kept else digest


class Namer:
    """Gives every key a unique name: `namer(key, text)` always returns the same name for a key."""

    def __init__(self, characters: str, limit: int) -> None:
        self._characters, self._limit = characters, limit
        self._names: dict[str, str] = {}
        self._taken: set[str] = set()

    def __call__(self, key: str, text: str | None = None) -> str:
        """The name for `key`, made from `text` (the key itself unless given)."""
        if key not in self._names:
            name = legal(key if text is None else text, self._characters, self._limit)
            if name in self._taken:
                name = with_hash(name, key, self._characters, self._limit)
            self._taken.add(name)
            self._names[key] = name
        return self._names[key]
