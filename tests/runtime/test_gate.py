"""Whether a run begins: it waits for all that it is triggered by, not too soon after another one, and every attempt decides the same."""

from __future__ import annotations

import json
import threading
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from flowport.runtime.protocol import STOP, Invocation, NonRetryable
from flowport.runtime.records.life import write_end
from flowport.runtime.run import gate
from flowport.runtime.store import documents
from flowport.runtime.store.folder import FolderStore
from flowport.runtime.store.keys import Keys
from flowport.runtime.store.keys import gate as gate_key
from solo import Broken, Solo

A, B, A2 = ({"type": "run", "flow": flow, "run": run} for flow, run in (("A", "1"), ("B", "1"), ("A", "2")))
EVENT = {"type": "event", "name": "labels"}


class Gate:
    """A flow that waits for what is `needed`, and its store."""

    def __init__(self, folder: Path, *needed: str, cooldown: int = 0) -> None:
        self.store, self.cooldown = FolderStore(str(folder)), cooldown
        self.program: Any = SimpleNamespace(flow={"upstream": list(needed), "start": "start"})

    def invocation(self, run: str) -> Invocation:
        return Invocation("F", run, "begin-run", "s", self.store.url, "0" * 64, width=1, total=1, cooldown=self.cooldown)

    def __call__(self, run: str, *came: dict[str, Any], forced: bool = False) -> list[dict[str, Any]] | None:
        return gate._admitted(self.store, self.invocation(run), self.program, list(came), None if forced or not came else self.check)

    def check(self, started: list[dict[str, Any]]) -> None:
        if any(each.get("payload") == {"n": "many"} for each in started):
            raise NonRetryable("`n` is no number")

    def state(self) -> Any:
        return documents.load(self.store.read(gate_key("F", "")))


def test_a_run_waits_for_all_flows_and_has_the_latest_run_of_each(tmp_path: Path) -> None:
    admitted = Gate(tmp_path, "A", "B")
    assert admitted("r-1", A) is None
    assert admitted("r-2", A2) is None
    assert admitted("r-3", B) == [A2, B]
    assert admitted.state()["waiting"] == {}
    assert admitted("r-4", {**B, "run": "2"}) is None, "it waits for both again"


def test_every_attempt_decides_the_same(tmp_path: Path) -> None:
    admitted = Gate(tmp_path, "A", "B")
    assert admitted("r-1", A) is None
    assert admitted("r-2", B) == [A, B]
    assert admitted("r-1", A) is None
    assert admitted("r-2", B) == [A, B]
    assert admitted.state()["waiting"] == {}, "an attempt that came again brought its flow a second time"


def test_what_an_engine_sends_twice_starts_one_run(tmp_path: Path) -> None:
    admitted = Gate(tmp_path, "A")
    assert admitted("r-1", A) == [A]
    assert admitted("r-2", A) is None
    assert admitted("r-3", A2) == [A2]


def test_events_without_an_id_are_different_ones(tmp_path: Path) -> None:
    admitted = Gate(tmp_path)
    assert [admitted(f"r-{number}", EVENT) for number in range(2)] == [[EVENT], [EVENT]]
    same = {**EVENT, "id": "7"}
    assert [admitted(f"s-{number}", same) for number in range(2)] == [[same], None]


