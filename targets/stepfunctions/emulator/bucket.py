"""Documents and blobs between a local store and the emulator's bucket."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from flowport.runtime.records.run_record import document
from flowport.runtime.store.errors import Missing
from flowport.runtime.store.keys import Keys

if TYPE_CHECKING:
    from flowport.runtime.store.interface import Store
    from flowport.targets.stepfunctions.emulator.account import Account, Deployed

CODE = "code/"
BLOBS = "blobs/"


class Bucket:
    """The store inside the emulator's bucket."""

    def __init__(self, account: Account, deployed: Deployed) -> None:
        self._s3 = account.client("s3")
        self._bucket, self._prefix = deployed.bucket, deployed.prefix

    def upload(self, store: Store, folders: Iterable[str]) -> None:
        """Put the documents in these folders of a store here; the emulator finds their blobs itself."""
        for folder in folders:
            for entry in store.entries(folder):
                self._s3.put_object(Bucket=self._bucket, Key=self._prefix + entry.key, Body=store.read(entry.key))

    def download(self, store: Store, *folders: str) -> None:
        """Copy what a run left in these folders, with the blobs first: a manifest promises that its blobs are there."""
        for part in (CODE, BLOBS, *folders):
            for key in self.keys(part):
                if not store.exists(key):
                    store.create(key, self._s3.get_object(Bucket=self._bucket, Key=self._prefix + key)["Body"].read())

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
        for page in self._s3.get_paginator("list_objects_v2").paginate(Bucket=self._bucket, Prefix=self._prefix + folder):
            for found in page.get("Contents", ()):
                yield found["Key"][len(self._prefix) :]


def runs_before(store: Store, flow: str, run: str) -> Iterator[str]:
    """A run, the run that it took results over from, and so on."""
    seen: set[str] = set()
    origin: str | None = run
    while origin and origin not in seen:
        seen.add(origin)
        yield origin
        try:
            origin = document(store, Keys(flow, origin))["origin"]
        except Missing:
            return
