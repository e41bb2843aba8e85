"""The arguments of parameters on the command line: what Metaflow 2.19.39 gives for them, and what is said when a value does not fit."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import boto3
import pytest

from desk import Desk
from flowport.compiler.compile import load
from flowport.compiler.package.documents import flow_document
from flowport.runtime.run.form import read_form
from flowport.runtime.run.parameters import converted

FLOW = """
from flowport import FlowSpec, IncludeFile, Parameter, step

class Told(FlowSpec):
    {line}

    @step
    def start(self):
        self.seen = self.value
        self.next(self.end)

    @step
    def end(self):
        pass
"""


def told(desk: Desk, line: str, *words: str, **environment: str) -> Any:
    """What a step sees of the parameter `value`, or what is said instead."""
    desk.write("told.py", FLOW.format(line=line))
    ended = desk("run", "told.py", *words, **environment)
    if ended.status:
        return ended.err
    return json.loads(desk("artifacts", "Told/latest/start", "--json").out)["start/r"]["seen"]


@pytest.mark.parametrize(
    ("arguments", "words", "environment", "seen"),
    [
        ('separator=",", default="x,y"', (), {}, ["x", "y"]),
        ('separator=","', (), {}, None),
        ('separator=","', ("--value=",), {}, ""),
        ('separator=","', ("--value", "1,2,,3"), {}, ["1", "2", "", "3"]),
        ("multiple=True", (), {}, []),
        ("multiple=True, type=int", ("--value", "3", "--value", "4"), {}, [3, 4]),
        ("multiple=True, type=int", ("--", "--value", "3", "--value", "4"), {}, [3, 4]),
        ('multiple=True, type=int, envvar="SIZES"', (), {"SIZES": "3 4"}, [3, 4]),
        ("is_flag=True", (), {}, None),
        ("is_flag=True", ("--value",), {}, True),
        ('type=int, envvar="ROUNDS"', (), {"ROUNDS": "7"}, 7),
        ('type=int, envvar="ROUNDS"', ("--value", "4"), {"ROUNDS": "7"}, 4),
        ('envvar=["FIRST", "SECOND"], default="z"', (), {"SECOND": "q"}, "q"),
        ("type=float, default=1.5", (), {"METAFLOW_RUN_VALUE": "2"}, 2.0),
    ],
)
def test_a_step_sees_what_metaflow_gives(
    desk: Desk, arguments: str, words: tuple[str, ...], environment: dict[str, str], seen: Any
) -> None:
    assert told(desk, f'value = Parameter("value", {arguments})', *words, **environment) == seen


@pytest.mark.parametrize(
    ("arguments", "words", "environment", "message"),
    [
        ("multiple=True, type=int", ("--value", "x"), {}, "parameter `value` is 'x', which is not a whole number"),
        ('multiple=True, choices=["a", "b"]', ("--value", "a", "--value", "c"), {}, "'c', which is none of its choices: 'a', 'b'"),
        ("multiple=True", ("--value",), {}, "parameter `value` needs a value"),
        ('type=int, envvar="ROUNDS"', (), {"ROUNDS": "x"}, "parameter `value` is 'x', which is not a whole number"),
        ('default=lambda context: "x", type=int', (), {}, "the default of parameter `value` is 'x', which is not a whole number"),
    ],
)
def test_a_value_that_does_not_fit_is_said(
    desk: Desk, arguments: str, words: tuple[str, ...], environment: dict[str, str], message: str
) -> None:
    assert message in told(desk, f'value = Parameter("value", {arguments})', *words, **environment)


def test_a_resumed_run_has_the_values_of_the_earlier_one_and_not_those_of_the_environment(desk: Desk) -> None:
    line = 'value = Parameter("value", type=int, envvar="ROUNDS", separator=None)'
    assert told(desk, line, "--run-id", "one", ROUNDS="7") == 7
    assert told(desk, line, "--origin-run", "one", "--from", "start", ROUNDS="8") == 7


def test_help_shows_what_the_arguments_say(desk: Desk) -> None:
    line = 'value = Parameter("value", default=3, metavar="N", show_default=False, envvar="N"); no = Parameter("no-one", hidden=True)'
    desk.write("told.py", FLOW.format(line=line))
    said = desk("run", "told.py", "--help").out
    assert "--value N" in said
    assert "also read from N" in said
    assert "default: 3" not in said
    assert "no-one" not in said


@pytest.mark.parametrize(
    ("arguments", "seen"),
    [
        ('default="words.txt", parser=str.split', ["one", "two"]),
        ('default="words.json", parser="json.loads"', {"a": 1}),
        ('default="words.txt", is_text=False, parser=len', 8),
        ('default=lambda context: "words.txt"', "one two\n"),
        ("default=lambda context: None", None),
        ("parser=len", None),
    ],
)
def test_the_parser_of_a_file_runs_in_the_task(desk: Desk, arguments: str, seen: Any) -> None:
    desk.write("words.txt", "one two\n")
    desk.write("words.json", '{"a": 1}')
    desk.write("flowport.toml", 'include = ["words.txt"]\n')
    assert told(desk, f'value = IncludeFile("value", {arguments})') == seen


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ('default="words.txt", parser="json.loads"', "the parser of parameter `value` raised JSONDecodeError"),
        ('default="words.txt", parser="json.nothing"', "the parser of parameter `value` raised AttributeError"),
        ('default=lambda context: "gone.txt"', "is in the code package if `include` in flowport.toml lists it"),
        ("default=lambda context: 5", "the default of parameter `value` is 5, which is not the path of a file"),
    ],
)
def test_a_file_or_a_parser_that_fails_is_said(desk: Desk, arguments: str, message: str) -> None:
    desk.write("words.txt", "one two\n")
    assert message in told(desk, f'value = IncludeFile("value", {arguments})')


def test_a_file_can_be_at_an_address(desk: Desk, bucket: str) -> None:
    boto3.client("s3").put_object(Bucket=bucket, Key="words.txt", Body=b"one\r\ntwo")
    url = f"s3://{bucket}/words.txt"
    assert told(desk, f'value = IncludeFile("value", default="{url}")') == "one\ntwo"
    assert told(desk, 'value = IncludeFile("value")', "--value", url) == "one\ntwo"
    gone = f"s3://{bucket}/gone.txt"
    assert f"parameter `value` names `{gone}`, which cannot be fetched: MetaflowS3NotFound" in told(
        desk, 'value = IncludeFile("value")', "--value", gone
    )
    assert f"parameter `value` includes `{gone}`, which cannot be fetched: MetaflowS3NotFound" in told(
        desk, f'value = IncludeFile("value", default="{gone}")'
    )


def test_a_form_takes_several_values_as_a_list(tmp_path: Path) -> None:
    (tmp_path / "told.py").write_text(FLOW.format(line='value = Parameter("value", multiple=True, type=int, default=[1])'))
    plan = load(str(tmp_path / "told.py")).plan
    assert plan is not None
    specs: Any = flow_document(plan.flow)["parameters"]
    for sent in ([3, "4"], "[3, 4]"):
        given = read_form(json.dumps({"value": sent}), specs)
        assert converted(specs, given["parameters"]) == {"value": (3, 4)}
    assert converted(specs, {}) == {"value": (1,)}


JOINED = """
from flowport import FlowSpec, IncludeFile, current, step

