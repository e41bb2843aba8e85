"""The data that the coordinator, its server and the tasks of a local run share, and the paths of their logs.

It is set when the run starts, and travels to the server as JSON. Only the server may switch forking off.
"""

from __future__ import annotations

import os

from flowport.runtime.protocol import Invocation
from flowport.runtime.store.keys import Keys

WIDTH, TOTAL = 1_000, 10_000
"""The most slices of one fan-out, and of one foreach level in the whole run, on this machine."""


class RunSpec:
    """What one local run shares.

    `folder` is the unpacked code package and `code` its digest; `source` is the folder of the user's own files, "" when they
    shall not be used. `engine` is unique to this execution. `logs` is a folder: the store itself, or a temporary one for a
    store that is not a folder. Without `fork` every task is a process of its own from the start, as in a container. `again` is
    what a command about this run has to repeat, such as ` --store URL`.
    """

    __slots__ = ("again", "code", "engine", "flow", "folder", "fork", "logs", "run", "secrets", "source", "store", "workers")

    def __init__(
        self,
        *,
        flow: str,
        run: str,
        store: str,
        code: str,
        folder: str,
        source: str,
        engine: str,
        logs: str,
        workers: int,
        fork: bool,
        again: str = "",
        secrets: str = "",
    ) -> None:
        self.flow, self.run, self.store, self.code, self.folder, self.source = flow, run, store, code, folder, source
        self.engine, self.logs, self.workers, self.fork, self.again, self.secrets = engine, logs, workers, fork, again, secrets

    def values(self) -> dict[str, str | int]:
        """Everything that `RunSpec(**values)` needs, as JSON can hold it."""
        return {name: getattr(self, name) for name in self.__slots__}

    def invocation(self, step: str, slice: str) -> Invocation:
        """What a task of this run is asked to do."""
        return Invocation(self.flow, self.run, step, slice, self.store, self.code, width=WIDTH, total=TOTAL, engine=self.engine)

    def log(self, step: str, slice: str, attempt: int) -> str:
        """The path of a task's output."""
        return f"{self.logs}/{Keys(self.flow, self.run).log(step, slice, 0, attempt)}"

    def open_log(self, step: str, slice: str, attempt: int) -> int:
        """A file descriptor that appends to the output of a task."""
        path = self.log(step, slice, attempt)
        flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND
        try:
            return os.open(path, flags, 0o666)
        except FileNotFoundError:
            os.makedirs(os.path.dirname(path), exist_ok=True)
            return os.open(path, flags, 0o666)
