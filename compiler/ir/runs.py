"""What starts runs of a flow, what limits them, and what is called when they have ended."""

from __future__ import annotations

from typing import TypeAlias

from flowport.compiler.ir.span import Span
from flowport.compiler.record import field, record


@record
class Schedule:
    """`@schedule(daily=True)`: a cron expression of five fields, in a time zone of the IANA database, UTC when it is empty."""

    cron: str
    timezone: str = ""
    span: Span | None = field(default=None, compare=False)


@record
class OnEvent:
    """`@trigger(event="features")`: an event starts runs. `parameters` are pairs of a parameter and a field of what the event carries."""

    name: str
    parameters: tuple[tuple[str, str], ...] = ()
    span: Span | None = field(default=None, compare=False)


@record
class OnFinish:
    """`@trigger_on_finish(flow="FeaturesFlow")`: a run of another flow that is done starts runs.

    `project` and `branch` are those of the other flow, such as `demo` and `prod`; where they are "", those of the flow itself.
    """

    flow: str
    project: str = ""
    branch: str = ""
    span: Span | None = field(default=None, compare=False)


Trigger: TypeAlias = Schedule | OnEvent | OnFinish


@record
class RunLimits:
    """`@limits(run_timeout=7200)`: seconds until a run fails, how many runs there are at once, seconds until a pod must have started, and
    seconds after the start of a run in which nothing triggers another one.

    The names are those of the settings of a profile; None is no limit.
    """

    run_timeout: int | None = None
    max_active_runs: int | None = None
    startup_timeout: int | None = None
    cooldown: int | None = None
    span: Span | None = field(default=None, compare=False)

    def given(self) -> dict[str, int]:
        """The limits that there are."""
        named = {"run_timeout": self.run_timeout, "max_active_runs": self.max_active_runs, "startup_timeout": self.startup_timeout}
        named["cooldown"] = self.cooldown
        return {name: value for name, value in named.items() if value is not None}


@record
class ExitHooks:
    """`@exit_hook(on_success=[tell], on_error=[alert])`: functions that are called when a run has ended.

    A function is its module, "" for the flow's own file, and its name: `:tell`, `alerts:tell`.
    """

    on_success: tuple[str, ...] = ()
    on_error: tuple[str, ...] = ()

    def beside(self, other: ExitHooks) -> ExitHooks:
        """Those of two decorators, each function once."""
        return ExitHooks(
            tuple(dict.fromkeys((*self.on_success, *other.on_success))), tuple(dict.fromkeys((*self.on_error, *other.on_error)))
        )
