"""What a workflow needs: its pods, the nodes in its status, and the size of its documents.

This walks through the members of `graph` as the controller does: each task of a DAG has a node, also one that is skipped or omitted.
"""

from __future__ import annotations

from flowport.compiler.estimate import MAYBE, NEVER, ONCE, Estimate, Figure, Range, Shape, exactly
from flowport.compiler.ir.plan import Block, Choice, Loop, Plan, blocks, steps, walk
from flowport.compiler.lower.fuse import merge_settings
from flowport.compiler.lower.gate import behind_gate
from flowport.compiler.record import record
from flowport.compiler.target import File
from flowport.runtime.process.nodes import MOST_NODES
from flowport.runtime.store import documents
from flowport.targets.argo.gangs import gangs
from flowport.targets.argo.graph import Each, Job, Member, Turns, graph
from flowport.targets.argo.limits import TEMPLATES
from flowport.targets.argo.settings import Settings
from flowport.targets.argo.split import split
from flowport.targets.argo.workflow import WHOLE, slice_limits, workflow_template
from flowport.targets.figures.layout import Layout, Limits, Place

OBJECT = 1_048_576
"""Bytes of a workflow, above which Argo refuses it (its node status offloading page) unless it has a database."""

OF_A_NODE = 57
"""Bytes of a node in the status, compressed (measured, 4.1.2)."""


@record
class Use:
    """The pods and the nodes of some members."""

    pods: Range = Range()
    nodes: Range = Range()

    def __add__(self, other: Use) -> Use:
        return Use(self.pods + other.pods, self.nodes + other.nodes)

    def times(self, number: Range) -> Use:
        """So many times as much."""
        return Use(self.pods.times(number), self.nodes.times(number))


ONE_NODE = Use(nodes=ONCE)


class ArgoEstimator:
    """The figures of a workflow."""

    def estimate(self, plan: Plan, settings: Settings, files: tuple[File, ...], shape: Shape) -> Estimate:
        """The figures of a lowered plan."""
        width, total = slice_limits(plan, settings)
        layout = Layout(plan, shape, Limits(width, total))
        members = graph(plan)
        found = ONE_NODE + _Counter(plan, settings, layout).members(members, layout.root)
        template = workflow_template(plan, settings, "0" * 64)
        size = len(documents.dump(template))
        status = exactly(OBJECT - WHOLE + 2 * size) + found.nodes.times(exactly(OF_A_NODE))
        spec = template["spec"]
        assert isinstance(spec, dict)
        assert isinstance(spec["templates"], list)
        figures = (
            Figure("pods", found.pods),
            Figure("nodes", found.nodes),
            Figure("templates", exactly(len(spec["templates"])), TEMPLATES),
            Figure("document", exactly(size), OBJECT, "bytes"),
            Figure("workflow with its status", status, OBJECT, "bytes"),
        )
        notes = (
            "no attempt fails: each one that is repeated adds a pod and a node",
            "the size of the status is that of version 4.1, measured",
        )
        return Estimate(figures, notes)


