"""Resuming: what is unchanged is taken over by reference, and nothing else."""

from __future__ import annotations

import json
import os
import pickle
import time
from pathlib import Path
from typing import Any

import pytest

from flowport.runtime.protocol import FAILED, STOP
from flowport.runtime.records.reuse import ReuseCount, share
from flowport.runtime.store.folder import FolderStore
from flowport.runtime.store.keys import Keys
from flowport.runtime.store.writes import DAY
from solo import Broken, Solo

LOUD = """
import os


def ran(flow):
    with open(flow.log, "a") as file:
        file.write(f"{current.step_name}/{current.task_id}\\n")
"""


class Lab:
    """Flows that share a store and write down which items ran."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.store = folder, FolderStore(str(folder / "store"))
        self.file = folder / "log"
        self.flows = 0

    def flow(self, source: str) -> Solo:
        """A flow, or a mended version of it."""
        self.flows += 1
        return Solo(self.folder / str(self.flows), LOUD + source, self.store)

    def ran(self) -> list[str]:
        """What ran since this was asked last."""
        found = sorted(self.file.read_text().split()) if self.file.exists() else []
        self.file.unlink(missing_ok=True)
        return found

    def given(self, **more: Any) -> dict[str, Any]:
        """The parameters of a run."""
        return {"log": str(self.file), **more}


@pytest.fixture
def lab(tmp_path: Path) -> Lab:
    return Lab(tmp_path)


FAN = """
class Fan(FlowSpec):
    log = Parameter("log")
    numbers = Parameter("numbers", type=JSONType, default=[1, 2, 3])
    factor = Parameter("factor", type=int, default=2)

    @step
    def start(self):
        ran(self)
        self.items = list(self.numbers)
        self.said = "x" * 100_000
        self.next(self.each, foreach="items"{batch})

    @step
    def each(self):
        ran(self)
        self.big = [self.input] * 30_000
        self.times = self.input * self.factor
        {each}
        self.next(self.join)

    @step
    def join(self, inputs):
        ran(self)
        self.all = [one.times for one in inputs]
        {join}
        self.next(self.end)

    @step
    def end(self):
        ran(self)
        self.total = sum(self.all)
