"""Gangs whose nodes have a pod each: a DAG of one task, which stands for the pods, and is tried again as a whole.

The pods find each other through the store. Argo waits for all of them before it tries the DAG again (`assessDAGPhase`, 3.7 and 4.1).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from flowport.compiler.ir import JSON, Flow
from flowport.compiler.ir import Settings as StepSettings
from flowport.targets.argo.graph import Job
from flowport.targets.argo.settings import Settings
from flowport.targets.gangs import can_be_apart

NODE, NODES, ATTEMPT = "node", "nodes", "attempt"
"""The inputs of the pod of a node, beside its step and slice: which one it is, how many there are, and the number of the attempt."""


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


def gang_template(name: str, step: str, pod: str, asked: StepSettings) -> dict[str, JSON]:
    """The template of a gang, whose pods have the template `pod`; it is told the slice and the number of nodes."""
    given = {
        "step": step,
        "slice": "{{inputs.parameters.slice}}",
        NODE: "{{item}}",
        NODES: "{{inputs.parameters.nodes}}",
        # Argo knows `retries` in a template with a retryStrategy alone.
        ATTEMPT: "{{retries}}" if asked.retries else "0",
    }
    arguments: list[JSON] = [{"name": each, "value": value} for each, value in given.items()]
    task: dict[str, JSON] = {
        "name": NODE,
        "template": pod,
        "arguments": {"parameters": arguments},
        "withSequence": {"count": "{{inputs.parameters.nodes}}"},
    }
    return {
        "name": name,
        "inputs": {"parameters": [{"name": "slice"}, {"name": NODES}]},
        **({"retryStrategy": _retries(asked)} if asked.retries else {}),
        "dag": {"tasks": [task]},
    }


def _retries(asked: StepSettings) -> dict[str, JSON]:
    """Argo's own retries of all pods together. Of a DAG it does not know with which exit code it ended."""
    return {"limit": str(asked.retries), "retryPolicy": "Always", "backoff": {"duration": f"{round(asked.minutes * 60)}s"}}
