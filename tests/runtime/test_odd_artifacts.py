"""What a step may set on `self` and raise, beside plain values and exceptions: it comes to what it does in Metaflow 2.19."""

from __future__ import annotations

import pickle
from pathlib import Path

import pytest

import flowport
from flowport.runtime.records.attempts import failures
from flowport.runtime.store.keys import Keys
from solo import Broken, Solo

JOIN = """
import itertools


class Merge(FlowSpec):
    @step
    def start(self):
        self.xs = [1, 2, 3]
        self.next(self.work, foreach="xs")

    @step
    def work(self):
        self.good = self.input > 1
        self.model = "m" if self.good else "other"
        self.next(self.join)

    @step
    def join(self, inputs):
        self.merge_artifacts({given}, {names})
        self.next(self.end)

    @step
    def end(self):
        self.seen = self.model
"""


@pytest.mark.parametrize("given", ["(i for i in inputs if i.good)", "filter(lambda i: i.good, inputs)", "itertools.islice(inputs, 1, 3)"])
@pytest.mark.parametrize("names", ["", "include=(name for name in ['model'])", "exclude={'good'}"])
def test_a_join_merges_whatever_can_be_gone_through_once(tmp_path: Path, given: str, names: str) -> None:
    flow = Solo(tmp_path, JOIN.format(given=given, names=names))
    flow.run()
    assert flow.artifacts("end")["seen"] == "m"


FUNCTIONS = """
import functools


class Functions(FlowSpec):
    def helper(self):
        return 5

    @functools.cached_property
    def dear(self):
        return 7

    {catch}
    @step
    def start(self):
        self.scale = lambda value: value * 2
        self.own = self.helper
        self.number = self.scale(21) + self.own() + self.dear
        self.length, self.binary = len, functools.partial(int, base=2)
        {ends}
        self.next(self.end)

    @step
    def end(self):
        self.kept = [self.length("abc"), self.binary("11")]
"""


@pytest.mark.parametrize(
    ("catch", "ends"),
    [("", "pass"), ('@catch(var="failed")', "pass"), ('@catch(var="failed")', "self.lock = __import__('_thread').allocate_lock(); 1 / 0")],
)
def test_functions_and_what_the_class_computes_are_of_use_in_their_step_alone(tmp_path: Path, catch: str, ends: str) -> None:
    flow = Solo(tmp_path, FUNCTIONS.format(catch=catch, ends=ends))
    flow.run()
    assert flow.artifacts("start")["number"] == 54
    assert flow.artifacts("end")["kept"] == [3, 3]
    assert not {"scale", "own", "dear", "lock"} & set(flow.artifacts("start"))


