"""A store that fails, lies or kills its user at every write in turn; the run's result is always that of the undisturbed run."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from flowport.compiler.compile import load
from flowport.compiler.package.archive import package
from flowport.runtime.package.cache import unpack
from flowport.runtime.package.code_package import CodePackage
from flowport.runtime.protocol import DONE, Invocation
from flowport.runtime.replay.scheduler import PlanScheduler
from flowport.runtime.run.reader import Run
from flowport.runtime.store import documents
from flowport.runtime.store.errors import Missing, StoreError
from flowport.runtime.store.folder import FolderStore
from flowport.runtime.store.keys import Keys, code_key
from flowport.runtime.task.entry import perform

if TYPE_CHECKING:
    from flowport.runtime.store.interface import Store

FLOW = """
from flowport import FlowSpec, step


class Careful(FlowSpec):
    @step
    def start(self):
        self.text = "x" * 100_000
        self.numbers = [3, 1, 2]
        self.next(self.square, foreach="numbers")

    @step
    def square(self):
        self.squared = self.input**2 + len(self.text) - 100_000
        self.next(self.collect)

    @step
    def collect(self, inputs):
        self.squares = [other.squared for other in inputs]
        self.amount = "many"
        self.next({"many": self.many, "few": self.few}, condition="amount")

    @step
    def many(self):
        self.squares.append(len(self.squares))
        self.next(self.end)

    @step
    def few(self):
        self.next(self.end)

    @step
    def end(self):
        self.result = sum(self.squares)
"""


class Killed(BaseException):
    """The end of a process, as far as the code in it can tell."""


class Faulty:
    """A store whose write number `at`, counted from 0, goes wrong in one of the ways of `HARMS`; everything else is the store's own."""

    def __init__(self, inner: FolderStore, at: int, harm: str) -> None:
        self.inner, self.at, self.harm = inner, at, harm
        self.writes = 0

    def __getattr__(self, name: str) -> Any:
        return getattr(self.inner, name)

    def _write(self, write: Callable[..., Any], *arguments: Any) -> Any:
        number, self.writes = self.writes, self.writes + 1
        return HARMS[self.harm](write, *arguments) if number == self.at else write(*arguments)

    def create(self, key: str, data: bytes) -> bool:
        answer: bool = self._write(self.inner.create, key, data)
        return answer

    def replace(self, key: str, data: bytes) -> None:
        self._write(self.inner.replace, key, data)

    def put_blob(self, parts: Any) -> Any:
        return self._write(self.inner.put_blob, parts)


def kill_before(write: Callable[..., Any], *arguments: Any) -> Any:
    raise Killed


def kill_after(write: Callable[..., Any], *arguments: Any) -> Any:
    write(*arguments)
    raise Killed


def refuse(write: Callable[..., Any], *arguments: Any) -> Any:
    raise StoreError("the store is not at home")


def lose_the_answer(write: Callable[..., Any], *arguments: Any) -> Any:
    write(*arguments)
    raise StoreError("no answer came")


def say_exists(write: Callable[..., Any], *arguments: Any) -> Any:
    """What a client gets to hear that sent its create twice, as the first answer was lost."""
    answer = write(*arguments)
    return False if answer is True else answer


HARMS = {
    "kill before": kill_before,
    "kill after": kill_after,
    "refuse": refuse,
    "lose the answer": lose_the_answer,
    "say exists": say_exists,
}


class Case:
    """The flow, unpacked once, with stores of its own."""

    def __init__(self, folder: Path) -> None:
        (folder / "careful.py").write_text(FLOW)
        loaded = load(str(folder / "careful.py"))
        assert loaded.plan is not None, loaded.diagnostics
        self.package = package(loaded.plan)
        unpack(self.package.data, str(folder / "code"))
        self.program = CodePackage.unpacked(str(folder / "code"))
        self.folder = folder
        self.stores = 0

    def store(self) -> FolderStore:
        """A new store that has the code."""
        self.stores += 1
        store = FolderStore(str(self.folder / f"store-{self.stores}"))
        store.create(code_key(self.package.digest), self.package.data)
        return store

    def perform(self, store: Store, step: str, slice: str) -> int:
        """One attempt of a task."""
        invocation = Invocation("Careful", "1", step, slice, store.url, self.package.digest, width=1000, total=10_000, engine="test")
        return perform(invocation, self.program, store)

    def run(self, store: Store) -> int:
        """The whole flow, each task tried until it is done; returns how many attempts were lost."""
        walk, lost, keys = PlanScheduler(self.program.plan["body"]), 0, Keys("Careful", "1")
        waiting = walk.ready()
        while waiting:
            step, slice = waiting.pop()
            lost += self.insist(store, step, slice)
            try:
                route = documents.load(store.read(keys.route(step, slice, 0)))
            except Missing:
                route = None
            walk.done(step, slice, route)
            waiting += walk.ready()
        assert walk.finished
        return lost

    def insist(self, store: Store, step: str, slice: str) -> int:
        for lost in range(5):
            try:
                if self.perform(store, step, slice) == DONE:
                    return lost
            except Killed:
                continue
        raise AssertionError(f"{step}/{slice} does not end")

    def results(self, store: FolderStore) -> dict[tuple[str, str], dict[str, Any]]:
        """Every artifact by step and item."""
        found = Run(store, "Careful", "1")
        return {(step, item): found.artifacts(step, item) for step, item in found.all_items()}


