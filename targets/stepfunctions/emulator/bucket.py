"""Documents and blobs between a local store and the emulator's bucket."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from flowport.runtime.records.run_record import document
from flowport.runtime.store.errors import Missing
from flowport.runtime.store.keys import Keys, code_key

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


def earlier_runs(store: Store, named: Iterable[tuple[str, str]]) -> Iterator[str]:
    """What the keys begin with of runs, each a flow and an id: of their documents and code, of the runs that they took results over from,
    and of those that started them.
    """
    waiting, seen = [*named], set[tuple[str, str]]()
    while waiting:
        flow, run = waiting.pop()
        if (flow, run) in seen:
            continue
        seen.add((flow, run))
        try:
            record = document(store, Keys(flow, run))
        except Missing:
            continue
        yield from (Keys(flow, run).root, code_key(record["code"]))
        waiting += [(flow, record["origin"])] if record["origin"] else []
        waiting += [(each["flow"], each["run"]) for each in record["triggers"] or () if each["type"] == "run"]
