"""Every flow of the corpus and every example, run on this machine by the command, comes to what `flows.expected` says."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from flows.expected import EXAMPLES, RUNS, Expected
from results import result

CASES = [*RUNS, *EXAMPLES]


@pytest.mark.parametrize("expected", CASES, ids=[expected.id for expected in CASES])
def test_a_flow_comes_to_what_is_expected(expected: Expected, tmp_path: Path) -> None:
    command = [sys.executable, "-m", "flowport", "run", str(expected.path), "--store", str(tmp_path / "store"), "--run-id", "one"]
    environment = {**os.environ, "FLOWPORT_CACHE": str(tmp_path / "cache"), "COLUMNS": "120"}
    done = subprocess.run([*command, *expected.parameters], cwd=tmp_path, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    found = result(str(tmp_path / "store"), expected.name, "one", decode=(expected.last,))
    end = found.artifacts(expected.last)
    assert {name: end.get(name, "is not there") for name in expected.end} == expected.end
    assert found.counts == expected.items
    assert not list(tmp_path.rglob("PWNED"))
