"""What the decorators that serve models beside a step share: their arguments are kept in `Settings.served`, and given to the task."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from flowport.compiler.ir import JSON, Served, Settings
from flowport.compiler.record import replace


def add(settings: Settings, decorator: str, options: Mapping[str, JSON]) -> Settings:
    """The settings with what a decorator serves."""
    found = {one.decorator: one for one in settings.served} | {decorator: Served(decorator, tuple(options.items()))}
    return replace(settings, served=tuple(found[name] for name in sorted(found)))


def is_served(decorator: str) -> Callable[[Settings], bool]:
    """A test whether a step has the decorator."""
    return lambda settings: any(one.decorator == decorator for one in settings.served)


def to_plan(decorator: str) -> Callable[[Settings], dict[str, JSON]]:
    """What a task reads of the decorator: its arguments, under its name."""

    def plan(settings: Settings) -> dict[str, JSON]:
        return {one.decorator: dict(one.options) for one in settings.served if one.decorator == decorator}

    return plan
