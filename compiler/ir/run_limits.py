"""What limits the runs of a flow."""

from __future__ import annotations

from flowport.compiler.ir.span import Span
from flowport.compiler.record import field, record


@record
class RunLimits:
    """`@limits(run_timeout=7200)`: seconds until a run fails, how many runs there are at once, seconds until a pod must have started.

    The names are those of the settings of a profile; None is no limit.
    """

    run_timeout: int | None = None
    max_active_runs: int | None = None
    startup_timeout: int | None = None
    span: Span | None = field(default=None, compare=False)

    def given(self) -> dict[str, int]:
        """The limits that there are."""
        named = {"run_timeout": self.run_timeout, "max_active_runs": self.max_active_runs, "startup_timeout": self.startup_timeout}
        return {name: value for name, value in named.items() if value is not None}
