"""Explains a run, a step or an item: what became of it and why, as data. `sentences.py` says it in words."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from flowport.runtime.records.run_record import origins
from flowport.runtime.records.slices import ROOT, pieces
from flowport.runtime.run.items import ItemReader, item
from flowport.runtime.run.reader import UNREADABLE, Run
from flowport.runtime.store import row_ranges
from flowport.workspace.errors import UnknownItem
from flowport.workspace.runs import status
from flowport.workspace.why.absence import empty_split, is_past
from flowport.workspace.why.attempts import AttemptReport, attempts, caught_error
from flowport.workspace.why.causes import followed
from flowport.workspace.why.comparison import Comparison
from flowport.workspace.why.order import before, scopes
from flowport.workspace.why.reasons import Compared
from flowport.workspace.why.summary import Group, Summary
from flowport.workspace.why.waiting import Blocker, Waiting

if TYPE_CHECKING:
    from flowport.runtime.run.status import Status
    from flowport.workspace.runs import Report


class ItemExplanation(NamedTuple):
    """What became of one item.

    `state` is that of its task, or `skipped` if the item did not come to the step. `chain` has the runs through which the item was taken
    over, this one first and the one in which it ran last. `compared` says why it was not taken over. `caught` is what `@catch` replaced,
    None if it replaced nothing. Of a task that has not begun, `blockers` are what it waits for; of an item that was skipped, `went` is
    where the items before it went instead.
    """

    step: str
    address: str
    state: str
    engine: str
    chain: tuple[str, ...] = ()
    compared: tuple[Compared, ...] = ()
    attempts: tuple[AttemptReport, ...] = ()
    caught: str | None = None
    blockers: tuple[Blocker, ...] = ()
    went: dict[str, list[str]] = {}


class StepExplanation(NamedTuple):
    """What became of the items of a step, in groups, and what its tasks wait for if none has begun.

    `waiting` tasks have not begun. `items` is the number of elements of the foreach, 0 if that is not known. If it has none, `empty` is
    the step from which it starts.
    """

    step: str
    groups: list[Group]
    waiting: int = 0
    items: int = 0
    blockers: tuple[Blocker, ...] = ()
    empty: str = ""


class RunExplanation(NamedTuple):
    """A run with its steps, in the order of its plan."""

    status: Status | None
    origin: str | None
    steps: list[StepExplanation]


class Explainer:
    """Explains what became of one run. What its documents say is read once."""

    def __init__(self, run: Run, report: Report) -> None:
        self.run, self._report = run, report
        self.comparison = Comparison(run)
        self.summary, self.waiting = Summary(self.comparison), Waiting(run)

    def explain_run(self) -> RunExplanation:
        """All steps of the run."""
        found = status(self.run.store, self.run.doc, self._report)
        return RunExplanation(found.status if found else None, self.run.doc["origin"], [self.explain_step(step) for step in self._steps()])

    def _steps(self) -> list[str]:
        planned = self.run.plan["steps"]
        return [*planned, *(step for step in self.run.steps() if step not in planned)]

    def explain_step(self, step: str) -> StepExplanation:
        """The items of a step."""
        groups = self.summary.groups(step)
        if groups:
            return StepExplanation(step, groups, self.waiting.counts(step)["waiting"], self.waiting.items(step))
        if step in self.run.plan["steps"] and (empty := empty_split(self.run, step)):
            return StepExplanation(step, [], empty=empty)
        return StepExplanation(step, [], blockers=self.waiting.blockers(step))

    def followed(self, step: str, group: Group) -> tuple[Compared, ...]:
        """Why the first item of a group ran again, followed to where the change began."""
        found = item(self.run, step, group.examples[0])
        return () if found is None else self._compared(found)

    def explain_item(self, step: str, address: str) -> ItemExplanation:
        """One item; raises UnknownItem if the step has none with this address."""
        found = item(self.run, step, address) or self._signed(step, address)
        engine = self.run.doc["target"] or ""
        if found is None:
            return self._not_begun(step, address, engine)
        if found.shelf is None:
            state = self.waiting.live.task(step, found.slice).state
            return ItemExplanation(step, address, state, engine, compared=self._compared(found), attempts=tuple(attempts(found)))
        if ran := found.taken_from():
            return ItemExplanation(step, address, "done", engine, chain=self._chain(ran))
        caught = caught_error(found) if row_ranges.contains(found.shelf[0].doc.get("caught", []), found.row) else None
        return ItemExplanation(step, address, "done", engine, (), self._compared(found), tuple(attempts(found)), caught)

    def _signed(self, step: str, address: str) -> ItemReader | None:
        """An item of which there is nothing but signs of its task; None if there are none."""
        place = self.run.locate(step, address)
        if place is None or self.run.is_done(step, place[0]) or self.waiting.live.task(step, place[0]).state == "waiting":
            return None
        return ItemReader(self.run, step, *place)

    def _chain(self, ran: str) -> tuple[str, ...]:
        """The runs from this one to the one in which an item ran."""
        found = [self.run.doc["run"]]
        for origin in origins(self.run.store, self.run.doc["flow"], self.run.doc["origin"]):
            found.append(origin)
            if origin == ran:
                break
        return tuple(found if found[-1] == ran else [*found, ran])

    def _compared(self, found: ItemReader) -> tuple[Compared, ...]:
        if not self.comparison.origins:
            return ()
        try:
            compared = self.comparison.compare(found)
            last = compared[-1]
            return (*compared[:-1], last._replace(reasons=followed(self.comparison, found, last.reasons)))
        except UNREADABLE:  # not all that it reads is there
            return ()

    def _not_begun(self, step: str, address: str, engine: str) -> ItemExplanation:
        """An item whose task has not begun, or that did not come to the step."""
        path, around = pieces(address, "r"), scopes(self.run, step) if step in self.run.plan["steps"] else []
        if path is None or len(path) != len(around):
            raise UnknownItem(address, step, self.run.doc["flow"], self.run.doc["run"])
        place = self.run.locate(step, address)
        if not self._may_come(around, path) if place is None else is_past(self.run, step, place[0]):
            raise UnknownItem(address, step, self.run.doc["flow"], self.run.doc["run"])
        slice = place[0] if place is not None else ROOT
        blockers = self.waiting.blockers(step, slice)
        went = self._went(step, path)
        if went or (blockers and all(one.is_done for one in blockers)):
            return ItemExplanation(step, address, "skipped", engine, blockers=blockers, went=went)
        return ItemExplanation(step, address, "waiting", engine, blockers=blockers)

    def _may_come(self, around: list[list[str]], path: list[int | str]) -> bool:
        """Whether there may be an item with this address: a split or a loop that decides it is not done."""
        slice = ROOT
        for (kind, origin), piece in zip(around, path, strict=True):
            if kind == "loop" or self.run.manifests.find(origin, slice) is None:
                return True
            slice = f"{slice}.{piece}"
        return False

    def _went(self, step: str, path: list[int | str]) -> dict[str, list[str]]:
        """Where the items that could have come to a step went instead; {} as long as one of them is not done, or if one came."""
        found: dict[str, list[str]] = {}
        for name in before(self.run, step):
            other = item(self.run, name, ".".join(["r", *map(str, path)])) if len(scopes(self.run, name)) == len(path) else None
            if other is not None and other.shelf is not None:
                sent = [target for target, rows in other.shelf[0].doc["to"].items() if row_ranges.contains(rows, other.row)]
                if step in sent:
                    return {}
                found[f"{name}/{other.address}"] = sent
        return found
