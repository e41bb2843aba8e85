"""The emitted DAG files of every flow: what linters say, what they import, the same bytes each time, and golden copies."""

from __future__ import annotations

import ast
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from compiled import files_of
from dags.emitted import PROFILE, source
from flowport.compiler.package.archive import package
from flowport.targets.airflow import target
from flowport.targets.airflow.compute import COMPUTE
from plans import PATHS, plan_of

GOLDEN = Path(__file__).resolve().parents[1] / "golden" / "airflow"
RUFF = Path(sys.executable).with_name("ruff")
NEEDED = {
    "kubernetes": {"image": "i"},
    "docker": {"image": "i"},
    "batch": {"job_queue": "q", "job_definition": "d"},
    "ecs": {"cluster": "c", "task_definition": "t", "container": "m"},
    "local": {},
}
DIGITS = next(path for path in PATHS if path.stem == "digits")
DEEP = next(path for path in PATHS if path.stem == "switch_foreach_switch")

SHA = """
import hashlib
from dags.emitted import source
from plans import PATHS, plan_of
for path in PATHS:
    print(path.name, hashlib.sha256(source(plan_of(path)).encode()).hexdigest())
"""


@pytest.mark.parametrize("path", PATHS, ids=lambda path: path.stem)
def test_a_dag_file_is_as_it_was(path: Path, golden: Callable[[Path, str], None]) -> None:
    golden(GOLDEN / f"{path.stem}.py", source(plan_of(path)))


@pytest.mark.parametrize("compute", COMPUTE)
def test_a_dag_file_is_as_it_was_wherever_its_tasks_run(compute: str, golden: Callable[[Path, str], None]) -> None:
    text = source(plan_of(DEEP), compute=compute, **NEEDED[compute])
    golden(GOLDEN / "compute" / f"{compute}.py", text)


def test_no_golden_file_is_left_over() -> None:
    assert {file.stem for file in GOLDEN.glob("*.py")} == {path.stem for path in PATHS}
    assert {file.stem for file in (GOLDEN / "compute").glob("*.py")} == set(COMPUTE)


def test_the_same_flow_gives_the_same_bytes_whatever_the_hash_seed() -> None:
    said = set()
    for seed in ("1", "2"):
        environment = {**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": str(Path(__file__).resolve().parents[1])}
        said.add(
            subprocess.run([sys.executable, "-c", SHA], cwd=os.sep, env=environment, check=True, capture_output=True, text=True).stdout
        )
    assert len(said) == 1
    assert len(said.pop().splitlines()) == len(PATHS)


def test_ruff_finds_nothing_that_a_later_airflow_takes_away() -> None:
    files = [str(file) for file in GOLDEN.rglob("*.py")]
    rules = ("--preview", "--isolated", "--select=AIR,E,F,W,I,B,C4,PIE,UP", "--ignore=E501", "--target-version=py39")
    done = subprocess.run([str(RUFF), "check", *rules, *files], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout


def test_ruff_finds_what_an_earlier_airflow_had(tmp_path: Path) -> None:
    """A canary: the check above looks at something."""
    (tmp_path / "old.py").write_text("from airflow.utils.dates import days_ago\n\nprint(days_ago(1))\n")
    done = subprocess.run([str(RUFF), "check", "--preview", "--isolated", "--select=AIR", str(tmp_path)], capture_output=True, text=True)
    assert "`airflow.utils.dates.days_ago` is removed" in done.stdout


@pytest.mark.parametrize("compute", COMPUTE)
def test_a_dag_file_imports_airflow_and_no_flowport(compute: str) -> None:
    for path in PATHS:
        tree = ast.parse(source(plan_of(path), compute=compute, **NEEDED[compute]))
        modules = [node.module or "" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)]
        modules += [alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names]
        assert {module.partition(".")[0] for module in modules} <= {*sys.stdlib_module_names, "airflow", "kubernetes", "docker"}


def test_what_a_careful_person_would_review_is_short() -> None:
    text = source(plan_of(DIGITS))
    assert len(text.splitlines()) < 190
    assert max(map(len, text.splitlines())) <= 120


def test_the_code_is_beside_the_file_where_airflow_does_not_look() -> None:
    plan = plan_of(DIGITS)
    file, ignored, code = files_of(target, plan, PROFILE, package(plan))
    assert file.path == "DigitsFlow.py"
    assert (ignored.path, ignored.data) == ("DigitsFlow/.airflowignore", b"code\n")
    assert code.path == f"DigitsFlow/code/{package(plan).digest}.zip"


def test_a_dag_file_changes_when_the_code_does() -> None:
    plan = plan_of(DIGITS)
    assert files_of(target, plan, PROFILE)[0] != files_of(target, plan, PROFILE, package(plan))[0]
