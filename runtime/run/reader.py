"""Reads a run from a store: its items and their artifacts, without the source of the flow.

A store may contain damaged documents, and documents that flowport did not write. If a caller passes `report`, it is called with a sentence
for each of them, and the other documents are returned. Without it, the first one raises Corrupt.
"""

from __future__ import annotations

from flowport.runtime.package.code_package import CodePackage
from flowport.runtime.protocol import NonRetryable, VersionError
from flowport.runtime.records import run_record
from flowport.runtime.records.manifest import Manifest, Manifests
from flowport.runtime.records.run_record import RunRecord
from flowport.runtime.records.slices import ROOT, pieces
from flowport.runtime.replay.artifact_view import ArtifactView, ColumnCache
from flowport.runtime.replay.lineage import Frame, Lineage, locate
from flowport.runtime.run.past_store import with_past
from flowport.runtime.store import row_ranges
from flowport.runtime.store.errors import Corrupt, Missing, StoreError
from flowport.runtime.store.keys import ATTEMPT, LOG, Keys, names, part
from flowport.runtime.text import shown

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import Any, TypeAlias, TypeVar

    from flowport.runtime.store.interface import Store

    Answer = TypeVar("Answer")
    Report: TypeAlias = Callable[[str], None]
    """Hears of something in the store that cannot be read, in a sentence."""

UNREADABLE = (
    Corrupt,
    Missing,
    VersionError,
    NonRetryable,
    StoreError,
    LookupError,
    TypeError,
    ValueError,
    ArithmeticError,
    AttributeError,
    RecursionError,
    OSError,
)
"""What reading a document can raise that flowport did not write: its fields may be anything."""


class Unreadable:
    """Stands for an artifact that cannot be loaded here, such as one of a class whose module is not installed."""

    def __init__(self, reason: str) -> None:
        self.reason = reason

    def __repr__(self) -> str:
        return f"<unreadable here: {self.reason}>"


