"""The values of artifacts, each loaded in a process of its own: unpickling runs code, takes memory, and may end the process."""

from __future__ import annotations

import subprocess
import sys

SECONDS = 60
"""How long the loading of a value may take."""

LONGEST = 1 << 18
"""Characters of a value that are shown."""


def load_value(store: str, address: str, name: str) -> tuple[bool, str]:
    """The text of an artifact, as `flowport artifacts` prints it, and whether it could be loaded."""
    command = [sys.executable, "-m", "flowport", "artifacts", address, "--name", name, "--store", store]
    try:
        ended = subprocess.run(command, capture_output=True, text=True, errors="replace", timeout=SECONDS, stdin=subprocess.DEVNULL)
    except subprocess.TimeoutExpired:
        return False, f"the value was not loaded within {SECONDS} seconds"
    if ended.returncode:
        return False, ended.stderr.strip() or f"the process that loaded the value ended with exit code {ended.returncode}"
    # Above the value stands the address, and before it its name.
    _, _, text = ended.stdout.partition("\n")
    text = text.strip().removeprefix(name).strip()
    return True, text if len(text) <= LONGEST else f"{text[:LONGEST]}… ({len(text):,} characters)"
