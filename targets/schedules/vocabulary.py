"""The settings of schedules that all targets have, in the same words."""

from __future__ import annotations

OVERLAP = ("allow", "skip", "wait", "replace")
"""What a schedule may do while an earlier run is still running."""

OVERLAPS = (
    "what a schedule does while an earlier run is still running: `allow` runs both, `skip` starts no run, `wait` starts it when the "
    "earlier run has ended, and `replace` stops the earlier run"
)
CATCH_UP = "the date from which the runs that a schedule missed are started late, all of them"
COOLDOWN = (
    "seconds after the start of a run in which no event and no other flow starts another one; by default there is no such time, and a run "
    "that failed does not count"
)
"""What the settings of all targets say in the same words."""
