"""`@limits(run_timeout=7200, max_active_runs=1, startup_timeout=900, cooldown=86400)`: how long runs take, and how many there are.

The arguments are called like the settings of a profile, which come before them.
"""

from __future__ import annotations

from flowport.compiler.decorators.arguments import Arguments
from flowport.compiler.decorators.decorator import FlowDecorator
from flowport.compiler.ir import RunLimits

NAMES = ("run_timeout", "max_active_runs", "startup_timeout", "cooldown")


def _read(arguments: Arguments) -> RunLimits | None:
    """The limits; None where there are none."""
    read = {name: arguments.number(name, None, 1, whole=True) for name in NAMES}
    if not arguments.named:
        arguments.say(arguments.use.node, "`@limits` has no limits", "write `@limits(run_timeout=7200)`, in seconds")
    return RunLimits(**read, span=arguments.use.source.span(arguments.use.node)) if any(read.values()) else None


LIMITS = FlowDecorator("limits", NAMES, _read)
