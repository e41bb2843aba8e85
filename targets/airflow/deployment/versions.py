"""The DAG files that were deployed for a flow last, in the store: so that an earlier one can be put back.

    deployments/airflow/DigitsFlow/1f0c2a4b/00000003.py

The digits before the number stand for the place of the DAG files: two installations of Airflow may share a store.
"""

from __future__ import annotations

import re
from hashlib import sha256
from itertools import count

from flowport.compiler.record import field, record
from flowport.runtime.protocol import variable
from flowport.runtime.store.keys import part
from flowport.runtime.store.open import open_store
from flowport.targets.airflow.deployment.place import Place
from flowport.targets.airflow.settings import Settings

KEPT = 10
"""How many files are kept of a flow."""

CODE = re.compile(f'"{variable("code")}": "([0-9a-f]{{64}})"'.encode())


@record
class KeptFile:
    """A file that was deployed; `created` is in seconds since 1970."""

    number: int
    created: float
    data: bytes = field(repr=False)

    @property
    def code(self) -> str:
        """The digest of its code package."""
        return code_of(self.data)


class KeptFiles:
    """The files that are kept of a flow in one place."""

    def __init__(self, settings: Settings, place: Place) -> None:
        self._store = open_store(settings.store)
        digest = sha256(place.address.encode("utf-8", "surrogateescape")).hexdigest()[:8]
        self._prefix = f"deployments/airflow/{part(settings.dag_id)}/{digest}/"

    @property
    def address(self) -> str:
        """Where they are."""
        return f"{self._store.url}/{self._prefix.rstrip('/')}"

    def all(self) -> list[KeptFile]:
        """The files, the newest first."""
        return [KeptFile(number, created, self._store.read(key)) for number, created, key in self._listed()]

    def keep(self, data: bytes) -> None:
        """Keep a file, unless it is kept already."""
        found = self.all()
        if any(each.data == data for each in found):
            return
        for number in count(found[0].number + 1 if found else 1):
            if self._store.create(f"{self._prefix}{number:08}.py", data):
                return

    def prune(self, live: bytes) -> None:
        """Remove all but the newest files, and never the live one."""
        for _, _, key in self._listed()[KEPT:]:
            if self._store.read(key) != live:
                self._store.delete(key)

    def exist(self) -> bool:
        """Whether any file is kept."""
        return bool(self._listed())

    def remove(self) -> None:
        """Remove all."""
        for _, _, key in self._listed():
            self._store.delete(key)

    def _listed(self) -> list[tuple[int, float, str]]:
        found = []
        for entry in self._store.entries(self._prefix):
            stem = entry.key.removeprefix(self._prefix).removesuffix(".py")
            if stem.isdecimal():
                found.append((int(stem), entry.modified, entry.key))
        return found[::-1]


def code_of(data: bytes) -> str:
    """The digest of the code package that a DAG file names, "" if it names none."""
    found = CODE.search(data)
    return found[1].decode() if found else ""
