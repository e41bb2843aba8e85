"""The task of a spin: one step runs again by itself, with what an item of an earlier run read, and today's code.

What the item reads comes from the documents of the run and the code that it ran with, so steps around it may have changed since. What
the step does goes into the spin's own folder; nothing of the run is written.
"""

from __future__ import annotations

import os

from flowport.runtime.package.code_package import CodePackage
from flowport.runtime.protocol import Invocation, NonRetryable
from flowport.runtime.records import validation
from flowport.runtime.records.manifest import Manifests
from flowport.runtime.replay.artifact_view import ArtifactView
from flowport.runtime.run.past_store import past_store, with_past
from flowport.runtime.run.run_input import read_input
from flowport.runtime.run.start import begin
from flowport.runtime.store import codec, documents, packs, row_ranges
from flowport.runtime.store.errors import Missing
from flowport.runtime.store.keys import Keys
from flowport.runtime.task.context import ItemContext, TaskContext

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from flowport.runtime.joins.input_ranges import InputRange, InputRanges
    from flowport.runtime.records.manifest import Manifest
    from flowport.runtime.store.interface import Store
    from flowport.runtime.store.row_ranges import RowRanges

    Columns = dict[str, dict[str, Any]]

ARTIFACTS = "ARTIFACTS"
"""The name of the dictionary in a Python file with artifacts that replace those of the run."""


class PastTask(TaskContext):
    """The task that an item belonged to, which is only read. It is there whether the item was done or not."""

    def __init__(self, store: Store, spin: dict[str, Any], flow: str) -> None:
        past = past_store(store, spin)
        document = documents.load(past.read(Keys(flow, spin["run"]).run()))
        code, engine = spin["code"], document["engine"]
        asked = Invocation(flow, spin["run"], spin["step"], spin["slice"], past.url, code, width=1, total=1, engine=engine, last=-1)
        super().__init__(asked, CodePackage.fetched(past, code), past)

    def rows(self, row: int) -> RowRanges:
        """The rows that run again for an item: its own, or those of all nodes of its gang."""
        if "gang" not in self.plan:
            return [[row, row + 1]]
        frame = self.lineage.frames[-1]
        parent = frame.up(row)[0]
        first = frame.starts[row_ranges.rank(frame.split.arrived, parent)] - frame.first
        return [[first, first + frame.up(row)[2]]]


class SpinContext(TaskContext):
    """One item of a step that runs again; of a gang all nodes."""

    def __init__(self, invocation: Invocation, program: CodePackage, store: Store) -> None:
        spin = _asked(invocation, program, store)
        ItemContext.__init__(self, invocation, program, with_past(store, spin))
        self.record = begin(self.store, self.keys, invocation, program)
        self._past = PastTask(store, spin, invocation.flow)
        self.arrived = self._past.rows(spin["row"])
        if lost := row_ranges.subtract(self.arrived, self._past.arrived):
            raise NonRetryable(f"no item came to step `{self.step}` of run `{spin['run']}` in row {lost[0][0]} of {self.slice}")
        self.site, self.replay, self.lineage = self._past.site, self._past.replay, self._past.lineage
        self.manifests = _Written(self.store, self.keys, self._past.manifests)
        self._replaced = self._replacements(spin.get("artifacts"))
        self.classes = self._inherited()
        self.artifacts = ArtifactView(self.columns, self.lineage, self.step, {}, self.classes)

    @property
    def forced(self) -> bool:  # type: ignore[override]
        return False

    def inputs(self, row: int) -> InputRanges | None:
        found = self._past.inputs(row)
        if found is not None:
            for each in found.ranges:
                each.view = self._seen(each)
        return found

    def _seen(self, inputs: InputRange) -> ArtifactView:
        """What the items of a range have as inputs of a join: their artifacts, with those that replace them."""
        view = inputs.view
        own = {**view.own, **{name: _spread(column, inputs.rows) for name, column in self._replaced.items()}}
        return ArtifactView(self.columns, view.lineage, view.step, own, view.classes)

    def _inherited(self) -> list[dict[str, Any]]:
        """What the items inherit; of a join nothing."""
        found = []
        for group in self._past.classes:
            if rows := row_ranges.intersect(group["items"], self.arrived):
                names = dict(group["names"])
                for name, column in {} if self.joins else self._replaced.items():
                    names[name] = [[_spread(column, rows), 0], *names.get(name, [])]
                found.append({"items": rows, "names": names})
        return found

    def _replacements(self, path: str | None) -> Columns:
        """The artifacts that replace those of the run, each as a column of one row: from a file, once for all processes of the task."""
        if path is None:
            return {}
        try:
            found: Columns = documents.load(self.store.read(self.keys.replaced()))
            return found
        except Missing:
            entries = {name: self._encoded(name, value) for name, value in self._read(path).items()}
            self.store.create(self.keys.replaced(), documents.dump(packs.of_row(self.store, entries, 0)))
            return self._replacements(path)

    def _read(self, path: str) -> dict[str, Any]:
        """The dictionary in a file: JSON, or Python that assigns it to `ARTIFACTS`."""
        with open(path, "rb") as file:
            text = file.read()
        if path.endswith(".json"):
            try:
                found = documents.load(text)
            except ValueError as error:
                raise NonRetryable(f"`{path}` cannot be read as JSON: {error}") from None
        else:
            self.program.flow_class()  # so that the file can import what the flow imports
            names: dict[str, Any] = {"__name__": os.path.basename(path)[:-3], "__file__": path}
            exec(compile(text, path, "exec"), names)
            found = names.get(ARTIFACTS)
        if not isinstance(found, dict) or not all(isinstance(name, str) for name in found):
            what = "a JSON object" if path.endswith(".json") else f"no dictionary `{ARTIFACTS}`"
            raise NonRetryable(f"`{path}` {'is not' if path.endswith('.json') else 'has'} {what} with artifacts by name")
        return found

    def _encoded(self, name: str, value: Any) -> bytes:
        if self.record.has_parameter(name) or name in self.program.configs:
            raise NonRetryable(f"`{name}` is a parameter or a config, and no artifact: give it as an option")
        try:
            return codec.encode(value, self.store)
        except codec.Unstorable as error:
            raise NonRetryable(f"`{name}` cannot be stored, so no step can get it: {error}") from None


class _Written(Manifests):
    """The manifests that a spin reads, which are those of the run, and the one that it writes."""

    def __init__(self, store: Store, keys: Keys, past: Manifests) -> None:
        super().__init__(store, keys, -1)
        self._past, self.read = past, past.read

    def find(self, step: str, slice: str) -> Manifest | None:
        return self._past.find(step, slice)


def _asked(invocation: Invocation, program: CodePackage, store: Store) -> dict[str, Any]:
    """Which item runs again; raises NonRetryable if the input of the spin does not say it."""
    keys = Keys(invocation.flow, invocation.run)
    spin: dict[str, Any] = read_input(store, keys, invocation, program).get("spin") or {}
    texts = [spin.get(name) for name in (*validation.SPIN, "slice", "code")]
    if not all(isinstance(text, str) for text in texts) or not isinstance(spin.get("row"), int):
        raise NonRetryable(f"`{keys.input()}` in {store.url} does not say which item the spin runs again")
    return spin


def _spread(column: dict[str, Any], rows: RowRanges) -> dict[str, Any]:
    """A column of one entry as one that has it in all of these rows."""
    number = row_ranges.count(rows)
    return {**column, "n": number, "items": rows, **({"same": True} if number > 1 else {})}
