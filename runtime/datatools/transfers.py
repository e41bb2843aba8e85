"""Operations on many objects at once, in threads.

A process that was forked after its parent used obstore cannot use it (`runtime/store/connection.py`): `parallel_map` in a step makes such
processes. There the operations run in another process.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

from flowport.runtime.datatools.exceptions import MetaflowS3Exception, MetaflowS3NotFound
from flowport.runtime.store.connection import Process, apart
from flowport.runtime.store.errors import StoreError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    from flowport.runtime.datatools.storage import Options, Storage

THREADS = 32
"""How many objects are transferred at the same time."""


class Transfers:
    """Runs the operations of `Storage`. The first argument of each call is the root."""

    def __init__(self, options: Options) -> None:
        self._options = options
        self._storages: dict[str, Storage] = {}

    def one(self, operation: str, *call: Any) -> Any:
        """The result of one call."""
        return self.many(operation, [call])[0]

    def many(self, operation: str, calls: Sequence[tuple[Any, ...]], missing: bool = False) -> list[Any]:
        """The results in the order of the calls. Raises the first exception; with `missing`, objects that do not exist are None."""
        if Process.orphaned and any(call[0] != "file://" for call in calls):
            return _apart(self._options, operation, calls, missing)
        for root in {call[0] for call in calls} - self._storages.keys():
            self._storages[root] = _opened(root, self._options)
        if len(calls) < 2:
            return [self._call(operation, call, missing) for call in calls]
        pool = ThreadPoolExecutor(min(THREADS, len(calls)), "S3")
        try:
            return list(pool.map(lambda call: self._call(operation, call, missing), calls))
        finally:
            pool.shutdown(cancel_futures=True)

    def _call(self, operation: str, call: tuple[Any, ...], missing: bool) -> Any:
        root, *arguments = call
        try:
            return getattr(self._storages[root], operation)(*arguments)
        except MetaflowS3NotFound:
            if not missing:
                raise
            return None


def _opened(root: str, options: Options) -> Storage:
    """The storage at a root."""
    if root == "file://":
        from flowport.runtime.datatools.folder_storage import FolderStorage

        return FolderStorage()
    from flowport.runtime.datatools.bucket_storage import BucketStorage

    return BucketStorage(root, options)


def encryption(options: Options, root: str, key: str) -> str | None:
    """How S3 encrypts an object. An S3Object asks for it when it is read, even after its `S3` was closed."""
    found: str | None = Transfers(options).one("encryption", root, key)
    return found


def _apart(options: Options, operation: str, calls: Sequence[tuple[Any, ...]], missing: bool) -> list[Any]:
    """The results of `Transfers.many` in another process."""
    try:
        found: list[Any] = apart(_many, options, operation, calls, missing)
    except StoreError as error:
        raise MetaflowS3Exception(str(error)) from error
    return found


def _many(options: Options, operation: str, calls: Sequence[tuple[Any, ...]], missing: bool) -> list[Any]:
    return Transfers(options).many(operation, calls, missing)
