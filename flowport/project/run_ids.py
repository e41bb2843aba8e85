"""The ids of runs: new ones that sort as their runs begin, and those that a user chose."""

from __future__ import annotations

import os
import time

from flowport.project.errors import BadRunId
from flowport.runtime.records.validation import NAME
from flowport.runtime.store.keys import part


def run_id(chosen: str | None) -> str:
    """The id of a new run: the chosen one, or the time (UTC) and three random bytes; raises BadRunId."""
    if chosen is None:
        now = time.time()
        return time.strftime("%Y%m%d-%H%M%S-", time.gmtime(now)) + f"{int(now % 1 * 65536):04x}{os.urandom(1).hex()}"
    if not chosen or part(chosen) != chosen or chosen.startswith("-") or len(chosen) > NAME:
        raise BadRunId(chosen)
    return chosen


def begins_with_time(run: str) -> bool:
    """Whether `run_id` made this id, so that ids sort as their runs began."""
    return len(run) == 22 and run[8] == run[15] == "-" and (run[:8] + run[9:15]).isdecimal()
