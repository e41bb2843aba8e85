"""A target of another project, found through its entry point, compiles the corpus; nothing of ours knows it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from flowport.compiler import target as registry
from flows.expected import EXAMPLES, RUNS

HERE = Path(__file__).resolve().parent
PATHS = list(dict.fromkeys(expected.path for expected in (*RUNS, *EXAMPLES)))


def flowport(*words: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PYTHONPATH": str(HERE)}
    return subprocess.run([sys.executable, "-m", "flowport", *words], cwd=cwd, env=environment, capture_output=True, text=True)


def test_it_compiles_every_flow_of_the_corpus(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(HERE))
    from flowport.compiler.compile import load
    from flowport.compiler.package.archive import package

    found = registry.find("outline")
    assert found is not None
    for path in PATHS:
        plan = load(str(path)).plan
        assert plan is not None
        lowered = found.lower(plan)
        assert [problem for problem in found.fits(lowered, {}) if problem.severity == "error"] == []
        (file,) = found.emit(lowered, {}, package(plan))
        words = file.data.decode().split()
        assert all(step.name in words for step in plan.flow.steps)


def test_the_command_line_takes_it_by_name_and_by_alias(tmp_path: Path) -> None:
    for name in ("outline", "paper"):
        done = flowport("compile", str(EXAMPLES[0].path), "--target", name, "-o", name, cwd=tmp_path)
        assert done.returncode == 0, done.stderr
        assert (tmp_path / name / "DigitsFlow.txt").read_text().startswith("DigitsFlow on A4\n  start\n  for each of start.")
    done = flowport("dry-run", str(EXAMPLES[0].path), "--target", "outline", cwd=tmp_path)
    assert done.returncode == 0
    assert done.stderr == "take a pencil\n"


def test_what_it_lacks_is_said_before_anything_is_written(tmp_path: Path) -> None:
    lines = [
        "from flowport import FlowSpec, resources, step",
        "class Heavy(FlowSpec):",
        " @resources(gpu=1)",
        " @step",
        " def start(self): pass",
    ]
    (tmp_path / "heavy.py").write_text("\n".join(lines))
    done = flowport("compile", "heavy.py", "--target", "outline", cwd=tmp_path)
    assert done.returncode == 1
    assert "error[FP390]: step `start` uses @resources(gpu=...), which target outline cannot do" in done.stderr + done.stdout
    assert "a person has no GPU" in done.stderr + done.stdout
    assert not (tmp_path / "build").exists()


def test_it_is_listed_beside_ours(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(HERE))
    assert {"outline", "stepfunctions"} <= set(registry.targets())


def test_finding_ours_does_not_import_the_machinery_of_entry_points(tmp_path: Path) -> None:
    program = (
        "import sys; from flowport.compiler.target import find; find('stepfunctions').name; print('importlib.metadata' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", program], cwd=tmp_path, check=True, capture_output=True, text=True)
    assert done.stdout.strip() == "False"


def test_nobody_answers_to_an_unknown_name() -> None:
    assert registry.find("nomad") is None
