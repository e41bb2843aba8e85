"""One task: a step on a slice. Load, run what is left to run, commit, and say where the engine goes on.

The manifest is the task: it has happened when its manifest exists. Its fields:

    v nonce epoch              who wrote it
    key digest code            from what: `key` decides whether it can be adopted
    after                      [[step, slice, generation, sha], ...], the manifests that were read
    arrived to                 rows that came, and rows by the step that they went on to
    left entry                 of a loop's header: who left before this turn, and the nonce of turn 0
    own classes                columns that the step wrote, and what the items inherit
    reads caught forced        for resuming: what each item read, which failed, whether nothing may be taken over
    taken                      of a resumed run: [[run, rows], ...], which items are another run's, and whose
    fan                        n items in k slices of g, `share` for the foreaches inside, `counts` per item, and the `values`
"""

from __future__ import annotations

import os
import sys
import time
from _pickle import dumps

from flowport.runtime import codec, digests, documents, manifest, pack
from flowport.runtime import runs as rows_of
from flowport.runtime.contract import DONE, ENDED, FAILED, STOP, Mismatch
from flowport.runtime.execute import caught, execute, told_of
from flowport.runtime.manifest import Stop
from flowport.runtime.process import Ended, check
from flowport.runtime.store import Corrupt, Missing, Refusal, ensure, open_store
from flowport.runtime.text import shown
from flowport.runtime.tries import Tries
from flowport.runtime.work import Work

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any, Protocol

    from flowport.runtime.contract import Invocation
    from flowport.runtime.execute import Outcome
    from flowport.runtime.manifest import Manifest
    from flowport.runtime.program import Program
    from flowport.runtime.store import Store

    class Runner(Protocol):
        """Runs items, `width` at a time."""

        width: int

        def prepare(self) -> None:
            """Called before an item begins; raises what keeps all of them from it."""

        def begin(self, row: int, tried: int) -> None:
            """Start an item."""

        def wait(self) -> Outcome:
            """The outcome of an item that was begun."""


def perform(invocation: Invocation, program: Program, store: Store | None = None) -> int:
    """Run a task and return its exit code: DONE when its manifest is in force, STOP when trying again is of no use, else FAILED.

    `store` may be given where it is open already and is a folder.
    """

    def body() -> int:
        plan = program.step(invocation.step)
        surround(plan["environment"])
        program.settle()
        if supervised(plan):
            from flowport.runtime.supervise import supervise

            return supervise(invocation, program, plan)
        work = Work(invocation, program, store or open_store(invocation.store))
        return finish(work, Here(work))

    return guarded(body)


def surround(variables: dict[str, str]) -> None:
    """Set the variables of a step, before the user's module is imported."""
    os.environ.update(variables)
    if "TZ" in variables:
        time.tzset()


def supervised(plan: dict[str, Any]) -> bool:
    """Whether the items of a step run in processes of their own."""
    return bool(plan["timeout"]) or plan["workers"] > 1


def guarded(body: Callable[[], int]) -> int:
    """The exit code of `body`, with what the runtime itself has to say printed in a line."""
    try:
        return body()
    except (Stop, Mismatch) as error:
        return _told(error, STOP)
    except (Refusal, Missing, Corrupt, codec.Unstorable) as error:
        return _told(error, FAILED)
    except Ended as error:
        return _told(error, ENDED)


def _told(error: BaseException, code: int) -> int:
    sys.stderr.write(f"flowport: {shown(str(error), lines=True)}\n")
    return code


class Here:
    """Runs items in this process, one after the other."""

    width = 1

    def __init__(self, work: Work) -> None:
        self.work = work
        self._outcome: Outcome

    def prepare(self) -> None:
        self.work.prepare()  # here, so that a module that cannot be imported is no failure of an item

    def begin(self, row: int, tried: int) -> None:
        self._outcome = execute(self.work, row, tried)

    def wait(self) -> Outcome:
        return self._outcome


