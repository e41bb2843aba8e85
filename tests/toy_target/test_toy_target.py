"""A target of another project, found through its entry point, compiles the corpus; nothing of ours knows it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from flowport.targets import registry
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
    from flowport.targets.prepare import prepare

    found = registry.find("outline")
    assert found is not None
    for path in PATHS:
        plan = load(str(path)).plan
        assert plan is not None
        prepared = prepare(found, plan, {})
        assert [problem for problem in prepared.diagnostics if problem.severity == "error"] == []
        (file,) = found.compiler.emit(prepared.plan, prepared.settings, package(plan))
        words = file.data.decode().split()
        assert all(step.name in words for step in plan.flow.steps)


def test_the_command_line_takes_it_by_name_and_by_alias(tmp_path: Path) -> None:
    for name in ("outline", "paper"):
        done = flowport("compile", str(EXAMPLES[0].path), "--target", name, "-o", name, cwd=tmp_path)
        assert done.returncode == 0, done.stderr
        assert (tmp_path / name / "DigitsFlow.txt").read_text().startswith("DigitsFlow on A4\n  start\n  for each of start.")


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
    assert "error[FP390]: step `start` uses @resources(gpu=...), which target outline does not support" in done.stderr + done.stdout
    assert "a person has no GPU" in done.stderr + done.stdout
    assert not (tmp_path / "build").exists()


def test_a_dry_run_prints_what_it_reports(tmp_path: Path) -> None:
    done = flowport("dry-run", str(EXAMPLES[0].path), "--target", "outline", "--run-id", "one", "--logs", cwd=tmp_path)
    assert (done.returncode, done.stdout) == (1, "start | sharpened\n")
    assert done.stderr == "start done\n\nrun one failed: the pencil broke\n"


def test_a_deployment_is_planned_and_made(tmp_path: Path) -> None:
    words = ("deploy", str(EXAMPLES[0].path), "--target", "outline")
    shown = flowport(*words, "--diff", cwd=tmp_path)
    assert (shown.returncode, shown.stdout) == (1, "the wall was not looked at\nwall/DigitsFlow.txt would be new\n")
    assert not (tmp_path / "wall").exists()
    done = flowport(*words, cwd=tmp_path)
    assert (done.returncode, done.stdout) == (0, "the wall was not looked at\nwall/DigitsFlow.txt is new\n")
    assert (tmp_path / "wall" / "DigitsFlow.txt").read_text().startswith("DigitsFlow on A4\n")


def test_its_settings_are_checked_as_it_declares_them(tmp_path: Path) -> None:
    (tmp_path / "one.py").write_text(EXAMPLES[0].path.read_text())
    (tmp_path / "flowport.toml").write_text('[outline]\npaper = "A5"\n')
    done = flowport("check", "one.py", "--target", "outline", cwd=tmp_path)
    assert done.returncode == 1
    assert "the setting `paper` is `A5`, and there are `A4`, `A3`" in done.stdout
    assert 'write `paper = "A4"` under [outline] in flowport.toml' in done.stdout


def test_it_is_listed_beside_ours(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(HERE))
    assert {"outline", "stepfunctions"} <= set(registry.targets())


def test_finding_ours_does_not_import_the_machinery_of_entry_points(tmp_path: Path) -> None:
    program = (
        "import sys; from flowport.targets.registry import find; find('stepfunctions').name; print('importlib.metadata' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", program], cwd=tmp_path, check=True, capture_output=True, text=True)
    assert done.stdout.strip() == "False"


def test_the_table_of_ours_has_their_names_and_aliases() -> None:
    folders = {path.parent.name for path in Path(registry.__file__).parent.glob("*/__init__.py") if (path.parent / "settings.py").exists()}
    assert set(registry.OURS) == folders
    for name, aliases in registry.OURS.items():
        for called in (name, *aliases):
            found = registry.find(called)
            assert found is not None
            assert (found.name, found.aliases) == (name, aliases)


def test_nobody_answers_to_an_unknown_name() -> None:
    assert registry.find("nomad") is None
