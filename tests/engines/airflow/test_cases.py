"""What happens to runs on a real Airflow: tasks that fail, are cleared, are mended, and a scheduler that dies; and the trigger form."""

from __future__ import annotations

import json
import signal
import urllib.error
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from engines.airflow.runs import RUN, AirflowRuns, Databases, Deployed, Ended
from flowport.runtime.run.reader import Run, find
from flowport.runtime.store.open import open_store
from flows.expected import FOLDER

AGAIN = """
import json

from flowport import FlowSpec, retry, step

SOURCE = {source!r}


def told(name):
    with open(SOURCE) as file:
        return json.load(file).get(name)


class Again(FlowSpec):
    @step
    def start(self):
        self.numbers = told("numbers")
        self.next(self.each, foreach="numbers")

    @step
    def each(self):
        self.inner = list(range(self.input))
        self.next(self.one, foreach="inner")

    @step
    def one(self):
        self.next(self.each_done)

    @step
    def each_done(self, inputs):
        self.count = len(list(inputs))
        self.next(self.join)

    @step
    def join(self, inputs):
        self.total = {total}
        self.turns = 0
        self.next(self.turn)

    @step
    def turn(self):
        self.turns += 1
        self.way = "done" if self.turns == told("limit") else "again"
        self.next({{"again": self.turn, "done": self.pick}}, condition="way")

    @step
    def pick(self):
        self.kind = told("kind")
        self.next({{"a": self.a, "b": self.b}}, condition="kind")

    @step
    def a(self):
        self.next(self.end)

    @step
    def b(self):
        assert not told("b_fails")
        self.next(self.end)

    @step
    def end(self):
        self.seen = (self.total, self.turns, self.kind)
"""

SLOW = """
import time

from flowport import FlowSpec, retry, step


class Slow(FlowSpec):
    @step
    def start(self):
        self.numbers = list(range(6))
        self.next(self.each, foreach="numbers")

    @retry(times=5, minutes_between_retries=0)
    @step
    def each(self):
        time.sleep(4)
        self.square = self.input**2
        self.next(self.join)

    @step
    def join(self, inputs):
        self.squares = [each.square for each in inputs]
        self.next(self.end)

    @step
    def end(self):
        pass
"""

MANY = """
from flowport import FlowSpec, step


class Many(FlowSpec):
    @step
    def start(self):
        self.rows = range(2)
        self.next(self.row, foreach="rows")

    @step
    def row(self):
        self.columns = range(3)
        self.next(self.column, foreach="columns")

    @step
    def column(self):
        self.cells = range(self.input * 1000)
        self.next(self.cell, foreach="cells")

    @step
    def cell(self):
        self.next(self.cells_done)

    @step
    def cells_done(self, inputs):
        self.count = len(list(inputs))
        self.next(self.columns_done)

    @step
    def columns_done(self, inputs):
        self.counts = [each.count for each in inputs]
        self.next(self.rows_done)

    @step
    def rows_done(self, inputs):
        self.counts = [each.counts for each in inputs]
        self.next(self.end)

    @step
    def end(self):
        pass
"""


class Again:
    """A flow that does what a file beside it says, deployed; `mend` changes its source."""

    def __init__(self, airflow: AirflowRuns, folder: Path, dag: str) -> None:
        self.airflow, self.folder, self.dag = airflow, folder, dag
        self.deployed = self.deploy("sum(each.count for each in inputs)")

    def deploy(self, total: str) -> Deployed:
        path = self.folder / "again.py"
        path.write_text(AGAIN.format(source=str(self.folder / "told.json"), total=total))
        return self.airflow.deploy(path, self.dag)

    def tell(self, **what: Any) -> None:
        (self.folder / "told.json").write_text(json.dumps(what))

    def run(self) -> Ended:
        return self.airflow.run(self.deployed, {})

    def clear(self, task: str) -> Ended:
        self.airflow.scheduler.clear(self.dag, RUN, task)
        return self.airflow.ended(self.deployed)

    @property
    def left(self) -> Run:
        return find(open_store(self.deployed.store), "Again", RUN)

    @property
    def items(self) -> Counter[str]:
        return Counter(step for step, _ in self.left.all_items())


@pytest.fixture
def again(request: pytest.FixtureRequest, airflow: AirflowRuns, tmp_path: Path) -> Again:
    return Again(airflow, tmp_path, request.node.name[-60:])


