"""`--with` of every command that reads a flow."""

from __future__ import annotations

import json
import sys

import pytest

from desk import Desk

FLOW = """
import os

from metaflow import FlowSpec, current, step, user_step_decorator


@user_step_decorator
def traced(step_name, flow, inputs=None, attributes=None):
    flow.log = getattr(flow, "log", []) + [step_name + str(attributes)]
    yield


class WithFlow(FlowSpec):
    @step
    def start(self):
        self.value = os.environ.get("VALUE")
        if current.retry_count < 2:
            raise ValueError
        self.next(self.end)

    @step
    def end(self):
        pass


if __name__ == "__main__":
    WithFlow()
"""
WITH = (
    "--with",
    "retry:times=2,minutes_between_retries=0",
    "--with",
    'environment:vars={"VALUE": "x,y"}',
    "--with",
    "traced:level=high,n=3",
)


@pytest.fixture(autouse=True)
def flow(desk: Desk) -> None:
    desk.write("flow.py", FLOW)


@pytest.mark.parametrize("command", [("run",), ("run", "--no-fork"), ("dry-run", "--target", "argo")])
def test_a_run_is_as_metaflow_runs_it(desk: Desk, command: tuple[str, ...]) -> None:
    ended = desk(*command, "flow.py", *WITH, "--store", "store")
    assert ended.status == 0, ended.err
    found = json.loads(desk("artifacts", "WithFlow/latest/end", "--json", "--store", "store").out)["end/r"]
    # What Metaflow 2.19.39 gives for the same options.
    assert found == {"log": ["start{'level': 'high', 'n': 3}", "end{'level': 'high', 'n': 3}"], "value": "x,y"}


def test_the_flow_s_own_file_takes_the_option_too(desk: Desk) -> None:
    desk.write("own.py", FLOW.replace("from metaflow", "from flowport"))
    assert desk.run(sys.executable, "own.py", "run", *WITH).status == 0


def test_compiled_files_have_the_decorators(desk: Desk) -> None:
    desk.write("flowport.toml", '[argo]\nimage = "flows:1"\nstore = "s3://bucket"\n')
    assert desk("compile", "flow.py", "--target", "argo", "-o", "plain").status == 0
    assert (
        desk("compile", "flow.py", "--target", "argo", "-o", "more", "--with", "kubernetes:image=registry.example.com/flows:2").status == 0
    )
    plain, more = ("".join(path.read_text() for path in (desk.folder / name).rglob("*.yaml")) for name in ("plain", "more"))
    assert ("flows:2" in plain, "registry.example.com/flows:2" in more) == (False, True)


def test_a_resumed_run_can_get_retries(desk: Desk) -> None:
    assert desk("run", "flow.py").status == 1
    assert desk("resume", "flow.py", "--with", "retry:times=2,minutes_between_retries=0").status == 0


@pytest.mark.parametrize("command", ["run", "compile --target argo", "deploy --target argo", "dry-run --target argo", "check", "show"])
def test_a_mistake_stops_every_command(desk: Desk, command: str) -> None:
    name, *more = command.split()
    ended = desk(name, "flow.py", *more, "--with", "retyr")
    assert ended.status == 1
    text = ended.out if name == "check" else ended.err
    assert "error[FP122]: `--with retyr`: there is no decorator `retyr`" in text
    assert "did you mean `retry`?" in text


def test_a_text_that_is_no_decorator_is_wrong_use(desk: Desk) -> None:
    ended = desk("run", "flow.py", "--with", "retry:3")
    assert (ended.status, ended.out) == (2, "")
    assert "option `--with`: `retry:3`: `3` is no argument" in ended.err
