"""What the decorators that serve models beside a step share: their arguments are kept in `Settings.served`, and given to the task."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from flowport.compiler.decorators.arguments import Arguments
from flowport.compiler.diagnostics.suggestions import did_you_mean
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


def choice(arguments: Arguments, name: str, choices: tuple[str, ...], default: str) -> str:
    """An argument that is one of these texts."""
    text = arguments.text(name, default) or default
    if text in choices:
        return text
    listed = f"there are {', '.join(f'`{one}`' for one in choices)}" if len(choices) > 1 else f"there is only `{choices[0]}`"
    message = f"`{name}` of `@{arguments.use.name}` is `{text}`, and {listed}"
    arguments.say(arguments.named[name][0], message, *did_you_mean(text, choices), f'write `{name}="{default}"`')
    return default