"""

ALL = ["each/r.0", "each/r.1", "each/r.2", "end/r", "join/r", "start/r"]


def fan(each: str = "pass", join: str = "pass", batch: int = 1) -> str:
    return FAN.format(each=each, join=join, batch=f", batch={batch}" if batch > 1 else "")


def test_an_unchanged_run_runs_nothing_again(lab: Lab) -> None:
    flow = lab.flow(fan())
    flow.run("1", parameters=lab.given())
    assert lab.ran() == ALL
    flow.run("2", parameters={}, origin_run="1")
    assert lab.ran() == []
    assert flow.everything("2") == flow.everything("1")


def test_what_is_taken_over_is_not_stored_again(lab: Lab) -> None:
    flow = lab.flow(fan())
    flow.run("1", parameters=lab.given())
    before = {path for path in Path(lab.store.root, "blobs").rglob("*") if path.is_file() and path.stat().st_size > 50_000}
    flow.run("2", parameters={}, origin_run="1")
    after = {path for path in Path(lab.store.root, "blobs").rglob("*") if path.is_file() and path.stat().st_size > 50_000}
    assert after == before


def large(lab: Lab) -> list[Path]:
    """The blobs of large values."""
    return [path for path in Path(lab.store.root, "blobs").rglob("*") if path.is_file() and path.stat().st_size > 50_000]


def test_blobs_that_a_resumed_run_relies_on_count_as_new(lab: Lab) -> None:
    flow = lab.flow(fan(each="self.huge = [self.input] * 70_000"))
    flow.run("1", parameters=lab.given(numbers=[1, 2, 3]))
    then = time.time() - 40 * DAY
    for path in large(lab):
        os.utime(path, (then, then))
    lab.ran()
    flow.run("2", parameters={}, origin_run="1")
    assert lab.ran() == []
    assert len(large(lab)) > 3
    assert all(path.stat().st_mtime > then + DAY for path in large(lab))


def test_an_item_whose_blob_is_gone_runs_again(lab: Lab) -> None:
    flow = lab.flow(fan(each="self.huge = [self.input] * 70_000"))
    flow.run("1", parameters=lab.given())
    lab.ran()
    entry = pickle.dumps([2] * 70_000, 5)
    (path,) = [path for path in large(lab) if entry[:100] in path.read_bytes()]
    path.unlink()
    flow.run("2", parameters={}, origin_run="1")
    assert lab.ran() == ["each/r.1"]
    assert flow.artifacts("each", "r.1", run="2")["huge"] == [2] * 70_000


def test_a_list_that_grew_runs_the_new_items_and_what_joins_them(lab: Lab) -> None:
    flow = lab.flow(fan())
    flow.run("1", parameters=lab.given())
    lab.ran()
    flow.run("2", parameters={"numbers": [1, 2, 3, 4]}, origin_run="1")
    assert lab.ran() == ["each/r.3", "end/r", "join/r", "start/r"]
    assert flow.artifacts("end", run="2")["total"] == 20


def test_a_list_that_shrank_runs_what_joins_it(lab: Lab) -> None:
    flow = lab.flow(fan())
    flow.run("1", parameters=lab.given())
    lab.ran()
    flow.run("2", parameters={"numbers": [1, 2]}, origin_run="1")
    assert lab.ran() == ["end/r", "join/r", "start/r"]
    assert flow.artifacts("join", run="2")["all"] == [2, 4]


def test_an_element_that_changed_runs_alone(lab: Lab) -> None:
    flow = lab.flow(fan())
    flow.run("1", parameters=lab.given())
    lab.ran()
    flow.run("2", parameters={"numbers": [1, 7, 3]}, origin_run="1")
    assert lab.ran() == ["each/r.1", "end/r", "join/r", "start/r"]


def test_a_parameter_that_changed_runs_who_read_it(lab: Lab) -> None:
    flow = lab.flow(fan())
    flow.run("1", parameters=lab.given())
    lab.ran()
    flow.run("2", parameters={"factor": 5}, origin_run="1")
    assert lab.ran() == ["each/r.0", "each/r.1", "each/r.2", "end/r", "join/r"]
    assert flow.artifacts("end", run="2")["total"] == 30


def test_parameters_come_from_the_origin_unless_given(lab: Lab) -> None:
    flow = lab.flow(fan())
    flow.run("1", parameters=lab.given(factor=5, numbers=[4]))
    lab.ran()
    flow.run("2", parameters={}, origin_run="1")
    assert lab.ran() == []
    flow.run("3", parameters={"factor": "2"}, origin_run="1")
    assert lab.ran() == ["each/r.0", "end/r", "join/r"], "a value that was given is taken, also when it is the default"
    assert flow.artifacts("end", run="3")["total"] == 8


def test_a_form_sends_defaults_that_nobody_chose(lab: Lab) -> None:
    flow = lab.flow(fan())
    flow.run("1", parameters=lab.given(factor=5, numbers=[4]))
    lab.ran()
    flow.run("2", parameters={"factor": "2", "numbers": [1, 2, 3]}, origin_run="1", form=True)
    assert lab.ran() == [], "values that equal the default count as not given"
    assert flow.artifacts("end", run="2")["total"] == 20


def test_a_mended_step_runs_again_with_what_follows_from_it(lab: Lab) -> None:
    broken = lab.flow(fan(join="raise ValueError"))
    with pytest.raises(Broken):
        broken.run("1", parameters=lab.given())
    assert lab.ran() == ["each/r.0", "each/r.1", "each/r.2", "join/r", "start/r"]
    mended = lab.flow(fan(join="self.all.reverse()"))
    mended.run("2", parameters={}, origin_run="1")
    assert lab.ran() == ["end/r", "join/r"]
    assert mended.artifacts("join", run="2")["all"] == [6, 4, 2]


def test_a_mended_step_that_comes_to_the_same_changes_nothing_behind_it(lab: Lab) -> None:
    lab.flow(fan()).run("1", parameters=lab.given())
    lab.ran()
    lab.flow(fan(each="self.unused = 0")).run("2", parameters={}, origin_run="1")
    assert lab.ran() == ["each/r.0", "each/r.1", "each/r.2"]


def test_a_resumed_run_is_resumed_from_its_own_origin_too(lab: Lab) -> None:
    flow = lab.flow(fan())
    flow.run("1", parameters=lab.given())
    broken = lab.flow(fan(each="raise ValueError"))
    with pytest.raises(Broken):
        broken.run("2", parameters={}, origin_run="1")
    lab.ran()
    flow.run("3", parameters={}, origin_run="2")
    assert lab.ran() == []
    assert flow.everything("3") == flow.everything("1")


def test_a_manifest_says_which_items_were_taken_over_and_in_which_run_they_ran(lab: Lab) -> None:
    flow = lab.flow(fan(batch=2))
    flow.run("1", parameters=lab.given())
    flow.run("2", parameters={"numbers": [1, 2, 3, 4]}, origin_run="1")
    assert "taken" not in flow.manifest("each", "s.0", "1")
    assert flow.manifest("each", "s.1", "2")["taken"] == [["1", [[0, 1]]]]
    assert str(ReuseCount([flow.manifest("each", "s.1", "2")])) == "done, 1 of 2 items taken over"
    flow.run("3", parameters={}, origin_run="2")
    assert flow.manifest("each", "s.0", "3")["taken"] == [["1", [[0, 2]]]]
    assert flow.manifest("each", "s.1", "3")["taken"] == [["1", [[0, 1]]], ["2", [[1, 2]]]]
    assert str(ReuseCount([flow.manifest("each", "s.1", "3")])) == "taken over from 1, 2"
    assert flow.everything("3") == flow.everything("2")


def test_how_much_of_a_run_was_taken_over_is_counted(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    flow = lab.flow(fan())
    flow.run("1", parameters=lab.given())
    flow.run("2", parameters={"numbers": [1, 2, 3, 4]}, origin_run="1")
    assert share(flow.store, Keys(flow.flow, "1")) is None
    found = share(flow.store, Keys(flow.flow, "2"))
    assert found is not None
    assert (found.items, found.of, found.more) == (3, 7, False)
    monkeypatch.setattr("flowport.runtime.records.reuse.LOOKED_AT", 2)
    found = share(flow.store, Keys(flow.flow, "2"))
    assert found is not None
    assert (found.of, found.more) == (2, True)


def test_a_manifest_that_does_not_say_what_was_taken_over_says_that_it_is_done() -> None:
    assert str(ReuseCount([{"arrived": [[0, 3]]}])) == "done"
    assert str(ReuseCount([])) == "done", "of a task that no item comes to there is no manifest"


def test_an_origins_origin_that_was_removed_is_done_without(lab: Lab) -> None:
    flow = lab.flow(fan())
    flow.run("1", parameters=lab.given())
    flow.run("2", parameters={}, origin_run="1")
    flow.path("flows/Fan/runs/1/run.json").unlink()
    lab.ran()
    flow.run("3", parameters={}, origin_run="2")
    assert lab.ran() == []


def test_an_origin_that_is_not_there_is_named(lab: Lab, capfd: pytest.CaptureFixture[str]) -> None:
    flow = lab.flow(fan())
    with pytest.raises(Broken) as broken:
        flow.run("2", parameters={}, origin_run="1")
    assert broken.value.code == STOP
    assert "resumes run `1` of Fan, which is not in" in capfd.readouterr().err


def test_from_runs_a_step_again_and_all_that_follows_from_it(lab: Lab) -> None:
    flow = lab.flow(fan())
    flow.run("1", parameters=lab.given())
    for run, first, again in [
        ("2", "each", ["each/r.0", "each/r.1", "each/r.2", "end/r", "join/r"]),
        ("3", "join", ["end/r", "join/r"]),
        ("4", "start", ALL),
    ]:
        lab.ran()
        flow.run(run, parameters={}, origin_run="1", from_=first)
        assert lab.ran() == again


def test_from_a_step_that_is_none_is_named(lab: Lab, capfd: pytest.CaptureFixture[str]) -> None:
    flow = lab.flow(fan())
    flow.run("1", parameters=lab.given())
    with pytest.raises(Broken):
        flow.run("2", parameters={}, origin_run="1", from_="eech")
    assert "`eech`, which is no step of Fan" in capfd.readouterr().err


def test_finished_items_of_a_slice_that_failed_are_taken_over(lab: Lab) -> None:
    broken = lab.flow(fan(each="if self.input == 2: raise ValueError", batch=3))
    with pytest.raises(Broken):
        broken.run("1", parameters=lab.given())
    assert lab.ran() == ["each/r.0", "each/r.1", "each/r.2", "start/r"]
    broken.run("2", parameters={"numbers": [1, 5, 3]}, origin_run="1")
    assert lab.ran() == ["each/r.1", "end/r", "join/r", "start/r"]


def test_finished_items_of_a_slice_that_was_killed_are_taken_over(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("flowport.runtime.records.attempts.PERIOD", -1.0)
    flow = lab.flow(fan(each="if self.input == 3 and current.run_id == '1': os.kill(os.getpid(), 9)", batch=3))
    with pytest.raises(Broken) as killed:
        flow.run("1", apart=True, parameters=lab.given())
    assert killed.value.code == -9
    assert lab.ran() == ["each/r.0", "each/r.1", "each/r.2", "start/r"]
    flow.run("2", parameters={}, origin_run="1")
    assert lab.ran() == ["each/r.2", "end/r", "join/r"]


def test_items_are_found_in_whatever_slices_the_origin_had(lab: Lab) -> None:
    flow = lab.flow(fan(batch=2))
    flow.run("1", parameters=lab.given(numbers=[1, 2, 3, 4, 5]))
    lab.ran()
    flow.width = 1
    flow.run("2", parameters={}, origin_run="1")
    assert lab.ran() == ["start/r"] or lab.ran() == []
    assert flow.artifacts("end", run="2") == flow.artifacts("end", run="1")


def test_caught_items_run_again(lab: Lab) -> None:
    source = (
        fan(each='if self.input == 2 and current.run_id == "1": raise ValueError')
        .replace("    @step\n    def each", '    @catch(var="failed")\n    @step\n    def each')
        .replace("one.times for one in inputs", "getattr(one, 'times', 0) for one in inputs")
    )
    flow = lab.flow(source)
    flow.run("1", parameters=lab.given())
    assert flow.artifacts("join")["all"] == [2, 4, 6], "it was set before the exception"
    lab.ran()
    flow.run("2", parameters={}, origin_run="1")
    assert lab.ran() == ["each/r.1"]
    assert flow.artifacts("each", "r.1", run="2")["failed"] is None


MERGING = """
class Merging(FlowSpec):
    log = Parameter("log")

    @step
    def start(self):
        ran(self)
        self.next(self.left, self.right)

    @step
    def left(self):
        ran(self)
        self.one = 1
        {left}
        self.next(self.join)

    @step
    def right(self):
        ran(self)
        self.one = 1
        self.next(self.join)

    @step
    def join(self, inputs):
        ran(self)
        self.merge_artifacts(inputs)
        self.next(self.end)

    @step
    def end(self):
        ran(self)
