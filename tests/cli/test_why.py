"""`flowport why`: what was taken over from where, what ran again because of what, and what a task waits for."""

from __future__ import annotations

import json
import os
import pickle
import re
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from flowport.cli.group import run as flowport
from flowport.runtime.records.life import write_end
from flowport.runtime.records.signs import Pending, SignWriter
from flowport.runtime.store.errors import Corrupt
from flowport.runtime.store.folder import FolderStore
from flowport.runtime.store.keys import Keys
from flowport.workspace.why.plain import loads
from solo import Broken, Solo
from test_readme import blocks

FAN = """
import os

RATE = 1


def scaled(value, factor):
    # comments do not count
    return value * factor * RATE


class Fan(FlowSpec):
    numbers = Parameter("numbers", type=JSONType, default=[1, 2, 3])
    factor = Parameter("factor", type=int, default=2)

    @step
    def start(self):
        self.items = list(self.numbers)
        self.next(self.each, foreach="items")

    @retry(times=1)
    @catch(var="wrong")
    @environment(vars={"MODE": "fast"})
    @step
    def each(self):
        self.times = scaled(self.input, self.factor)
        pass
        self.next(self.join)

    @step
    def join(self, inputs):
        self.all = [one.times for one in inputs]
        self.next(self.end)

    @step
    def end(self):
        self.total = sum(self.all)
"""