class Joined(FlowSpec):
    words = IncludeFile("words", default="words.txt", parser=str.split)

    @step
    def start(self):
        self.next(self.left, self.right)

    @step
    def left(self):
        self.words.append("three")
        self.next(self.join)

    @step
    def right(self):
        self.next(self.join)

    @step
    def join(self, inputs):
        self.seen = [inputs.left.words, self.words, current.parameters.words]
        self.next(self.end)

    @step
    def end(self):
        pass
"""


def test_what_a_parser_returns_is_what_a_join_reads_of_its_inputs(desk: Desk) -> None:
    desk.write("words.txt", "one two")
    desk.write("joined.py", JOINED)
    assert desk("run", "joined.py").status == 0
    assert json.loads(desk("artifacts", "Joined/latest/end", "--json").out)["end/r"]["seen"] == [["one", "two"]] * 3


@pytest.mark.parametrize("text", ['"\\ud800"', '{"a": "\\ud800"}'])
def test_a_json_parameter_may_have_half_of_a_surrogate_pair(tmp_path: Path, text: str) -> None:
    desk = Desk(tmp_path)
    desk.write("told.py", FLOW.replace("IncludeFile,", "JSONType,").format(line="value = Parameter('value', type=JSONType)"))
    assert desk("run", "told.py", "--value", text).status == 0


def test_a_json_parameter_that_is_nested_too_deeply_is_no_json(tmp_path: Path) -> None:
    assert "which is not JSON" in told(Desk(tmp_path), "value = Parameter('value', type=dict)", "--value", "[" * 100_000)
