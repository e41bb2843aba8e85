"""A DAG template as its tasks wait for each other: what each can rely on when its turn comes, and what the whole can at the end."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property, reduce
from graphlib import CycleError, TopologicalSorter
from typing import Any as Json

from argo.language import All, Any, Condition, Ended, Not, Unreadable, condition, ended

LARGEST = 16
"""Tasks that may be skipped, up to which all cases are looked at."""


class Dag:
    """The tasks of a DAG template; of those that are `unclear` nobody can say what they wait for."""

    def __init__(self, template: Mapping[str, Json]) -> None:
        self.tasks: dict[str, Json] = {task["name"]: task for task in template["dag"]["tasks"]}
        self.conditions: dict[str, Condition] = {}
        unreadable: set[str] = set()
        for name, task in self.tasks.items():
            try:
                if "depends" in task:
                    self.conditions[name] = condition(task["depends"])
            except Unreadable:
                unreadable.add(name)
        self.after = {name: self._known(self.conditions.get(name)) for name in self.tasks}
        self.unclear = {*self.tasks, ""} if self.cycle else unreadable

    def _known(self, asked: Condition | None) -> list[str]:
        return [each.task for each in ended(asked) if each.task in self.tasks] if asked else []

    @cached_property
    def order(self) -> list[str]:
        """The tasks, each behind those that it waits for; none when some wait for each other."""
        return [] if self.cycle else list(TopologicalSorter(self.after).static_order())

    @cached_property
    def cycle(self) -> list[str]:
        """Tasks that wait for each other."""
        try:
            TopologicalSorter(self.after).prepare()
        except CycleError as error:
            return list(error.args[1])
        return []

    def before(self, name: str) -> set[str]:
        """The tasks that a task waits for, and those that these wait for."""
        found: set[str] = set()
        pending = set(self.after[name])
        while pending:
            found |= pending
            pending = {more for each in pending for more in self.after[each]} - found
        return found

    @cached_property
    def sure(self) -> dict[str, frozenset[str]]:
        """For each task those that have succeeded when its turn comes, however its condition was met."""
        found: dict[str, frozenset[str]] = {}
        for name in self.order:
            found[name] = _sure(self.conditions.get(name), found)
        return found

    @cached_property
    def sure_at_the_end(self) -> frozenset[str]:
        """The tasks that have succeeded when the whole has: what its last tasks relied on, as far as these are never left out."""
        last = set(self.order).difference(*self.after.values()) & self._never_left_out()
        return frozenset().union(*(self.sure[name] | (set() if may_be_skipped(self.tasks[name]) else {name}) for name in last))

    def _never_left_out(self) -> set[str]:
        """The tasks whose turn comes whichever tasks are skipped: each is a truth table, an integer with a bit for every case."""
        free = [name for name in self.order if may_be_skipped(self.tasks[name])]
        if len(free) > LARGEST:
            return set()
        every = (1 << (1 << len(free))) - 1
        runs = {name: every // ((1 << (1 << number)) + 1) for number, name in enumerate(free)}
        turn: dict[str, int] = {}
        results: dict[Ended, int] = {}
        for name in self.order:
            turn[name] = _table(self.conditions.get(name), results, every)
            results[Ended(name, "Succeeded")] = turn[name] & runs.get(name, every)
            results[Ended(name, "Skipped")] = turn[name] & ~runs.get(name, every)
        return {name for name in self.order if turn[name] == every}


def may_be_skipped(task: Mapping[str, Json]) -> bool:
    """Whether a task has a condition, or a number of items, which may be 0."""
    return "when" in task or is_fanned(task)


def is_fanned(task: Mapping[str, Json]) -> bool:
    """Whether a task stands for as many as there are items."""
    return not task.keys().isdisjoint(("withItems", "withParam", "withSequence"))


def _sure(asked: Condition | None, known: Mapping[str, frozenset[str]]) -> frozenset[str]:
    match asked:
        case Ended(task, result):
            # A task that was left out says nothing about those before it; any other result says that its own condition was met.
            before = frozenset() if result == "Omitted" else known.get(task, frozenset())
            return before | {task} if result == "Succeeded" else before
        case All(parts):
            return frozenset().union(*(_sure(part, known) for part in parts))
        case Any(parts):
            return frozenset.intersection(*(_sure(part, known) for part in parts))
        case Not() | None:
            return frozenset()


def _table(asked: Condition | None, results: Mapping[Ended, int], every: int) -> int:
    """The cases in which a condition is met when nothing fails; fewer where it asks for more than success and skipping."""
    match asked:
        case None:
            return every
        case Ended():
            return results.get(asked, 0)
        case Not():
            return 0
        case All(parts):
            return reduce(int.__and__, (_table(part, results, every) for part in parts))
        case Any(parts):
            return reduce(int.__or__, (_table(part, results, every) for part in parts))
