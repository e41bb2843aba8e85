"""The data of one task: the plan of its step, the items that arrived, what they inherit, and the user's class."""

from __future__ import annotations

import time

from flowport.runtime.package.definitions import Definitions
from flowport.runtime.protocol import NonRetryable
from flowport.runtime.records import run_record
from flowport.runtime.records.manifest import Manifests
from flowport.runtime.records.slices import ROOT
from flowport.runtime.replay.artifact_view import ArtifactView, ColumnCache
from flowport.runtime.replay.lineage import Frame, Lineage, inherited
from flowport.runtime.replay.replay import Replay
from flowport.runtime.store import row_ranges
from flowport.runtime.store.keys import Keys
from flowport.runtime.task.process_state import State

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from flowport.runtime.joins.input_ranges import InputRange, InputRanges
    from flowport.runtime.names.flow import FlowSpec
    from flowport.runtime.package.code_package import CodePackage
    from flowport.runtime.protocol import Invocation
    from flowport.runtime.records.manifest import Manifest
    from flowport.runtime.records.run_record import RunRecord
    from flowport.runtime.replay.lineage import Classes
    from flowport.runtime.replay.replay import Sent
    from flowport.runtime.store.interface import Store
    from flowport.runtime.store.row_ranges import RowRanges


class ItemContext:
    """What the step of an item reads beside the artifacts that it sets. Subclasses find where the items come from."""

    record: RunRecord
    lineage: Lineage
    artifacts: ArtifactView
    forced = False
    """Whether nothing may be taken over from another run."""

    def __init__(self, invocation: Invocation, program: CodePackage, store: Store) -> None:
        self.invocation, self.program, self.store = invocation, program, store
        self.step, self.slice = invocation.step, invocation.slice
        self.started = round(time.time(), 3)
        self.plan: dict[str, Any] = program.step(self.step)
        self.site: dict[str, Any] = self.plan["sites"][self.step]
        self.keys = Keys(invocation.flow, invocation.run)
        self.definitions = Definitions(program)
        self.columns = ColumnCache(store, self.definitions.loads)
        self.arrived: RowRanges = []
        self.classes: Classes = []
        self._shadowed: list[str] | None = None
        self._state: State | None = None

    @property
    def joins(self) -> bool:
        """Whether the step is a join."""
        return "origin" in self.site

    @property
    def flow_class(self) -> type[FlowSpec]:
        """The user's class."""
        return self.program.flow_class()

    def prepare(self) -> None:
        """Import the user's class before an item begins, and put back what the item before it changed; raises what the module raises."""
        if row_ranges.count(self.arrived) > 1:
            self._state = self._state or State(self.flow_class)
            self._state.renew()
        _ = self.flow_class

    def named(self, name: str) -> str | None:
        """The names of the flow and of its file, which Metaflow has on `self` unless a step sets others; None for any other attribute."""
        flow = self.program.flow
        return {"name": flow["flow"], "script_name": flow["file"].rpartition("/")[2]}.get(name)

    @property
    def shadowed(self) -> list[str]:
        """Artifacts that have the name of a plain attribute of the class, which would be found first."""
        if self._shadowed is None:
            names = {name for group in self.classes for name in group["names"]}
            self._shadowed = sorted(name for name in names if hasattr(self.flow_class, name))
        return self._shadowed

    def inputs(self, row: int) -> InputRanges | None:
        """The inputs of the item of a row, when the step is a join."""
        raise NotImplementedError