@pytest.fixture(scope="module")
def case(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Case]:
    folder = tmp_path_factory.mktemp("case")
    os.environ["FLOWPORT_CACHE"] = str(folder / "cache")
    yield Case(folder)
    del os.environ["FLOWPORT_CACHE"]


@pytest.fixture(scope="module")
def undisturbed(case: Case) -> tuple[int, dict[tuple[str, str], dict[str, Any]]]:
    """How many writes the flow makes, and what it comes to."""
    store = case.store()
    counting = Faulty(store, -1, "refuse")
    assert case.run(counting) == 0
    return counting.writes, case.results(store)


def test_the_undisturbed_run_is_what_the_flow_says(undisturbed: tuple[int, dict[tuple[str, str], dict[str, Any]]]) -> None:
    writes, results = undisturbed
    assert set(results) == {(step, "r") for step in ("start", "collect", "many", "end")} | {
        ("square", f"r.{number}") for number in range(3)
    }
    assert results["end", "r"]["result"] == 9 + 1 + 4 + 3
    assert results["start", "r"]["text"] == "x" * 100_000
    assert writes > 15


@pytest.mark.parametrize("harm", HARMS)
def test_one_fault_at_any_write_changes_nothing(
    case: Case, undisturbed: tuple[int, dict[tuple[str, str], dict[str, Any]]], harm: str
) -> None:
    writes, results = undisturbed
    for at in range(writes):
        store = case.store()
        case.run(Faulty(store, at, harm))
        assert case.results(store) == results, f"fault at write {at}"


def test_a_lost_answer_and_an_exists_cost_no_attempt_at_the_manifest(case: Case) -> None:
    for harm in ("lose the answer", "say exists", "refuse"):
        store = case.store()
        case.insist(store, "start", "s")
        faulty = OneKey(store, harm, "flows/Careful/runs/1/steps/square/s.0@0.json")
        assert case.perform(faulty, "square", "s.0") == DONE
        assert faulty.done


class OneKey(Faulty):
    """The first create of one key goes wrong."""

    def __init__(self, inner: FolderStore, harm: str, key: str) -> None:
        super().__init__(inner, -1, harm)
        self.key, self.done = key, False

    def create(self, key: str, data: bytes) -> bool:
        if key == self.key and not self.done:
            self.done = True
            answer: bool = HARMS[self.harm](self.inner.create, key, data)
            return answer
        return self.inner.create(key, data)


class Overtaken(Faulty):
    """Before the first create of a manifest, another attempt at the same task runs from start to end."""

    def __init__(self, inner: FolderStore, key: str, other: Callable[[], None]) -> None:
        super().__init__(inner, -1, "refuse")
        self.key, self.other = key, other

    def create(self, key: str, data: bytes) -> bool:
        if key == self.key:
            self.key = ""
            self.other()
        return self.inner.create(key, data)


def test_an_attempt_that_finishes_last_leaves_the_first_in_force(case: Case) -> None:
    store, key = case.store(), "flows/Careful/runs/1/steps/start/s@0.json"
    seen: list[bytes] = []

    def other() -> None:
        assert case.perform(store, "start", "s") == DONE
        seen.append(store.read(key))

    assert case.perform(Overtaken(store, key, other), "start", "s") == DONE
    assert [store.read(key)] == seen
    assert store.names("flows/Careful/runs/1/steps/start/s@") == [key, "flows/Careful/runs/1/steps/start/s@0.route.json"]


def test_a_task_that_was_done_is_adopted_and_writes_nothing(case: Case) -> None:
    store = case.store()
    case.run(store)
    counting = Faulty(store, -1, "refuse")
    assert case.perform(counting, "collect", "s") == DONE
    assert counting.writes <= 1, "only the route may be put again"


def test_a_route_that_was_lost_is_written_by_whoever_adopts(case: Case) -> None:
    store = case.store()
    case.insist(store, "start", "s")
    route = Path(store.root, "flows/Careful/runs/1/steps/start/s@0.route.json")
    before = route.read_bytes()
    route.unlink()
    case.insist(store, "start", "s")
    assert route.read_bytes() == before


def test_a_blob_that_is_damaged_stops_the_task_and_names_the_artifact(case: Case, capsys: pytest.CaptureFixture[str]) -> None:
    store = case.store()
    case.insist(store, "start", "s")
    (blob,) = [path for path in Path(store.root, "blobs").rglob("*/*") if path.stat().st_size > 50_000]
    blob.write_bytes(blob.read_bytes()[:-1] + b"?")
    assert case.perform(store, "square", "s.0") != DONE
    said = capsys.readouterr().err
    assert f"blob `{blob.name}`" in said
    assert "`text`" in said
    assert "r.0" in said
    blob.unlink()
    assert case.perform(store, "square", "s.0") != DONE
    said = capsys.readouterr().err
    assert blob.name in said
    assert "`text`" in said
