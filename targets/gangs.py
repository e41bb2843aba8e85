"""Gangs on an engine: which of them can have a container for each node, and what there is to say about the others."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from flowport.compiler.diagnostics.diagnostic import Diagnostic
from flowport.compiler.ir import Flow, Settings, Step

APART = ("", "parallel", "pytorch_parallel", "torchrun", "tensorflow", "tensorflow_parallel", "metaflow_ray")
"""The decorators whose nodes can have a container each: the programs of the others are started by node 0, which needs SSH to do so."""


def can_be_apart(settings: Settings) -> bool:
    """Whether the nodes of a step can have a container each."""
    return settings.gang is not None and settings.gang.decorator in APART


def uncounted(flow: Flow, is_apart: Callable[[Step], bool] = lambda step: False) -> Iterator[Diagnostic]:
    """Gangs whose container cannot be as large as all their nodes need, because their number is not known."""
    for step in flow.steps:
        if step.settings.gang is None or step.settings.gang.nodes is not None or is_apart(step):
            continue
        sizes = step.settings.sizes
        gpus = f", {sizes.gpu} GPU{'s' if sizes.gpu > 1 else ''}" if sizes.gpu else ""
        message = f"the nodes of step `{step.name}` share one container, and nothing says how many they are before the flow runs"
        note = (
            f"the container has what the step asks for, once: {sizes.cpu:g} CPU{'s' if sizes.cpu > 1 else ''}, {sizes.memory:,} MiB{gpus}"
        )
        ways_out = ("write the number: `num_parallel=4`", "or ask for what all of them need together: `@resources(cpu=..., memory=...)`")
        yield Diagnostic("FP436", message, step.span, (note,), ways_out, "warning")