class TaskContext(ItemContext):
    """One step on one slice, with everything that it reads found; raises NonRetryable when the plan's replay does not add up."""

    def __init__(self, invocation: Invocation, program: CodePackage, store: Store) -> None:
        super().__init__(invocation, program, store)
        self.record = self._begin(store) if self._is_first() else run_record.read(store, self.keys)
        self.manifests = Manifests(store, self.keys, invocation.last)
        self.replay = Replay(self.manifests, self.plan["sites"])
        self._sent: list[Sent] = []
        self._views: dict[tuple[str, str], ArtifactView] = {}
        self._fan: Frame | None = None
        self.lineage = Lineage(self.manifests, self.site["scopes"], self.slice)
        try:
            self._find()
        except NonRetryable:
            if invocation.last == 0 or not self._is_superseded():
                raise
            self.arrived = []
        self.artifacts = ArtifactView(self.columns, self.lineage, self.step, {}, self.classes)

    def _begin(self, store: Store) -> RunRecord:
        from flowport.runtime.run.start import begin

        return begin(store, self.keys, self.invocation, self.program)

    def _is_first(self) -> bool:
        return self.step == self.program.flow["start"] and self.slice == "s"

    def _find(self) -> None:
        """Find who arrived, what they inherit, and whether all that was read belongs to one history."""
        self.arrived = self.replay.arrived(self.step, self.slice)
        self.classes = [{"items": self.arrived, "names": {}}]
        if self.arrived:
            self._connect()
            self.manifests.check()

    def _is_superseded(self) -> bool:
        """Whether the slice was there once, and is not since a step before it was run again: an engine may not know that."""
        around = ROOT
        for (kind, name), piece in zip(self.site["scopes"], self.slice.split(".")[1:]):
            if kind == "foreach":
                replay = Replay(Manifests(self.store, self.keys, self.invocation.last), self.program.step(name)["sites"])
                if not replay.arrived(name, around) or int(piece) >= replay.manifests.need(name, around).doc["fan"]["k"]:
                    return True
            around = f"{around}.{piece}"
        return False

    def _connect(self) -> None:
        """Find what the items inherit, or for a join where its inputs are."""
        if self.joins:
            if self.site["foreach"]:
                self._sent = list(self.replay.gathered(self.step, self.slice))
            else:
                self._sent = self.replay.branches(self.step, self.slice)
        elif self.site["from"]:
            sent = self.replay.incoming(self.step, self.slice)
            frame = self.lineage.frames[-1] if self.lineage.frames else None
            crossing = frame is not None and any(manifest is frame.split for manifest, _ in sent)
            self.classes = inherited(sent, frame if crossing else None)

    @property
    def prefix_of_attempts(self) -> str:
        """What the keys of this task's attempts begin with."""
        return self.keys.attempts(self.step, self.slice, self.invocation.epoch)

    @property
    def forced(self) -> bool:  # type: ignore[override]
        """Whether nothing may be taken over: the step that `--from` names, and whatever was made from it."""
        return self.record.doc["from"] == self.step or any(manifest.doc.get("forced") for manifest in self.manifests.read)

    def inputs(self, row: int) -> InputRanges | None:
        if not self.joins:
            return None
        from flowport.runtime.joins.input_ranges import InputRanges  # only a join needs it

        return InputRanges(self._gathered(row) if self.site["foreach"] else self._branched(row))

    def _branched(self, row: int) -> list[InputRange]:
        """One input for each branch, on the same row."""
        from flowport.runtime.joins.input_ranges import InputRange

        found = []
        for sent in self._sent:
            manifest = next(manifest for manifest, rows in sent if row_ranges.contains(rows, row))
            found.append(InputRange(self._view(manifest, self.lineage), row, 1))
        return found

    def _gathered(self, row: int) -> list[InputRange]:
        """The inner items of a row, by prefix sums over the fan of its split."""
        from flowport.runtime.joins.input_ranges import InputRange

        split = self.manifests.need(self.site["origin"], self.slice)
        if self._fan is None:
            self._fan = Frame(split, 0)
        place, size = row_ranges.rank(split.arrived, row), split.doc["fan"]["g"]
        first, stop = self._fan.starts[place], self._fan.starts[place + 1]
        found = []
        for number in range(first // size, -(-stop // size) if stop > first else 0):
            low, high = max(first - number * size, 0), min(stop - number * size, size)
            pieces = [(run, manifest) for manifest, rows in self._sent[number] for run in row_ranges.intersect(rows, [[low, high]])]
            for (begin, end), manifest in sorted(pieces, key=lambda piece: piece[0]):
                found.append(InputRange(self._view(manifest, None), begin, end - begin))
        return found

    def _view(self, manifest: Manifest, lineage: Lineage | None) -> ArtifactView:
        """The artifacts of a manifest that sent inputs, one view for all its rows."""
        key = (manifest.step, manifest.slice)
        if key not in self._views:
            if lineage is None:
                lineage = Lineage(self.manifests, self.plan["sites"][manifest.step]["scopes"], manifest.slice)
            self._views[key] = ArtifactView(self.columns, lineage, manifest.step, manifest.doc["own"], manifest.doc["classes"])
        return self._views[key]
