"""Two runs side by side: their parameters, code, steps and artifacts, and what differs."""

from __future__ import annotations

import os
from difflib import unified_diff
from typing import TYPE_CHECKING, NamedTuple

from flowport.runtime.records.attempts import failures
from flowport.runtime.run import items as run_items
from flowport.runtime.store.errors import Corrupt, Missing
from flowport.ui.run_view import parameters
from flowport.ui.runs_view import RunRow, row_of
from flowport.ui.table.metrics_view import MetricPair, MetricRow, metrics_of_both
from flowport.ui.values import Value, shown_value
from flowport.workspace.progress import StepProgress, step_progress

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from flowport.runtime.run.reader import Run
    from flowport.ui.readers import Readers

LARGEST_FILE = 1 << 18
"""Bytes of a source file that is compared."""

LONGEST_DIFF = 400
"""Lines of a difference that are shown of a file."""


class Pair(NamedTuple):
    """Something that both runs may have, and whether it differs; None where a run does not have it."""

    name: str
    left: Value | None
    right: Value | None
    differs: bool


class StepPair(NamedTuple):
    """A step of both runs, with the artifacts of its one item, or of none where it has several."""

    step: str
    left: StepProgress | None
    right: StepProgress | None
    artifacts: list[Pair]


class FileDiff(NamedTuple):
    """A source file that differs, as lines of a unified diff."""

    path: str
    lines: list[str]
    left_out: int


class ComparePage(NamedTuple):
    """What the page that compares two runs shows; `problem` says why there is nothing."""

    left: RunRow | None
    right: RunRow | None
    parameters: list[Pair]
    metrics: list[MetricPair]
    plots: list[MetricRow]
    steps: list[StepPair]
    files: list[FileDiff]
    problem: str
    damage: list[str]


def compare_page(readers: Readers, left: str, right: str) -> ComparePage:
    """Two runs, each as FLOW/RUN."""
    found = []
    for address in (left, right):
        flow, slash, run = address.partition("/")
        if not (flow and slash and run):
            return _nothing("name two runs, each as FLOW/RUN")
        try:
            found.append((readers.info(flow, run), *readers.run(flow, run)))
        except Missing as error:
            return _nothing(str(error))
    (info, one, damage), (other_info, other, other_damage) = found
    pairs = _pairs(dict(parameters(one)), dict(parameters(other)))
    steps = _steps(one, info.is_over, other, other_info.is_over)
    unread: list[str] = []
    metrics, plots = metrics_of_both(one, other, unread)
    rows, files = (row_of(info), row_of(other_info)), list(_files(one, other))
    return ComparePage(*rows, pairs, metrics, plots, steps, files, "", [*damage, *other_damage, *unread])


def _nothing(problem: str) -> ComparePage:
    return ComparePage(None, None, [], [], [], [], [], problem, [])


def _pairs(left: Mapping[str, Value], right: Mapping[str, Value]) -> list[Pair]:
    return [Pair(name, left.get(name), right.get(name), left.get(name) != right.get(name)) for name in sorted({*left, *right})]


def _steps(left: Run, left_over: bool, right: Run, right_over: bool) -> list[StepPair]:
    ones, others = (
        {step.step: step for step in step_progress(run, failures(run.store, run.keys, lambda key: None), not over)}
        for run, over in ((left, left_over), (right, right_over))
    )
    return [
        StepPair(step, ones.get(step), others.get(step), _artifacts(left, right, step))
        for step in dict.fromkeys([*ones, *others])
        if step in ones or step in others
    ]


def _artifacts(left: Run, right: Run, step: str) -> list[Pair]:
    """The artifacts that a step outside of foreaches set itself, or in both runs inherited; they differ when their stored bytes do."""
    held = []
    for run in (left, right):
        found = run_items.item(run, step, "r") if step in run.plan["steps"] else None
        entries = {}
        if found is not None and found.shelf is not None:
            for name in found.shelf[0].doc["own"]:
                try:
                    entries[name] = found.entry(name)
                except (Corrupt, Missing):
                    entries[name] = None
        held.append(entries)
    ones, others = held
    pairs = []
    for name in sorted({*ones, *others}):
        one, other = ones.get(name), others.get(name)
        before = None if one is None else shown_value(one, left.store)
        after = None if other is None else shown_value(other, right.store)
        pairs.append(Pair(name, before, after, one != other))
    return pairs


def _files(left: Run, right: Run) -> Iterator[FileDiff]:
    """The files of the code packages that differ."""
    if left.doc["code"] == right.doc["code"]:
        return
    ones, others = (dict(_sources(run.program.folder)) for run in (left, right))
    for path in sorted({*ones, *others}):
        before, after = (files.get(path, "").splitlines() for files in (ones, others))
        if before != after:
            lines = list(unified_diff(before, after, lineterm="", n=3))[2:]
            yield FileDiff(path, lines[:LONGEST_DIFF], max(0, len(lines) - LONGEST_DIFF))


def _sources(folder: str) -> Iterator[tuple[str, str]]:
    """The user's files of a code package, as text."""
    for root, folders, files in os.walk(folder):
        folders[:] = sorted(name for name in folders if not name.startswith((".", "__pycache__")))
        for name in sorted(files):
            path = os.path.join(root, name)
            relative = os.path.relpath(path, folder)
            if os.path.getsize(path) <= LARGEST_FILE and not relative.startswith("."):
                with open(path, encoding="utf-8", errors="replace") as file:
                    yield relative, file.read()
