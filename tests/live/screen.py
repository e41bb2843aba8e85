"""A terminal of a test: what stands on it after a program has written to it."""

from __future__ import annotations

import fcntl
import os
import re
import select
import struct
import subprocess
import termios
from collections.abc import Callable
from pathlib import Path

import progress

SEQUENCE = re.compile(r"\x1b\[(\d*)([AKJm])|([\r\n])|([^\x1b\r\n])")


class Screen:
    """A terminal with so many columns and endless rows. Raises AssertionError for what it does not know."""

    def __init__(self, columns: int) -> None:
        self.columns = columns
        self.rows: list[list[str]] = [[]]
        self.row = self.column = 0

    def write(self, text: str) -> None:
        """What a program writes, after the terminal's driver has made `\\r\\n` of each `\\n`."""
        at = 0
        while at < len(text):
            found = SEQUENCE.match(text, at)
            assert found is not None, text[at : at + 20]
            self._do(found)
            at = found.end()

    def _do(self, found: re.Match[str]) -> None:
        number, command, control, letter = found.groups()
        if command == "A":
            self.row = max(0, self.row - int(number or 1))
        elif command in ("K", "J"):
            del self.rows[self.row][self.column :]
            if command == "J":
                del self.rows[self.row + 1 :]
        elif control == "\r":
            self.column = 0
        elif control == "\n":
            self._down()
        elif letter:
            if self.column == self.columns:
                self._down()
                self.column = 0
            line = self.rows[self.row]
            line += " " * (self.column + 1 - len(line))
            line[self.column] = letter
            self.column += 1

    def _down(self) -> None:
        self.row += 1
        if self.row == len(self.rows):
            self.rows.append([])

    @property
    def lines(self) -> list[str]:
        """The rows from above, without empty ones at the end."""
        found = ["".join(row).rstrip() for row in self.rows]
        while found and not found[-1]:
            found.pop()
        return found


def on_terminal(
    command: list[str], folder: Path, columns: int, look: Callable[[list[str]], object] = lambda lines: None
) -> tuple[Screen, list[str], int]:
    """Run a command on a terminal: what stands there when it has ended, every line that stood there, and the exit code.

    `look` is called with the lines whenever something was written.
    """
    ours, theirs = os.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
    process = subprocess.Popen(command, cwd=folder, stdin=theirs, stdout=theirs, stderr=theirs)
    os.close(theirs)
    screen, seen = Screen(columns), list[str]()

    def has_ended() -> bool:
        while select.select([ours], [], [], 0)[0]:
            try:
                screen.write(os.read(ours, 1 << 16).decode())
            except OSError:  # Linux: the other end is closed
                break
            seen.extend(screen.lines)
            look(screen.lines)
        return process.poll() is not None

    progress.until(has_ended, seen=lambda: len(seen), processes=[process.pid])
    has_ended()
    os.close(ours)
    return screen, seen, process.returncode
