"""Commits: whoever finishes last undoes nothing, a deliberate re-run wins, and what does not belong together is refused."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from flowport.runtime.protocol import DONE, FAILED, STOP, NonRetryable
from flowport.runtime.records.manifest import Manifests
from flowport.runtime.store.errors import Corrupt
from flowport.runtime.store.keys import Keys, blob_key
from solo import Broken, Solo

LINE = """
class Line(FlowSpec):
    @step
    def start(self):
        import os
        self.one = os.urandom(4)
        self.next(self.middle)

    @step
    def middle(self):
        import os
        self.two = os.urandom(4)
        self.next(self.end)

    @step
    def end(self):
        self.both = (self.one, self.two)
"""

FAN = """
class Fan(FlowSpec):
    @step
    def start(self):
        self.items = [1, 2, 3]
        self.next(self.each, foreach="items")

    @step
    def each(self):
        self.twice = 2 * self.input
        self.next(self.join)

    @step
    def join(self, inputs):
        self.all = [one.twice for one in inputs]
        self.next(self.end)

    @step
    def end(self):
        pass
"""


class Meanwhile:
    """A store in which something else happens just before a key is created for the first time."""

    def __init__(self, inner: Any, key: str, what: Callable[[], Any]) -> None:
        self.inner, self.key, self.what = inner, key, what

    def __getattr__(self, name: str) -> Any:
        return getattr(self.inner, name)

    def create(self, key: str, data: bytes) -> bool:
        if key == self.key:
            self.key = ""
            self.what()
        made: bool = self.inner.create(key, data)
        return made


@pytest.fixture
def line(tmp_path: Path) -> Solo:
    flow = Solo(tmp_path, LINE)
    flow.last = -1
    return flow


def generations(flow: Solo, step: str, slice: str = "s") -> list[str]:
    """The generations of a task's manifest."""
    prefix = Keys(flow.flow, "1").series(step, slice)
    return [key[len(prefix) :] for key in flow.store.names(prefix) if "route" not in key]


def test_a_cleared_task_commits_the_next_generation(line: Solo) -> None:
    line.perform("start")
    before = line.manifest("start")["nonce"]
    assert line.perform("start", epoch=1) == DONE
    assert generations(line, "start") == ["0.json", "1.json"]
    assert line.manifest("start")["nonce"] == before
    assert line.manifest("start", generation=1)["epoch"] == 1


def test_a_cleared_task_that_is_tried_again_adopts_its_own(line: Solo) -> None:
    line.perform("start")
    line.perform("start", epoch=1)
    assert line.perform("start", epoch=1) == DONE
    assert generations(line, "start") == ["0.json", "1.json"]


def test_a_zombie_adopts_what_a_cleared_task_committed(line: Solo) -> None:
    line.perform("start", epoch=2)
    assert line.perform("start", epoch=1) == DONE
    assert generations(line, "start") == ["0.json"]


def test_readers_take_the_highest_generation(line: Solo) -> None:
    line.run()
    line.perform("start", epoch=1)
    line.perform("middle", epoch=1)
    line.perform("end", epoch=1)
    last = line.artifacts("end")
    assert last["one"] == line.artifacts("start")["one"] == last["both"][0]
    assert last["two"] == line.artifacts("middle")["two"] == last["both"][1]


def test_a_task_behind_a_cleared_one_is_made_anew_in_the_same_epoch(line: Solo) -> None:
    line.perform("start")
    line.perform("middle")
    line.perform("start", epoch=1)
    assert line.perform("middle") == DONE
    assert generations(line, "middle") == ["0.json", "1.json"]
    assert line.artifacts("middle")["one"] == line.artifacts("start")["one"]


def test_a_zombie_that_finishes_after_a_cleared_task_undoes_nothing(line: Solo) -> None:
    key = Keys("Line", "1").manifest("start", "s", 0)
    store = Meanwhile(line.store, key, lambda: line.perform("start", epoch=1))
    assert line.perform("start", store=store) == DONE
    assert generations(line, "start") == ["0.json"]
    assert line.manifest("start")["epoch"] == 1


