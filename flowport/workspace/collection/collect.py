"""A collection: deletes the runs that a rule lets go, and then the blobs that nothing refers to."""

from __future__ import annotations

import time
from collections import Counter
from typing import TYPE_CHECKING, NamedTuple

from flowport.runtime.store.errors import Corrupt
from flowport.runtime.store.keys import FLOWS, names
from flowport.workspace.collection.blobs import GRACE, Garbage, Limits, Removal, limits
from flowport.workspace.collection.deletion import Deletion
from flowport.workspace.collection.indexes import forget_deleted
from flowport.workspace.collection.references import Unreadable, of_caches, of_record, of_run
from flowport.workspace.collection.retention import QUIET, needed, not_begun, reasons
from flowport.workspace.collection.stored_runs import reachable, stored_runs
from flowport.workspace.errors import UnknownFlow
from flowport.workspace.runs import earlier_runs, flows

if TYPE_CHECKING:
    from collections.abc import Callable

    from flowport.runtime.store.interface import Store
    from flowport.workspace.collection.retention import Rule
    from flowport.workspace.collection.stored_runs import Each, StoredRun


class Collected(NamedTuple):
    """What a collection has deleted, or would delete: runs and spins, of how many, and blobs.

    `kept` are runs that are old enough and stay because another one needs them, with that one. `left` are runs that another collection is
    deleting. `unfinished` is how many runs an earlier collection had deleted in part. `not_begun` are what was left of runs that did not
    begin. `stay` is how many of the runs in question stay, by the reason. `blobs` is None if `problems` say why nobody knows which blobs
    are needed.
    """

    runs: tuple[StoredRun, ...]
    of: int
    kept: dict[StoredRun, StoredRun]
    left: int
    unfinished: int
    not_begun: tuple[StoredRun, ...]
    stay: dict[str, int]
    blobs: Removal | None
    problems: tuple[str, ...]


def collect(store: Store, rule: Rule, each: Each, report: Callable[[str], None], dry_run: bool = False) -> Collected:
    """Delete what a rule lets go; raises UnknownFlow. `report` gets a sentence about each document that cannot be read."""
    there = {*names(reachable(store, FLOWS))[0]}
    known = [flow for flow in flows(store, report) if flow in there]
    for flow in sorted(rule.flows or ()):
        if flow not in known:
            raise UnknownFlow(flow, store.url, known)
    now = time.time()
    runs = [run for flow in known for run in stored_runs(store, flow, each, report)]
    half = [run for run in runs if run.is_left]
    idle = not_begun(runs, rule, now)
    why = reasons(runs, rule, now, report)
    chosen = {run for run, reason in why.items() if not reason}
    kept = needed(runs, chosen)
    left: set[StoredRun] = set()
    chosen -= kept.keys()
    if not dry_run:
        deletion = Deletion(store, runs, each, report)
        deletion.take_back(chosen)
        deletion.finish(half)
        deletion.delete(chosen)
        deletion.remove_not_begun(idle)
        kept, left, runs = {**kept, **deletion.kept}, deletion.left, [*deletion.runs]
        chosen -= kept.keys() | left
        for flow in known if rule.flows is None else sorted(rule.flows):
            forget_deleted(store, flow, report)
    remaining = [run for run in runs if run not in chosen and run not in half and run not in idle]
    problems = [run.problem for run in remaining if run.problem]
    problems += [f"{flow} has {number} runs of an earlier version of flowport" for flow, number in earlier_runs(store)]
    blobs = None if problems else _collect_blobs(store, remaining, known, now, each, problems, dry_run)
    stay = Counter(reason for reason in why.values() if reason) + Counter({"needed": len(kept)})
    of = len(chosen) + sum(not run.did_not_begin for run in remaining)
    return Collected(tuple(chosen), of, kept, len(left), len(half), tuple(idle), dict(stay), blobs, tuple(problems))


def _collect_blobs(
    store: Store, runs: list[StoredRun], known: list[str], now: float, each: Each, problems: list[str], dry_run: bool
) -> Removal | None:
    """Remove the blobs that nothing refers to; None where it is not known which, which `problems` then has."""
    bounds = limits(now, min([run.started for run in runs if run.record and _may_go_on(run, now)], default=now))
    garbage = Garbage(store, bounds)
    if garbage.blobs or garbage.copies:
        try:
            _keep_needed(store, garbage, runs, known, bounds, each)
        except Unreadable as error:
            problems.append(str(error))
            return None
    if not dry_run:
        garbage.remove(each)
    return garbage.removal


def _keep_needed(store: Store, garbage: Garbage, runs: list[StoredRun], known: list[str], bounds: Limits, each: Each) -> None:
    garbage.keep(of_caches(store, known))
    for run in runs:
        garbage.keep(of_record(run.record) if run.record else ())
    # A spin has copies of documents of its run, which are older than the spin.
    old = [run for run in runs if run.is_spin or run.started < bounds.run]
    for found in each(lambda run: of_run(store, run.keys), old):
        garbage.keep(found)


def _may_go_on(run: StoredRun, now: float) -> bool:
    """Whether tasks of a run may still be at work: it is running, failed or was lost not long ago, or goes on after it was done."""
    if now - run.active > GRACE:
        return False
    try:
        end = run.end
    except Corrupt:
        return True
    return end is None or end[0] != "done" or run.active - end[1] > QUIET