def test_a_task_that_failed_is_cleared_and_what_follows_it_runs(again: Again) -> None:
    again.tell(numbers=[1, 0, 2], limit=2, kind="b", b_fails=True)
    failed = again.run()
    assert failed.state == "failed", "a failed task in an arm fails the run, though the other arm was skipped"
    assert (failed.states["b[-1]"], failed.states["a[-1]"], failed.states["end[-1]"]) == ("failed", "skipped", "upstream_failed")
    again.tell(kind="b")
    ended = again.clear("b")
    assert ended.succeeded, ended.said
    assert again.left.artifacts("end")["seen"] == (3, 2, "b")


def test_what_is_cleared_runs_again_and_nothing_of_before_is_left(again: Again) -> None:
    again.tell(numbers=[2, 1, 0, 3], limit=5, kind="a")
    assert again.run().succeeded
    assert again.left.artifacts("end")["seen"] == (6, 5, "a")
    assert again.items["one"] == 6
    again.tell(numbers=[1, 1], limit=2, kind="b")
    ended = again.clear("start")
    assert ended.succeeded, ended.said
    assert again.left.artifacts("end")["seen"] == (2, 2, "b")
    assert again.items == {"start": 1, "each": 2, "one": 2, "each_done": 2, "join": 1, "turn": 2, "pick": 1, "b": 1, "end": 1}
    again.tell(numbers=[1, 1], limit=4, kind="a")
    assert again.clear("turn_loop").succeeded
    assert again.left.artifacts("end")["seen"] == (2, 4, "a")
    assert (again.items["each"], again.items["turn"], again.items["b"]) == (2, 4, 0)


def test_a_step_is_mended_deployed_and_cleared(again: Again) -> None:
    again.tell(numbers=[1, 2], limit=1, kind="a")
    again.deployed = again.deploy("1 / 0")
    failed = again.run()
    assert failed.state == "failed"
    assert "ZeroDivisionError" in failed.output
    again.deployed = again.deploy("100 + sum(each.count for each in inputs)")
    _seen(again)
    ended = again.clear("join")
    assert ended.succeeded, ended.said
    assert again.left.artifacts("end")["seen"] == (103, 1, "a")


def _seen(again: Again) -> None:
    """Wait until Airflow has read the new file."""
    source = (again.airflow.scheduler.dags / f"{again.dag}.py").read_text()
    code = source.partition('"FLOWPORT_CODE": "')[2].partition('"')[0]
    scheduler = again.airflow.scheduler
    scheduler.until(lambda: code in json.dumps(scheduler.ask(f"/api/v2/dagSources/{again.dag}")), "Airflow to read the file again")


def test_a_run_goes_on_from_another_one_that_the_form_names(again: Again) -> None:
    again.tell(numbers=[2, 1], limit=1, kind="b", b_fails=True)
    assert again.run().state == "failed"
    again.tell(numbers=["not", "looked", "at"], limit=3, kind="b")
    ended = again.airflow.run(again.deployed, {"origin_run": RUN, "run_tags": ["second"]}, run="second+1")
    assert ended.succeeded, ended.said
    second = find(open_store(again.deployed.store), "Again", "second+1")
    assert second.artifacts("end")["seen"] == (3, 1, "b")
    assert second.doc["tags"] == ["second"]


def test_a_run_that_is_made_anew_under_an_old_id_is_refused(again: Again) -> None:
    again.tell(numbers=[1], limit=1, kind="a")
    assert again.run().succeeded
    again.airflow.scheduler.delete(again.dag, RUN)
    ended = again.run()
    assert ended.state == "failed"
    assert "of Again belongs to airflow/2" in ended.output
    assert again.clear("start").state == "success", "started with the same, and run again on purpose"


def test_a_thousand_items_three_deep_are_few_tasks(airflow: AirflowRuns, tmp_path: Path) -> None:
    (tmp_path / "many.py").write_text(MANY)
    ended = airflow.run(airflow.deploy(tmp_path / "many.py", width=4, total=4), {})
    assert ended.succeeded, ended.said
    assert ended.lost == []
    left = find(open_store(ended.store), "Many", RUN)
    assert left.artifacts("end")["counts"] == [[0, 1000, 2000], [0, 1000, 2000]]
    assert Counter(step for step, _ in left.all_items())["cell"] == 6000
    assert sum(task.startswith("cell[") for task in ended.states) == 4


