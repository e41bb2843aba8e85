"""The emulator's process, seen from outside.

It starts while boto3 is imported here, which takes about as long.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from types import TracebackType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from flowport.targets.stepfunctions.emulator.account import Account

STARTED_IN = 60
"""Seconds that the emulator may take to come up."""


class NotStarted(Exception):
    """The emulator did not come up; the message has the last words of its process."""


class Emulator:
    """The emulator's process; a context manager that gives the account on it. Entering it raises NotStarted.

    `hear` is called, from a thread, for every event of a job. `stored` is a folder store whose objects the emulated S3 has, too. With
    `libraries`, modules and what is imported from them, jobs are forks of one process that has imported these.
    """

    def __init__(
        self,
        limit: int,
        hear: Callable[[dict[str, Any]], None],
        stored: str | None = None,
        libraries: Sequence[tuple[str, list[str]]] | None = None,
    ) -> None:
        self._hear = hear
        asked = {"limit": limit, "stored": stored and os.path.abspath(stored), "libraries": libraries}
        self._command = [sys.executable, "-m", "flowport.targets.stepfunctions.emulator.server", json.dumps(asked)]
        self._endpoint = ""
        self._up = threading.Event()
        self._closing = False
        self._stack = ExitStack()

    def __enter__(self) -> Account:
        with ExitStack() as stack:
            printed = stack.enter_context(tempfile.TemporaryFile("w+"))
            # A session of its own: Ctrl-C is for us, and we end it by closing its input, also when we die. In the root folder,
            # as `-m` would find whatever lies in this one first.
            process = subprocess.Popen(
                self._command, cwd=os.sep, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=printed, text=True, start_new_session=True
            )
            listener = threading.Thread(target=self._listen, args=(process,), daemon=True)
            listener.start()
            stack.callback(listener.join)
            stack.callback(_ended, process)
            # Imported only now, so that it is done at the same time.
            from flowport.targets.stepfunctions.emulator.account import Account, read_models

            read_models()
            if not self._up.wait(STARTED_IN) or not self._endpoint:
                printed.seek(0)
                last = printed.read().strip().rpartition("\n")[2]
                raise NotStarted(f"the emulator did not start: {last}")
            self._stack = stack.pop_all()
        return Account(self._endpoint)

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._closing = True
        self._stack.close()

    def _listen(self, process: subprocess.Popen[str]) -> None:
        assert process.stdout is not None
        with process.stdout:
            for line in process.stdout:
                event = json.loads(line)
                if event["event"] == "serving":
                    self._endpoint = event["endpoint"]
                    self._up.set()
                else:
                    self._handle(event)
        self._up.set()

    def _handle(self, event: dict[str, Any]) -> None:
        try:
            self._hear(event)
        except Exception:  # the server that it asks has ended meanwhile, as the run was stopped
            if not self._closing:
                raise


def _ended(process: subprocess.Popen[str]) -> None:
    """End the server by closing its input, and wait until it has ended its jobs."""
    assert process.stdin is not None
    process.stdin.close()
    try:
        process.wait(10)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