class Run:
    """One run of a flow. Raises Missing if there is no such run, and Corrupt if its document is damaged."""

    def __init__(self, store: Store, flow: str, run: str, report: Report | None = None, program: CodePackage | None = None) -> None:
        self.keys, self.report = Keys(flow, run), report
        self.damaged = False
        """Whether something could not be read."""
        self.doc = run_record.document(store, self.keys)
        self.spin: dict[str, Any] | None = self.doc.get("spin")
        """Of a spin, which item of which run it runs again."""
        self.store = with_past(store, self.spin)
        self.program = program or CodePackage.fetched(store, self.doc["code"])
        self._known: dict[tuple[str, str], list[list[str]]] = {}
        self._again: bool | None = None
        self._steps: list[str] | None = None
        self._listed: set[str] = set()
        self.manifests = Manifests(store, self.keys, -1)
        self.columns = ColumnCache(self.store)

    @property
    def plan(self) -> dict[str, Any]:
        """The plan of the flow that ran."""
        return self.program.plan

    @property
    def ended(self) -> bool:
        """Whether the last step has happened."""
        return self.store.count(self.keys.series(self.plan["end"], "s"), ".json") > 0

    def guarded(self, what: str, ask: Callable[[], Answer], otherwise: Answer) -> Answer:
        """The answer of `ask`, or `otherwise` if it cannot be read, which `report` is called with."""
        try:
            return ask()
        except UNREADABLE as error:
            self._hear(error if isinstance(error, Corrupt) else Corrupt(f"{what} cannot be read: {reason(error)}"))
            return otherwise

    def _hear(self, error: Exception) -> None:
        """Report damage to `report`, or raise it if there is none."""
        if self.report is None:
            raise error
        self.damaged = True
        self.report(str(error))

    def steps(self) -> list[str]:
        """The steps that left documents, in the order of the plan; of a spin its one step."""
        if self._steps is None and self.spin:
            self._steps = [self.spin["step"]]  # beside it are the splits around its item
        if self._steps is None:
            found, strange = names(self.store.folders(self.keys.steps))
            known = {step: None for step in self.plan["steps"] if step in found}
            # What is mended and run again may have steps that the code of the run's first task does not have.
            more = [step for step in found if step not in known and self._left(step)]
            self._steps = [*known, *more]
            self._strange(
                f"{self.keys.steps}{folder}/" for folder in [*strange, *(part(step) for step in found if step not in self._steps)]
            )
        return self._steps

    def _left(self, step: str) -> bool:
        """Whether a task left anything in the folder of a step."""

        return bool(self.begun(step)) or self.guarded(f"step `{step}`", lambda: bool(self.manifests.generations(step)), False)

    def begun(self, step: str) -> set[str]:
        """The slices of a step that left an attempt or a log, whether they are done or not."""
        folders: list[str] = self.guarded(f"step `{step}`", lambda: self.store.folders(self.keys.step(step)), [])
        slices = {name[: -len(ending)] for name in folders for ending in (ATTEMPT, LOG) if name.endswith(ending)}
        return {slice for slice in slices if pieces(slice, "s") is not None}

    def _strange(self, places: Iterator[str]) -> None:
        for place in places:
            if self.report is not None:
                self.report(f"`{place}` was not written by flowport")

    def slices(self, step: str) -> list[str]:
        """The slices of a step whose manifest is in force, in their order."""
        found: dict[str, int] = self.guarded(f"step `{step}`", lambda: self.manifests.generations(step), {})
        if step not in self._listed:
            self._listed.add(step)
            self._strange(key for key in self.manifests.foreign if key.startswith(self.keys.step(step)))
        return sorted([slice for slice in found if self.guarded(f"{step}/{slice}", lambda: self._counts(step, slice), False)], key=order)  # noqa: B023 - called at once

    def is_done(self, step: str, slice: str) -> bool:
        """Whether a slice of a step has a manifest that is in force: what `slices` says of all of them."""
        return slice in self.manifests.generations(step) and self._counts(step, slice)

    def _counts(self, step: str, slice: str) -> bool:
        """Whether a manifest is valid: it is not, if the slice, arm or turn no longer existed after a step ran again."""
        if not self._ran_again:
            return True
        if any(self.manifests.need(other, place).sha != sha for other, place, _, sha in self.manifests.need(step, slice).doc["after"]):
            return False
        around = ROOT
        for (kind, name), piece in zip(self.scopes(step, slice), slice.split(".")[1:]):
            if kind == "loop" and int(piece[1:]) >= self.manifests.turns(name, around):
                return False
            around = f"{around}.{piece}"
        return True

    @property
    def _ran_again(self) -> bool:
        """Whether anything of the run was run again on purpose."""
        if self._again is None:
            self._again = any(any(self.manifests.generations(step).values()) for step in self.steps())
        return self._again

    def shelves(self, step: str, columns: Callable[[], ColumnCache] | None = None) -> Iterator[tuple[Manifest, ArtifactView]]:
        """The manifests of a step with the artifacts of their items; `columns` gives each what it reads with."""
        for slice in self.slices(step):
            found = self.guarded(f"{step}/{slice}", lambda: self.shelf(step, slice, columns), None)  # noqa: B023 - called at once
            if found is not None:
                yield found

    def shelf(self, step: str, slice: str, columns: Callable[[], ColumnCache] | None = None) -> tuple[Manifest, ArtifactView]:
        """The manifest of a slice, which has one, with the artifacts of its items."""
        manifest = self.manifests.need(step, slice)
        lineage = Lineage(self.manifests, self.scopes(step, slice), slice)
        reading = columns() if columns else self.columns
        return manifest, ArtifactView(reading, lineage, step, manifest.doc["own"], manifest.doc["classes"])

    def scopes(self, step: str, slice: str) -> list[list[str]]:
        """The scopes around a step, in the code that ran: what is mended and run again is of another package than the run's first task."""
        return self._scopes_in(step, self.manifests.need(step, slice).doc["code"])

    def _scopes_in(self, step: str, code: str) -> list[list[str]]:
        if (step, code) not in self._known:
            self._known[step, code] = CodePackage.fetched(self.store, code).step(step)["sites"][step]["scopes"]
        return self._known[step, code]

    def lineage(self, step: str, slice: str) -> Lineage:
        """Where the items of a slice come from, also of one without a manifest; raises Missing where nothing says that."""
        for code in self._codes(step):
            return Lineage(self.manifests, self._scopes_in(step, code), slice)
        raise Missing(f"no code of step `{step}` is known")

    def items(self, step: str) -> list[str]:
        """The addresses of a step's items."""
        return [shelf.lineage.address(row) for manifest, shelf in self.shelves(step) for row in row_ranges.iterate(manifest.arrived)]

    def number(self, step: str) -> int:
        """How many items a step has."""
        return sum(row_ranges.count(manifest.arrived) for manifest, _ in self.shelves(step))

    def all_items(self) -> set[tuple[str, str]]:
        """Every (step, item) of the run."""
        return {(step, item) for step in self.steps() for item in self.items(step)}

    def locate(self, step: str, item: str) -> tuple[str, int] | None:
        """The slice of an item and its row, also if its task is not done; None if there is no such item."""
        path = pieces(item, "r")
        return None if path is None else _sound(f"{step}/{item}", lambda: self._place(step, path))

    def _place(self, step: str, path: list[int | str]) -> tuple[str, int] | None:

        def frame(origin: str, slice: str) -> Frame | None:
            split = self.manifests.find(origin, slice)
            return None if split is None else Frame(split, 0)

        for code in self._codes(step):
            found = locate(self._scopes_in(step, code), path, frame)
            if found is not None:
                return found
        return None

    def code_of(self, step: str, slice: str) -> str:
        """The package of a task, done or not; raises Missing where none is known."""
        if slice in self.slices(step):
            code: str = self.manifests.need(step, slice).doc["code"]
            return code
        for code in self._codes(step):
            return code
        raise Missing(f"no code of step `{step}` is known")

    def _codes(self, step: str) -> Iterator[str]:
        """The packages that a step was run with: that of the run's first task before those of what was mended and run again."""
        seen = {self.doc["code"]} if step in self.plan["steps"] else set()
        yield from seen
        for slice in self.slices(step):
            code = self.guarded(f"{step}/{slice}", lambda: self.manifests.need(step, slice).doc["code"], None)  # noqa: B023 - called at once
            if code is not None and code not in seen:
                seen.add(code)
                yield code

    def artifacts(self, step: str, item: str | None = None) -> dict[str, Any]:
        """The parameters and the artifacts of an item by name, of the step's first when none is named; raises Missing without it."""
        if item is None:
            for _, stored in self.contents(step):
                return stored
            raise Missing(f"step `{step}` has not happened")
        place = self.locate(step, item)
        found = place and _sound(f"{step}/{item}", lambda: self._at(step, *place))
        if found is None:
            raise Missing(f"step `{step}` has no item {shown(item)}")
        return found

    def _at(self, step: str, slice: str, row: int) -> dict[str, Any] | None:
        """The artifacts of the item in a row; None when it did not come to the step."""
        if not self.is_done(step, slice):
            return None
        manifest, shelf = self.shelf(step, slice)
        return self._artifacts(shelf, row, self.parameters()) if row_ranges.contains(manifest.arrived, row) else None

    def contents(self, step: str) -> Iterator[tuple[str, dict[str, Any]]]:
        """Every item of a step with its artifacts, one after the other: what one slice has read is forgotten at the next."""
        parameters = self.parameters()
        for manifest, shelf in self.shelves(step, lambda: ColumnCache(self.store)):
            for row in row_ranges.iterate(manifest.arrived):
                found = self.guarded(f"{step}/{manifest.slice}", lambda: self._item(shelf, row, parameters), None)  # noqa: B023 - called at once
                if found is not None:
                    yield found

    def _item(self, shelf: ArtifactView, row: int, parameters: dict[str, Any]) -> tuple[str, dict[str, Any]]:
        return shelf.lineage.address(row), self._artifacts(shelf, row, parameters)

    def _artifacts(self, shelf: ArtifactView, row: int, parameters: dict[str, Any]) -> dict[str, Any]:
        return {**parameters, **{name: self._value(shelf, name, row) for name in shelf.names(row)}}

    def parameters(self) -> dict[str, Any]:
        """The configs and the parameters of the run by attribute."""
        begun = RunRecord(self.store, self.doc)
        configs = self._loaded(begun.configs) if self.doc.get("configs") else {}
        return configs | {name: self._loaded(lambda: begun.value(name)) for name in self.doc["parameters"]}  # noqa: B023 - called at once

    def _value(self, shelf: ArtifactView, name: str, row: int) -> Any:
        def load() -> Any:
            entry = shelf.entry(name, row)
            assert entry is not None
            return shelf.value(name, row, entry)

        return self._loaded(load)

    def _loaded(self, load: Callable[[], Any]) -> Any:
        try:
            return load()
        except (Corrupt, Missing, StoreError) as error:
            self._hear(error)
            return Unreadable(str(error))
        except (ImportError, AttributeError) as error:
            return Unreadable(str(error))
        except Exception as error:  # whatever the user's class raises
            return Unreadable(reason(error))


