"""Compares what an item reads with what it read in the runs that its run resumes: why it was not taken over.

This asks the questions of `runtime/task/resume.py` again, and keeps the answers. Of artifacts only digests are compared.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any

from flowport.runtime.package.code_package import CodePackage
from flowport.runtime.protocol import Invocation
from flowport.runtime.records.attempts import earlier, outcomes
from flowport.runtime.records.run_record import RunRecord, origins
from flowport.runtime.replay.lineage import Frame, locate
from flowport.runtime.run.items import ItemReader
from flowport.runtime.run.reader import UNREADABLE, Run
from flowport.runtime.store import row_ranges
from flowport.runtime.store.errors import Corrupt, StoreError
from flowport.runtime.task.context import TaskContext
from flowport.runtime.task.resume import current_mark
from flowport.runtime.text import brief
from flowport.workspace.why.absence import absence
from flowport.workspace.why.attempts import caught_error, error_text
from flowport.workspace.why.plain import loads
from flowport.workspace.why.reasons import Compared, Reason
from flowport.workspace.why.source import definition_change, source_changes

if TYPE_CHECKING:
    from collections.abc import Iterator

    from flowport.runtime.joins.input_ranges import InputRange, InputRanges
    from flowport.runtime.records.manifest import Manifest

    Reads = dict[str, Any]

ORDER = ("parameter", "project", "code", "count", "input", "inputs", "self")
"""The kinds of what is read, in the order in which changes are named: what has no further cause comes first."""


class Comparison:
    """A run and the runs that it resumes, the nearest first. Each is read once."""

    def __init__(self, run: Run) -> None:
        self.run = run
        self.origins: list[Run | str] = [self._opened(one) for one in origins(run.store, run.doc["flow"], run.doc["origin"])]
        self._contexts: dict[tuple[str, str, str], TaskContext] = {}
        self._frames: dict[tuple[str, str, str], Frame | None] = {}
        self.source_changes = lru_cache(maxsize=256)(self._source_changes)

    def _opened(self, run: str) -> Run | str:
        """An earlier run; its name if it cannot be read."""
        try:
            found = Run(self.run.store, self.run.doc["flow"], run, self.run.report)
            _ = found.plan
        except UNREADABLE:
            return run
        return found

    def context(self, run: Run, step: str, slice: str) -> TaskContext:
        """What a task of a run reads; raises NonRetryable if not all of it is there."""
        key = (run.keys.root, step, slice)
        if key not in self._contexts:
            code, engine = run.code_of(step, slice), run.doc["engine"]
            asked = Invocation(run.doc["flow"], run.doc["run"], step, slice, run.store.url, code, width=1, total=1, engine=engine, last=-1)
            self._contexts[key] = TaskContext(asked, CodePackage.fetched(run.store, code), run.store)
        return self._contexts[key]

    def compare(self, item: ItemReader) -> list[Compared]:
        """Why an item that ran was not taken over: from the nearest run that has it, and from those before that."""
        found: list[Compared] = []
        context = self.context(self.run, item.step, item.slice)
        context.inputs(item.row)  # if this run cannot be read, that is not because of an earlier one
        if context.forced:
            return [Compared(self.run.doc["origin"], (Reason("forced", self.run.doc["from"] or ""),))]
        for origin in self.origins:
            try:
                reasons = (Reason("gone"),) if isinstance(origin, str) else tuple(self._against(origin, context, item.row))
            except UNREADABLE:
                reasons = (Reason("gone"),)
            found.append(Compared(origin if isinstance(origin, str) else origin.doc["run"], reasons))
            if found[-1].is_comparison:
                break
        return found

    def place(self, origin: Run, scopes: list[list[str]], path: list[int | str]) -> tuple[str, int] | None:
        """The slice and the row that an item has in an earlier run; None if that has no item with this address."""

        def frame(step: str, slice: str) -> Frame | None:
            key = (origin.keys.root, step, slice)
            if key not in self._frames:
                split = origin.manifests.find(step, slice)
                self._frames[key] = None if split is None else Frame(split, 0)
            return self._frames[key]

        return locate(scopes, path, frame)

    def _against(self, origin: Run, context: TaskContext, row: int) -> Iterator[Reason]:
        place = self.place(origin, context.site["scopes"], context.lineage.path(row))
        if place is None:
            yield Reason("absent")
            return
        slice, there = place
        manifest = origin.manifests.find(context.step, slice)
        if manifest is None:
            yield from self._against_attempts(origin, context, place, row)
        elif not row_ranges.contains(manifest.arrived, there):
            yield Reason("elsewhere")
        elif row_ranges.contains(manifest.doc.get("caught", []), there):
            yield Reason("caught", now=caught_error(ItemReader(origin, context.step, slice, there)))
        else:
            reads: Reads = loads(origin.columns.entry(manifest.doc["reads"], there))
            if manifest.doc["digest"] != context.plan["digest"]:
                yield from self.source_changes(context.step, manifest.doc["code"], context.invocation.code)
            found = list(self._changes(origin, context, row, reads))
            yield from found
            if not found and manifest.doc["digest"] == context.plan["digest"]:
                yield Reason("later" if manifest.doc["ended"] > context_started(self.run, context) else "unknown")

    def _against_attempts(self, origin: Run, context: TaskContext, place: tuple[str, int], row: int) -> Iterator[Reason]:
        """An item of a task that has no manifest; an attempt of it may have finished the item."""
        for doc in earlier(origin.store, origin.keys.attempts(context.step, place[0], 0)):
            outcome = outcomes(origin.store, doc, loads).get(place[1])
            if outcome is not None and not outcome.get("caught"):
                found = list(self._changes(origin, context, row, outcome["reads"]))
                if doc["digest"] != context.plan["digest"]:
                    found = [*self.source_changes(context.step, origin.code_of(context.step, place[0]), context.invocation.code), *found]
                yield from found or [Reason("unknown")]
                return
        failure = ItemReader(origin, context.step, *place).failure
        why = "unfinished" if failure else absence(origin, context.step, context.site["scopes"], place)
        yield Reason(why, now=error_text(failure) if failure else None)

    def _source_changes(self, step: str, before: str, now: str) -> tuple[Reason, ...]:
        try:
            return source_changes(step, CodePackage.fetched(self.run.store, before), CodePackage.fetched(self.run.store, now))
        except (Corrupt, StoreError, LookupError, OSError):
            return (Reason("source", step),)

    def _changes(self, origin: Run, context: TaskContext, row: int, reads: Reads) -> Iterator[Reason]:
        """What an item read then and would read differently now, as reasons."""
        for change in self.differing(context, row, reads):
            yield self._change(origin, context, row, change)

    def differing(self, context: TaskContext, row: int, reads: Reads) -> Iterator[tuple[str, Any, Any]]:
        """What an item read then and would read differently now: its name, and what is noted of it then and now."""
        inputs = context.inputs(row)
        for name in sorted(reads, key=lambda name: (ORDER.index(name.partition(".")[0]), name)):
            before = reads[name]
            now = current_mark(context, name, before, row, inputs)
            if now != before:
                yield name, before, now

    def _change(self, origin: Run, context: TaskContext, row: int, change: tuple[str, Any, Any]) -> Reason:
        name, before, now = change
        kind, _, rest = name.partition(".")
        match kind:
            case "parameter":
                return parameter_change(origin, self.run, rest)
            case "project":
                return Reason("project", rest, brief(before), brief(now))
            case "code":
                return self._definition(origin, context, rest)
            case "count":
                return Reason("count", context.lineage.indexes(row)[int(rest)][0].split.step, str(before), str(now))
            case "input":
                frame = context.lineage.indexes(row)[int(rest) if rest else -1][0]
                return Reason("element", frame.split.step, short(before), short(now))
            case "inputs" if not rest:
                return Reason("inputs", context.step, str(before), str(now))
            case "inputs":
                return self._inputs(origin, context, row, rest)
        return Reason("artifact", rest, short(before), short(now))

    def _definition(self, origin: Run, context: TaskContext, noted: str) -> Reason:
        return definition_change(noted, origin.program, context.program)

    def _inputs(self, origin: Run, context: TaskContext, row: int, name: str) -> Reason:
        """In which inputs of a join an artifact is another one, or which names of artifacts are."""
        now, place = context.inputs(row), self.place(origin, context.site["scopes"], context.lineage.path(row))
        before = None
        if place is not None:
            try:
                before = self.context(origin, context.step, place[0]).inputs(place[1])
            except UNREADABLE:  # what the earlier run read is no longer there as a whole
                before = None
        if name == "*":
            return _names(before, now)
        differing = [
            (each, row)
            for (was, _, _), (entry, each, row) in zip(_entries(before, name), _entries(now, name), strict=False)
            if was != entry
        ]
        of = 0 if now is None else len(now)
        if not differing:
            return Reason("input", name, of=of)
        view = differing[0][0].view
        return Reason("input", name, place=f"{view.step}/{view.lineage.address(differing[0][1])}", number=len(differing), of=of)


def _entries(inputs: InputRanges | None, name: str) -> Iterator[tuple[bytes | None, InputRange, int]]:
    """An artifact of the inputs of a join, each with its range and its row."""
    for each in inputs.ranges if inputs is not None else ():
        yield from ((entry, each, each.first + number) for number, entry in enumerate(each.entries(name)))


def _names(before: InputRanges | None, now: InputRanges | None) -> Reason:
    was, is_now = ({name for each in inputs.ranges for name in each.names()} if inputs is not None else set() for inputs in (before, now))
    return Reason("names", "", ", ".join(sorted(was - is_now)), ", ".join(sorted(is_now - was)))


def context_started(run: Run, context: TaskContext) -> float:
    """When a task began; when its run did, if it is not done."""
    found: Manifest | None = run.manifests.find(context.step, context.slice)
    return float(run.doc["started"] if found is None else found.doc["started"])


def parameter_change(origin: Run, run: Run, name: str) -> Reason:
    """From what to what a parameter changed: its values if they are stored as JSON, else the beginnings of their digests."""
    texts: list[str | None] = []
    for one in (origin, run):
        held = one.doc["parameters"].get(name)
        texts.append(None if held is None else brief(held["json"]) if "json" in held else short(RunRecord(one.store, one.doc).mark(name)))
    return Reason("parameter", name, texts[0], texts[1])


def short(mark: Any) -> str:
    """The beginning of a digest; "" for an artifact that was not there."""
    return str(mark)[:12]
