"""Values of artifacts, and cards, each made in a process of its own: unpickling runs code, takes memory, and may end the process."""

from __future__ import annotations

import subprocess
import sys

SECONDS = 60
"""How long the loading may take."""

LONGEST = 1 << 18
"""Characters of a value that are shown."""


def load_value(store: str, address: str, name: str) -> tuple[bool, str]:
    """The text of an artifact, as `flowport artifacts` prints it, and whether it could be loaded."""
    is_loaded, text = _printed(["artifacts", address, "--name", name, "--store", store])
    if not is_loaded:
        return False, text
    # Above the value stands the address, and before it its name.
    _, _, text = text.partition("\n")
    text = text.strip().removeprefix(name).strip()
    return True, text if len(text) <= LONGEST else f"{text[:LONGEST]}… ({len(text):,} characters)"


def load_card(store: str, address: str, number: int) -> tuple[bool, str]:
    """The page of the card at this place of an item, from 1, as `flowport card get` prints it, and whether it could be made."""
    return _printed(["card", "get", address, "--number", str(number), "--store", store])


def _printed(words: list[str]) -> tuple[bool, str]:
    """What a command of flowport prints, and whether it ended well; else why it did not."""
    command = [sys.executable, "-m", "flowport", *words]
    try:
        ended = subprocess.run(command, capture_output=True, encoding="utf-8", errors="replace", timeout=SECONDS, stdin=subprocess.DEVNULL)
    except subprocess.TimeoutExpired:
        return False, f"it was not loaded within {SECONDS} seconds"
    except ValueError:
        return False, "its name has characters that cannot be in a command: load it with the client in Python"
    if ended.returncode:
        return False, ended.stderr.strip() or f"the process that loaded it ended with exit code {ended.returncode}"
    return True, ended.stdout