def test_a_zombie_with_other_inputs_that_finishes_after_a_cleared_task_undoes_nothing(line: Solo) -> None:
    line.perform("start")

    def cleared() -> None:
        line.perform("start", epoch=1)
        line.perform("middle", epoch=1)

    store = Meanwhile(line.store, Keys("Line", "1").manifest("middle", "s", 0), cleared)
    assert line.perform("middle", store=store) == DONE
    assert generations(line, "middle") == ["0.json"]
    assert line.artifacts("middle")["one"] == line.artifacts("start")["one"]


def test_a_cleared_task_that_a_zombie_overtakes_goes_one_further(line: Solo) -> None:
    key = Keys("Line", "1").manifest("start", "s", 0)
    store = Meanwhile(line.store, key, lambda: line.perform("start"))
    assert line.perform("start", store=store, epoch=1) == DONE
    assert generations(line, "start") == ["0.json", "1.json"]
    assert line.manifest("start", generation=1)["epoch"] == 1


def test_where_generation_0_is_read_a_task_with_other_inputs_stops_before_it_runs(line: Solo, capfd: pytest.CaptureFixture[str]) -> None:
    line.run()
    line.last = 0
    line.path(Keys("Line", "1").manifest("start", "s", 0)).unlink()
    line.perform("start")
    assert line.perform("middle") == STOP
    assert "reads generation 0 only" in capfd.readouterr().err
    assert generations(line, "middle") == ["0.json"]
    assert line.store.names("flows/Line/runs/1/steps/middle/s.attempt/") == []


def test_a_manifest_that_was_deleted_behind_its_back_is_named(line: Solo, capfd: pytest.CaptureFixture[str]) -> None:
    line.perform("start")
    line.path("flows/Line/runs/1/steps/start/s@0.json").unlink()
    assert line.perform("middle") == STOP
    assert "`flows/Line/runs/1/steps/start/s@0.json` is not in" in capfd.readouterr().err


def test_a_manifest_that_is_cut_off_is_named(line: Solo, capfd: pytest.CaptureFixture[str]) -> None:
    line.perform("start")
    path = line.path("flows/Line/runs/1/steps/start/s@0.json")
    path.write_bytes(path.read_bytes()[:-10])
    assert line.perform("middle") == FAILED
    assert "the manifest start/s@0 is not whole" in capfd.readouterr().err


ODD: list[Any] = [None, -1, "x", [1], [["a", 1]], {}]