"""


def test_a_join_that_merged_runs_again_when_there_is_more_to_merge(lab: Lab) -> None:
    lab.flow(MERGING.format(left="pass")).run("1", parameters=lab.given())
    lab.ran()
    mended = lab.flow(MERGING.format(left="self.two = 2"))
    mended.run("2", parameters={}, origin_run="1")
    assert lab.ran() == ["join/r", "left/r"]
    assert mended.artifacts("end", run="2")["two"] == 2


NESTED = """
class Nested(FlowSpec):
    log = Parameter("log")
    lists = Parameter("lists", type=JSONType)
    add = Parameter("add", type=int, default=0)

    @step
    def start(self):
        self.next(self.outer, foreach="lists"{batch})

    @step
    def outer(self):
        ran(self)
        self.items = self.input
        self.next(self.inner, foreach="items")

    @step
    def inner(self):
        self.turns = 0
        self.value = self.input
        self.next(self.turn)

    @step
    def turn(self):
        ran(self)
        self.turns += 1
        self.way = "again" if self.turns < self.input else "done"
        self.next({{"again": self.turn, "done": self.odd}}, condition="way")

    @step
    def odd(self):
        self.is_odd = self.value % 2 == 1
        self.next({{True: self.more, False: self.same}}, condition="is_odd")

    @step
    def more(self):
        ran(self)
        self.value += 100 + self.add
        self.next(self.meet)

    @step
    def same(self):
        ran(self)
        self.next(self.meet)

    @step
    def meet(self):
        self.next(self.gather)

    @step
    def gather(self, inputs):
        ran(self)
        self.values = [[one.value, one.turns] for one in inputs]
        self.next(self.collect)

    @step
    def collect(self, inputs):
        ran(self)
        self.values = [one.values for one in inputs]
        self.next(self.end)

    @step
    def end(self):
        pass
