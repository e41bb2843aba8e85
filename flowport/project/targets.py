"""The target of a name, and what it makes of a flow."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flowport.compiler.diagnostics import Refused
from flowport.project.errors import UnknownTarget
from flowport.project.flow_file import FlowFile, has_errors

if TYPE_CHECKING:
    from flowport.compiler.diagnostics import Diagnostic
    from flowport.compiler.package import Package
    from flowport.compiler.plan import Plan
    from flowport.compiler.target import File, Target


def named(name: str) -> Target:
    """The target with this name or alias; raises UnknownTarget."""
    from flowport.compiler.target import find, targets

    found = find(name)
    if found is None:
        known = targets()
        raise UnknownTarget(name, [*known, *(alias for one in known.values() for alias in one.aliases)])
    return found


def fits(flow: FlowFile, target: Target) -> tuple[Plan, tuple[Diagnostic, ...]]:
    """The plan as a target takes it, and what the target has to say about it."""
    lowered = target.lower(flow.plan)
    return lowered, target.fits(lowered, flow.config.for_target(target.name))


def lower(flow: FlowFile, target: Target) -> tuple[Plan, tuple[Diagnostic, ...]]:
    """The plan as a target takes it, and its warnings; raises Refused when it cannot take the flow."""
    lowered, found = fits(flow, target)
    if has_errors(found):
        raise Refused(found)
    return lowered, found


def emit(lowered: Plan, flow: FlowFile, target: Target, package: Package) -> tuple[File, ...]:
    """The files of a lowered plan."""
    return target.emit(lowered, flow.config.for_target(target.name), package)
