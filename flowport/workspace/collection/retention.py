"""Which runs are old enough to be deleted, and which of them others still need."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, NamedTuple

from flowport.runtime.store.errors import Corrupt
from flowport.runtime.store.writes import DAY

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from typing import TypeAlias

    from flowport.workspace.collection.stored_runs import StoredRun

    Reason: TypeAlias = Literal["young", "newest", "tagged", "running", "linked", "unreadable", ""]
    """Why a run stays; "" for one that does not."""

    Known: TypeAlias = dict[tuple[str, str], StoredRun]
    """Runs by flow and id."""

QUIET = 3_600.0
"""Seconds without any document of a run that is not done before it can be deleted: other tasks may still be at work."""

SETTLED = 60.0
"""Seconds after its last step in which a run that is done still writes something, unless its tasks run once more."""


class Rule(NamedTuple):
    """What is deleted: runs of which nothing was written for `older_than` seconds, without those that are kept.

    Of each flow, and of each branch of a project, the `keep` newest runs are kept, and the newest that is done; and all with one of `tags`.
    `flows` are the flows whose runs are deleted, None is all.
    """

    older_than: float
    keep: int
    tags: frozenset[str] = frozenset()
    flows: frozenset[str] | None = None


def reasons(runs: list[StoredRun], rule: Rule, now: float, report: Callable[[str], None]) -> dict[StoredRun, Reason]:
    """Why the runs stay that are in question, "" for those that a rule lets go. What cannot be read is reported, and stays."""
    there = [run for run in runs if _in_flows(run, rule) and run.record]
    old = [run for run in there if _is_old(run, rule, now)]
    newest = set(_newest(runs, {(run.keys.flow, run.branch) for run in old}, rule.keep))
    found: dict[StoredRun, Reason] = dict.fromkeys(there, "young")
    for run in old:
        try:
            found[run] = "linked" if run.is_linked else "newest" if run in newest else _reason(run, rule)
        except Corrupt as error:
            report(str(error))
            found[run] = "unreadable"
    return found


def not_begun(runs: list[StoredRun], rule: Rule, now: float) -> list[StoredRun]:
    """What is left of runs that did not begin and that a rule lets go, after a day at the earliest: an engine may ask for them again."""
    limit = now - max(rule.older_than, DAY)
    return [run for run in runs if _in_flows(run, rule) and run.did_not_begin and run.active < limit]


def _is_old(run: StoredRun, rule: Rule, now: float) -> bool:
    active = max(run.active, run.started)
    return active < now - rule.older_than and (active < now - QUIET or _is_settled(run))


def _is_settled(run: StoredRun) -> bool:
    """Whether a run is done, and nothing of it goes on."""
    return _is_done(run) and run.end is not None and run.active - run.end[1] < SETTLED


def _reason(run: StoredRun, rule: Rule) -> Reason:
    if rule.tags and rule.tags & run.tags:
        return "tagged"
    return "" if run.is_over else "running"


def _in_flows(run: StoredRun, rule: Rule) -> bool:
    return rule.flows is None or run.keys.flow in rule.flows


def _newest(runs: list[StoredRun], branches: set[tuple[str, str]], keep: int) -> Iterator[StoredRun]:
    """The newest runs of these branches of flows, so many of each, and the newest that is done."""
    found: dict[tuple[str, str], list[StoredRun]] = {branch: [] for branch in branches}
    for run in runs:
        if run.record and not run.is_spin and (run.keys.flow, run.branch) in found:
            found[run.keys.flow, run.branch].append(run)
    for of_branch in found.values():
        of_branch.sort(key=lambda run: (run.started, run.keys.id), reverse=True)
        yield from of_branch[:keep]
        yield from next(([run] for run in of_branch if _is_done(run)), [])


def _is_done(run: StoredRun) -> bool:
    try:
        return run.is_done
    except Corrupt:
        return False


def needed(runs: Iterable[StoredRun], chosen: Iterable[StoredRun]) -> dict[StoredRun, StoredRun]:
    """Those of the chosen runs that one of the others needs, with one that does.

    A run that is not done may take over items from each run that it resumes, and from those that these resume, and may read those that
    started it. One that is done refers to models, checkpoints and objects of those that it resumed. A spin needs its run. The runs between
    them stay too: they say what the others resume.
    """
    known = {(run.keys.flow, run.keys.id): run for run in runs}
    gone = set(chosen)
    found: dict[StoredRun, StoredRun] = {}
    waiting = [run for run in known.values() if run not in gone]
    while waiting:
        run = waiting.pop()
        for other in _needed_by(run, known):
            if other in gone:
                gone.discard(other)
                found[other] = run
                waiting.append(other)
    return found


def _needed_by(run: StoredRun, known: Known) -> list[StoredRun]:
    origins = list(_origins(run, known))
    triggers = ((each["flow"], each["run"]) for each in (run.record or {}).get("triggers") or () if each["type"] == "run")
    started_by = [known[name] for name in triggers if name in known]
    if run.is_spin or ((origins or started_by) and not _is_done(run)):
        return [*origins, *started_by]
    return origins[: max((place for place, other in enumerate(origins, start=1) if other.holds), default=0)]


def _origins(run: StoredRun, known: Known) -> Iterator[StoredRun]:
    """The run that a run resumes, the one that this resumes, and so on; of a spin its run."""
    seen = {run}
    while run.record:
        spin = run.record.get("spin")
        origin = known.get((run.keys.flow, spin["run"] if spin else run.record["origin"] or ""))
        if origin is None or origin in seen or (spin and spin["store"] != run.store.url):
            return
        seen.add(origin)
        yield origin
        run = origin
