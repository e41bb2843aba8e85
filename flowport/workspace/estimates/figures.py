"""The figures of a run of a flow on a target."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from flowport.compiler.estimate import Estimate, Shape
from flowport.compiler.ir.plan import Map, walk
from flowport.workspace.errors import NoFigures, UnknownForeach
from flowport.workspace.targets import emit

if TYPE_CHECKING:
    from collections.abc import Mapping

    from flowport.targets.prepare import Prepared
    from flowport.targets.registry import AnyTarget
    from flowport.workspace.flow_file import FlowFile


def estimate(flow: FlowFile, target: AnyTarget, ready: Prepared[Any], shape: Shape) -> Estimate:
    """What a run of this shape needs; raises NoFigures."""
    estimator = getattr(target, "estimator", None)  # a target of another project may be older than this part
    if estimator is None:
        raise NoFigures(target.name)
    found: Estimate = estimator.estimate(ready.plan, ready.settings, emit(ready, target, flow.package()), shape)
    return found


def given_items(flow: FlowFile, items: Mapping[str, int]) -> Mapping[str, int]:
    """How many elements the foreaches of some steps have; raises UnknownForeach for a step that has none."""
    splits = [node.origin for node in walk(flow.plan.body) if isinstance(node, Map)]
    for step in items:
        if step not in splits:
            raise UnknownForeach(step, flow.name, splits)
    return items


def unknown_foreaches(flow: FlowFile, shape: Shape) -> list[tuple[str, str]]:
    """The foreaches of which nothing says how many elements they have: the step, and the artifact that it goes over."""
    found = []
    for node in walk(flow.plan.body):
        if isinstance(node, Map) and node.over:
            known = {step for step, _ in shape.counts} | set(shape.items)
            shown = getattr(flow.plan.flow.step(node.origin).transition, "items", None)
            ways = shape.ways(node.origin)
            came = ways is None or any(step == node.origin for step, _ in ways)
            if came and node.origin not in known and shown is None:
                found.append((node.origin, node.over))
    return found
