"""Lock files as `flowport lock` writes them, without asking an index."""

from __future__ import annotations

from pathlib import Path

from flowport.compiler.environments.locks import request
from flowport.compiler.ir import Requirements
from flowport.runtime.environments.lock_file import LockFile

HASHED = "click==8.1.8 \\\n    --hash=sha256:63c132bbbed01578a06712a2d1f497bb62d9c1c0d329b7903a866228027263b2\n"


def lock(
    folder: Path,
    packages: dict[str, str],
    python: str = "3.11",
    *,
    asked: str = "",
    platforms: tuple[str, ...] = ("linux/amd64",),
    lines: str = HASHED,
) -> LockFile:
    """Write the lock file of `@pypi(packages=packages, python=asked)` beside the flows in a folder."""
    asks = request(Requirements(False, tuple(sorted(packages.items())), asked))
    made = LockFile(asks.name, python, platforms, asks, lines)
    path = folder / "environments" / f"{made.name}.txt"
    path.parent.mkdir(exist_ok=True)
    path.write_text(made.text, encoding="utf-8")
    return made