def places(value: Any, way: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The way to every part of a document."""
    yield way
    for key in value if isinstance(value, dict) else range(len(value)) if isinstance(value, list) else ():
        yield from places(value[key], (*way, key))


def test_a_manifest_whose_fields_are_odd_is_named_or_read_and_breaks_no_task(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    flow = Solo(tmp_path, FAN.replace("        self.items", "        self.kept = 1\n        self.items"))
    flow.width = 2
    flow.run()
    capfd.readouterr()
    for step, slice, after in [("start", "s", ("each", "s.0")), ("each", "s.1", ("join", "s"))]:
        path = flow.path(Keys(flow.flow, "1").manifest(step, slice, 0))
        whole = path.read_text()
        path.chmod(0o644)
        for way in places(json.loads(whole)):
            for odd in ODD:
                document = json.loads(whole)
                part = document
                for key in way[:-1]:
                    part = part[key]
                if way:
                    part[way[-1]] = odd
                path.write_text(json.dumps(document if way else odd))
                reached = flow.path(Keys(flow.flow, "1").manifest(*after, 0))
                aside = reached.rename(tmp_path / "aside")
                code = flow.perform(*after)
                said = capfd.readouterr().err
                assert code in (DONE, FAILED, STOP), (step, way, odd)
                assert "Traceback" not in said or "has no such artifact" in said, (step, way, odd, said)
                reached.unlink(missing_ok=True)
                aside.rename(reached)
        path.write_text(whole)


def test_a_join_names_the_slice_that_was_lost(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    flow = Solo(tmp_path, FAN)
    with pytest.raises(Broken) as broken:
        flow.run(skip=(("each", "s.1"),))
    assert (broken.value.step, broken.value.code) == ("join", STOP)
    assert "step `each` has no manifest for s.1" in capfd.readouterr().err


def test_a_join_refuses_a_slice_of_another_split(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    flow = Solo(tmp_path, FAN)
    flow.last = -1
    for step, slice in [("start", "s"), ("each", "s.0"), ("each", "s.1"), ("each", "s.2")]:
        flow.perform(step, slice)
    flow.perform("start", epoch=1)
    for slice in ("s.0", "s.2"):
        flow.perform("each", slice)
    assert flow.perform("join") == STOP
    assert "each/s.1@0 was made from start/s@0, but start/s@1 is in force now: run `each` again" in capfd.readouterr().err


def test_a_step_that_lost_items_at_a_switch_names_them(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    flow = Solo(
        tmp_path,
        """
class Ways(FlowSpec):
    @step
    def start(self):
        self.items = [0, 1, 2, 3]
        self.next(self.each, foreach="items", batch=4)

    @step
    def each(self):
        self.odd = bool(self.input % 2)
        self.next({True: self.left, False: self.right}, condition="odd")

    @step
    def left(self):
        self.next(self.meet)

    @step
    def right(self):
        self.next(self.meet)

    @step
    def meet(self):
        self.next(self.join)

    @step
    def join(self, inputs):
        self.next(self.end)

    @step
    def end(self):
        pass
""",
    )
    for step, slice in [("start", "s"), ("each", "s.0"), ("left", "s.0"), ("right", "s.0")]:
        assert flow.perform(step, slice) == DONE
    path = flow.path("flows/Ways/runs/1/steps/right/s.0@0.json")
    document = json.loads(path.read_bytes())
    document["to"] = {"meet": [[0, 1]]}
    path.write_text(json.dumps(document))
    assert flow.perform("meet", "s.0") == STOP
    assert "1 item of s.0 (rows 2) never came to step `meet`" in capfd.readouterr().err


def test_two_manifests_of_different_histories_are_refused(tmp_path: Path) -> None:
    flow = Solo(tmp_path, LINE)
    flow.run()
    manifests = Manifests(flow.store, Keys("Line", "1"), 0)
    manifests.need("start", "s")
    manifests.need("middle", "s").doc["after"][0][3] = "0" * 64
    with pytest.raises(NonRetryable, match="run `middle` again"):
        manifests.check()


class Cutting:
    """A store that keeps only the first half of what is written with write number `at`, and says that all is well."""

    def __init__(self, inner: Any, at: int) -> None:
        self.inner, self.at, self.writes = inner, at, 0

    def __getattr__(self, name: str) -> Any:
        return getattr(self.inner, name)

    def _cut(self, key: str) -> None:
        self.writes += 1
        if self.writes == self.at:
            path = Path(self.inner.root, key)
            path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])

    def create(self, key: str, data: bytes) -> bool:
        made: bool = self.inner.create(key, data)
        if made:
            self._cut(key)
        return made

    def replace(self, key: str, data: bytes) -> None:
        self.inner.replace(key, data)
        self._cut(key)

    def put_blob(self, parts: Any) -> tuple[str, int]:
        sha, size = self.inner.put_blob(parts)
        self._cut(blob_key(sha))
        return sha, size


def test_what_a_store_cuts_off_is_never_taken_for_a_value(tmp_path: Path) -> None:
    right = 0
    for at in range(1, 25):
        flow = Solo(tmp_path / str(at), FAN)
        store = Cutting(flow.store, at)
        tasks = [("start", "s"), ("each", "s.0"), ("each", "s.1"), ("each", "s.2"), ("join", "s"), ("end", "s")]
        codes = [flow.perform(step, slice, store=store) for step, slice in tasks]
        if set(codes) == {DONE} and store.writes < at:
            right += 1
        if codes[-1] == DONE and at > 1:
            try:
                found = flow.artifacts("end")["all"]
            except Corrupt:
                continue
            assert found == [2, 4, 6], f"write {at}"
    assert right, "some writes lie beyond the last one of the run"
