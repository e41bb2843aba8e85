"""Manifests: the documents with the results of tasks. Reads them, and commits them so that all attempts of a task agree on one.

A commit creates `<step>/<slice>@<generation>.json`, which is never overwritten. Readers take the highest generation, or generation 0 if
the engine itself reads only that. `task/manifest_document.py` describes the fields.
"""

from __future__ import annotations

from bisect import bisect_left

from flowport.runtime.protocol import NonRetryable
from flowport.runtime.records import validation
from flowport.runtime.records.slices import is_number, pieces
from flowport.runtime.store import digests, documents
from flowport.runtime.store.errors import Corrupt, Missing, StoreError
from flowport.runtime.store.writes import ATTEMPTS

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from flowport.runtime.store.interface import Store
    from flowport.runtime.store.keys import Keys
    from flowport.runtime.store.row_ranges import RowRanges


class Manifest:
    """One committed document."""

    __slots__ = ("step", "slice", "generation", "sha", "doc")

    def __init__(self, step: str, slice: str, generation: int, data: bytes) -> None:
        self.step, self.slice, self.generation = step, slice, generation
        self.sha = digests.of(data)
        try:
            self.doc: dict[str, Any] = documents.load(data)
        except ValueError:
            raise Corrupt(f"the manifest {self} is not whole: its {len(data)} bytes are no document") from None

    def __repr__(self) -> str:
        return f"{self.step}/{self.slice}@{self.generation}"

    @property
    def arrived(self) -> RowRanges:
        """The rows of the slice whose items came to this step."""
        rows: RowRanges = self.doc["arrived"]
        return rows

    def sent(self, target: str) -> RowRanges:
        """The rows whose items went on to `target`."""
        rows: RowRanges = self.doc["to"].get(target, [])
        return rows

    def link(self) -> list[Any]:
        """How another manifest says that it was made from this one."""
        return [self.step, self.slice, self.generation, self.sha]


