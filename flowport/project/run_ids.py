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
