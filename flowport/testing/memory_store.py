"""A store in the memory of this process, for the values of one step."""

from __future__ import annotations

import time

from flowport.runtime.store import digests
from flowport.runtime.store.entry import Entry
from flowport.runtime.store.errors import Corrupt, Missing
from flowport.runtime.store.keys import blob_key, checked

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from typing_extensions import Buffer


class MemoryStore:
    """The documents by key. No other process can open it."""

    url = "memory://test"

    def __init__(self) -> None:
        self._documents: dict[str, tuple[bytes, float, int]] = {}
        self._writes = 0

    def _found(self, key: str) -> tuple[bytes, float, int]:
        try:
            return self._documents[key]
        except KeyError:
            raise Missing(f"`{key}` is not in the store of the test") from None

    def read(self, key: str) -> bytes:
        return self._found(key)[0]

    def part(self, key: str, start: int, size: int) -> bytes:
        data = self.read(key)[start : start + size]
        if len(data) < size:
            raise Corrupt(f"`{key}` in the store of the test ends before byte {start + size}")
        return data

    def create(self, key: str, data: bytes) -> bool:
        if key not in self._documents:
            self.replace(key, data)
        return self.read(key) == data

    def replace(self, key: str, data: bytes) -> None:
        self._writes += 1
        self._documents[checked(key)] = (bytes(data), time.time(), self._writes)

    def replace_with_file(self, key: str, path: str) -> tuple[str, int]:
        with open(path, "rb") as file:
            data = file.read()
        self.replace(key, data)
        return digests.of(data), len(data)

    def replace_if(self, key: str, data: bytes, version: str) -> bool:
        if key not in self._documents or self.entry(key).version != version:
            return False
        self.replace(key, data)
        return True

    def delete(self, key: str) -> None:
        self._documents.pop(key, None)

    def delete_all(self, keys: Sequence[str]) -> None:
        for key in keys:
            self.delete(key)

    def move(self, key: str, to: str, before: float) -> bool:
        if not self.exists(key) or self.entry(key).modified >= before:
            return False
        self._documents[checked(to)] = self._documents.pop(key)
        return True

    def entry(self, key: str) -> Entry:
        data, modified, number = self._found(key)
        return Entry(key, len(data), modified, str(number))

    def entries(self, prefix: str, after: str = "") -> Iterator[Entry]:
        return (self.entry(key) for key in sorted(self._documents) if key.startswith(prefix) and key > after)

    def exists(self, key: str) -> bool:
        return key in self._documents

    def names(self, prefix: str) -> list[str]:
        return sorted(key for key in self._documents if key.startswith(prefix) and "/" not in key[len(prefix) :])

    def folders(self, prefix: str) -> list[str]:
        inside = (key[len(prefix) :] for key in self._documents if key.startswith(prefix))
        return sorted({rest.partition("/")[0] for rest in inside if "/" in rest})

    def size(self, key: str) -> int:
        return len(self.read(key))

    def count(self, prefix: str, suffix: str) -> int:
        number = 0
        while self.exists(f"{prefix}{number}{suffix}"):
            number += 1
        return number

    def put_blob(self, parts: Sequence[Buffer]) -> tuple[str, int]:
        data = b"".join(parts)
        sha = digests.of(data)
        self.replace(blob_key(sha), data)
        return sha, len(data)

    def put_blob_file(self, path: str) -> tuple[str, int]:
        with open(path, "rb") as file:
            return self.put_blob([file.read()])

    def refresh(self, sha: str, size: int) -> None:
        self._found(blob_key(sha))

    def blob(self, sha: str, size: int) -> Buffer:
        return bytearray(self.read(blob_key(sha)))

    def blob_part(self, sha: str, start: int, size: int) -> bytes:
        return self.part(blob_key(sha), start, size)
