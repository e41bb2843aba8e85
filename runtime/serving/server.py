"""A program that serves models beside a step. It belongs to the process group of the task, and so never outlives it."""

from __future__ import annotations

import os
import subprocess
import tempfile
import time

from flowport.runtime.launchers.command import ending

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from flowport.runtime.names.exceptions import MetaflowException

TAIL = 4_000
"""How many bytes of what a program printed a message shows at most."""

PAUSES = (0.02, 0.05, 0.1, 0.2, 0.5)
"""Seconds between looks whether a server answers; the last one again and again."""


class Server:
    """A program that runs. What it prints goes to the log of the step if `is_loud`, and otherwise to a file, for messages.

    A file, because a pipe that nobody reads fills, and then stops the program.
    """

    def __init__(self, command: Sequence[str], environment: Mapping[str, str], is_loud: bool, problem: type[MetaflowException]) -> None:
        self.shown = " ".join([os.path.basename(command[0]), *command[1:]])
        self._problem = problem
        self._output = None if is_loud else tempfile.TemporaryFile()  # noqa: SIM115 - closed by `stop`
        try:
            self._process = subprocess.Popen(
                command,
                env={**os.environ, **environment},
                stdin=subprocess.DEVNULL,
                stdout=self._output,
                stderr=None if is_loud else subprocess.STDOUT,
            )
        except OSError as error:
            raise problem(f"`{self.shown}` cannot be started: {error.strerror or error}") from error

    @property
    def is_running(self) -> bool:
        """Whether the program has not ended."""
        return self._process.poll() is None

    def wait(self, answers: Callable[[], bool], seconds: float, longer: str, is_unwanted: Callable[[], bool] = lambda: False) -> bool:
        """Wait until the server answers; False if nobody wants it any more. `longer` is what to write so that it has longer.

        Raises the problem if the program ends or does not answer in time.
        """
        limit, number = time.monotonic() + seconds, 0
        while not is_unwanted():
            if not self.is_running:
                code = self._process.returncode
                raise self._problem(f"`{self.shown}` {ending(code)} before it answered{self.said()}")
            if answers():
                return True
            if time.monotonic() > limit:
                raise self._problem(
                    f"`{self.shown}` did not answer within {seconds:g} seconds: give it longer with `{longer}`{self.said()}"
                )
            time.sleep(PAUSES[min(number, len(PAUSES) - 1)])
            number += 1
        return False

    def stop(self, seconds: float) -> None:
        """Ask the program to end, and kill it if it does not."""
        if self.is_running:
            self._process.terminate()
            try:
                self._process.wait(seconds)
            except subprocess.TimeoutExpired:
                self._process.kill()
        self._process.wait()
        if self._output is not None:
            self._output.close()

    def said(self) -> str:
        """The last lines of what the program printed, for the end of a message."""
        if self._output is None:
            return "; its output is in the log of the step"
        if self._output.closed:
            return ""
        size = os.fstat(self._output.fileno()).st_size
        # Not `seek`: the program writes at the same position.
        text = os.pread(self._output.fileno(), TAIL, max(0, size - TAIL)).decode(errors="replace").strip()
        return f"; it printed:\n{text}" if text else ", and printed nothing"
