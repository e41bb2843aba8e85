"""Stores whose requests are interleaved at random, on a clock that the tests set: a folder and an object store.

Actors run in threads, one at a time. Before each request to a store, another one may go on. Each has a clock of its own, and may be killed
before any of its requests.
"""

from __future__ import annotations

import hashlib
import os
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager
from datetime import datetime, timezone
from io import BytesIO
from pathlib import Path
from random import Random
from threading import Condition, Thread, current_thread
from types import SimpleNamespace
from typing import Any

import pytest

from flowport.runtime.store import bucket, connection, folder
from flowport.runtime.store.bucket import BucketStore
from flowport.runtime.store.folder import FolderStore
from flowport.runtime.store.obstore_extension import exceptions

HOUR, DAY = 3_600.0, 86_400.0

SYSTEM_CALLS = ("rename", "replace", "link", "unlink", "stat", "utime", "scandir", "mkdir", "rmdir")


class Killed(BaseException):
    """The end of a process, as far as the code in it can tell."""


class World:
    """The clock, and whose turn it is."""

    def __init__(self, seed: int, patch: pytest.MonkeyPatch) -> None:
        self.chance, self.now = Random(seed), time.time()
        self._turn: Thread = current_thread()
        self._waiting: list[Thread] = []
        self._changed = Condition()
        self._ahead: dict[Thread, float] = {}
        self._left: dict[Thread, int] = {}
        self._errors: list[BaseException] = []
        self.is_locked = False
        """Whether a lock of the machine is held, for which no other actor may wait."""
        patch.setattr(time, "time", lambda: self.now + self._ahead.get(current_thread(), 0.0))

    def pass_time(self, seconds: float) -> None:
        """Move the clock."""
        self.now += seconds

    def request(self) -> None:
        """Called before each request to a store: somebody else may go on first."""
        me = current_thread()
        if me in self._left:
            self._left[me] -= 1
            if self._left[me] < 0:
                raise Killed
        if self._waiting and me is self._turn and not self.is_locked and self.chance.random() < 0.3:
            with self._changed:
                self._give_turn()
                self._waiting.append(me)
                self._changed.wait_for(lambda: self._turn is me)

    def start(self, work: Callable[[], object], kill_after: int | None = None, ahead: float = 0.0) -> Thread:
        """An actor, which goes on when this one makes requests. It is killed after so many requests of its own."""

        def act() -> None:
            me = current_thread()
            with self._changed:
                self._changed.wait_for(lambda: self._turn is me)
            try:
                work()
            except Killed:
                pass
            except BaseException as error:
                self._errors.append(error)
            finally:
                with self._changed:
                    self._give_turn()

        thread = Thread(target=act, daemon=True)
        self._ahead[thread] = ahead
        if kill_after is not None:
            self._left[thread] = kill_after
        self._waiting.append(thread)
        thread.start()
        return thread

    def finish(self, actors: Iterable[Thread]) -> None:
        """Let actors go on until they have ended; raises what went wrong in one of them."""
        me = current_thread()
        for actor in actors:
            while actor in self._waiting:
                with self._changed:
                    self._waiting.remove(actor)
                    self._waiting.append(me)
                    self._turn = actor
                    self._changed.notify_all()
                    self._changed.wait_for(lambda: self._turn is me)
            actor.join()
        if self._errors:
            raise self._errors.pop(0)

    def _give_turn(self) -> None:
        self._turn = self._waiting.pop(self.chance.randrange(len(self._waiting)))
        self._changed.notify_all()


