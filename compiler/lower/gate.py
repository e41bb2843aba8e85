"""Plan -> Plan: a task before the first one, which decides whether a run begins.

    Task(start) ...            Task(begin-run) Choice(begin-run, [Task(start) ...])

A run waits for the other events or flows where an engine starts it for each of them, and does not begin during the cool-down after
another one. `runtime/run/gate.py` is what the task does. The plan in the code package has no such task.
"""

from __future__ import annotations

from flowport.compiler.ir import Case, Flow, Resources, Retry, Settings, Step, Switch
from flowport.compiler.ir.plan import Arm, Block, Choice, Edge, Plan, Task
from flowport.compiler.record import replace
from flowport.runtime.protocol import GATE

MEMORY = 512
"""MiB of the container of the task."""

AGAIN, MINUTES = 3, 1
"""How often the task is tried again, and how long after: an event that it does not take in would be lost."""

DOC = "Decides whether the run begins."


def with_gate(plan: Plan) -> Plan:
    """The plan with a task that decides whether its run begins."""
    flow = plan.flow
    settings = Settings(resources=Resources(memory=MEMORY), retry=Retry(AGAIN, MINUTES))
    gate = Step(GATE, Switch("begins", (Case(True, flow.start),)), settings=settings, doc=DOC)
    body = (Task(GATE), Choice(GATE, (Arm((Edge(GATE, flow.start),), plan.body),)))
    return Plan(replace(flow, steps=(gate, *flow.steps), start=GATE), body)


def first_step(flow: Flow) -> Step:
    """The step that a run begins with, behind the gate if there is one."""
    first = flow.step(flow.start)
    return flow.step(first.transition.targets[0]) if first.name == GATE and isinstance(first.transition, Switch) else first


def behind_gate(plan: Plan) -> Block:
    """The body of a plan without its gate, if there is one."""
    match plan.body:
        case (Task(step), Choice(arms=(arm,))) if step == GATE:
            return arm.body
    return plan.body


def waits_for_several(flow: Flow) -> bool:
    """Whether a run begins only when several events have come, or runs of several flows are done."""
    return len(flow.events) + len(flow.upstream) > 1