def test_a_cool_down_drops_what_comes_until_it_is_over(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    admitted, clock = Gate(tmp_path, "A", cooldown=60), [1000.0]
    monkeypatch.setattr(gate.time, "time", lambda: clock[0])
    assert admitted("r-1", A) == [A]
    clock[0] += 59
    assert admitted("r-2", A2) is None
    clock[0] += 2
    assert admitted("r-3", A2) == [A2], "what was dropped may come again"


def test_a_run_that_somebody_starts_begins_at_once_and_counts(tmp_path: Path) -> None:
    admitted = Gate(tmp_path, "A", "B", cooldown=60)
    assert admitted("r-0", A) is None
    assert admitted("r-1") == []
    assert admitted("r-2", B) is None
    assert admitted("r-3", B, forced=True) == [B]
    assert admitted.state()["waiting"] == {"run/A": A}, "what has come is still waiting"


def test_a_run_that_failed_does_not_count(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    admitted = Gate(tmp_path, "A", cooldown=60)
    assert admitted("r-1", A) == [A]
    monkeypatch.setattr(gate.run_record, "document", lambda store, keys: {"started": 0.0})
    write_end(admitted.store, Keys("F", "r-1"), "failed")
    assert admitted("r-3", {**A, "run": "3"}) is not None


def test_of_two_at_once_one_begins(tmp_path: Path) -> None:
    admitted = Gate(tmp_path, "A", "B")
    found: dict[str, Any] = {}

    def decide(run: str, each: dict[str, Any]) -> None:
        found[run] = admitted(run, each)

    for turn in range(20):
        found.clear()
        came = [{**A, "run": f"{turn}"}, {**B, "run": f"{turn}"}]
        threads = [threading.Thread(target=decide, args=(f"r-{turn}-{number}", each)) for number, each in enumerate(came)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert sorted(found.values(), key=bool) in ([None, came], [None, came[::-1]]), turn


def test_what_cannot_begin_neither_uses_up_what_came_nor_counts(tmp_path: Path) -> None:
    admitted = Gate(tmp_path, "A", cooldown=60)
    with pytest.raises(NonRetryable, match="no number"):
        admitted("r-1", {**A, "payload": {"n": "many"}})
    assert admitted("r-2", A) == [A]


def test_the_latest_of_a_kind_counts_whatever_came_last(tmp_path: Path) -> None:
    admitted = Gate(tmp_path, "A", "B")
    late, early = {**A2, "timestamp": 200}, {**A, "timestamp": 100}
    assert admitted("r-1", late) is None
    assert admitted("r-2", early) is None
    assert admitted("r-3", B) == [late, B]
    assert admitted("r-4", late) is None
    assert admitted.state()["waiting"] == {}, "what has come before came again"


def test_a_run_that_never_began_counts_for_a_while_only(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    admitted, clock = Gate(tmp_path, "A", cooldown=86_400), [10_000.0]
    monkeypatch.setattr(gate.time, "time", lambda: clock[0])
    assert admitted("r-1", A) == [A]
    clock[0] += 60
    assert admitted("r-2", A2) is None
    clock[0] += gate.SILENCE
    assert admitted("r-3", A2) == [A2]
    clock[0] = 0.0
    assert admitted("r-4", {**A, "run": "4"}) is not None, "a clock that was wrong keeps runs from beginning"


def test_the_document_stays_small(tmp_path: Path) -> None:
    admitted = Gate(tmp_path)
    for number in range(gate.KEPT + 5):
        assert admitted(f"r-{number}", {**EVENT, "id": str(number), "payload": {"text": "x" * 100}}) is not None
    decided = admitted.state()["decided"]
    assert len(decided) == gate.KEPT
    assert sum("payload" in each["started"][0] for each in decided.values()) == gate.WHOLE + 1


def test_a_run_that_has_begun_is_not_decided_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As when somebody clears a task of a run in Airflow of which the document remembers nothing any more."""
    admitted, begun = Gate(tmp_path, "A", "B"), []
    keys = Keys("F", "r-1")
    monkeypatch.setattr(gate, "read_input", lambda *_: {})
    monkeypatch.setattr(gate.triggers, "given_triggers", lambda *_: [A])
    monkeypatch.setattr(gate, "begin", lambda *given: begun.append(given[1].id))
    admitted.store.create(keys.run(), b"{}")
    assert gate.run_gate(admitted.store, admitted.invocation("r-1"), admitted.program) == 0
    assert begun == ["r-1"]
    assert documents.load(admitted.store.read(keys.route("begin-run", "s", 0)))["to"] == {"start": True}
    assert gate.run_gate(admitted.store, admitted.invocation("r-2"), admitted.program) == 0
    assert begun == ["r-1"], "a run that waits for another flow began"


TRIGGERED = """
from flowport import trigger, trigger_on_finish

@{mark}
class TrainFlow(FlowSpec):
    day = Parameter("day", default="", type=str)
    n = Parameter("n", default=0, type=int)

    @step
    def start(self):
        self.came = [event.name for event in current.trigger.events] if current.trigger else []
        self.next(self.end)

    @step
    def end(self):
        pass
"""
COMMAND = pytest.mark.usefixtures("own_cache")


@pytest.fixture
def own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FLOWPORT_CACHE", str(tmp_path / "cache"))


@COMMAND
def test_the_command_of_a_run_that_waits_for_two_flows_and_of_one_that_comes_too_soon(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    solo, route = Solo(tmp_path, TRIGGERED.format(mark='trigger_on_finish(flows=["A", "B"])')), tmp_path / "route"
    assert not solo.begin("r-1", trigger="A/1", cooldown=3600, route=str(route))
    assert (route.read_text(), solo.store.exists(Keys("TrainFlow", "r-1").run())) == ("[]", False)
    assert [solo.begin("r-2", trigger="B/1", cooldown=3600, route=str(route)) for _ in range(2)] == [True, True], "a second attempt"
    assert route.read_text() == '["start"]'
    assert not solo.begin("r-3", trigger="A/2 B/2", cooldown=3600)
    solo.run("r-2")
    assert not solo.begin("r-4", trigger="A/4 B/4", cooldown=3600), "a run that is done counts"
    assert sorted(solo.artifacts("start", run="r-2")["came"]) == ["metaflow.A.end", "metaflow.B.end"]
    assert capfd.readouterr().out.splitlines() == [
        "this run does not begin: it waits for B",
        *["this run does not begin: run r-2 began less than 3600 seconds ago"] * 2,
    ]


@COMMAND
def test_the_command_of_a_run_that_an_event_starts(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    mark = 'trigger(event={"name": "labels", "parameters": {"day": "date", "n": "rows"}})'
    solo = Solo(tmp_path, TRIGGERED.format(mark=mark))

    def event(id: str, rows: Any) -> str:
        return json.dumps({**EVENT, "id": id, "payload": {"date": "today", "rows": rows}})

    with pytest.raises(Broken) as refused:
        solo.begin("r-0", trigger=event("0", "many"), cooldown=3600)
    assert (refused.value.code, "`n`" in capfd.readouterr().err) == (STOP, True)
    assert solo.begin("r-1", trigger=event("1", 3), cooldown=0)
    assert not solo.begin("r-2", trigger=event("1", 3), cooldown=0)
    assert capfd.readouterr().out == "this run does not begin: the same has come before\n"
    solo.run("r-1")
    found = solo.artifacts("start", run="r-1")
    assert (found["day"], found["n"], found["came"]) == ("today", 3, ["labels"])
    assert solo.begin("r-3", cooldown=3600), "somebody has started it"
    assert not solo.begin("r-4", trigger=event("4", 4), cooldown=3600)


def test_a_damaged_document_says_what_to_do(tmp_path: Path) -> None:
    admitted = Gate(tmp_path, "A")
    for data, message in ((b"{", "is damaged: delete it"), (b"[]", "is damaged"), (b'{"v": 2}', "is damaged"), (b"", "is damaged")):
        admitted.store.delete(gate_key("F", ""))
        admitted.store.create(gate_key("F", ""), data)
        with pytest.raises(NonRetryable, match=message):
            admitted("r-1", A)


def test_a_document_of_a_later_version_is_not_read(tmp_path: Path) -> None:
    admitted = Gate(tmp_path, "A")
    assert admitted("r-1", A) == [A]
    later = {**admitted.state(), "v": 99}
    admitted.store.delete(gate_key("F", ""))
    admitted.store.create(gate_key("F", ""), documents.dump(later))
    with pytest.raises(NonRetryable, match="cannot be read"):
        admitted("r-2", A2)
