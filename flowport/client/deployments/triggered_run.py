"""`TriggeredRun`: a run that was started on an engine."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from flowport.client.deployments.engines import refusals
from flowport.client.place import open_place
from flowport.client.run import Run
from flowport.client.source import Source
from flowport.runtime.names.exceptions import MetaflowNotFound

if TYPE_CHECKING:
    from flowport.compiler.operations import EngineRun
    from flowport.workspace.operations.engine import EngineAddress


class TriggeredRun:
    """A run on an engine: `name` is its id there, and `pathspec` is `Flow/run` as the client knows it."""

    def __init__(self, flow_name: str, address: EngineAddress, store: str) -> None:
        self.flow_name, self.name, self.pathspec = flow_name, address.run, f"{flow_name}/{address.stored}"
        self._address, self._store = address, store

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.pathspec} on {self._address.engine.target.name}>"

    @property
    def run(self) -> Run | None:
        """The run, once its first task has begun; None before that."""
        source = Source(open_place(self._store), self.flow_name, self._address.stored)
        try:
            return Run(self.pathspec, _namespace_check=False, _found=source) if source.exists else None
        except MetaflowNotFound:
            return None

    @property
    def status(self) -> str | None:
        """The engine's word for the state of the run; None when the engine has no such run, or none any more."""
        found = self._found()
        return found.status if found else None

    @property
    def is_running(self) -> bool:
        """Whether the run waits or runs."""
        found = self._found()
        return found is not None and not found.is_over

    def wait_for_run(self, check_interval: int = 5, timeout: int | None = None) -> Run:
        """The run, once its first task has begun. The times are seconds; raises TimeoutError."""
        found = self.run
        end = None if timeout is None else time.monotonic() + timeout
        while found is None:
            _pause(end, check_interval, f"no task of {self.pathspec} began")
            found = self.run
        return found

    def wait_for_completion(self, check_interval: int = 5, timeout: int | None = None) -> None:
        """Wait until the run is over. The times are seconds; raises TimeoutError."""
        end = None if timeout is None else time.monotonic() + timeout
        while self.is_running:
            _pause(end, check_interval, f"{self.pathspec} did not end")

    def terminate(self) -> bool:
        """Stop the run; False when there is none. A run that is over stays as it is."""
        engine = self._address.engine
        with refusals(f"{self.pathspec} cannot be stopped"):
            return engine.operations.stop(engine.settings, self._address.run) is not None

    def _found(self) -> EngineRun | None:
        engine = self._address.engine
        with refusals(f"the state of {self.pathspec} is not known"):
            return engine.operations.status(engine.settings, self._address.run)


def _pause(end: float | None, seconds: float, what: str) -> None:
    if end is not None and time.monotonic() >= end:
        raise TimeoutError(f"{what} in time")
    time.sleep(seconds if end is None else max(0, min(seconds, end - time.monotonic())))
