"""What a target cannot do, as data: features with a limit, its reason and a fix.

The table of a target is checked before anything is emitted. docs/support.md is generated from it, and tests compare with it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Literal, TypeAlias

from flowport.compiler.decorators.registry import STEP_DECORATORS
from flowport.compiler.diagnostics.diagnostic import Diagnostic
from flowport.compiler.ir import UNDECORATED, Settings, Span
from flowport.compiler.ir.features import BRANCH, CONSTRUCTS, FOREACH, FOREACH_IN_LOOP, GANG, LOOP, NESTED_FOREACH, SWITCH, Feature
from flowport.compiler.ir.plan import Choice, Loop, Map, Parallel, Plan, Task, blocks
from flowport.compiler.record import record
from flowport.runtime.protocol import GATE

FEATURES: tuple[Feature, ...] = (*CONSTRUCTS, *(feature for decorator in STEP_DECORATORS.values() for feature in decorator.features))
"""Every feature: the constructs, and what the decorators bring."""


@record
class Limit:
    """Why a feature is missing: the engine cannot do it (`never`), we do not do it yet (`notyet`), or leave it out on purpose (`notimpl`).

    A `harmless` limit is a warning: the flow does the same without the feature. There is no warning for a step that uses the decorator
    `unless`, which says the same for this target.
    """

    kind: Literal["never", "notyet", "notimpl"]
    reason: str
    way_out: str
    harmless: bool = False
    unless: str = ""


Capabilities: TypeAlias = Mapping[Feature, Limit]
"""What a target lacks; a feature that is not in the table works."""


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
            case Task(step) | Choice(step) if step == GATE:
                pass  # nothing that the flow asks for
            case Task(step):
                yield from (Use(feature, step, steps[step].span) for feature in _asked(steps[step].settings))
            case Parallel(origin):
                yield Use(BRANCH, origin, steps[origin].span)
            case Map(origin, over="", body=_):
                yield Use(GANG, origin, steps[origin].span)
            case Map(origin):
                yield Use(NESTED_FOREACH if inside else FOREACH, origin, steps[origin].span)
                if turning:
                    yield Use(FOREACH_IN_LOOP, origin, steps[origin].span)
            case Choice(origin):
                yield Use(SWITCH, origin, steps[origin].span)
            case Loop(header):
                yield Use(LOOP, header, steps[header].span)
        around = inside or isinstance(node, Map), turning or (isinstance(node, Loop) and node.cap == 0)
        inner = [(child, *around) for block in blocks(node) for child in block]
        pending.extend(reversed(inner))


def missing(plan: Plan, target: str, lacks: Capabilities, codes: Mapping[Feature, str]) -> tuple[Diagnostic, ...]:
    """A diagnostic for every use of what `target` lacks; one for all arguments of a decorator that lack for the same reason."""
    found: dict[tuple[str, Limit, str, str], list[Use]] = {}
    works = {(use.step, use.feature.decorator) for use in uses(plan) if use.feature not in lacks}
    for use in uses(plan):
        limit, decorator = lacks.get(use.feature), use.feature.decorator
        if limit is not None and not (limit.unless and (use.step, limit.unless) in works):
            together = decorator if use.feature.argument else use.feature.title
            found.setdefault((use.step, limit, codes[use.feature], together), []).append(use)
    return tuple(_diagnostic(group, target, limit, code) for (_, limit, code, _), group in found.items())


def _diagnostic(group: Sequence[Use], target: str, limit: Limit, code: str) -> Diagnostic:
    verb = {"never": "does not support", "notyet": "does not support yet", "notimpl": "does not implement"}[limit.kind]
    return Diagnostic(
        code,
        f"step `{group[0].step}` uses {_title([use.feature for use in group])}, which target {target} {verb}",
        group[0].span,
        notes=(limit.reason,),
        help=(limit.way_out,),
        severity="warning" if limit.harmless else "error",
    )


def _title(features: Sequence[Feature]) -> str:
    """The title of a feature, or of several arguments of one decorator."""
    if len(features) == 1:
        return features[0].title
    return f"@{features[0].decorator}({', '.join(f'{feature.argument}=...' for feature in features)})"


def _asked(settings: Settings) -> Iterator[Feature]:
    """The features that the decorators of a step use."""
    if settings != UNDECORATED:
        for decorator in STEP_DECORATORS.values():
            yield from (feature for feature, is_used in decorator.features.items() if is_used(settings))
