"""`--config` and `--config-value` of every command that reads a flow, the variables of Metaflow, and the table of flowport.toml."""

from __future__ import annotations

import json
import sys
from typing import Any

import pytest

from desk import Desk

FLOW = """
from flowport import Config, FlowSpec, Parameter, config_expr, resources, step


class TrainFlow(FlowSpec):
    config = Config("config", default="config.json")
    other = Config("other")
    rate = Parameter("rate", default=config.train.rate)

    @resources(cpu=config.cpu)
    @step
    def start(self):
        print("start runs")
        self.cpu = self.config.cpu
        self.next(self.train)

    @step
    def train(self):
        print("train runs")
        self.found = [self.rate, self.config.train.rate, self.other]
        self.next(self.end)

    @step
    def end(self):
        pass


if __name__ == "__main__":
    TrainFlow()
"""
PARSED = """
from flowport import Config, FlowSpec, step


def checked(text):
    print("the parser runs")
    if not text:
        raise ValueError("it is empty")
    return {"text": text, "pair": (1, 2)}


class ParsedFlow(FlowSpec):
    config = Config("config", default_value="cpu", parser=checked)

    @step
    def start(self):
        self.found = self.config.text, self.config.pair
        self.next(self.end)

    @step
    def end(self):
        pass
"""
TOML = """
store = "store"

[configs]
config = "toml.toml"

[configs.other]
from = "flowport.toml"

[profiles.prod.configs]
config = "prod.toml"
unknown = "x.json"
"""


@pytest.fixture(autouse=True)
def files(desk: Desk) -> None:
    desk.write("flow.py", FLOW)
    desk.write("config.json", json.dumps({"cpu": 1, "train": {"rate": 0.1}}))
    desk.write("given.toml", "cpu = 2\n[train]\nrate = 0.2\n")
    desk.write("given.json", json.dumps({"cpu": 3, "train": {"rate": 0.3}}))


def artifacts(desk: Desk, step: str, flow: str = "TrainFlow") -> dict[str, Any]:
    ended = desk("artifacts", f"{flow}/latest/{step}", "--json", "--store", "store")
    assert ended.status == 0, ended.err
    found: dict[str, Any] = json.loads(ended.out)[f"{step}/r"]
    return found


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (("run", "flow.py"), [0.1, 0.1, None]),
        (("run", "flow.py", "--config", "config", "given.json"), [0.3, 0.3, None]),
        (("run", "flow.py", "--config", "config", "given.toml", "--config-value", "other", '{"a": 1}'), [0.2, 0.2, {"a": 1}]),
        (("--config", "config", "given.json", "run", "flow.py", "--rate", "5"), [5, 0.3, None]),
        (("run", "--config-value", "config", '{"cpu": 1, "train": {"rate": 9}}', "flow.py", "--no-fork"), [9, 9, None]),
        (("dry-run", "flow.py", "--target", "argo", "--config", "config", "given.json"), [0.3, 0.3, None]),
    ],
)
def test_a_run_has_the_configs_that_it_is_given(desk: Desk, words: tuple[str, ...], expected: list[object]) -> None:
    ended = desk(*words, "--store", "store")
    assert ended.status == 0, ended.err
    assert artifacts(desk, "train")["found"] == expected
    assert artifacts(desk, "end")["config"]["train"]["rate"] == expected[1]


def test_a_flow_that_runs_itself_takes_them_before_the_command(desk: Desk) -> None:
    ended = desk.run(
        sys.executable, "flow.py", "--config", "config", "given.json", "--config-value", "other", "{}", "run", "--store", "store"
    )
    assert ended.status == 0, ended.err
    assert artifacts(desk, "train")["found"] == [0.3, 0.3, {}]


def test_the_variables_of_metaflow_stand_for_the_options(desk: Desk) -> None:
    variables = {"METAFLOW_FLOW_CONFIG": '{"config": "given.json"}', "METAFLOW_FLOW_CONFIG_VALUE": '{"other": {"a": 1}}'}
    assert desk("run", "flow.py", "--store", "store", **variables).status == 0
    assert artifacts(desk, "train")["found"] == [0.3, 0.3, {"a": 1}]
    assert desk("run", "flow.py", "--store", "store", "--config", "config", "given.toml", **variables).status == 0
    assert artifacts(desk, "train")["found"] == [0.2, 0.2, {"a": 1}]


def test_a_variable_that_is_no_json(desk: Desk) -> None:
    ended = desk("check", "flow.py", METAFLOW_FLOW_CONFIG="config.json")
    assert (ended.status, ended.err.splitlines()[0]) == (
        2,
        "flowport check: the environment variable METAFLOW_FLOW_CONFIG is not a JSON object",
    )


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ((), [6, 6, {"from": "flowport.toml"}]),
        (("--profile", "prod"), [7, 7, {"from": "flowport.toml"}]),
        (("--profile", "prod", "--config", "config", "given.json"), [0.3, 0.3, {"from": "flowport.toml"}]),
    ],
)
def test_a_profile_names_files_and_values(desk: Desk, words: tuple[str, ...], expected: list[object]) -> None:
    desk.write("flowport.toml", TOML)
    desk.write("toml.toml", "cpu = 1\ntrain.rate = 6\n")
    desk.write("prod.toml", "cpu = 1\ntrain.rate = 7\n")
    ended = desk("run", "flow.py", "--store", "store", *words)
    assert ended.status == 0, ended.err
    assert artifacts(desk, "train")["found"] == expected