"""


@pytest.mark.parametrize("batch", [1, 2])
def test_nested_items_in_loops_and_switches_are_taken_over(lab: Lab, batch: int) -> None:
    flow = lab.flow(NESTED.format(batch=f", batch={batch}" if batch > 1 else ""))
    flow.run("1", parameters=lab.given(lists=[[1, 2], [], [3]]))
    assert flow.artifacts("end")["values"] == [[[101, 1], [2, 2]], [], [[103, 3]]]
    lab.ran()
    flow.run("2", parameters={}, origin_run="1")
    assert lab.ran() == []
    flow.run("3", parameters={"lists": [[1, 2, 2], [], [3], [1]]}, origin_run="2")
    assert flow.artifacts("end", run="3")["values"] == [[[101, 1], [2, 2], [2, 2]], [], [[103, 3]], [[101, 1]]]
    assert lab.ran() == [
        "collect/r", "gather/r.0", "gather/r.3", "more/r.3.0", "outer/r.0", "outer/r.3",
        "same/r.0.2", "turn/r.0.2.t0", "turn/r.0.2.t1", "turn/r.3.0.t0",
    ]  # fmt: skip
    flow.run("4", parameters={"add": 1000}, origin_run="3")
    assert lab.ran() == ["collect/r", "gather/r.0", "gather/r.2", "gather/r.3", "more/r.0.0", "more/r.2.0", "more/r.3.0"]


def test_a_join_is_taken_over_however_its_inputs_are_cut(lab: Lab) -> None:
    flow = lab.flow(NESTED.format(batch=""))
    flow.run("1", parameters=lab.given(lists=[[1, 2, 3, 4], [5, 6]]))
    lab.ran()
    flow.width, flow.total = 3, 3
    flow.run("2", parameters={"lists": [[1, 2, 3, 4], [5, 6], [7]]}, origin_run="1")
    assert [line for line in lab.ran() if "gather" in line] == ["gather/r.2"]


def test_a_try_of_another_run_is_not_taken_for_ones_own(lab: Lab) -> None:
    first = lab.flow(fan(each="if self.input == 2: raise ValueError", batch=3))
    with pytest.raises(Broken):
        first.run("1", parameters=lab.given())
    second = lab.flow(fan(each="raise ValueError", batch=3))
    with pytest.raises(Broken):
        second.run("2", parameters={}, origin_run="1")
    lab.ran()
    with pytest.raises(Broken) as broken:
        first.run("3", parameters={}, origin_run="2")
    assert broken.value.code == FAILED
    assert lab.ran() == ["each/r.1"]


@pytest.mark.parametrize("step", ["start", "each", "join"])
def test_items_whose_pack_is_gone_run_again(lab: Lab, step: str) -> None:
    flow = lab.flow(fan())
    flow.run("1", parameters=lab.given())
    whole = flow.everything("1")
    for name in flow.store.names(f"flows/Fan/runs/1/steps/{step}/"):
        if name.endswith("@0.json"):
            document = json.loads(flow.path(name).read_bytes())
            for column in (document["reads"], *document["own"].values()):
                flow.path(f"blobs/{column['pack'][:2]}/{column['pack']}").unlink(missing_ok=True)
    lab.ran()
    flow.run("2", parameters={}, origin_run="1")
    assert any(step in line for line in lab.ran())
    assert flow.everything("2") == whole


def test_a_damaged_run_before_the_origin_is_done_without(lab: Lab) -> None:
    flow = lab.flow(fan())
    flow.run("1", parameters=lab.given())
    flow.run("2", parameters={}, origin_run="1")
    flow.path("flows/Fan/runs/1/run.json").write_text("{")
    lab.ran()
    flow.run("3", parameters={}, origin_run="2")
    assert lab.ran() == []
