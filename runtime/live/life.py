"""Whether a run and its attempts run, as far as a reader can tell."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from flowport.runtime.records.life import read_end, read_heartbeat
from flowport.runtime.run.status import LOCAL_SILENCE, SILENCE

if TYPE_CHECKING:
    from flowport.runtime.records.signs import Place
    from flowport.runtime.run.reader import Run


class Life:
    """Whether the run lives: it has not ended, and the process of a local run is there, as far as anybody can tell."""

    def __init__(self, run: Run) -> None:
        self.now = time.time()
        self.is_over = read_end(run.store, run.keys) is not None
        heartbeat = None if self.is_over else read_heartbeat(run.store, run.keys)
        self._is_local = heartbeat is not None and heartbeat.is_local
        self._is_gone = False
        if heartbeat is not None and heartbeat.is_local:
            alive = heartbeat.process_is_alive
            self._is_gone = not (self.now - heartbeat.time < LOCAL_SILENCE if alive is None else alive)

    @property
    def is_alive_here(self) -> bool:
        """Whether this is a local run that is running: its tasks write their logs where readers see them."""
        return self._is_local and not self._is_gone and not self.is_over

    def runs(self, place: Place) -> bool:
        """Whether an attempt runs that has given no sign that it ended."""
        return not self.is_over and not self._is_gone and self.now - place.seen < place.silence

    def runs_since(self, modified: float) -> bool:
        """Whether a task runs whose last document was written at this time, and which gives no signs."""
        return not self.is_over and not self._is_gone and (self._is_local or self.now - modified < SILENCE)
