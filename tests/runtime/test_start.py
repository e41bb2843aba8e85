"""The start of a run: parameters from every side, defaults that are computed once, and what cannot be started."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from flowport.runtime.protocol import DONE, FAILED, STOP
from flowport.runtime.run import run_input
from solo import Solo

GIVEN = """
import random


def now(context):
    return f"{context.flow_name} {context.parameter_name} {random.random()}"


class Given(FlowSpec):
    whole = Parameter("whole", type=int, required=True)
    part = Parameter("part", default=0.5, help="some of it")
    sure = Parameter("sure", default=False)
    word = Parameter("the-word", default="a", choices=["a", "b"])
    record = Parameter("record", type=JSONType, default='{"a": 1}')
    when = Parameter("when", default=now)

    @step
    def start(self):
        self.found = [self.whole, self.part, self.sure, self.word, self.record]
        self.first = self.when
        self.next(self.end)

    @step
    def end(self):
        self.second = self.when
"""


@pytest.fixture
def flow(tmp_path: Path) -> Solo:
    return Solo(tmp_path, GIVEN)


def started(flow: Solo, given: object) -> int:
    """The exit code of the first task of a run that is started with a document."""
    flow.store.create("flows/Given/runs/1/input.json", given if isinstance(given, bytes) else json.dumps(given).encode())
    return flow.perform("start")


GOOD: list[tuple[dict[str, Any], list[Any]]] = [
    ({"whole": 3}, [3, 0.5, False, "a", {"a": 1}]),
    ({"whole": "3", "part": "1", "sure": "yes", "the-word": "b", "record": "[1, null]"}, [3, 1.0, True, "b", [1, None]]),
    ({"whole": 3.0, "part": 2, "sure": True, "record": {"x": []}}, [3, 2.0, True, "a", {"x": []}]),
    ({"whole": -(10**20), "sure": "0", "record": "null"}, [-(10**20), 0.5, False, "a", None]),
]


@pytest.mark.parametrize(("given", "found"), GOOD)
def test_text_and_json_say_the_same(flow: Solo, given: dict[str, Any], found: list[Any]) -> None:
    assert started(flow, {"parameters": given}) == DONE
    values = flow.artifacts("start")["found"]
    assert values == found
    assert [type(value) for value in values] == [type(value) for value in found]


BAD = {
    '{"parameters": {}}': "parameter `whole` is missing: it has no default",
    '{"parameters": {"whole": "three"}}': "parameter `whole` is 'three', which is not a whole number",
    '{"parameters": {"whole": true}}': "parameter `whole` is True, which is not a whole number",
    '{"parameters": {"whole": 1.5}}': "parameter `whole` is 1.5, which is not a whole number",
    '{"parameters": {"whole": 1, "part": "x"}}': "parameter `part` is 'x', which is not a number",
    '{"parameters": {"whole": 1, "sure": "perhaps"}}': "parameter `sure` is 'perhaps', which is not true or false",
    '{"parameters": {"whole": 1, "the-word": "c"}}': "parameter `the-word` is 'c', which is none of its choices: 'a', 'b'",
    '{"parameters": {"whole": 1, "record": "{"}}': "parameter `record` is '{', which is not JSON",
    '{"parameters": {"whole": 1, "the_word": "a"}}': "the flow has no parameter `the_word`; did you mean `the-word`?",
    '{"parameters": [1]}': "a run is started with",
    '{"params": {}}': "a run is started with",
    '{"tags": "red"}': "a run is started with",
    "[]": "a run is started with",
    "{": "`flows/Given/runs/1/input.json` is not JSON",
    '{"from": "nowhere"}': "begins anew from `nowhere`, which is no step of Given",
}


BAD.update(
    {
        '{"tags": [1, null]}': "a tag is a text of at most 256 characters, which 1 is not",
        json.dumps({"tags": ["x" * 257]}): "a tag is a text of at most 256 characters",
        json.dumps({"tags": [str(number) for number in range(101)]}): "a run has at most 100 tags, and this one would have 101",
        '{"origin_run": "\\u001b[31m"}': "the run resumes run `\\x1b[31m` of Given, which is not in",
        json.dumps({"origin_run": "x" * 256}): "is not the id of a run: that is a text of at most 255 characters",
        '{"origin_run": ["1"]}': "a run is started with",
        '{"origin_run": "../../other"}': "the run resumes run `../../other` of Given, which is not in",
        '{"from": "\\u001b[31m"}': "begins anew from `\\x1b[31m`",
        '{"from": 3}': "a run is started with",
        '{"engine": ["x"]}': "a run is started with",
        '{"\\u001b[31m": 1}': "it was started with",
        '{"parameters": {"\\u001b[31m": 1}}': "the flow has no parameter `\\x1b[31m`",
        "[" * 100_000: "`flows/Given/runs/1/input.json` is not JSON",
        "\udcff": "`flows/Given/runs/1/input.json` is not JSON",
        "null": "a run is started with",
        '{"parameters": {"whole": 1}, "scheduled_time": 3}': "a run is started with",
        '{"parameters": {"whole": 1}, "scheduled_time": "2026-03-29T06:30:00"}': "`2026-03-29T06:30:00` is no time with",
        '{"parameters": {"whole": 1}, "scheduled_time": "<aws.scheduler.scheduled-time>"}': "is no time with its offset from UTC",
        '{"parameters": {"whole": 1}, "scheduled_time": "\\u001b[31m"}': "the scheduled time of the run: `\\x1b[31m` is no time",
    }
)


@pytest.mark.parametrize("given", BAD, ids=range(len(BAD)))
def test_a_run_that_cannot_be_started_says_why(flow: Solo, given: str, capfd: pytest.CaptureFixture[str]) -> None:
    assert started(flow, given.encode(errors="surrogateescape")) == STOP
    said = capfd.readouterr().err
    assert BAD[given] in said
    assert "\x1b" not in said
    assert not flow.store.exists("flows/Given/runs/1/run.json")


def test_everything_that_is_wrong_is_said_at_once(flow: Solo, capfd: pytest.CaptureFixture[str]) -> None:
    assert started(flow, {"parameters": {"part": "x", "sure": "perhaps"}}) == STOP
    said = capfd.readouterr().err
    assert all(name in said for name in ("`part`", "`sure`", "`whole`"))


def test_a_default_that_is_computed_is_computed_once(flow: Solo) -> None:
    flow.run(parameters={"whole": 1})
    first = flow.artifacts("end")["first"]
    assert first.startswith("Given when 0.")
    assert flow.artifacts("end")["second"] == first


def test_a_run_that_was_started_stays_as_it_was(flow: Solo) -> None:
    assert started(flow, {"parameters": {"whole": 1}}) == DONE
    flow.path("flows/Given/runs/1/input.json").write_text('{"parameters": {"whole": 2}}')
    flow.path("flows/Given/runs/1/steps/start/s@0.json").unlink()
    assert flow.perform("start") == DONE
    assert flow.artifacts("start")["found"][0] == 1


def test_a_run_document_that_is_cut_off_is_named(flow: Solo, capfd: pytest.CaptureFixture[str]) -> None:
    assert started(flow, {"parameters": {"whole": 1}}) == DONE
    path = flow.path("flows/Given/runs/1/run.json")
    path.write_bytes(path.read_bytes()[:-9])
    assert flow.perform("end") == FAILED
    assert "`flows/Given/runs/1/run.json`" in capfd.readouterr().err


def test_a_task_of_a_run_that_never_began_stops(flow: Solo, capfd: pytest.CaptureFixture[str]) -> None:
    assert flow.perform("end") == STOP
    assert "the run has no `flows/Given/runs/1/run.json`" in capfd.readouterr().err


def test_a_run_id_has_bounds(flow: Solo, capfd: pytest.CaptureFixture[str]) -> None:
    assert flow.perform("start", run="x" * 256) == STOP
    assert "is longer than 255 characters" in capfd.readouterr().err


TIMES = {
    "2026-03-29T06:30:00Z": "2026-03-29T06:30:00+00:00",
    "2026-03-29T02:30:00+02:00": "2026-03-29T00:30:00+00:00",
    "2026-12-31T23:30:00-05:00": "2027-01-01T04:30:00+00:00",
    "2026-11-29T08:32:00.123456+00:00": "2026-11-29T08:32:00.123456+00:00",
}


@pytest.mark.parametrize("text", TIMES)
def test_the_time_of_a_schedule_is_kept_in_utc(flow: Solo, text: str) -> None:
    assert started(flow, {"parameters": {"whole": 1}, "scheduled_time": text}) == DONE
    assert json.loads(flow.path("flows/Given/runs/1/run.json").read_text())["scheduled_time"] == TIMES[text]


def test_a_run_that_no_schedule_started_has_no_time(flow: Solo) -> None:
    assert started(flow, {"parameters": {"whole": 1}}) == DONE
    assert "scheduled_time" not in json.loads(flow.path("flows/Given/runs/1/run.json").read_text())


def test_tags_are_sorted_and_each_is_there_once(flow: Solo) -> None:
    assert started(flow, {"parameters": {"whole": 1}, "tags": ["b", "", "a", "b"]}) == DONE
    assert flow.reader().doc["tags"] == ["a", "b"]


def test_an_input_of_any_size_is_not_read(flow: Solo, capfd: pytest.CaptureFixture[str]) -> None:
    path = flow.path("flows/Given/runs/1/input.json")
    path.parent.mkdir(parents=True)
    with open(path, "wb") as file:
        file.truncate(run_input.LARGEST_INPUT + 1)
    assert flow.perform("start") == STOP
    assert "a run is started with at most" in capfd.readouterr().err


@pytest.mark.parametrize(
    "change", [{"v": 7}, {"code": "../x"}, {"started": "now"}, {"parameters": {"whole": 3}}, {"tags": [1]}, {"run": "2"}, {"origin": 1}]
)
def test_a_task_does_not_believe_an_odd_document(flow: Solo, change: dict[str, Any], capfd: pytest.CaptureFixture[str]) -> None:
    assert started(flow, {"parameters": {"whole": 1}}) == DONE
    path = flow.path("flows/Given/runs/1/run.json")
    path.write_text(json.dumps({**json.loads(path.read_text()), **change}))
    assert flow.perform("end") == FAILED
    assert "`flows/Given/runs/1/run.json` in" in capfd.readouterr().err


class Careless:
    """A store that overwrites what is there."""

    def __init__(self, inner: Any) -> None:
        self.inner = inner

    def __getattr__(self, name: str) -> Any:
        return getattr(self.inner, name)

    def create(self, key: str, data: bytes) -> bool:
        self.inner.replace(key, data)
        return True


def test_a_store_that_overwrites_is_refused(flow: Solo, capfd: pytest.CaptureFixture[str]) -> None:
    flow.store.create("flows/Given/runs/1/input.json", b'{"parameters": {"whole": 1}}')
    assert flow.perform("start", store=Careless(flow.store)) == STOP
    assert "does not honour create-only puts" in capfd.readouterr().err


def test_a_function_that_computes_a_default_knows_the_project(tmp_path: Path) -> None:
    flow = Solo(
        tmp_path,
        """
from flowport import project

@project(name="fruit", branch="red")
class Projected(FlowSpec):
    place = Parameter("place", default=lambda context: f"{current.project_name} {current.branch_name} {current.step_name}")

    @step
    def start(self):
        self.next(self.end)

    @step
    def end(self):
        self.seen = self.place
""",
    )
    flow.run()
    assert flow.artifacts("end")["seen"] == "fruit test.red None"
