"""Which runs are old enough to be deleted, and which of them others still need."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from flowport.runtime.store.errors import Corrupt

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from typing import TypeAlias

    from flowport.workspace.collection.stored_runs import StoredRun

    Known: TypeAlias = dict[tuple[str, str], StoredRun]
    """Runs by flow and id."""

QUIET = 3_600.0
"""Seconds without any document of a run before it can be deleted: in a run that has failed, other tasks may still be at work."""


class Rule(NamedTuple):
    """What is deleted: runs of which nothing was written for `older_than` seconds, without those that are kept.

    Of each flow, and of each branch of a project, the `keep` newest runs are kept, and the newest that is done; and all with one of `tags`.
    `flows` are the flows whose runs are deleted, None is all.
    """

    older_than: float
    keep: int
    tags: frozenset[str] = frozenset()
    flows: frozenset[str] | None = None


def expired(runs: list[StoredRun], rule: Rule, now: float, report: Callable[[str], None]) -> list[StoredRun]:
    """The runs that a rule lets go. What cannot be read is reported, and kept."""
    limit = now - max(rule.older_than, QUIET)
    old = [run for run in runs if _in_flows(run, rule) and run.record and max(run.active, run.started) < limit]
    kept = set(_newest(runs, {(run.keys.flow, run.branch) for run in old}, rule.keep))
    found = []
    for run in old:
        try:
            if run not in kept and not (rule.tags and rule.tags & run.tags) and run.is_over:
                found.append(run)
        except Corrupt as error:
            report(str(error))
    return found


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
