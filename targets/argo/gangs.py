"""Gangs whose nodes have a pod each: a task with a sequence of pods, which find each other through the store.

Each pod is tried again by itself. A pod that fails ends all others, and the next attempts of all of them meet in the next round. So a gang
is to Argo what a foreach is. A DAG that is tried again as a whole is not possible: after `argo retry`, Argo (up to 4.1.2) resets its
attempts but not what comes after it, and runs nothing any more.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from flowport.compiler.ir import Flow
from flowport.compiler.ir import Settings as StepSettings
from flowport.targets.argo.graph import Job
from flowport.targets.argo.settings import Settings
from flowport.targets.gangs import can_be_apart

NODE, NODES = "node", "nodes"
"""The inputs of the pod of a node, beside its step and slice: which one it is, and how many there are."""


def is_apart(asked: StepSettings, settings: Settings) -> bool:
    """Whether each node of a step has a pod of its own."""
    return settings.gangs == "nodes" and can_be_apart(asked) and not (asked.gang and asked.gang.nodes == 1)


def gangs(flow: Flow, settings: Settings) -> Mapping[str, StepSettings]:
    """The steps whose nodes have a pod each."""
    return {step.name: step.settings for step in flow.steps if is_apart(step.settings, settings)}


def number_of_pods(found: Iterable[Job], apart: Mapping[str, StepSettings]) -> int:
    """How many pods tasks have together, each for one slice; a gang counts as one where only the run knows how many nodes it has."""
    asked = [apart[job.step].gang if job.step in apart else None for job in found]
    return sum((gang.nodes or 1) if gang else 1 for gang in asked)


def node_counts(asked: StepSettings, origin: str) -> tuple[str, str]:
    """The number of the nodes of a gang, and how many of them run: none if the task `origin` starts no gang, as no item came to it."""
    known = asked.gang.nodes if asked.gang else None
    if known is None:
        number = f"{{{{= tasks['{origin}'].outputs.parameters.{NODES} }}}}"
        return number, number
    return str(known), f"{{{{= len(fromJSON(tasks['{origin}'].outputs.parameters.route)) > 0 ? {known} : 0 }}}}"
