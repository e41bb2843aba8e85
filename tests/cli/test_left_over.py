"""`flowport compile`: files that are left over in the output folder from flows that are gone."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from flowport.cli import execute
from sources import class_of, write

Compile = Callable[..., tuple[int, list[str], str]]

SETTINGS = """
store = "s3://bucket/prefix"
image = "flows:1"

[stepfunctions]
job_queue = "flows"
region = "eu-central-1"
account = "123456789012"

[profiles.prod.stepfunctions]
job_queue = "production"
"""
ONE_STEP = "@step\ndef start(self):\n    self.next(self.end)\n\n@step\ndef end(self):\n    pass\n"
TARGETS = ("--target", "argo", "--target", "airflow", "--target", "sfn")


@pytest.fixture
def compiled(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Compile:
    """Runs `flowport compile` in a folder with two flows: its exit status, the lines that it prints, and what it says besides."""
    monkeypatch.chdir(tmp_path)
    flows = {f"flows/{name}.py": class_of(ONE_STEP).replace("TrainFlow", f"{name.title()}Flow") for name in ("train", "old")}
    write(tmp_path, {"flowport.toml": SETTINGS, **flows})

    def run(*words: str) -> tuple[int, list[str], str]:
        capfd.readouterr()
        status = execute(["compile", *words])
        out, err = capfd.readouterr()
        return status, out.splitlines(), err

    return run


def test_files_of_a_flow_that_is_gone_are_left_over(compiled: Compile, tmp_path: Path) -> None:
    assert compiled("flows/", *TARGETS)[0] == 0
    (tmp_path / "build/argo/own.yaml").write_text("# ours, compiled by hand\n")
    (tmp_path / "flows/old.py").unlink()
    names = ("argo/oldflow.yaml", "argo/oldflow", "airflow/OldFlow.py", "airflow/OldFlow", "stepfunctions/OldFlow")
    gone = [f"build/{name}" for name in names]
    assert compiled("flows/", *TARGETS, "--check") == (
        1,
        [
            *(f"{path} is left over from a flow that is gone" for path in gone),
            "delete what is left over from flows that are gone, and commit the files",
        ],
        "",
    )
    status, _, err = compiled("flows/", *TARGETS)
    assert (status, err.splitlines()) == (0, [f"{path} is left over from a flow that is gone: delete it" for path in gone])
    assert (tmp_path / "build/argo/oldflow.yaml").exists()


def test_what_is_compiled_otherwise_is_not_left_over(compiled: Compile, tmp_path: Path) -> None:
    for words in (("argo",), ("sfn", "--profile", "prod"), ("sfn",)):
        assert compiled("flows/", "--target", *words)[0] == 0
    assert compiled("flows/", "--target", "sfn", "--check") == (0, ["build is up to date"], "")
    (tmp_path / "flows/old.py").unlink()
    _, out, _ = compiled("flows/", "--target", "sfn", "--check")
    assert [line.split()[0] for line in out[:-1]] == ["build/OldFlow", "build/prod-OldFlow"]
    assert compiled("flows/train.py", "--target", "sfn", "--check") == (0, ["build is up to date"], "")


def test_the_last_line_says_what_to_type(compiled: Compile) -> None:
    status, out, _ = compiled("flows/", "--target", "argo", "--profile", "prod", "-o", "k8s files/", "--with", "retry", "--check")
    way_out = "run `flowport compile flows/ --target argo --profile prod -o 'k8s files/'` with your other options, and commit the files"
    assert (status, out[-1]) == (1, way_out)