def finish(work: Work, runner: Runner) -> int:
    """Adopt what exists, else run the items and commit; returns the exit code. Where nobody comes there is nothing to do."""
    if not work.arrived:
        sys.stderr.write(f"flowport: no item comes to step `{work.step}` on {work.slice}: nothing is left to do\n")
        hand_over(work.invocation, [])
        return DONE
    after = work.manifests.after()
    parameters = digests.of(documents.dump(work.start.doc["parameters"], in_order=True))
    key = manifest.key(work.plan["digest"] + parameters if not after else work.plan["digest"], after)
    found = work.manifests.highest(work.step, work.slice)
    if found is None or not work.manifests.agrees(found, {"key": key, "epoch": work.invocation.epoch}):
        generation = work.manifests.next(found)
        # A try of one item that is not counted has nothing to hand on: looking for it would be a request for nothing.
        counted = work.plan["times"] > 0 or bool(work.plan["catch"]) or rows_of.count(work.arrived) > 1
        tries = Tries(work.store, work.keys, work.step, work.slice, work.invocation.epoch, work.plan["digest"], key, counted)
        try:
            outcomes = _outcomes(work, runner, tries)
        except (Exception, Ended) as error:  # also what the user's module raises when it is imported
            _broken(work, tries, error)
            raise
        if failed := [outcome for outcome in outcomes if "error" in outcome]:
            return _failed(work, tries, failed, len(outcomes))
        found = work.manifests.commit(work.step, work.slice, _document(work, key, after, outcomes), generation)
    _route(work, found)
    return DONE


def _outcomes(work: Work, runner: Runner, tries: Tries) -> list[Outcome]:
    """The outcome of every item that arrived: from earlier tries, from the origin run, or by running it.

    Where the engine tries again, a try says that it exists before its first item begins, so that those that were killed are counted.
    """
    found = {row: outcome for row, outcome in tries.finished.items() if rows_of.contains(work.arrived, row)}
    origins = None
    if work.start.origin and not work.forced:
        from flowport.runtime.resume import Origins

        origins = Origins(work)
    retried = work.plan["times"] > 0
    careful = bool(work.plan["catch"]) or (retried and tries.number > 0)
    running = 0
    for row in rows_of.iterate(work.arrived):
        if row in found:
            continue
        taken = origins.take(row) if origins else None
        fatal = tries.errors.get(row, {}).get("fatal")
        if taken is None and work.plan["catch"] and not fatal and tries.begun.get(row, 0) > work.plan["times"]:
            taken = caught(work, row, tries.errors.get(row) or _killed(work, row), {})
        if taken is not None:
            found[row] = taken
            continue
        check()
        runner.prepare()
        tries.begin(row, careful or (retried and not tries.made))
        runner.begin(row, tries.begun.get(row, 0))
        running += 1
        if running == runner.width:
            _collect(work, runner, tries, found)
            running -= 1
    for _ in range(running):
        _collect(work, runner, tries, found)
    return [found[row] for row in sorted(found)]


def _collect(work: Work, runner: Runner, tries: Tries, found: dict[int, Outcome]) -> None:
    outcome = runner.wait()
    row = outcome["row"]
    fatal = "error" in outcome and outcome["error"].get("fatal")
    if "error" in outcome and work.plan["catch"] and not fatal and tries.begun.get(row, 0) >= work.plan["times"]:
        outcome = caught(work, row, outcome["error"], outcome.get("own", {}))
    tries.done(outcome)
    found[row] = outcome


def _killed(work: Work, row: int) -> dict[str, Any]:
    message = "the process was killed while the item ran"
    return {"type": "Killed", "message": message, "traceback": message + "\n", "item": work.lineage.address(row)}


def _broken(work: Work, tries: Tries, error: BaseException) -> None:
    """Leave a try that says what stopped the task, when that was not an item's own step; the store itself may be what is broken."""
    row = next(rows_of.iterate(work.arrived))
    told = getattr(error, "error", None) or told_of(error)
    try:
        tries.done({"row": row, "error": {**told, "item": work.lineage.address(row)}})
        tries.flush()
    except (Refusal, Missing, Corrupt) as refused:
        sys.stderr.write(f"flowport: this try is not kept: {refused}\n")


def _failed(work: Work, tries: Tries, failed: list[Outcome], number: int) -> int:
    tries.flush()
    where = ", ".join(outcome["error"]["item"] for outcome in failed[:5]) + (", ..." if len(failed) > 5 else "")
    sys.stderr.write(f"flowport: step `{work.step}` failed for {len(failed)} of {number} item{'s' if number > 1 else ''}: {where}\n")
    return FAILED


def _document(work: Work, key: str, after: list[list[Any]], outcomes: list[Outcome]) -> dict[str, Any]:
    """The manifest of these outcomes, which has one for every item that arrived; its packs are stored."""
    packer = pack.Packer()
    doc: dict[str, Any] = {
        "v": 1,
        "nonce": os.urandom(8).hex(),
        "epoch": work.invocation.epoch,
        "key": key,
        "digest": work.plan["digest"],
        "code": work.invocation.code,
        "after": after,
        "arrived": work.arrived,
        "to": _targets(outcomes),
        "own": _own(packer, outcomes),
        "classes": work.classes,
        "reads": packer.add([dumps(outcome["reads"], 5) for outcome in outcomes], work.arrived),
    }
    if work.site["enter"][0] == "again":
        doc["left"] = work.replay.left(work.step, work.slice)
        doc["entry"] = work.replay.entry(work.step, work.slice) or doc["nonce"]
    if "foreach" in work.plan["transition"]:
        doc["fan"] = _fan(work, packer, [outcome["values"] for outcome in outcomes])
    if rows := rows_of.from_rows([outcome["row"] for outcome in outcomes if outcome.get("caught")]):
        doc["caught"] = rows
    if taken := _taken(outcomes):
        doc["taken"] = taken
    if work.forced:
        doc["forced"] = True
    packer.close(work.store)
    return doc


