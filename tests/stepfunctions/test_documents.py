"""The emitted files of every flow: what two linters and our own checks say, the same bytes each time, and golden copies."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from statelint.linter import Linter

from compiled import files_of
from flowport.targets.stepfunctions import target
from flowport.targets.stepfunctions.checks import broken
from flows.expected import EXAMPLES
from plans import PATHS, plan_of
from stepfunctions.emitted import PROFILE, machine

GOLDEN = Path(__file__).resolve().parents[1] / "golden" / "stepfunctions"
ROOT = Path(__file__).resolve().parents[2]
UNKNOWN_TO_STATELINT = ('Field "Label" not allowed', 'Field "InputType" not allowed')
"""Fields of AWS that the specification at states-language.net, and so statelint, lacks."""

SHA = """
import hashlib, sys
from compiled import files_of
from flowport.compiler.package.archive import package
from flowport.targets.stepfunctions import target
from plans import PATHS, plan_of
from stepfunctions.emitted import PROFILE
for path in PATHS:
    for file in files_of(target, plan_of(path), PROFILE, package(plan_of(path))):
        print(path.name, file.path, hashlib.sha256(file.data).hexdigest())
"""


@pytest.mark.parametrize(
    "profile",
    [{}, {"turns": 0}, {"turns": 2}, {"array_jobs": True}, {"compute": "ecs", "cluster": "c"}, {"compute": "lambda"}, {"overlap": "skip"}],
    ids=str,
)
@pytest.mark.parametrize("path", PATHS, ids=lambda path: path.stem)
def test_nobody_finds_a_fault_in_a_machine(path: Path, profile: dict[str, Any]) -> None:
    emitted = machine(plan_of(path), **profile)
    assert broken(emitted) == []
    assert [problem for problem in Linter.validate(emitted, []) if not any(known in problem for known in UNKNOWN_TO_STATELINT)] == []


@pytest.mark.parametrize("path", PATHS, ids=lambda path: path.stem)
def test_a_machine_is_as_it_was(path: Path, golden: Callable[[Path, str], None]) -> None:
    files = files_of(target, plan_of(path), PROFILE)
    whole = path in [expected.path for expected in EXAMPLES]
    for file in files if whole else files[:1]:
        if file.path.endswith(".json"):
            golden(GOLDEN / path.stem / Path(file.path).name, file.data.decode())


def test_no_golden_file_is_left_over() -> None:
    assert {folder.name for folder in GOLDEN.iterdir()} == {path.stem for path in PATHS}


def test_the_same_flow_gives_the_same_bytes_whatever_the_hash_seed() -> None:
    said = set()
    for seed in ("1", "2"):
        environment = {**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": str(Path(__file__).resolve().parents[1])}
        said.add(
            subprocess.run([sys.executable, "-c", SHA], cwd=os.sep, env=environment, check=True, capture_output=True, text=True).stdout
        )
    assert len(said) == 1
    # Each of a schedule and of triggers brings a document, a policy and a trust policy.
    begun = sum("\n@schedule(" in path.read_text() for path in PATHS) + sum("\n@trigger" in path.read_text() for path in PATHS)
    assert len(said.pop().splitlines()) == 8 * len(PATHS) + 3 * begun


def test_asl_validator_finds_no_fault_in_any_machine(tmp_path: Path) -> None:
    program = _validator()
    arguments = []
    for path in PATHS:
        text = json.dumps(machine(plan_of(path)))
        # asl-validator 4.0.0 takes whatever is called "States" for a list of states, also a state of that name.
        text = text.replace('"States": {"Type"', '"States-": {"Type"').replace(': "States"', ': "States-"')
        file = tmp_path / f"{path.stem}.json"
        file.write_text(text)
        arguments += ["--json-path", str(file)]
    done = subprocess.run([str(program), *arguments], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.count("is valid") == len(PATHS)


def _validator() -> Path:
    """The validator, put under .cache when it is not there yet."""
    folder = ROOT / ".cache" / "asl-validator"
    program = folder / "node_modules" / ".bin" / "asl-validator"
    if not program.exists():
        command = ["npm", "install", "--no-audit", "--no-fund", "--no-save", "--prefix", str(folder), "asl-validator@4.0.0"]
        done = subprocess.run(command, capture_output=True, text=True)
        assert done.returncode == 0, done.stdout + done.stderr
    return program