class _Counter:
    """Counts what members need at a place."""

    def __init__(self, plan: Plan, settings: Settings, layout: Layout) -> None:
        self._plan, self._layout = plan, layout
        self._step = {step.name: step for step in plan.flow.steps}
        self._apart = gangs(plan.flow, settings)
        self._unsure = frozenset(_in_arms(behind_gate(plan)))
        self._loops = {node.header: node for node in walk(plan.body) if isinstance(node, Loop)}

    def members(self, members: tuple[Member, ...], place: Place) -> Use:
        """What the tasks of a DAG need; the parts of one that was cut are DAGs of their own."""
        cut = split(members)
        found = Use(nodes=exactly(len(cut) if len(cut) > 1 else 0))
        for member in members:
            found += self._member(member, place)
        return found

    def _member(self, member: Member, place: Place) -> Use:
        match member:
            case Job(step):
                return self._run_or_not(step, place, self._pod(step))
            case Each():
                return self._each(member, place)
            case Turns():
                return self._turns(member, place)

    def _reached(self, step: str, place: Place) -> Range:
        """Whether a task runs: one that is in no arm does whenever its DAG does."""
        return self._layout.reached(step, place) if step in self._unsure else ONCE

    def _run_or_not(self, step: str, place: Place, use: Use) -> Use:
        """A task, which has one node if it does not run."""
        reached = self._reached(step, place)
        if reached == ONCE:
            return use
        if reached == NEVER:
            return ONE_NODE
        return Use(use.pods.times(MAYBE), Range(1, use.nodes.high))

    def _pod(self, step: str, retries: int | None = None) -> Use:
        """A pod, below a node of its own if it may be tried again."""
        if retries is None:
            loop = self._loops.get(step)
            inside = (step,) if loop is None or loop.cap else steps(loop.body)
            retries = merge_settings(self._step[each].settings for each in inside).retries
        return Use(ONCE, exactly(2 if retries else 1))

    def _each(self, each: Each, place: Place) -> Use:
        """A foreach: a node for all of it, and what each slice needs; a body of several steps is a DAG."""
        match each.members:
            case (Job(step),) if step in self._apart:
                gang = self._apart[step].gang
                number = exactly(gang.nodes) if gang is not None and gang.nodes else self._elements(each, place)
                return self._maybe(each, place, ONE_NODE + self._pod(step).times(number))
        found = ONE_NODE
        for inner, number in self._layout.fan(each.origin, place):
            match each.members:
                case (Job(),):
                    found += self.members(each.members, inner).times(number)
                case _:
                    found += (ONE_NODE + self.members(each.members, inner)).times(number)
        return self._maybe(each, place, found)

    def _maybe(self, each: Each, place: Place, use: Use) -> Use:
        """A foreach, which has one node if its step does not run or has no elements."""
        reached = self._reached(each.origin, place)
        if reached == NEVER or not self._layout_has(each.origin, place):
            return ONE_NODE
        return use if reached == ONCE else Use(use.pods.times(MAYBE), Range(1, use.nodes.high))

    def _layout_has(self, origin: str, place: Place) -> bool:
        return next(iter(self._layout.fan(origin, place)), None) is not None

    def _elements(self, each: Each, place: Place) -> Range:
        """How many nodes a gang has."""
        found = Range()
        for inner, number in self._layout.fan(each.origin, place):
            found += exactly(inner.stop - inner.start).times(number) if inner.is_known else Range(0, MOST_NODES)
        return found

    def _turns(self, loop: Turns, place: Place) -> Use:
        """A loop: a DAG for each turn, in which the next one is a task, and the rest is another where one pod can do it."""
        header, turns = loop.job.step, self._layout.turns(loop.job.step, place)
        ends = exactly(2 if loop.rest else 1)
        if turns is None:
            one = ONE_NODE + self.members(loop.members, Layout.turn(place, 0))
            rest = self._pod(header, self._retries_of_rest(header)).times(MAYBE) if loop.rest else Use()
            return self._run_or_not(
                header, place, one + one.times(Range(0, loop.cap - 1)) + Use(nodes=ends.times(Range(1, loop.cap))) + rest
            )
        found = Use()
        made = min(turns, loop.cap)
        for number in range(made):
            found += ONE_NODE + self.members(loop.members, Layout.turn(place, number))
        # Each turn has a node for the next one, which is that turn's DAG unless it is skipped, and one for the rest.
        found += Use(nodes=exactly(1 + (made if loop.rest else 0)))
        if turns > loop.cap and loop.rest:
            found += self._pod(header, self._retries_of_rest(header)) + Use(nodes=exactly(-1))
        return self._run_or_not(header, place, found)

    def _retries_of_rest(self, header: str) -> int:
        return merge_settings(self._step[each].settings for each in steps(self._loops[header].body)).retries


def _in_arms(block: Block, is_arm: bool = False) -> list[str]:
    """The steps that stand in an arm of a switch, seen from the DAG that they are in."""
    found: list[str] = []
    for node in block:
        own = isinstance(node, Choice) or is_arm
        for inner in blocks(node):
            found += steps(inner) if own else _in_arms(inner)
    return found
