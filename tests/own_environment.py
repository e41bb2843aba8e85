"""Environments of what tests need beside flowport and cannot share with it, in exact versions, below `.cache`."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from flowport.runtime.environments import tools

ROOT = Path(__file__).resolve().parent.parent


def own_environment(pins: Path) -> Path:
    """The Python of an environment that has the packages of a file, made on first use."""
    folder = ROOT / ".cache" / pins.stem
    python = folder / "bin" / "python"
    done = folder / "pins.txt"
    if not done.exists() or done.read_text() != pins.read_text():
        subprocess.run([sys.executable, "-m", "venv", "--clear", "--without-pip", str(folder)], check=True)
        uv = tools.uv()
        assert uv is not None
        command = [uv, "pip", "install", "--quiet", "--no-deps", "--python", str(python), "-r", str(pins)]
        subprocess.run(command, check=True, env={**os.environ, **tools.pip_settings()})
        done.write_text(pins.read_text())
    return python