@pytest.mark.parametrize("command", [("check",), ("show",), ("compile", "--target", "sfn"), ("run",), ("deploy", "--target", "airflow")])
def test_every_command_reports_a_config_that_is_not_there(desk: Desk, command: tuple[str, ...]) -> None:
    ended = desk(*command, "flow.py", "--config", "confg", "given.json")
    assert ended.status == 1
    assert "error[FP164]: `TrainFlow` has no config `confg`\n   = help: did you mean `config`?" in ended.out + ended.err


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (("--config", "x.json"), ["x.json", "none"]),
        (("--config=x.json", "--config-value", "3"), ["x.json", "3"]),
        (("--config", "x", "--config_value", "y"), ["x", "y"]),
        (("--", "--config", "x"), ["x", "none"]),
    ],
)
def test_a_parameter_may_be_called_config_where_the_flow_has_no_configs(desk: Desk, words: tuple[str, ...], expected: list[str]) -> None:
    parameters = 'config = Parameter("config", default="none")\n    value = Parameter("config_value", default="none")'
    text = FLOW[: FLOW.index("    config =")] + f"    {parameters}\n\n    @step\n    def start(self):\n        self.next(self.end)\n\n"
    desk.write("flow.py", text + "    @step\n    def end(self):\n        self.found = [self.config, self.value]\n")
    assert desk("check", "flow.py").out == "TrainFlow has nothing wrong with it\n"
    assert "--config TEXT" in desk("run", "flow.py", "--help").out
    ended = desk("run", "flow.py", "--store", "store", *words)
    assert ended.status == 0, ended.err
    assert artifacts(desk, "end")["found"] == expected


def test_an_option_that_is_cut_off(desk: Desk) -> None:
    ended = desk("run", "flow.py", "--config", "config")
    assert (ended.status, ended.err) == (2, "flowport run: option `--config` needs a value\n  --config NAME FILE\n")


def test_the_same_configs_compile_to_the_same_files_and_others_to_others(desk: Desk) -> None:
    desk.write("flowport.toml", 'store = "s3://bucket"\nimage = "my-image:1"\n')
    for folder, file in (("one", "config.json"), ("two", "config.json"), ("three", "given.json")):
        assert desk("compile", "flow.py", "--target", "argo", "--config", "config", file, "-o", folder).status == 0
    assert desk("compile", "flow.py", "--target", "argo", "--check", "-o", "two").status == 0
    assert desk("compile", "flow.py", "--target", "argo", "--check", "-o", "three").status == 1


def test_a_run_that_is_resumed_keeps_its_configs(desk: Desk) -> None:
    assert desk("run", "flow.py", "--store", "store", "--run-id", "r1", "--config", "config", "given.json").status == 0
    desk.write("config.json", "it is no JSON any more")
    ended = desk("resume", "flow.py", "TrainFlow/r1", "--store", "store")
    assert ended.status == 0, ended.err
    assert "runs" not in ended.out
    assert artifacts(desk, "train")["found"] == [0.3, 0.3, None]


def test_a_resumed_run_repeats_the_steps_that_read_a_value_which_changed(desk: Desk) -> None:
    assert desk("run", "flow.py", "--store", "store", "--run-id", "r1").status == 0
    desk.write("other.json", json.dumps({"cpu": 1, "train": {"rate": 0.4}}))
    ended = desk("resume", "flow.py", "TrainFlow/r1", "--store", "store", "--config", "config", "other.json")
    assert ended.status == 0, ended.err
    assert ("start runs" in ended.out, "train runs" in ended.out) == (False, True)
    assert artifacts(desk, "train")["found"] == [0.1, 0.4, None]


def test_a_parser_of_the_users_own_runs_when_that_is_asked_for(desk: Desk) -> None:
    desk.write("parsed.py", PARSED)
    looked, refused = desk("check", "parsed.py"), desk("run", "parsed.py", "--store", "store")
    assert (looked.status, looked.out.startswith("warning[FP165]")) == (0, True)
    assert (refused.status, refused.err.startswith("error[FP165]")) == (1, True)
    assert "help: add `--run-config-parsers` to run it in a process of its own" in refused.err
    assert "the parser runs" not in looked.out + looked.err + refused.out + refused.err
    ended = desk("run", "parsed.py", "--run-config-parsers", "--store", "store")
    assert (ended.status, ended.err.count("the parser runs")) == (0, 1)
    assert artifacts(desk, "start", "ParsedFlow")["found"] == ["cpu", [1, 2]]


def test_a_flow_whose_file_is_not_there_can_be_checked_and_not_run(desk: Desk) -> None:
    (desk.folder / "config.json").unlink()
    looked, drawn = desk("check", "flow.py"), desk("show", "flow.py")
    assert (looked.status, looked.out.startswith("warning[FP161]: the file `config.json` of the config `config` does not exist")) == (
        0,
        True,
    )
    assert (drawn.status, drawn.err.startswith("error[FP161]")) == (1, True)
    assert desk("show", "flow.py", "--config", "config", "given.json").status == 0


def test_what_a_parser_raises_is_reported(desk: Desk) -> None:
    desk.write("parsed.py", PARSED)
    ended = desk("check", "parsed.py", "--run-config-parsers", "--config-value", "config", "")
    assert (ended.status, "ValueError in line 8 of parsed.py: it is empty" in ended.out) == (1, True)


def test_a_parser_whose_process_ends(desk: Desk) -> None:
    desk.write("parsed.py", PARSED.replace('print("the parser runs")', "import os; os._exit(3)"))
    ended = desk("check", "parsed.py", "--run-config-parsers")
    assert (ended.status, "its process ended with exit status 3" in ended.out) == (1, True)


def test_a_file_that_cannot_be_imported_for_its_parser(desk: Desk) -> None:
    desk.write("parsed.py", PARSED + "\nimport absent_module\n")
    ended = desk("check", "parsed.py", "--run-config-parsers")
    assert "importing `parsed.py` raises ModuleNotFoundError" in ended.out
