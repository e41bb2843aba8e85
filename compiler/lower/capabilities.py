"""What a target cannot do, as data: a feature of flows, a limit with its reason, and a way out.

The table of a target says it before anything is emitted, makes docs/support.md, and tells the tests what to expect.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from enum import Enum
from typing import Literal, TypeAlias

from flowport.compiler.diagnostics.diagnostic import Diagnostic
from flowport.compiler.ir import Settings, Span
from flowport.compiler.ir.plan import Choice, Loop, Map, Parallel, Plan, Task, blocks
from flowport.compiler.record import record


class Feature(Enum):
    """What a flow may use, and an engine may lack."""

    BRANCH = "branches"
    FOREACH = "a foreach"
    NESTED_FOREACH = "a foreach inside a foreach"
    SWITCH = "a switch"
    LOOP = "a loop"
    FOREACH_IN_LOOP = "a foreach inside a loop"
    """One that the engine takes no turn of: elsewhere it is a foreach like any other."""
    RETRY = "@retry"
    CATCH = "@catch"
    TIMEOUT = "@timeout"
    RESOURCES = "@resources"
    GPU = "@resources(gpu=...)"
    DISK = "@resources(disk=...)"
    SHARED_MEMORY = "@resources(shared_memory=...)"
    ENVIRONMENT = "@environment"
    KUBERNETES = "@kubernetes"


@record
class Limit:
    """Why a feature is missing: the engine cannot do it (`never`), we do not do it yet (`notyet`), or leave it out on purpose (`notimpl`).

    A `harmless` limit is a warning: the flow does the same without the feature.
    """

    kind: Literal["never", "notyet", "notimpl"]
    reason: str
    way_out: str
    harmless: bool = False


Capabilities: TypeAlias = Mapping[Feature, Limit]
"""What a target lacks; a feature that is not in the table works."""


UNDECORATED = Settings()


@record
class Use:
    """A step that uses a feature."""

    feature: Feature
    step: str
    span: Span | None


def uses(plan: Plan) -> Iterator[Use]:
    """Every use of a feature in a plan, in the order of execution."""
    steps = {step.name: step for step in plan.flow.steps}
    pending = [(node, False, False) for node in reversed(plan.body)]
    while pending:
        node, inside, turning = pending.pop()
        match node:
            case Task(step):
                yield from (Use(feature, step, steps[step].span) for feature in _asked(steps[step].settings))
            case Parallel(origin):
                yield Use(Feature.BRANCH, origin, steps[origin].span)
            case Map(origin):
                yield Use(Feature.NESTED_FOREACH if inside else Feature.FOREACH, origin, steps[origin].span)
                if turning:
                    yield Use(Feature.FOREACH_IN_LOOP, origin, steps[origin].span)
            case Choice(origin):
                yield Use(Feature.SWITCH, origin, steps[origin].span)
            case Loop(header):
                yield Use(Feature.LOOP, header, steps[header].span)
        around = inside or isinstance(node, Map), turning or (isinstance(node, Loop) and node.cap == 0)
        inner = [(child, *around) for block in blocks(node) for child in block]
        pending.extend(reversed(inner))


def missing(plan: Plan, target: str, lacks: Capabilities, codes: Mapping[Feature, str]) -> tuple[Diagnostic, ...]:
    """A diagnostic for every use of what `target` lacks."""
    found = [use for use in uses(plan) if use.feature in lacks]
    return tuple(_diagnostic(use, target, lacks[use.feature], codes[use.feature]) for use in found)


def _diagnostic(use: Use, target: str, limit: Limit, code: str) -> Diagnostic:
    verb = {"never": "cannot do", "notyet": "does not do yet", "notimpl": "leaves out"}[limit.kind]
    return Diagnostic(
        code,
        f"step `{use.step}` uses {use.feature.value}, which target {target} {verb}",
        use.span,
        notes=(limit.reason,),
        help=(limit.way_out,),
        severity="warning" if limit.harmless else "error",
    )


def _asked(settings: Settings) -> Iterator[Feature]:
    """The features that the decorators of a step use."""
    if settings == UNDECORATED:
        return
    resources = settings.resources
    used = {
        Feature.RETRY: settings.retry is not None,
        Feature.CATCH: settings.catch is not None,
        Feature.TIMEOUT: settings.timeout is not None,
        Feature.RESOURCES: resources is not None,
        Feature.GPU: resources is not None and resources.gpu > 0,
        Feature.DISK: resources is not None and resources.disk is not None,
        Feature.SHARED_MEMORY: resources is not None and resources.shared_memory is not None,
        Feature.ENVIRONMENT: bool(settings.environment),
        Feature.KUBERNETES: settings.kubernetes != UNDECORATED.kubernetes,
    }
    yield from (feature for feature, present in used.items() if present)