class Manifests:
    """The manifests of one run, each read once; `read` has all that were needed, in the order of reading."""

    def __init__(self, store: Store, keys: Keys, last: int) -> None:
        self.store, self.keys, self.last = store, keys, last
        self.known: dict[tuple[str, str], Manifest | None] = {}
        self.read: list[Manifest] = []
        self.foreign: list[str] = []
        """Keys beside manifests that no task gives."""
        self._asked: set[str] = set()
        self._generations: dict[str, dict[str, int]] = {}

    def find(self, step: str, slice: str) -> Manifest | None:
        """The manifest in force, None where the task has not happened."""
        place = (step, slice)
        if place not in self.known:
            found = self.known[place] = self._load(step, slice, self._newest(step, slice))
            if found is not None:
                self.read.append(found)
        return self.known[place]

    def need(self, step: str, slice: str) -> Manifest:
        """The manifest in force; raises NonRetryable where there is none, as the engine must not have come here then."""
        found = self.find(step, slice)
        if found is None:
            raise NonRetryable(
                f"step `{step}` has no manifest for {slice}, which this task needs: "
                f"`{self.keys.manifest(step, slice, 0)}` is not in {self.store.url}"
            )
        return found

    def take_over(self, earlier: Manifests) -> None:
        """Keep what another reader of the same run has read, where that is still in force: it need not be read again."""
        for (step, slice), found in earlier.known.items():
            if found is not None and self.generations(step).get(slice) == found.generation:
                self.known[step, slice] = found

    def highest(self, step: str, slice: str) -> Manifest | None:
        """The newest manifest. It is read again, and not added to `read`."""
        return self._load(step, slice, 0 if self.last == 0 else self._count(step, slice) - 1)

    def _load(self, step: str, slice: str, generation: int) -> Manifest | None:
        try:
            return self._read(step, slice, generation)
        except Missing:
            return None

    def at(self, step: str, slice: str, key: str) -> Manifest:
        """The manifest of a slice with this key, which a listing has; raises Missing and Corrupt."""
        return self._read(step, slice, int(key.rpartition("@")[2].partition(".")[0]))

    def _read(self, step: str, slice: str, generation: int) -> Manifest:
        found = Manifest(step, slice, generation, self.store.read(self.keys.manifest(step, slice, generation)))
        if wrong := validation.manifest_problem(found.doc):
            raise Corrupt(f"the manifest {found} is not whole: {wrong}")
        return found

    def _count(self, step: str, slice: str) -> int:
        return self.store.count(self.keys.series(step, slice), ".json")

    def _newest(self, step: str, slice: str) -> int:
        """The generation in force, or one that does not exist. From the second slice of a step on, one listing has all of them."""
        if self.last == 0:
            return 0
        if step not in self._asked:
            self._asked.add(step)
            return max(0, self._count(step, slice) - 1)
        return self.generations(step).get(slice, 0)

    def generations(self, step: str) -> dict[str, int]:
        """The newest generation of every slice of a step that has a manifest."""
        if step not in self._generations:
            found = self._generations[step] = {}
            prefix = self.keys.step(step)
            for key in self.store.names(prefix):
                slice, _, ending = key[len(prefix) :].partition("@")
                number, _, kind = ending.partition(".")
                if kind not in ("json", "route.json", "rest.json") or not is_number(number) or pieces(slice, "s") is None:
                    self.foreign.append(key)
                elif kind == "json":
                    found[slice] = max(found.get(slice, 0), int(number))
        return self._generations[step]

    def turns(self, header: str, slice: str) -> int:
        """How many turns a loop has made on a slice; 0 when it was never entered."""
        turns = self.store.count(self.keys.step(header) + slice + ".t", "@0.json")
        if self.last == 0 or turns < 2:
            return turns

        # Where the loop ran again, turns of before may lie behind its last one.
        def gone(turn: int) -> bool:
            return self._entry(header, f"{slice}.t{turn}") != entry

        entry = self._entry(header, f"{slice}.t0")
        return turns if not gone(turns - 1) else bisect_left(range(turns), True, 1, key=gone)

    def _entry(self, header: str, slice: str) -> str | None:
        found = self.highest(header, slice)
        return None if found is None else found.doc["entry"]

    def check(self) -> None:
        """Raise NonRetryable when two of the manifests that were read do not belong to one history."""
        shas = {(manifest.step, manifest.slice): manifest for manifest in self.read}
        for manifest in self.read:
            for step, slice, generation, sha in manifest.doc["after"]:
                other = shas.get((step, slice))
                if other is not None and other.sha != sha:
                    raise NonRetryable(
                        f"{manifest} was made from {step}/{slice}@{generation}, but {other} is in force now: run `{manifest.step}` again"
                    )

    def after(self) -> list[list[Any]]:
        """The links to everything that was read, in a fixed order."""
        return sorted(manifest.link() for manifest in self.read)

    def next(self, found: Manifest | None) -> int:
        """The generation for a task that cannot adopt the manifest in force; raises NonRetryable if the engine would not read it."""
        if found is None:
            return 0
        if self.last == 0:
            raise NonRetryable(
                f"{found} was committed by a task with other inputs, and this engine reads generation 0 only: start a new run"
            )
        return found.generation + 1

    def commit(self, step: str, slice: str, doc: dict[str, Any], generation: int) -> Manifest:
        """Put a manifest in force, as the generation that its task aimed at when it began; returns the one that is in force.

        Somebody else who took that name meanwhile stays, so that a task which finishes last undoes nothing. Only over one from
        before a deliberate re-run goes the next generation.
        """
        data = documents.dump(doc)
        while True:
            found = self._put(Manifest(step, slice, generation, data), data)
            if found.doc["nonce"] == doc["nonce"] or found.doc["epoch"] >= doc["epoch"]:
                return found
            generation = self.next(found)

    @staticmethod
    def agrees(found: Manifest, doc: dict[str, Any]) -> bool:
        """Whether a manifest was made from the same inputs, and not before a deliberate re-run."""
        return bool(found.doc["key"] == doc["key"] and found.doc["epoch"] >= doc["epoch"])

    def _put(self, mine: Manifest, data: bytes) -> Manifest:
        """Create, then read back: a store may report `exists`, or an error, although this create succeeded."""
        key = self.keys.manifest(mine.step, mine.slice, mine.generation)
        failure: StoreError | None = None
        for _ in range(ATTEMPTS):
            try:
                if self.store.create(key, data):
                    return mine
                failure = None
            except StoreError as error:
                failure = error
            try:
                return self._read(mine.step, mine.slice, mine.generation)
            except Missing:
                continue
            except StoreError as error:
                raise failure or error from None
        raise failure or StoreError(f"the store says that `{key}` exists but does not return it")


def key(digest: str, after: list[list[Any]]) -> str:
    """What decides whether a manifest can be adopted: the step's digest and the digests of what it was made from."""
    return digests.of("\n".join([digest, *[link[3] for link in after]]).encode())