def _taken(outcomes: list[Outcome]) -> list[list[Any]]:
    """The rows of the items that were taken over, by the run in which they ran."""
    rows: dict[str, list[int]] = {}
    for outcome in outcomes:
        if "taken" in outcome:
            rows.setdefault(outcome["taken"], []).append(outcome["row"])
    return [[run, rows_of.from_rows(rows[run])] for run in sorted(rows)]


def _targets(outcomes: list[Outcome]) -> dict[str, Any]:
    rows: dict[str, list[int]] = {}
    for outcome in outcomes:
        for target in outcome["to"]:
            rows.setdefault(target, []).append(outcome["row"])
    return {target: rows_of.from_rows(rows[target]) for target in sorted(rows)}


def _own(packer: pack.Packer, outcomes: list[Outcome]) -> dict[str, Any]:
    """A column for every artifact that some item wrote."""
    names = sorted({name for outcome in outcomes for name in outcome["own"]})
    columns = {}
    for name in names:
        having = [outcome for outcome in outcomes if name in outcome["own"]]
        columns[name] = packer.add([outcome["own"][name] for outcome in having], rows_of.from_rows([outcome["row"] for outcome in having]))
    return columns


def _fan(work: Work, packer: pack.Packer, lists: list[list[bytes]]) -> dict[str, Any]:
    """How a foreach is cut into slices: no more than `width` of them, and no more than its share of `total` at any depth."""
    values = [value for items in lists for value in items]
    around = work.lineage.frames[-1].split.doc["fan"]["share"] if work.lineage.frames else work.invocation.total
    number = len(values)
    wanted = min(work.invocation.width, around, -(-number // work.plan["transition"]["batch"]))
    size = -(-number // wanted) if wanted else 1
    slices = -(-number // size)
    columns = []
    for first in range(0, number, size):
        part = values[first : first + size]
        columns.append(packer.add(part, rows_of.full(len(part))))
    return {
        "n": number,
        "g": size,
        "k": slices,
        "share": max(1, around // slices) if slices else around,
        "counts": _counted([len(items) for items in lists]),
        "values": packer.index(columns),
    }


def _counted(counts: list[int]) -> list[list[int]]:
    """Counts as [count, times] of equal neighbours."""
    found: list[list[int]] = []
    for count in counts:
        if found and found[-1][0] == count:
            found[-1][1] += 1
        else:
            found.append([count, 1])
    return found


def _route(work: Work, found: Manifest) -> None:
    """Write what the engine must know to go on, from the manifest in force, so that every try says the same."""
    document = route(work.plan, found, [name for kind, name in work.site["scopes"] if kind == "loop"][-1:])
    if document is None:
        return
    ensure(work.store, work.keys.route(work.step, work.slice, found.generation), documents.dump(document))
    if isinstance(document, list):
        hand_over(work.invocation, [f"{work.slice}.{number}" for number in document])
    else:
        hand_over(work.invocation, [target for target, went in document["to"].items() if went])


def hand_over(invocation: Invocation, route: list[str]) -> None:
    """Write where to go on to the file that the engine looks into: slices of a foreach, else steps; nothing where it reads the store."""
    if invocation.route:
        with open(invocation.route, "wb") as file:
            file.write(documents.dump(route))


def route(plan: dict[str, Any], found: Manifest, headers: list[str]) -> Any:
    """The route of a manifest: slice numbers of a foreach, where the items went of a switch or in a loop; None where nobody asks."""
    transition = plan["transition"]
    if "foreach" in transition:
        return list(range(found.doc["fan"]["k"]))
    if not plan["routed"] and not plan["left"]:
        return None
    targets = (
        {target for _, target in transition["cases"]}
        if "cases" in transition
        else set(transition.get("branch", [])) | {transition.get("next")} - {None}
    )
    document: dict[str, Any] = {
        "to": {target: bool(found.sent(target)) for target in sorted(targets)},
        "again": any(found.sent(header) for header in headers),
    }
    if plan["left"]:
        document["left"] = {target: bool(found.doc["left"].get(target)) for target in plan["left"]}
    return document
