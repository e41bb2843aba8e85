"""The emitted documents of every flow: golden copies, the same bytes each time, what Argo's own models say, and texts that stay texts."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from hera.workflows.models import WorkflowTemplate

from argo.emitted import document, text
from flowport.compiler.ir import End, Next
from flowport.targets.argo.engine.fields import unknown
from flowport.targets.argo.limits import TEMPLATES
from flowport.targets.argo.split import TASKS
from flowport.targets.argo.text import encoded
from plans import PATHS, flow, plan_of

GOLDEN = Path(__file__).resolve().parents[1] / "golden" / "argo"

SHA = """
import hashlib
from argo.emitted import text
from plans import PATHS, plan_of
for path in PATHS:
    print(path.name, hashlib.sha256(text(plan_of(path)).encode()).hexdigest())
"""


@pytest.mark.parametrize("path", PATHS, ids=lambda path: path.stem)
def test_a_template_is_as_it_was(path: Path, golden: Callable[[Path, str], None]) -> None:
    golden(GOLDEN / f"{path.stem}.yaml", text(plan_of(path)))


def test_no_golden_file_is_left_over() -> None:
    assert {file.stem for file in GOLDEN.glob("*.yaml")} == {path.stem for path in PATHS}


def test_the_same_flow_gives_the_same_bytes_whatever_the_hash_seed() -> None:
    said = set()
    for seed in ("1", "2"):
        environment = {**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": str(Path(__file__).resolve().parents[1])}
        said.add(subprocess.run([sys.executable, "-c", SHA], env=environment, capture_output=True, text=True, check=True).stdout)
    assert len(said) == 1


@pytest.mark.parametrize("path", PATHS, ids=lambda path: path.stem)
def test_argos_own_models_know_every_field(path: Path) -> None:
    """hera's models are made from Argo's OpenAPI, and drop what they do not know without a word."""
    made = document(plan_of(path))
    assert lost(made, read(made)) == []


def read(made: Any) -> Any:
    return WorkflowTemplate.model_validate(made).model_dump(mode="json", by_alias=True, exclude_none=True)


def lost(made: Any, kept: Any, path: str = "") -> list[str]:
    """The paths of what is in one document and not, or another, in the other."""
    if isinstance(made, dict) and isinstance(kept, dict):
        return [each for key, value in made.items() for each in lost(value, kept.get(key), f"{path}.{key}")]
    if isinstance(made, list) and isinstance(kept, list) and len(made) == len(kept):
        return [each for number, value in enumerate(made) for each in lost(value, kept[number], f"{path}[{number}]")]
    return [] if str(made) == str(kept) else [path]


def test_a_lost_field_is_noticed() -> None:
    """A canary for the test above."""
    made = document(plan_of(PATHS[0]))
    made["spec"]["templates"][0]["dag"]["task"] = []
    assert lost(made, read(made)) == [".spec.templates[0].dag.task"]


@pytest.mark.parametrize("path", PATHS, ids=lambda path: path.stem)
def test_the_local_engine_knows_every_field(path: Path) -> None:
    assert list(unknown(document(plan_of(path)))) == []


def test_two_hundred_steps_fit() -> None:
    names = [f"step_{number}" for number in range(199)]
    made = document(flow(*((name, Next(after)) for name, after in zip(names, [*names[1:], "end"])), ("end", End())))
    templates = made["spec"]["templates"]
    assert len(templates) <= TEMPLATES
    assert len(templates[0]["dag"]["tasks"]) == 200 <= TASKS


def test_a_thousand_steps_are_cut_into_parts() -> None:
    names = [f"step_{number}" for number in range(1000)]
    made = document(flow(*((name, Next(after)) for name, after in zip(names, [*names[1:], "end"])), ("end", End())))
    dags = {template["name"]: template["dag"]["tasks"] for template in made["spec"]["templates"] if "dag" in template}
    assert dags["main"] == [
        {"name": f"part-{number}", **({"depends": f"part-{number - 1}.Succeeded"} if number > 1 else {}), "template": f"main-part-{number}"}
        for number in range(1, 7)
    ]
    assert [len(tasks) for tasks in dags.values()] == [6, *[TASKS] * 5, 1]
    assert "depends" not in dags["main-part-2"][0]


@pytest.mark.parametrize(
    "said",
    [
        "y",
        "No",
        "on",
        "1e3",
        "0o14",
        "0x1F",
        "1_000",
        "12:30:45",
        "2024-01-01",
        "~",
        "null",
        "=",
        "<<",
        "",
        " a",
        "a: b",
        "#",
        "é",
        "a\nb",
        ".inf",
        "-",
    ],
)
def test_a_text_stays_a_text(said: str) -> None:
    made = encoded({"name": said}).decode()
    assert yaml.safe_load(made) == {"name": said}
    assert made.startswith('name: "'), "any parser must see that this is a text"
