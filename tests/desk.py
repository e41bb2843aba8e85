"""The command as a user runs it: a process of its own, in a folder of its own."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import progress

FLOWPORT = str(Path(sys.executable).with_name("flowport"))


@dataclass(frozen=True)
class Ended:
    """What a command line came to."""

    status: int
    out: str
    err: str


@dataclass(frozen=True)
class Desk:
    """A folder that somebody works in."""

    folder: Path
    command: str = FLOWPORT

    def write(self, name: str, text: str) -> Path:
        """Write a file."""
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        return path

    def __call__(self, *words: str, **environment: str) -> Ended:
        """Run `flowport` with these words."""
        return self.run(FLOWPORT, *words, **environment)

    def run(self, *command: str, **environment: str) -> Ended:
        """Run a command; what differs from run to run is replaced in what it printed."""
        done = progress.run(command, cwd=self.folder, env=self.environment(**environment), capture_output=True, text=True)
        return Ended(done.returncode, self.plain(done.stdout), self.plain(done.stderr))

    def start(self, *words: str, before: str = "", start_new_session: bool = False, **environment: str) -> subprocess.Popen[str]:
        """Start `flowport`, by the command `before` if there is one, and go on."""
        return subprocess.Popen(
            [*filter(None, [before]), FLOWPORT, *words],
            cwd=self.folder,
            env=self.environment(**environment),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=start_new_session,
            preexec_fn=_attentive,
        )

    def environment(self, **more: str) -> dict[str, str]:
        """The environment of a command, without settings of this machine's."""
        kept = {name: value for name, value in os.environ.items() if not name.startswith("FLOWPORT_")}
        return {**kept, "FLOWPORT_CACHE": str(self.folder / ".cache"), "COLUMNS": "100", **more}

    def plain(self, text: str) -> str:
        """Text without run ids, times and this folder."""
        text = text.replace(str(self.folder.resolve()), "DESK").replace(str(self.folder), "DESK")
        text = re.sub(r"\n *[~^]+\n", "\n", text)  # which versions of Python mark what
        text = re.sub(r"\b\d{8}-\d{6}-[0-9a-f]{6}\b", "RUN", text)
        text = re.sub(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d", "TIME", text)
        text = re.sub(r"\b[0-9a-f]{64}\b", "DIGEST", text)
        text = re.sub(r"\bin \d+\.\d s", "in SECONDS", text)
        return re.sub(r" *\b\d+\.\d s\b( *)", lambda found: " SECONDS" + ("  " if found[1] else ""), text)


def _attentive() -> None:
    """A shell that starts the tests with `&` has them, and all they start, ignore interrupts."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)