class Cloud:
    """What the store of a bucket calls as `obstore`: the objects of a service in which what is written can be read at once, as in S3.

    As there, a request to delete says nothing of the version, and the same content has the same tag.
    """

    exceptions = exceptions

    def __init__(self, world: World) -> None:
        self.world = world
        self.objects: dict[str, tuple[bytes, float]] = {}

    def get(self, store: object, key: str) -> Any:
        data = self._read(key)
        return SimpleNamespace(bytes=lambda: data, meta=self._meta(key, data, 0.0), stream=lambda: iter([data]))

    def get_range(self, store: object, key: str, start: int, length: int) -> bytes:
        return self._read(key)[start : start + length]

    def put(self, store: object, key: str, data: bytes | Iterable[bytes], mode: Any = "overwrite", **options: object) -> None:
        whole = bytes(data) if isinstance(data, bytes) else b"".join(data)
        self.world.request()
        if mode == "create" and key in self.objects:
            raise exceptions.AlreadyExistsError(key)
        if isinstance(mode, dict) and (key not in self.objects or _tag(self.objects[key][0]) != mode["e_tag"]):
            raise exceptions.PreconditionError(key)
        self.objects[key] = whole, self.world.now

    def head(self, store: object, key: str) -> dict[str, Any]:
        self.world.request()
        if key not in self.objects:
            raise FileNotFoundError(key)
        return self._meta(key, *self.objects[key])

    def list(self, store: object, prefix: str | None, offset: str | None = None, chunk_size: int = 1000) -> Iterator[list[dict[str, Any]]]:
        last, start = offset or "", f"{prefix}/" if prefix else ""
        while True:
            self.world.request()
            found = [key for key in sorted(self.objects) if key.startswith(start) and key > last][: self.world.chance.choice([3, 1000])]
            if not found:
                return
            yield [self._meta(key, *self.objects[key]) for key in found]
            last = found[-1]

    def list_with_delimiter(self, store: object, prefix: str | None) -> dict[str, Any]:
        start = f"{prefix.rstrip('/')}/" if prefix else ""
        self.world.request()
        rest = [key for key in sorted(self.objects) if key.startswith(start)]
        folders = sorted({start + key[len(start) :].partition("/")[0] for key in rest if "/" in key[len(start) :]})
        files = [self._meta(key, *self.objects[key]) for key in rest if "/" not in key[len(start) :]]
        return {"objects": files, "common_prefixes": folders}

    def delete(self, store: object, keys: str | list[str]) -> None:
        for key in [keys] if isinstance(keys, str) else keys:
            self.world.request()
            self.objects.pop(key, None)

    def copy(self, store: object, key: str, to: str) -> None:
        self.world.request()
        if key not in self.objects:
            raise FileNotFoundError(key)
        self.objects[to] = self.objects[key][0], self.world.now

    def _read(self, key: str) -> bytes:
        self.world.request()
        if key not in self.objects:
            raise FileNotFoundError(key)
        return self.objects[key][0]

    @staticmethod
    def _meta(key: str, data: bytes, modified: float) -> dict[str, Any]:
        when = datetime.fromtimestamp(modified, timezone.utc)
        return {"path": key, "size": len(data), "last_modified": when, "e_tag": _tag(data)}


def _tag(data: bytes) -> str:
    return hashlib.md5(data).hexdigest()


def object_store(world: World, patch: pytest.MonkeyPatch, path: Path) -> BucketStore:
    """A store in an object store, which looks for blobs of more than 10,000 bytes before it sends them."""
    patch.setattr(bucket, "obstore", Cloud(world))
    patch.setattr(bucket, "connected", lambda scheme, url: None)
    patch.setattr(bucket, "LARGE", 10_000)
    patch.setattr(connection.Process, "used", False)
    return BucketStore("s3://test/store")


class _Slow:
    """The module `os` as the store of a folder sees it."""

    def __init__(self, world: World) -> None:
        for name in SYSTEM_CALLS:
            setattr(self, name, self._later(world, getattr(os, name)))
        self.utime = self._later(world, lambda path: os.utime(path, (time.time(), time.time())))

    @staticmethod
    def _later(world: World, call: Callable[..., Any]) -> Callable[..., Any]:
        def later(*arguments: Any) -> Any:
            world.request()
            return call(*arguments)

        return later

    def __getattr__(self, name: str) -> Any:
        return getattr(os, name)


class _Dated(FolderStore):
    """A folder whose files are as old as the clock of the test says."""

    def _write(self, views: Iterable[memoryview]) -> str:
        path = super()._write(views)
        os.utime(path, (time.time(), time.time()))
        return path


def folder_store(world: World, patch: pytest.MonkeyPatch, path: Path) -> FolderStore:
    """A store in a folder, of whose system calls each counts as a request."""

    def slow_open(*arguments: Any, **options: Any) -> AbstractContextManager[BytesIO]:
        world.request()
        return open(*arguments, **options)  # type: ignore[return-value]

    enter, leave = folder._Lock.__enter__, folder._Lock.__exit__

    def locked(lock: Any) -> None:
        enter(lock)
        world.is_locked = True

    def unlocked(lock: Any, *raised: Any) -> None:
        world.is_locked = False
        leave(lock, *raised)

    patch.setattr(folder._Lock, "__enter__", locked)
    patch.setattr(folder._Lock, "__exit__", unlocked)
    patch.setattr(folder, "os", _Slow(world))
    patch.setattr(folder, "open", slow_open, raising=False)
    return _Dated(str(path))