def test_what_cannot_be_stored_of_a_step_that_was_caught_is_said(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    flow = Solo(tmp_path, FUNCTIONS.format(catch="@catch(var='failed')", ends="self.lock = __import__('_thread').allocate_lock(); 1 / 0"))
    flow.run()
    assert "step `start` sets `self.lock`, which cannot be stored" in capfd.readouterr().err


RAISES = """
class Halt(BaseException):
    pass


class Silent(Exception):
    def __str__(self):
        raise RuntimeError("no text")


class Raises(FlowSpec):
    @property
    def rate(self):
        return {{}}.missing

    {decorators}
    @step
    def start(self):
        {raises}
        self.next(self.end)

    @step
    def end(self):
        pass
"""


@pytest.mark.parametrize("decorators", ["", "@catch(var='error')", "@timeout(seconds=60)", "@timeout(seconds=60)\n    @catch(var='error')"])
@pytest.mark.parametrize("raises", ["raise Halt('enough')", "raise KeyboardInterrupt('enough')", "raise GeneratorExit('enough')"])
def test_what_is_no_exception_fails_the_step_as_itself(tmp_path: Path, decorators: str, raises: str) -> None:
    flow = Solo(tmp_path, RAISES.format(decorators=decorators, raises=raises))
    with pytest.raises(Broken):
        flow.run(apart=True)
    (failure,) = failures(flow.store, Keys(flow.flow, "1"))
    assert (failure["type"], failure["message"]) == (raises.split("(")[0].removeprefix("raise "), "enough")


@pytest.mark.parametrize(
    ("raises", "kind", "said"),
    [
        ("raise Silent()", "Silent", "<its text cannot be made: RuntimeError>"),
        ("self.rate", "AttributeError", "'dict' object has no attribute 'missing'"),
    ],
)
def test_an_error_is_told_as_what_it_is(tmp_path: Path, raises: str, kind: str, said: str) -> None:
    flow = Solo(tmp_path, RAISES.format(decorators="", raises=raises))
    with pytest.raises(Broken):
        flow.run(apart=True)
    (failure,) = failures(flow.store, Keys(flow.flow, "1"))
    assert (failure["type"], failure["message"]) == (kind, said)


COMPUTED = """
import functools


class Once:
    def __get__(self, flow, kind=None):
        return "of the class"


class Computed(FlowSpec):
    rate = Once()

    @functools.cached_property
    def doubled(self):
        return self.number * 2

    @step
    def start(self):
        self.number = 1
        self.rate = "of the step"
        self.next(self.left, self.right)

    @step
    def left(self):
        self.number = self.doubled
        self.next(self.join)

    @step
    def right(self):
        self.number = 5
        self.next(self.join)

    @step
    def join(self, inputs):
        self.seen = [[one.doubled, one.doubled, one.rate] for one in inputs]
        self.next(self.end)

    @step
    def end(self):
        pass
"""


def test_what_the_class_computes_is_computed_for_an_input_from_what_it_has(tmp_path: Path) -> None:
    flow = Solo(tmp_path, COMPUTED)
    flow.run()
    assert flow.artifacts("end")["seen"] == [[4, 4, "of the step"], [10, 10, "of the step"]]


CAUGHT = """
class Wrong(Exception):
    pass


class Caught(FlowSpec):
    @catch(var="first", print_exception=False)
    @step
    def start(self):
        raise ValueError("v")
        self.next(self.middle)

    @catch(var="second", print_exception=False)
    @step
    def middle(self):
        raise Wrong
        self.next(self.end)

    @step
    def end(self):
        self.seen = [self.first.type, self.first.exception, str(self.first), self.second.type.rpartition(".")[2], str(self.second)]
        self.are = [isinstance(one, Exception) for one in (self.first, self.second)]
        try:
            raise self.first
        except ValueError:
            self.raised = "ValueError"
        except Exception as error:
            self.raised = error.type
"""


def test_a_caught_exception_is_one_and_says_its_whole_type(tmp_path: Path) -> None:
    flow = Solo(tmp_path, CAUGHT)
    flow.run()
    last = flow.artifacts("end")
    assert last["seen"] == ["builtins.ValueError", "v", "ValueError: v", "Wrong", "Wrong"]
    assert (last["are"], last["raised"]) == ([True, True], "builtins.ValueError")


def test_a_pickled_caught_exception_names_the_package_and_no_file_of_it() -> None:
    held = pickle.dumps(flowport.CaughtError("builtins.ValueError", "v", "trace"))
    assert b"flowport.runtime" not in held
    found = pickle.loads(held)
    assert (found.type, found.exception, found.stacktrace, str(found)) == ("builtins.ValueError", "v", "trace", "ValueError: v")


CONSTANTS = """
class Constants(FlowSpec):
    status = "new"
    seen = []
    table = {{"of": ["the class"]}}

    @step
    def start(self):
        self.next(self.left, self.right)

    @step
    def left(self):
        self.status = "{left}"
        self.next(self.join)

    @step
    def right(self):
        self.other = 1
        self.next(self.join)

    @step
    def join(self, inputs):
        self.merge_artifacts({given}{exclude})
        self.here = self.status
        self.next(self.end)

    @step
    def end(self):
        self.there = self.status
"""


@pytest.mark.parametrize("given", ["inputs", "list(inputs)", "[inputs.left]"])
def test_what_a_join_merges_stands_before_what_the_class_has(tmp_path: Path, given: str) -> None:
    left = "done" if given == "[inputs.left]" else "new"
    flow = Solo(tmp_path, CONSTANTS.format(left=left, given=given, exclude=""))
    flow.run()
    assert [flow.artifacts("end")[name] for name in ("here", "there")] == [left, left]


@pytest.mark.parametrize("given", ["inputs", "list(inputs)"])
def test_an_input_that_has_the_value_of_the_class_differs_from_one_that_has_another(tmp_path: Path, given: str) -> None:
    flow = Solo(tmp_path, CONSTANTS.format(left="done", given=given, exclude=""))
    with pytest.raises(Broken):
        flow.run()
    (failure,) = failures(flow.store, Keys(flow.flow, "1"))
    assert "the inputs of join `join` differ in `status`" in failure["message"]
    again = Solo(tmp_path / "again", CONSTANTS.format(left="done", given=given, exclude=", exclude=['status']"))
    again.run()
    assert [again.artifacts("end")[name] for name in ("here", "there")] == ["new", "new"]


BATCH = """
import os
import threading


class Batch(FlowSpec):
    seen = []
    table = {{"deep": [], "function": print}}
    locks = [threading.Lock()]

    @step
    def start(self):
        self.xs = list(range(6))
        self.next(self.item, foreach="xs", batch=3)

    {decorators}
    @step
    def item(self):
        self.surroundings = [os.getcwd(), os.environ.get("CHANGED"), os.environ["KEPT"], os.environ.get("DROPPED")]
        os.environ["CHANGED"] = os.environ["KEPT"] = "by an item"
        os.environ.pop("DROPPED")
        os.chdir("/")
        self.locks.append(1)
        self.seen.append(self.input)
        self.table["deep"].append(self.input)
        self.copy = [list(self.seen), list(self.table["deep"])]
        self.next(self.join)

    @step
    def join(self, inputs):
        self.surroundings = [one.surroundings for one in inputs]
        self.copies = [one.copy for one in inputs]
        self.next(self.end)

    @step
    def end(self):
        pass
"""


@pytest.mark.parametrize("decorators", ["", "@timeout(seconds=60)"])
def test_an_item_does_not_see_what_the_one_before_it_changed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, decorators: str) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("KEPT", "as it was")
    monkeypatch.setenv("DROPPED", "too")
    flow = Solo(tmp_path, BATCH.format(decorators=decorators))
    flow.run(apart=True)
    assert flow.artifacts("end")["copies"] == [[[item], [item]] for item in range(6)]
    assert flow.artifacts("end")["surroundings"] == [[str(tmp_path), None, "as it was", "too"]] * 6


