"""Runs the items of a gang step, its nodes: those that one item was split into run at once, and end well together or not at all.

A node that fails ends the others, which may wait for it. No result of a gang that failed is kept: the next attempt runs all nodes again.
Only where `@catch` continues in the place of a node, the others go on.
"""

from __future__ import annotations

import sys
from tempfile import TemporaryDirectory

from flowport.runtime.process import nodes
from flowport.runtime.process.lifecycle import check
from flowport.runtime.protocol import NonRetryable
from flowport.runtime.store import row_ranges
from flowport.runtime.task.execute import KILLED, caught
from flowport.runtime.task.items import AttemptPolicy, killed

CAUSES = (KILLED, "TimeoutException")
"""The types of failures that do not follow from the failure of another node."""

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Protocol

    from flowport.runtime.records.attempts import Attempts
    from flowport.runtime.records.outcome import Outcome
    from flowport.runtime.task.context import TaskContext
    from flowport.runtime.task.resume import Origins

    class GangRunner(Protocol):
        """Runs nodes, all at once.

        `address` is where the other nodes reach node 0, and `apart` says whether each node has a container of its own.
        """

        address: str
        apart: bool

        def begin_nodes(self, tried: int, variables: dict[int, dict[str, str]]) -> None:
            """Start the nodes by their rows, each in a process that has its variables before the user's module is imported."""

        def wait(self) -> Outcome:
            """The outcome of a node that was begun."""

        def end(self) -> None:
            """Ask the nodes that still run to end, and kill those that do not; their outcomes are `ended`."""

        def over(self) -> None:
            """Every outcome is there: the processes may leave. Until then they stay, because others may still need them."""


def run_gangs(context: TaskContext, runner: GangRunner, attempts: Attempts) -> list[Outcome]:
    """The outcome of every node of the slice, one gang after the other."""
    policy = AttemptPolicy(context.plan)
    origins = None
    if context.record.origin and not context.forced:
        from flowport.runtime.task.resume import Origins

        origins = Origins(context)
    found: list[Outcome] = []
    for rows in gangs(context):
        outcomes = _taken(attempts, origins, rows) or _given_up(context, policy, attempts, rows)
        found += outcomes or _Gang(context, policy, attempts, rows).run(runner)
    return found


def gangs(context: TaskContext) -> Iterator[list[int]]:
    """The rows of each gang of the slice."""
    frame = context.lineage.frames[-1]
    for place, first in enumerate(frame.starts[:-1]):
        rows = [row for row in range(first, frame.starts[place + 1]) if row_ranges.contains(context.arrived, row)]
        if rows:
            yield rows


def _taken(attempts: Attempts, origins: Origins | None, rows: list[int]) -> list[Outcome]:
    """A whole gang that an earlier attempt or the origin run has finished; empty if it has to run."""
    if all(row in attempts.finished for row in rows):
        return [attempts.finished[row] for row in rows]
    taken: list[Outcome] = []
    for row in rows if origins else ():
        outcome = origins.take(row) if origins else None
        if outcome is None:
            return []
        taken.append(outcome)
    return taken


def _given_up(context: TaskContext, policy: AttemptPolicy, attempts: Attempts, rows: list[int]) -> list[Outcome]:
    """What `@catch` puts in the place of a gang whose last attempt was killed; empty if there is none."""
    errors = [attempts.errors.get(row) for row in rows]
    if not all(policy.gives_up(error, attempts.begun.get(row, 0)) for row, error in zip(rows, errors)):
        return []
    return [caught(context, row, error or killed(context, row), {}) for row, error in zip(rows, errors)]


class _Gang:
    """One run of a gang."""

    def __init__(self, context: TaskContext, policy: AttemptPolicy, attempts: Attempts, rows: list[int]) -> None:
        self.context, self.policy, self.attempts, self.rows = context, policy, attempts, rows
        self.begun = max(attempts.begun.get(row, 0) for row in rows)
        self.ending = False
        self.meeting = ""

    def run(self, runner: GangRunner) -> list[Outcome]:
        """Run all nodes at once; returns their outcomes, of which those without an artifact or an error were ended."""
        with TemporaryDirectory(prefix="gang_") as self.meeting:
            self._begin(runner)
            found = {outcome["row"]: outcome for outcome in (self._wait(runner) for _ in self.rows)}
            runner.over()
        for outcome in found.values():
            if not self.ending or "error" in outcome:
                self.attempts.done(outcome)
        return [found[row] for row in self.rows]

    def _begin(self, runner: GangRunner) -> None:
        check()
        if problem := nodes.file_problem(len(self.rows)):
            raise NonRetryable(problem)
        announces = self.policy.announces(self.attempts)
        for row in self.rows:
            self.attempts.begin(row, at_once=announces and row == self.rows[-1])
        control, port = self.context.lineage.address(self.rows[0]), nodes.free_port()
        number = len(self.rows)
        found: dict[int, dict[str, str]] = {}
        for index, row in enumerate(self.rows):
            own = nodes.variables(index, number, control, runner.address, port)
            found[row] = own if runner.apart else {**own, **self._shared(index)}
        runner.begin_nodes(self.begun, found)

    def _shared(self, index: int) -> dict[str, str]:
        """The variables of a node that shares its machine with the others."""
        launcher: str = self.context.plan["gang"].get("launcher", "")
        gpus: int = self.context.plan.get("resources", {}).get("gpu", 0)
        # Node 0 starts the processes of all nodes for these, so it sees all GPUs.
        shown = {} if launcher in ("deepspeed", "mpi") else nodes.devices(index, len(self.rows), gpus)
        return {**shown, nodes.MEETING: self.meeting}

    def _wait(self, runner: GangRunner) -> Outcome:
        """The next outcome. The first failure ends the other nodes; what they raise then follows from it, and only their log has it.

        A node that was killed or overdue has not failed because of another one, even if the failure of that one was heard of first.
        """
        outcome = runner.wait()
        if "error" not in outcome:
            return outcome
        if self.ending and outcome["error"]["type"] not in CAUSES:
            return {"row": outcome["row"], "ended": outcome["error"]["message"]}
        if not self.ending and self.policy.gives_up(outcome["error"], self.begun + 1):
            return caught(self.context, outcome["row"], outcome["error"], outcome.get("own", {}), outcome.get("cards"))
        if not self.ending:
            self.ending = True
            node, number = self.rows.index(outcome["row"]), len(self.rows)
            others = "" if number == 1 else ": the other nodes are ended" if number > 2 else ": the other node is ended"
            sys.stderr.write(f"flowport: node {node} of {number} of step `{self.context.step}` failed{others}\n")
            runner.end()
        return outcome
