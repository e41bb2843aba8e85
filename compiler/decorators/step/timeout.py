"""`@timeout(seconds=0, minutes=0, hours=0)`: how long one item of a step may take."""

from __future__ import annotations

from flowport.compiler.decorators.arguments import Arguments
from flowport.compiler.decorators.decorator import Decorator
from flowport.compiler.ir import JSON, Settings
from flowport.compiler.ir.features import Feature
from flowport.compiler.record import replace

TIMEOUTS = Feature("@timeout")
SECONDS = {"seconds": 1, "minutes": 60, "hours": 3600}
MOST_SECONDS = 99_999_999
"""The longest `TimeoutSeconds` of Step Functions ("Task workflow state"); Argo counts in 32 bits."""


def _read(arguments: Arguments, so_far: Settings) -> Settings:
    seconds = sum(arguments.number(name, 0, 0) * factor for name, factor in SECONDS.items())
    if seconds <= 0:
        if not any(arguments.named.get(name, (None, 0))[1] for name in SECONDS):
            message = f"the `@timeout` of step `{arguments.step}` has no duration"
            arguments.say(arguments.use.node, message, "write `@timeout(minutes=10)`")
        return so_far
    if seconds > MOST_SECONDS:
        message = f"the `@timeout` of step `{arguments.step}` is {seconds:.0f} s, and the limit is {MOST_SECONDS}"
        arguments.say(arguments.use.node, message, "write `@timeout(hours=27_777)`, or remove it")
        return so_far
    return replace(so_far, timeout=max(1, int(seconds)))


def _to_plan(settings: Settings) -> dict[str, JSON]:
    return {"timeout": settings.timeout}


# Each step in a container has its own timeout, so nothing is merged.
TIMEOUT = Decorator(
    "timeout", tuple(SECONDS), _read, {TIMEOUTS: lambda settings: settings.timeout is not None}, to_plan=_to_plan, changes_results=False
)