def _runs(states: dict[str, str]) -> bool:
    """Whether a task runs, after the foreach has its items."""
    return "each[0]" in states and "running" in states.values()


def test_a_scheduler_that_is_killed_and_started_again_loses_nothing(databases: Databases, tmp_path: Path) -> None:
    (tmp_path / "slow.py").write_text(SLOW)
    patience = {
        "SCHEDULER__TASK_INSTANCE_HEARTBEAT_TIMEOUT": "10",
        "SCHEDULER__TASK_INSTANCE_HEARTBEAT_TIMEOUT_DETECTION_INTERVAL": "2",
        "SCHEDULER__ORPHANED_TASKS_CHECK_INTERVAL": "5",
        "SCHEDULER__SCHEDULER_HEALTH_CHECK_THRESHOLD": "10",
    }
    airflow = AirflowRuns(tmp_path / "airflow", databases.new(), **patience)
    deployed = airflow.deploy(tmp_path / "slow.py")
    with airflow:
        airflow.scheduler.trigger(deployed.dag, RUN, {})
        airflow.scheduler.until(lambda: _runs(airflow.scheduler.states(deployed.dag, RUN)), "an item to run", deployed.dag)
        airflow.scheduler.stop("scheduler", signal.SIGKILL)
        airflow.scheduler.start("scheduler")
        ended = airflow.ended(deployed)
    assert ended.succeeded, ended.said
    assert ended.lost == []
    assert find(open_store(ended.store), "Slow", RUN).artifacts("end")["squares"] == [0, 1, 4, 9, 16, 25]
    assert any(task["try_number"] > 1 for task in ended.tasks), "nothing was running when the scheduler died"


def test_a_form_has_the_fields_of_the_parameters(airflow: AirflowRuns) -> None:
    details = airflow.scheduler.known(airflow.deploy(FOLDER / "parameters.py", "the_form", owner="vision", tags=["ml"]).dag)
    fields = {name: (field["value"], field["schema"], field["description"]) for name, field in details["params"].items()}
    assert fields["count"][:2] == (3, {"type": "integer"})
    assert fields["ratio"][:2] == (1.0, {"type": "number"})
    assert fields["loud"][:2] == (False, {"type": "boolean"})
    assert fields["mode"][:2] == ("fast", {"type": "string", "enum": ["fast", "slow"]})
    assert fields["text"][1] == {"type": "string"}, "a text that must be given has no default"
    assert fields["options"][:2] == ({"a": [1, None]}, {"type": ["object", "array", "string", "number", "boolean", "null"]})
    assert fields["nothing"][:2] == (None, {"type": ["null", "string"]})
    assert fields["computed"][0] is None
    assert "computed when the run starts" in fields["computed"][2]
    assert fields["origin_run"][:2] == (None, {"type": ["null", "string"], "section": "Resume and tags"})
    assert details["owners"] == ["vision"]
    assert {tag["name"] for tag in details["tags"]} == {"flowport", "ml"}
    assert details["doc_md"].split() == ["Parameters", "start", "end"]


@pytest.mark.parametrize(
    ("given", "said"), [({"text": "", "count": "three"}, "count"), ({"text": "", "mode": "medium"}, "mode"), ({}, "text")]
)
def test_a_form_refuses_what_does_not_fit(airflow: AirflowRuns, given: dict[str, Any], said: str) -> None:
    deployed = airflow.deploy(FOLDER / "parameters.py", "the_form", owner="vision", tags=["ml"])
    with pytest.raises(urllib.error.HTTPError) as refused:
        airflow.scheduler.trigger(deployed.dag, f"refused-{said}", given)
    assert refused.value.code == 400
    assert said in refused.value.read().decode()


def test_a_dag_that_leaves_its_last_step_out_has_lost_it(airflow: AirflowRuns) -> None:
    """A canary: Airflow calls such a run a success."""
    deployed = airflow.deploy(FOLDER / "linear.py", "a_canary")
    path = airflow.scheduler.dags / "a_canary.py"
    source = path.read_text()
    (last,) = [line for line in source.splitlines() if line.startswith('    end = step("end"')]
    path.write_text(source.replace(last, "    end = dag").replace(" >> end", ""))
    ended = airflow.run(deployed, {})
    assert ended.succeeded
    assert ended.lost == ["step end has no manifest"]