def _sound(what: str, ask: Callable[[], Answer]) -> Answer:
    """The answer of `ask`; raises Corrupt where documents are not what they must be."""
    try:
        return ask()
    except (Corrupt, StoreError):
        raise
    except UNREADABLE as error:
        raise Corrupt(f"{shown(what)} cannot be read: {reason(error)}") from None


def find(store: Store, flow: str, run: str, report: Report | None = None) -> Run:
    """The run, raising Missing or Corrupt with a sentence when the store has none that can be read."""
    try:
        found = Run(store, flow, run, report)
        _ = found.plan["end"], found.plan["start"], found.plan["roots"], found.plan["steps"]
    except Missing as error:
        raise Missing(f"{store.url} has no run `{shown(run)}` of {shown(flow)}: {error}") from None
    except (Corrupt, StoreError):
        raise
    except UNREADABLE as error:
        raise Corrupt(f"the code of run `{shown(run)}` of {shown(flow)} cannot be read: {reason(error)}") from None
    return found


def reason(error: BaseException) -> str:
    """The message of an error in one line, with the type for errors from outside flowport."""
    text = shown(str(error))
    return (
        text
        if isinstance(error, (Corrupt, Missing, VersionError, NonRetryable, StoreError, ImportError))
        else f"{type(error).__name__}: {text}"
    )


def order(slice: str) -> list[tuple[int, int]]:
    """What slices are sorted by."""
    return [(int(part.startswith("t")), int(part.lstrip("t"))) for part in slice.split(".")[1:]]
