"""A process that runs a flow: its output in files, shown while it comes if that is wanted."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import time
from importlib.util import find_spec
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping, Sequence
    from typing import TextIO

STREAMS = ("stdout", "stderr")

PERIOD = 0.05
"""Seconds between two looks at a process and what it printed."""

GRACE = 10.0
"""Seconds that a process has to end when it is told to."""


NEEDED = {"click": "click", "yaml": "pyyaml", **({"tomli": "tomli"} if sys.version_info < (3, 11) else {})}
"""What the command `flowport` imports and tasks do not need: modules, and the packages that have them."""


def require_command_line(name: str) -> None:
    """Raise RuntimeError if this Python has not what flowport needs to start flows, as the environment of a step may not."""
    missing = [package for module, package in NEEDED.items() if find_spec(module) is None]
    if missing:
        listed = ", ".join(f"`{package}`" for package in missing)
        written = ", ".join(f'"{package}": ""' for package in missing)
        raise RuntimeError(f"`{name}` needs {listed}, which {sys.prefix} does not have: add {written} to the packages of the step")


class FlowProcess:
    """A command that was started, with its output in a folder of its own."""

    def __init__(self, command: Sequence[str], folder: str, where: str, environment: Mapping[str, str]) -> None:
        self.command, self.timed_out = list(command), False
        self.paths = {stream: os.path.join(folder, f"{os.urandom(8).hex()}.{stream}") for stream in STREAMS}
        self._kept: dict[str, str] = {}
        with open(self.paths["stdout"], "wb") as output, open(self.paths["stderr"], "wb") as errors:
            self._process = subprocess.Popen(self.command, cwd=where, env=dict(environment), stdout=output, stderr=errors)

    @property
    def returncode(self) -> int | None:
        """The exit status; None while it runs."""
        return self._process.poll()

    def wait(self, shows: bool) -> None:
        """Wait for the end, and with `shows` print what it prints. An interrupt ends the process too."""
        printed = [(self._open(stream), target) for stream, target in zip(STREAMS, (sys.stdout, sys.stderr))] if shows else []
        try:
            while self.returncode is None:
                _copy(printed)
                time.sleep(PERIOD)
        except BaseException:
            self.end()
            raise
        finally:
            _copy(printed)
            for source, _ in printed:
                source.close()

    async def finished(self, timeout: float | None, stream: str | None) -> None:
        """Wait for the end, and print one of its streams. After `timeout` seconds it is told to end."""
        printed = [] if stream is None else [(self._open(stream), sys.stdout)]
        limit = None if timeout is None else time.monotonic() + timeout
        while self.returncode is None:
            if limit is not None and time.monotonic() > limit:
                self.timed_out = True
                self.end()
                break
            _copy(printed)
            await asyncio.sleep(PERIOD)
        _copy(printed)

    async def lines(self, stream: str, position: int | None) -> AsyncIterator[tuple[int, str]]:
        """The lines of a stream as they come, each with the place behind it, from which it can be read on."""
        with self._open(stream) as source:
            source.seek(position or 0)
            part = ""
            while True:
                is_over = self.returncode is not None
                while line := source.readline():
                    part += line
                    if part.endswith("\n"):
                        yield source.tell(), part.rstrip("\n")
                        part = ""
                if is_over:
                    break
                await asyncio.sleep(PERIOD)
            if part:
                yield source.tell(), part

    def text(self, stream: str) -> str:
        """What it has printed so far."""
        if stream in self._kept:
            return self._kept[stream]
        with self._open(stream) as source:
            return source.read()

    def end(self) -> None:
        """End the process, which passes the signal on to its tasks."""
        if self.returncode is None:
            self._process.terminate()
            try:
                self._process.wait(GRACE)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()

    def keep(self) -> None:
        """Keep the output when the folder is about to be removed."""
        self._kept = {stream: self.text(stream) for stream in STREAMS}

    def _open(self, stream: str) -> TextIO:
        if stream not in STREAMS:
            raise ValueError(f"a run has the streams `stdout` and `stderr`, and no `{stream}`")
        return open(self.paths[stream], encoding="utf-8", errors="replace")


def _copy(printed: Sequence[tuple[TextIO, TextIO]]) -> None:
    for source, target in printed:
        if text := source.read():
            target.write(text)
            target.flush()