class Lab:
    """Versions of flows that share a store, and the command that explains their runs."""

    def __init__(self, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self.folder, self.store, self._capsys = folder, FolderStore(str(folder / "store")), capsys
        self._flows: dict[str, Solo] = {}

    def flow(self, source: str = FAN, *changes: tuple[str, str]) -> Solo:
        """A flow; each of the changes replaces text of it."""
        for before, now in changes:
            assert before in source
            source = source.replace(before, now)
        if source not in self._flows:
            self._flows[source] = Solo(self.folder / str(len(self._flows)), source, self.store)
        return self._flows[source]

    def why(self, address: str, *words: str, status: int = 0) -> str:
        """What the command prints of an address; names of files and times are replaced."""
        self._capsys.readouterr()
        assert flowport(["why", address, "--store", self.store.url, *words]) == status
        return plain(self._capsys.readouterr().out)

    def reasons(self, address: str) -> list[str]:
        """The reasons of an item, below its headline."""
        return [line[2:] for line in self.why(address).splitlines()[1:]]


def plain(text: str) -> str:
    """Text without names of files and times."""
    text = re.sub(r"flow_\d+", "fan", text)
    text = re.sub(r" (after|in) \d+\.\d s", r" \1 SECONDS", text)
    return re.sub(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC", "TIME", text)


@pytest.fixture
def lab(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Lab:
    monkeypatch.setenv("FLOWPORT_CACHE", str(tmp_path / "cache"))
    return Lab(tmp_path, capsys)


def test_an_item_that_was_taken_over_names_the_run_in_which_it_ran(lab: Lab) -> None:
    flow = lab.flow()
    for run in (1, 2, 3):
        flow.run(str(run), parameters={}, origin_run=str(run - 1) if run > 1 else None)
    assert lab.why("Fan/3/each/r.1") == (
        "each/r.1 of run 3: taken over from run 1\n"
        "  run 3 resumes run 2\n"
        "  run 2 resumes run 1\n"
        "  it ran in run 1, and nothing that it read has changed since\n"
    )
    assert lab.why("Fan/1/end") == "end/r of run 1: done, ran, as the run resumes no other one\n"


def test_a_change_is_followed_to_the_parameter_where_it_began(lab: Lab) -> None:
    flow = lab.flow()
    flow.run("1")
    flow.run("2", parameters={"factor": 5}, origin_run="1")
    assert lab.why("Fan/2/end") == (
        "end/r of run 2: done, ran again\n"
        "  artifact `all` changed, which join/r set\n"
        "    join/r ran again: artifact `times` changed in 3 of 3 inputs, first in each/r.0\n"
        "      each/r.0 ran again: parameter `factor` changed, 2 -> 5\n"
    )


def test_a_run_is_explained_step_by_step_and_its_steps_with_an_example(lab: Lab) -> None:
    flow = lab.flow()
    flow.run("1")
    flow.run("2", parameters={"numbers": [1, 7, 3, 4]}, origin_run="1")
    assert lab.why("Fan/2") == (
        "Fan/2: done, resumes run 1\n"
        "\n"
        "STEP   ITEMS  WHY\n"
        "start      1  ran again: parameter `numbers` changed, [1, 2, 3] -> [1, 7, 3, 4]\n"
        "each       2  taken over from run 1 (r.0, r.2)\n"
        "           1  ran again: the element that it works on changed, of the foreach of start (r.1)\n"
        "           1  ran: run 1 has no such item (r.3)\n"
        "join       1  ran again: the number of inputs changed\n"
        "end        1  ran again: artifact `all` changed\n"
    )
    assert lab.why("Fan/2/each").splitlines()[2:5] == [
        "1 ran again: the element that it works on changed, of the foreach of start (r.1)",
        "  r.1: the element that it works on changed, of the foreach of start/r",
        "    start/r ran again: parameter `numbers` changed, [1, 2, 3] -> [1, 7, 3, 4]",
    ]
    assert lab.reasons("Fan/2/join") == [
        "the number of inputs changed, 3 -> 4",
        "  start/r ran again: parameter `numbers` changed, [1, 2, 3] -> [1, 7, 3, 4]",
        "artifact `times` changed in 1 of 4 inputs, first in each/r.1",
    ]


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ([("RATE = 1", "RATE = 2")], ["`RATE` changed (fan.py:5)", "  - RATE = 1", "  + RATE = 2"]),
        (
            [("factor * RATE", "RATE * factor"), ("# comments", "# other comments")],
            ["`scaled` changed (fan.py:8)", "  - return value * factor * RATE", "  + return value * RATE * factor"],
        ),
        ([("        pass\n", "        self.more = 1\n")], ["`Fan.each` changed (fan.py:26)", "  - pass", "  + self.more = 1"]),
        (
            [('"fast"', '"slow"')],
            [
                "`Fan.each` changed (fan.py:26)",
                '  - @environment(vars={"MODE": "fast"})',
                '  + @environment(vars={"MODE": "slow"})',
            ],
        ),
        ([("        pass\n", '        os.environ.get("A")\n'), ("import os", "import sys as os")], ["`Fan.each` changed (fan.py:26)"]),
    ],
)
def test_a_change_of_the_source_shows_its_lines(lab: Lab, changes: list[tuple[str, str]], said: list[str]) -> None:
    lab.flow().run("1")
    lab.flow(FAN, *changes).run("2", parameters={}, origin_run="1")
    assert lab.reasons("Fan/2/each/r.0")[: len(said)] == said


PACKAGES = """
from flowport import Config, pypi


class Job:
    size = 1


class Small(FlowSpec):
    config = Config("config", default_value='{"rate": 1, "other": 1}')

    @step
    def start(self):
        self.job, self.rate = Job(), self.config.rate
        self.next(self.middle)

    @pypi(packages={"click": ""})
    @step
    def middle(self):
        self.seen = self.job.size
        self.next(self.end)

    @step
    def end(self):
        pass
"""


@pytest.mark.parametrize(
    ("step", "change", "said"),
    [
        ("start", ('"rate": 1', '"rate": 2'), ["config `config.rate` changed, 1 -> 2"]),
        (
            "middle",
            ('{"click": ""}', '{"click": ">=8"}'),
            ["the packages of the step changed: packages, {'click': ''} -> {'click': '>=8'}"],
        ),
        ("middle", ("    size = 1", "    size = 2"), ["the code of `Job` changed (fan.py), of which it read an instance"]),
    ],
)
def test_configs_packages_and_classes_are_named(lab: Lab, step: str, change: tuple[str, str], said: list[str]) -> None:
    lab.flow(PACKAGES).run("1")
    lab.flow(PACKAGES, change).run("2", parameters={}, origin_run="1")
    assert lab.reasons(f"Small/2/{step}")[:1] == said


def test_an_item_that_had_not_finished_says_what_stopped_it(lab: Lab) -> None:
    plain = (("    @retry(times=1)\n", ""), ('    @catch(var="wrong")\n', ""))
    with pytest.raises(Broken):
        lab.flow(FAN, *plain, ("        pass\n", "        assert self.input != 2, 'two'\n")).run("1")
    lab.flow(FAN, *plain).run("2", parameters={}, origin_run="1")
    assert lab.why("Fan/2/each/r.1") == "each/r.1 of run 2: done, ran\n  run 1 did not finish it: AssertionError: two\n"
    assert "each       1  ran again: `Fan.each` changed" in lab.why("Fan/2")


def test_from_is_a_reason_for_all_that_follows(lab: Lab) -> None:
    flow = lab.flow()
    flow.run("1")
    flow.run("2", parameters={}, origin_run="1", from_="join")
    said = "the run was started with `--from join`, so nothing is taken over from that step on"
    assert lab.reasons("Fan/2/join") == lab.reasons("Fan/2/end") == [said]


def test_of_very_many_items_only_some_are_compared(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    flow = lab.flow()
    flow.run("1")
    flow.run("2", parameters={"factor": 5}, origin_run="1")
    monkeypatch.setattr("flowport.workspace.why.summary.COMPARED", 2)
    assert lab.why("Fan/2").splitlines()[4:6] == [
        "each       2  ran again: parameter `factor` changed, 2 -> 5 (r.0, r.1)",
        "           1  ran again: not compared, as there are so many: `flowport why` with an item says it of that item (r.2)",
    ]


def test_retries_and_what_catch_replaced_are_told(lab: Lab) -> None:
    failing = ("        pass\n", "        assert self.input != 2 or current.run_id != '1', f'try {current.retry_count}'\n")
    flow = lab.flow(FAN, failing)
    flow.run("1")
    assert lab.why("Fan/1/each/r.1") == (
        "each/r.1 of run 1: done, ran, as the run resumes no other one\n"
        "  `@catch` replaced AssertionError: try 1\n"
        "  attempt 0: failed: AssertionError: try 0 after SECONDS, started TIME\n"
        "  attempt 1: done in SECONDS, started TIME\n"
    )
    flow.run("2", parameters={}, origin_run="1")
    assert lab.reasons("Fan/2/each/r.1") == ["in run 1 `@catch` replaced it: AssertionError: try 1"]
    assert "1  ran, and `@catch` replaced an error (r.1)" in lab.why("Fan/1")


def test_a_join_says_what_it_waits_for(lab: Lab) -> None:
    flow = lab.flow()
    keys = Keys(flow.flow, "1")
    flow.perform("start")
    assert lab.why("Fan/1/join") == ("join/r of run 1: not begun\n  waits for `each`, which has not begun\n")
    flow.perform("each", "s.0")
    _sign(flow, keys, "s.1", time.time())
    _sign(flow, keys, "s.2", time.time() - 3600)
    assert lab.why("Fan/1/end") == (
        "end/r of run 1: not begun\n"
        "  waits for `join`, which has not begun\n"
        "    waits for `each`: of 3 tasks 1 running, 1 lost, 1 done (each/r.2 lost, each/r.1 running)\n"
    )
    assert lab.why("Fan/1/each/r.1").startswith("each/r.1 of run 1: running\n  attempt 0: running, started TIME\n")
    found = json.loads(lab.why("Fan/1/join", "--json"))
    assert found["state"] == "waiting"
    assert found["blockers"][0]["tasks"] == {"waiting": 0, "running": 1, "lost": 1, "failed": 0, "done": 1}


def _sign(flow: Solo, keys: Keys, slice: str, seen: float) -> None:
    """A sign of life of a task of `each` that was written at this time."""
    sign = SignWriter(keys, ("each", slice), seen - 1, 1.0, {"epoch": 0})
    sign.write(flow.store, Pending(0, 0, b"", 0, b""))
    os.utime(flow.path(sign.key), (seen, seen))


SWITCH = """
class Sorting(FlowSpec):
    @step
    def start(self):
        self.kind = "a"
        self.next({"a": self.left, "b": self.right}, condition="kind")

    @step
    def left(self):
        self.next(self.end)

    @step
    def right(self):
        self.next(self.end)

    @step
    def end(self):
        pass
"""


def test_a_step_that_a_switch_did_not_take_names_the_one_that_it_took(lab: Lab) -> None:
    lab.flow(SWITCH).run("1")
    assert lab.why("Sorting/1/right") == "right/r of run 1: did not come to this step\n  start/r went to left\n"
    assert "right         `start` is done, and its items went to `left` (1)\n" in lab.why("Sorting/1")


WAYS = """
class Ways(FlowSpec):
    kind = Parameter("kind", default="a")
    most = Parameter("most", type=int, default=2)
    broken = Parameter("broken", default="")

    @step
    def start(self):
        self.turn = 0
        self.next({"a": self.left, "b": self.right}, condition="kind")

    @step
    def left(self):
        self.next(self.meet)

    @step
    def right(self):
        self.next(self.beyond)

    @step
    def beyond(self):
        self.next(self.meet)

    @step
    def meet(self):
        self.next(self.loop)

    @step
    def loop(self):
        self.turn += 1
        self.more = self.turn < self.most
        self.next({True: self.loop, False: self.after}, condition="more")

    @step
    def after(self):
        assert not self.broken
        self.next(self.end)

    @step
    def end(self):
        pass
"""


@pytest.mark.parametrize("broken", ["", "yes"])
def test_what_the_earlier_run_never_had_is_not_called_unfinished(lab: Lab, broken: str) -> None:
    with suppress(Broken):
        lab.flow(WAYS).run("1", parameters={"broken": broken})
    new = lab.flow(
        WAYS, ("self.end)", "self.last)"), ("def end(", "def last(self):\n        self.next(self.end)\n\n    @step\n    def end(")
    )
    new.run("2", parameters={"kind": "b", "most": 3, "broken": ""}, origin_run="1")
    for step in ("right", "beyond"):
        assert lab.reasons(f"Ways/2/{step}") == ["in run 1 the item did not come to this step"]
    for address in ("loop/r.t2", "last"):
        assert lab.reasons(f"Ways/2/{address}") == ["run 1 has no such item"]
    table = lab.why("Ways/2")
    assert "beyond      1  ran: in run 1 the item did not come to this step\n" in table
    assert "last        1  ran: run 1 has no such item\n" in table
    if broken:
        assert lab.reasons("Ways/2/after")[0] == "run 1 did not finish it: AssertionError"
        assert lab.reasons("Ways/2/end") == ["run 1 did not finish it"]
    lab.why("Ways/1/loop/r.t9", status=2)
    lab.why("Ways/1/loop/r.t2", status=2)


def test_a_step_that_was_in_a_foreach_has_no_such_item(lab: Lab) -> None:
    lab.flow().run("1")
    moved = (
        ('self.each, foreach="items"', "self.each"),
        ("self.input", "self.items[0]"),
        ("join(self, inputs)", "join(self)"),
        ("[one.times for one in inputs]", "[self.times]"),
    )
    lab.flow(FAN, *moved).run("2", parameters={}, origin_run="1")
    assert lab.reasons("Fan/2/each") == ["run 1 has no such item"]


def test_the_nearest_run_in_which_catch_replaced_an_item_is_named(lab: Lab) -> None:
    failing = ("        pass\n", "        assert self.input != 2 or current.run_id == '1', 'two'\n")
    lab.flow().run("1")
    flow = lab.flow(FAN, failing)
    flow.run("2", parameters={}, origin_run="1")
    flow.run("3", parameters={}, origin_run="2")
    assert "           1  ran and `@catch` replaced an error: in run 2 `@catch` replaced it (r.1)\n" in lab.why("Fan/3")
    assert "  r.1: in run 2 `@catch` replaced it: AssertionError: two\n" in lab.why("Fan/3/each")
    assert "           1  ran again and `@catch` replaced an error: `Fan.each` changed (fan.py:26) (r.1)\n" in lab.why("Fan/2")
    lab.flow(FAN, ("        pass\n", "        self.more = 1\n")).run("4", parameters={}, origin_run="3")
    assert "           1  ran: in run 3 `@catch` replaced it (r.1)\n" in lab.why("Fan/4")


def test_an_earlier_run_that_is_damaged_is_named(lab: Lab) -> None:
    flow = lab.flow()
    flow.run("1")
    flow.run("2", parameters={"factor": 5}, origin_run="1")
    for manifest in flow.path(Keys(flow.flow, "1").steps).rglob("*@*.json"):
        manifest.write_text("{")
    for step in ("each/r.1", "join", "end"):
        assert lab.reasons(f"Fan/2/{step}") == ["run 1 can no longer be read"]


def test_a_foreach_without_elements_is_named(lab: Lab) -> None:
    lab.flow().run("1", parameters={"numbers": []})
    said = "the foreach of `start` has no elements\n"
    assert f"each          {said}" in lab.why("Fan/1")
    assert lab.why("Fan/1/each") == f"each of run 1: 0 items\n{said}"


def test_items_that_never_began_in_a_run_that_failed_are_counted(lab: Lab) -> None:
    flow = lab.flow(FAN, ('    @catch(var="wrong")\n', ""), ("        pass\n", "        assert self.input != 2\n"))
    with pytest.raises(Broken):
        flow.run("1", parameters={"numbers": [1, 2, 3]})
    write_end(flow.store, Keys(flow.flow, "1"), "failed")
    assert lab.why("Fan/1/each").splitlines()[0] == "each of run 1: 3 items"
    assert "waits for `each`: of 3 tasks 1 not begun, 1 failed, 1 done (each/r.1 failed)" in lab.why("Fan/1")


def test_the_page_shows_what_the_command_prints(lab: Lab) -> None:
    page = (Path(__file__).parents[2] / "docs" / "why.md").read_text(encoding="utf-8")
    (source,) = blocks("python", page)
    flow = lab.flow(source.partition("\n")[2])
    flow.run("1")
    flow.run("2", parameters={"numbers": [1, 7, 3, 4]}, origin_run="1")
    flow.run("3", parameters={"numbers": [1, 2, -3]}, origin_run="2")
    flow.run("5", parameters={"numbers": []})
    flow.perform("start", run="4")
    flow.perform("each", "s.0", run="4")
    _sign(flow, Keys("Fan", "4"), "s.1", time.time())
    _sign(flow, Keys("Fan", "4"), "s.2", time.time() - 3600)
    lab.flow(SWITCH).run("1")
    for block in blocks("console", page):
        command, _, output = block.partition("\n")
        assert lab.why(command.removeprefix("$ flowport why ")) == plain(output.replace(" on local\n", "\n")), command


MERGE = """
class Merge(FlowSpec):
    kind = Parameter("kind", default="")

    @step
    def start(self):
        self.next(self.one, self.two)

    @step
    def one(self):
        if self.kind:
            setattr(self, self.kind, 1)
        self.next(self.both)

    @step
    def two(self):
        self.next(self.both)

    @step
    def both(self, inputs):
        self.merge_artifacts(inputs)
        self.next(self.end)

    @step
    def end(self):
        self.seen = getattr(self, "extra", 0)
"""


def test_artifacts_that_are_new_are_named(lab: Lab) -> None:
    flow = lab.flow(MERGE)
    flow.run("1")
    flow.run("2", parameters={"kind": "extra"}, origin_run="1")
    assert lab.reasons("Merge/2/both") == ["the artifacts of its inputs have other names: it has `extra`"]
    assert lab.reasons("Merge/2/end")[:1] == ["artifact `extra` changed, which both/r set: it was not set then"]


def test_what_no_record_explains_is_said(lab: Lab) -> None:
    flow = lab.flow(FAN, ("        pass\n", "        self.large = [self.input] * 70_000\n"))
    flow.run("1")
    (blob,) = [
        path
        for path in Path(lab.store.url, "blobs").rglob("*")
        if path.is_file() and pickle.dumps([2] * 50, 5)[12:60] in path.read_bytes() and path.stat().st_size > 50_000
    ]
    blob.unlink()
    flow.run("2", parameters={}, origin_run="1")
    said = "nothing that is recorded has changed since run 1: a stored result of it may have been deleted"
    assert lab.reasons("Fan/2/each/r.1") == [said]
    assert f"each       2  taken over from run 1 (r.0, r.2)\n           1  ran again: {said} (r.1)\n" in lab.why("Fan/2")


def test_what_is_not_there_is_the_usual_error(lab: Lab, capsys: pytest.CaptureFixture[str]) -> None:
    lab.flow().run("1")
    for address in ("Fan/1/each/r.9", "Fan/1/nothing", "Fan/9", "Fun"):
        lab.why(address, status=2)


class _Harmful:
    def __reduce__(self) -> tuple[Callable[..., Any], tuple[str]]:
        return print, ("harm",)


def test_a_record_that_would_run_code_is_refused() -> None:
    with pytest.raises(Corrupt, match="plain data only"):
        loads(pickle.dumps(_Harmful()))
