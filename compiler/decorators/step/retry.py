"""`@retry(times=3, minutes_between_retries=2)`: how often a step that fails is tried again."""

from __future__ import annotations

from collections.abc import Sequence

from flowport.compiler.decorators.arguments import Arguments
from flowport.compiler.decorators.decorator import Decorator
from flowport.compiler.decorators.step.timeout import MOST_SECONDS
from flowport.compiler.ir import JSON, Retry, Settings
from flowport.compiler.ir.features import Feature
from flowport.compiler.record import replace

RETRIES = Feature("@retry")
MOST_TIMES = 100


def _read(arguments: Arguments, so_far: Settings) -> Settings:
    times = arguments.number("times", 3, 0, whole=True)
    if times > MOST_TIMES:
        message = f"`times` of `@retry` must be at most {MOST_TIMES}, not {times}"
        arguments.say(arguments.named["times"][0], message, f"write `times={MOST_TIMES}`")
    minutes = arguments.number("minutes_between_retries", 2, 0)
    if minutes > MOST_SECONDS // 60:
        message = f"`minutes_between_retries` of `@retry` must be at most {MOST_SECONDS // 60}, not {minutes:g}"
        arguments.say(arguments.named["minutes_between_retries"][0], message, "write `minutes_between_retries=60`")
    return replace(so_far, retry=Retry(times, minutes))


def _merge(group: Sequence[Settings], so_far: Settings) -> Settings:
    """The number of retries of the step with the most, `@catch` included."""
    times = max(settings.retries for settings in group)
    return replace(so_far, retry=Retry(times, max(settings.minutes for settings in group)) if times else None)


def _to_plan(settings: Settings) -> dict[str, JSON]:
    return {"times": settings.retry.times if settings.retry else 0}


RETRY = Decorator(
    "retry",
    ("times", "minutes_between_retries"),
    _read,
    {RETRIES: lambda settings: settings.retry is not None},
    _merge,
    _to_plan,
    changes_results=False,
)