PLACES = """
class Places(FlowSpec):
    @step
    def start(self):
        self.xs = ["a", "b"]
        self.next(self.outer, foreach="xs")

    @step
    def outer(self):
        self.ys = [1, 2, 3]
        self.next(self.inner, foreach="ys")

    @step
    def inner(self):
        self.here = self.foreach_stack()
        self.names = [self.name, self.script_name]
        self.next(self.join)

    @step
    def join(self, inputs):
        self.equal = all(one.foreach_stack() == one.here and [one.name, one.script_name] == one.names for one in inputs)
        self.last = inputs[-1].foreach_stack()
        self.next(self.left, self.right)

    @step
    def left(self):
        self.next(self.meet)

    @step
    def right(self):
        self.next(self.meet)

    @step
    def meet(self, inputs):
        self.merge_artifacts(inputs)
        self.branch = inputs.left.foreach_stack() == self.foreach_stack()
        self.next(self.outermost)

    @step
    def outermost(self, inputs):
        self.all = [[one.equal, one.last, one.branch, one.index, one.input] for one in inputs]
        self.next(self.end)

    @step
    def end(self):
        self.named = [self.name, self.script_name]
"""


def test_an_input_of_a_join_knows_its_place_as_the_step_did(tmp_path: Path) -> None:
    flow = Solo(tmp_path, PLACES)
    flow.run()
    found = flow.artifacts("end")
    assert found["all"] == [[True, [(n, 2, x), (2, 3, 3)], True, n, x] for n, x in enumerate("ab")]
    assert found["named"] == ["Places", flow.program.flow["file"]]
