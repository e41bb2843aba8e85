"""The parameters of a flow as fields of Airflow's trigger form."""

from __future__ import annotations

import ast
from pathlib import Path
from typing import Any

import pytest

from flowport.targets.airflow.form import params
from flowport.targets.airflow.python import expression
from sources import class_of, fine, write

STEPS = "\n@step\ndef start(self):\n    self.next(self.end)\n\n@step\ndef end(self):\n    pass\n"


def field(folder: Path, parameter: str, head: str = "") -> tuple[Any, dict[str, Any]]:
    """The default and the schema of the field that a parameter becomes."""
    (folder / "words.txt").write_text("some words")
    flow = fine(write(folder, {"flow.py": class_of(f"{parameter}\n{STEPS}", head)}))
    made = params(flow)
    node = ast.parse(expression(made[flow.parameters[0].name]), mode="eval").body
    assert isinstance(node, ast.Call)
    default = ast.literal_eval(node.args[0]) if node.args else "none given"
    return default, {str(keyword.arg): ast.literal_eval(keyword.value) for keyword in node.keywords}


ANYTHING = ["object", "array", "string", "number", "boolean"]


@pytest.mark.parametrize(
    ("parameter", "default", "schema"),
    [
        ('x = Parameter("x", default="a", help="some help")', "a", {"type": "string", "description": "some help"}),
        ('x = Parameter("x", default="")', "", {"type": ["null", "string"]}),
        ('x = Parameter("x", type=int)', None, {"type": ["null", "integer"]}),
        ('x = Parameter("x", default=3)', 3, {"type": "integer"}),
        ('x = Parameter("x", type=float, default=3)', 3.0, {"type": "number"}),
        ('x = Parameter("x", default=1e400)', None, {"type": ["null", "number"]}),
        ('x = Parameter("x", default=True)', True, {"type": "boolean"}),
        ('x = Parameter("x", required=True, type=int)', "none given", {"type": "integer"}),
        ('x = Parameter("x", default="a", choices=["a", "b"])', "a", {"type": "string", "enum": ["a", "b"]}),
        ('x = Parameter("x", type=int, choices=[1, 2])', None, {"type": ["null", "integer"], "enum": [None, 1, 2]}),
        ('x = Parameter("x", type=JSONType, default="[1]")', [1], {"type": ["array", "object", "string", "number", "boolean", "null"]}),
        ('x = Parameter("x", type=JSONType)', None, {"type": ["null", *ANYTHING]}),
        ('x = Parameter("x", default={"a": 1})', {"a": 1}, {"type": "object"}),
        ('x = Parameter("x", default=["a", 1])', ["a", 1], {"type": "array", "items": {"type": [*ANYTHING, "null"]}}),
        ('x = IncludeFile("x", default="words.txt")', None, {"description": "the content of words.txt, if left empty"}),
        ('x = IncludeFile("x", is_text=False)', None, {"type": ["null", "object"]}),
    ],
)
def test_a_parameter_is_a_field_of_its_type(tmp_path: Path, parameter: str, default: Any, schema: dict[str, Any]) -> None:
    found, said = field(tmp_path, parameter)
    assert found == default
    assert type(found) is type(default)
    assert said.items() >= schema.items()


def test_a_default_that_is_computed_is_left_to_the_run(tmp_path: Path) -> None:
    default, said = field(tmp_path, 'x = Parameter("x", type=int, default=random.random(), help="a number")', "import random")
    assert default is None
    assert said == {"type": ["null", "integer"], "description": "a number; computed when the run starts, if left empty"}


def test_a_file_is_typed_into_several_lines(tmp_path: Path) -> None:
    assert field(tmp_path, 'x = IncludeFile("x")')[1]["format"] == "multiline"


def test_a_form_can_name_a_run_to_resume(tmp_path: Path) -> None:
    flow = fine(write(tmp_path, {"flow.py": class_of(STEPS)}))
    assert list(params(flow)) == ["origin_run", "from_step", "run_tags", "run_input"]
    assert all('section="Resume and tags"' in expression(made) for made in params(flow).values())
