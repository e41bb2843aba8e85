"""Lines at the bottom of a terminal that are written over again and again, such as the progress of a run."""

from __future__ import annotations

import os
import sys


class BottomLines:
    """The last lines of the terminal that standard error is."""

    def __init__(self) -> None:
        self._lines: list[str] = []

    @property
    def columns(self) -> int:
        """The width of the terminal."""
        return max(10, os.get_terminal_size(sys.stderr.fileno()).columns)

    def show(self, lines: list[str]) -> None:
        """Show these lines in the place of those before."""
        if lines != self._lines:
            # In one piece, and each line is written over the one before it, so that nothing flickers.
            up = self._up()
            self._lines = lines
            text = "\n".join(f"{line}\x1b[K" for line in lines)
            sys.stderr.write(f"{up}{text}\x1b[J")
            sys.stderr.flush()

    def hide(self) -> None:
        """Remove them, so that something can be printed in their place."""
        if self._lines:
            sys.stderr.write(f"{self._up()}\x1b[J")
            sys.stderr.flush()

    def show_again(self) -> None:
        """Show what was hidden, below what was printed meanwhile."""
        if self._lines:
            sys.stderr.write("\n".join(self._lines))
            sys.stderr.flush()

    def close(self) -> None:
        """Leave the terminal as it was."""
        self.hide()
        self._lines = []

    def _up(self) -> str:
        """What brings the cursor to the beginning of the lines; a terminal that became narrower has broken them."""
        columns = self.columns
        above = sum(-(-max(1, len(line)) // columns) for line in self._lines) - 1
        return f"\r\x1b[{above}A" if above > 0 else "\r"
