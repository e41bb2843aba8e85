"""Documents and blobs from the emulator's bucket to a local store."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from flowport.runtime.store.errors import Missing

if TYPE_CHECKING:
    from flowport.runtime.store.interface import Store
    from flowport.targets.stepfunctions.emulator.account import Account, Deployed

CODE = "code/"
BLOBS = "blobs/"

COPIED = "REDUCED_REDUNDANCY"
"""The storage class of objects that the emulator has taken from the local store; one that is written again has another class."""


class Bucket:
    """The store inside the emulator's bucket."""

    def __init__(self, account: Account, deployed: Deployed) -> None:
        self._s3 = account.client("s3")
        self._bucket, self._prefix = deployed.bucket, deployed.prefix

    def download(self, store: Store, *folders: str) -> None:
        """Copy what was written to these folders, with the blobs first: a manifest promises that its blobs are there."""
        for part in (CODE, BLOBS, *folders):
            for key in [key for key, storage in self._objects(part) if storage != COPIED]:
                data = self.read(key)
                if not store.create(key, data):
                    store.replace(key, data)

    def read(self, key: str) -> bytes:
        """A document; raises Missing."""
        try:
            data: bytes = self._s3.get_object(Bucket=self._bucket, Key=self._prefix + key)["Body"].read()
        except self._s3.exceptions.NoSuchKey:
            raise Missing(f"`{key}` is not in the bucket") from None
        return data

    def names(self, prefix: str) -> list[str]:
        """The keys that begin with a prefix and have no further `/`."""
        return [key for key in self.keys(prefix) if "/" not in key[len(prefix) :]]

    def keys(self, folder: str) -> Iterator[str]:
        """Every key in a folder, and the folders inside it."""
        return (key for key, _ in self._objects(folder))

    def _objects(self, folder: str) -> Iterator[tuple[str, str]]:
        """The same with the storage class."""
        for page in self._s3.get_paginator("list_objects_v2").paginate(Bucket=self._bucket, Prefix=self._prefix + folder):
            for found in page.get("Contents", ()):
                yield found["Key"][len(self._prefix) :], found.get("StorageClass", "")
