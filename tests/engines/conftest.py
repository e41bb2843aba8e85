"""The engines, up once for the whole session, and the runs of the corpus on them, several at a time."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path

import pytest

from engines.corpus_runs import Engines, Runs

ROOT = Path(__file__).resolve().parents[2]
PINS = Path(__file__).with_name("ministack.txt")
AT_ONCE = 4


@pytest.fixture(scope="session")
def ministack() -> Path:
    """The Python of an environment that has ministack, made on first use."""
    folder = ROOT / ".cache" / "ministack"
    python = folder / "bin" / "python"
    done = folder / "pins.txt"
    if not done.exists() or done.read_text() != PINS.read_text():
        subprocess.run([sys.executable, "-m", "venv", "--clear", str(folder)], check=True)
        subprocess.run([str(python), "-m", "pip", "install", "--quiet", "--no-deps", "-r", str(PINS)], check=True)
        done.write_text(PINS.read_text())
    return python


@pytest.fixture(scope="session")
def engines(request: pytest.FixtureRequest) -> Iterator[Engines]:
    with ExitStack() as stack:
        yield Engines(stack, lambda: request.getfixturevalue("ministack"))


@pytest.fixture(scope="session")
def runs(engines: Engines, request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Runs]:
    with ThreadPoolExecutor(AT_ONCE) as pool:
        made = Runs(engines, tmp_path_factory.mktemp("stores"), pool)
        for item in request.session.items:
            wanted = getattr(getattr(item, "callspec", None), "params", {})
            if "where" in wanted:
                made.here(wanted["expected"])
                made.begin(wanted["expected"], wanted["where"])
        yield made
        pool.shutdown(cancel_futures=True)
