"""What steps read and write: Metaflow's meaning, checked against Metaflow 2.19 where a test says so by its values."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import pytest

from solo import Broken, Solo

BARE = (
    "AttributeError: join `join` reads `self.{name}`, but a join begins with no artifacts: take it from an input, `inputs[0].{name}`, "
    "or call `self.merge_artifacts(inputs)` first"
)

PROBES = '''
def probe(results, name, action):
    """Keep what an action comes to, or what it raises."""
    try:
        results[name] = action()
    except Exception as error:
        results[name] = f"{type(error).__name__}: {error}"


def put(flow, name, value):
    setattr(flow, name, value)
    return getattr(flow, name)


def drop(flow, name):
    delattr(flow, name)
    return hasattr(flow, name)


def named(user):
    """Whom `current` names when the environment has only this user."""
    import os
    os.environ.update(dict.fromkeys(("METAFLOW_USER", "SUDO_USER", "USERNAME"), ""), USER=user)
    return current.username, current.namespace


def shown():
    card = current.card
    card.append("text"), card.extend(["a"]), card["mine"].clear(), card.refresh({"done": 1})
    card.components["chart"].update(1)
    card.components = []
    return len(card.components), card.get(type="default"), bool(card)


class Probes(FlowSpec):
    """Quotes " and braces {{x}} and $(y) do no harm."""

    CONST = 7
    ITEMS = ("t",)
    number = Parameter("number", default=5)
    record = Parameter("the-record", type=JSONType, default={"a": [1]})

    @property
    def double(self):
        return self.x * 2

    @double.setter
    def double(self, value):
        self.x = value // 2

    def helper(self, more=1):
        return self.x + more

    @staticmethod
    def static(value):
        return value + 1

    @step
    def start(self):
        found = {}
        self.x, self.nothing, self._private, self.mutable, self.gone = 3, None, 1, [1], 1
        self.nan = float("nan")
        self.kept = {"a", "b", "c"}
        self.big = ["x" * 1000] * 100
        probe(found, "constant", lambda: self.CONST)
        probe(found, "parameter", lambda: self.number)
        probe(found, "assigned parameter", lambda: put(self, "number", 1))
        probe(found, "deleted parameter", lambda: drop(self, "number"))
        probe(found, "parameter changed in place", lambda: self.record["a"].append(2) or self.record)
        probe(found, "property", lambda: self.double)
        probe(found, "helper", lambda: self.helper())
        probe(found, "static", lambda: self.static(1))
        probe(found, "missing", lambda: self.nope)
        probe(found, "hasattr", lambda: (hasattr(self, "nope"), hasattr(self, "x"), hasattr(self, "input")))
        probe(found, "default", lambda: getattr(self, "nope", 4))
        probe(found, "deleted missing", lambda: drop(self, "nope"))
        probe(found, "deleted set", lambda: drop(self, "gone"))
        probe(found, "place outside a foreach", lambda: (self.input, self.index, self.foreach_stack()))
        probe(found, "assigned input", lambda: put(self, "input", 8))
        probe(found, "merge outside a join", lambda: getattr(self, "merge_artifacts")([]))
        probe(found, "name", lambda: self.name)
        probe(found, "current", lambda: (current.flow_name, current.step_name, current.task_id, current.attempt, current.pathspec))
        probe(found, "current parameters", lambda: (current.parameters.number, sorted(name for name, value in current.parameters)))
        probe(found, "current names", lambda: (sorted(current.parameter_names), current.trigger, named("ada"), named("root")))
        probe(found, "current card", shown)
        probe(found, "current missing", lambda: (current.get("nope", 3), "nope" in current, "run_id" in current))
        probe(found, "setter", lambda: put(self, "double", 10))
        self.x = 3
        self.in_start = found
        self.next(self.later)

    @step
    def later(self):
        found = {}
        self.mutable.append(2)
        probe(found, "kept", lambda: self.kept)
        probe(found, "big", lambda: len(self.big))
        probe(found, "deleted loaded", lambda: (self.x, drop(self, "x"), self.x))
        probe(found, "deleted not loaded", lambda: drop(self, "nothing"))
        probe(found, "none", lambda: self.nothing)
        probe(found, "private", lambda: self._private)
        probe(found, "parameter again", lambda: self.record)
        probe(found, "deleted before", lambda: self.gone)
        self.helper = "shadow"
        self.CONST = 8
        self.in_later = found
        self.next(self.left, self.right)

    @step
    def left(self):
        found = {}
        probe(found, "shadowed method", lambda: self.helper)
        probe(found, "shadowed constant", lambda: self.CONST)
        probe(found, "changed in place", lambda: self.mutable)
        self.in_left = found
        self.common, self.conflict, self.only_left, self.list = "same", "left", 1, [1]
        self.next(self.join)

    @step
    def right(self):
        self.common, self.conflict, self.list = "same", "right", [1]
        self.next(self.join)

    @step
    def join(self, inputs):
        found = {}
        probe(found, "before the merge", lambda: self.x)
        probe(found, "length", lambda: (len(inputs), len(list(inputs))))
        probe(found, "by name", lambda: (inputs.left.conflict, inputs.right.conflict))
        probe(found, "by number", lambda: (inputs[0].conflict, inputs[-1].conflict, [one.conflict for one in inputs[0:1]]))
        probe(found, "beyond", lambda: inputs[5])
        probe(found, "unknown name", lambda: inputs.nope)
        probe(found, "missing in one", lambda: inputs[1].only_left)
        probe(found, "hasattr", lambda: [hasattr(one, "only_left") for one in inputs])
        probe(found, "parameter of an input", lambda: inputs[0].number)
        probe(found, "constant of an input", lambda: inputs[0].ITEMS)
        probe(found, "property of an input", lambda: inputs[0].double)
        probe(found, "method of an input", lambda: inputs[0].static(3))
        probe(found, "inherited by an input", lambda: inputs[1].x)
        probe(found, "assigned to an input", lambda: put(inputs[0], "x", 1))
        probe(found, "twice", lambda: [[one.conflict for one in inputs] for _ in range(2)])
        probe(found, "conflict", lambda: self.merge_artifacts(inputs))
        probe(found, "include and exclude", lambda: self.merge_artifacts(inputs, include=["x"], exclude=["list"]))
        probe(found, "include missing", lambda: self.merge_artifacts(inputs, include=["nope", "none"]))
        probe(found, "include conflict", lambda: self.merge_artifacts(inputs, include=["conflict"]))
        probe(found, "some inputs", lambda: self.merge_artifacts(inputs[0:1], include=["conflict"]) or self.conflict)
        probe(found, "no inputs", lambda: self.merge_artifacts([1, 2]))
        self.conflict = "mine"
        probe(found, "include a parameter", lambda: self.merge_artifacts(inputs, include=["number"]))
        probe(found, "include what is set", lambda: self.merge_artifacts(inputs, include=["conflict"]) or self.conflict)
        probe(found, "merge", lambda: self.merge_artifacts(inputs, exclude=["in_left", "absent"]))
        probe(found, "merged", lambda: (self.x, self.common, self.only_left, list(self.list), self.conflict))
        probe(found, "excluded", lambda: self.in_left)
        probe(found, "merged and changed", lambda: self.list.append(2) or self.list)
        probe(found, "again", lambda: self.merge_artifacts(inputs, exclude=["in_left"]))
        self.in_left = inputs.left.in_left
        self.in_join = found
        self.letters = "ab"
        self.next(self.each, foreach="letters")

    @step
    def each(self):
        self.found = {}
        probe(self.found, "place", lambda: (self.input, self.index, self.foreach_stack()))
        probe(self.found, "list", lambda: self.list)
        self.rows = [[1], [2]]
        self.next(self.inner, foreach="rows")

    @step
    def inner(self):
        self.input.append(self.index)
        self.got = self.input
        self.stack = self.foreach_stack()
        self.next(self.inner_join)

    @step
    def inner_join(self, inputs):
        self.place = (self.input, self.index, self.foreach_stack())
        self.got = [(one.got, one.input, one.index) for one in inputs]
        self.last = inputs.inner.got
        self.merge_artifacts(inputs, include=["found"])
        self.next(self.outer_join)

    @step
    def outer_join(self, inputs):
        self.places, self.gots, self.founds = [[getattr(one, name) for one in inputs] for name in ("place", "got", "found")]
        self.last = inputs[0].last
        self.next(self.end)

    @step
    def end(self):
        pass
'''


@pytest.fixture(scope="module")
def probes(tmp_path_factory: pytest.TempPathFactory) -> Solo:
    flow = Solo(tmp_path_factory.mktemp("probes"), PROBES)
    flow.run()
    return flow


START = {
    "constant": 7,
    "parameter": 5,
    "assigned parameter": "AttributeError: `self.number` is a parameter, which a step cannot set",
    "deleted parameter": "AttributeError: `self.number` is a parameter, which a step cannot delete",
    "parameter changed in place": {"a": [1, 2]},
    "property": 6,
    "helper": 4,
    "static": 2,
    "missing": "AttributeError: step `start` reads `self.nope`, which no earlier step set",
    "hasattr": (False, True, True),
    "default": 4,
    "deleted set": False,
    "place outside a foreach": (None, None, []),
    "merge outside a join": "Misuse: step `start` is no join: `merge_artifacts` takes the inputs of a join",
    "name": "Probes",
    "current": ("Probes", "start", "r", 0, "Probes/1/start/r"),
    "current parameters": (5, ["number", "record"]),
    "current names": (["number", "record"], None, ("ada", "user:ada"), (None, None)),
    "current card": (0, [], True),
    "current missing": (3, False, True),
    "setter": 10,
}

LATER = {
    "kept": {"a", "b", "c"},
    "big": 100,
    "deleted loaded": (3, True, 3),
    "none": None,
    "private": 1,
    "parameter again": {"a": [1]},
    "deleted before": "AttributeError: step `later` reads `self.gone`, which no earlier step set",
}

LEFT = {"shadowed method": "shadow", "shadowed constant": 8, "changed in place": [1, 2]}

DIFFER = (
    "UnhandledInMergeArtifactsException: the inputs of join `join` differ in `conflict`: set it before `self.merge_artifacts(inputs)`, "
    "or name what to leave out in `exclude=[...]`"
)

JOIN = {
    "before the merge": BARE.format(name="x"),
    "length": (2, 2),
    "by name": ("left", "right"),
    "by number": ("left", "right", ["left"]),
    "unknown name": "AttributeError: no input came from a step called `nope`; they came from `left`, `right`",
    "missing in one": "AttributeError: join `join` reads `only_left` of its input `right/r`, which has no such artifact",
    "hasattr": [True, False],
    "parameter of an input": 5,
    "constant of an input": ("t",),
    "property of an input": 6,
    "method of an input": 4,
    "inherited by an input": 3,
    "twice": [["left", "right"], ["left", "right"]],
    "conflict": DIFFER,
    "include and exclude": "Misuse: `merge_artifacts` takes `exclude` or `include`, not both",
    "include missing": "MissingInMergeArtifactsException: no input of join `join` has `nope`, `none`, which `include` names",
    "include conflict": DIFFER,
    "some inputs": "left",
    "no inputs": "Misuse: `merge_artifacts` takes the inputs of the join, or some of them",
    "include a parameter": None,
    "include what is set": "mine",
    "merge": None,
    "merged": (3, "same", 1, [1], "mine"),
    "excluded": BARE.format(name="in_left"),
    "merged and changed": [1, 2],
    "again": None,
}


@pytest.mark.parametrize("name", START)
def test_a_step_that_sets(probes: Solo, name: str) -> None:
    assert probes.artifacts("start")["in_start"][name] == START[name]


@pytest.mark.parametrize("name", ["deleted missing", "assigned input"])
def test_a_step_that_cannot(probes: Solo, name: str) -> None:
    assert probes.artifacts("start")["in_start"][name].startswith("AttributeError")


@pytest.mark.parametrize("name", LATER)
def test_a_later_step(probes: Solo, name: str) -> None:
    assert probes.artifacts("later")["in_later"][name] == LATER[name]


@pytest.mark.parametrize("name", LEFT)
def test_what_a_step_changed(probes: Solo, name: str) -> None:
    assert probes.artifacts("left")["in_left"][name] == LEFT[name]


@pytest.mark.parametrize("name", JOIN)
def test_a_join(probes: Solo, name: str) -> None:
    assert probes.artifacts("join")["in_join"][name] == JOIN[name]


def test_an_input_cannot_be_set(probes: Solo) -> None:
    assert probes.artifacts("join")["in_join"]["assigned to an input"].startswith("AttributeError")
    assert probes.artifacts("join")["in_join"]["beyond"].startswith("IndexError")


def test_an_item_knows_its_place(probes: Solo) -> None:
    found = probes.artifacts("outer_join")
    assert [one["place"] for one in found["founds"]] == [("a", 0, [(0, 2, "a")]), ("b", 1, [(1, 2, "b")])]
    assert found["places"] == [("a", 0, [(0, 2, "a")]), ("b", 1, [(1, 2, "b")])]
    assert [one["list"] for one in found["founds"]] == [[1, 2], [1, 2]]
    assert probes.artifacts("inner", "r.1.0")["stack"] == [(1, 2, "b"), (0, 2, [1])]


def test_an_element_may_be_changed_by_the_item_that_has_it(probes: Solo) -> None:
    assert probes.artifacts("inner", "r.0.1")["got"] == [2, 1]
    assert probes.artifacts("outer_join")["gots"] == [[([1, 0], [1], 0), ([2, 1], [2], 1)]] * 2
    assert probes.artifacts("outer_join")["last"] == [2, 1]


def test_artifacts_that_are_not_touched_are_not_stored_again(probes: Solo) -> None:
    assert sorted(probes.manifest("later")["own"]) == ["CONST", "helper", "in_later", "mutable"]
    assert math.isnan(probes.artifacts("later")["nan"])


EACH = """
import numpy as np
import pandas as pd


class Each(FlowSpec):
    @step
    def start(self):
        self.values = {values}
        self.next(self.each, foreach="values")

    @step
    def each(self):
        self.value = self.input
        self.next(self.join)

    @step
    def join(self, inputs):
        self.values = [one.value for one in inputs]
        self.next(self.end)

    @step
    def end(self):
        pass
"""

LISTS = {
    '{"a": 1, "b": 2}': ["a", "b"],
    '"xyz"': ["x", "y", "z"],
    "np.arange(3)": [0, 1, 2],
    "np.eye(2)": [[1, 0], [0, 1]],
    "pd.Series([1, 2], index=[5, 6])": [1, 2],
    "{3, 4}": [3, 4],
    "range(2)": [0, 1],
    "iter([1, 2])": [1, 2],
    "[None, False, 0, '']": [None, False, 0, ""],
    "[[]] * 2": [[], []],
    "[]": [],
    "['$(id)', '{{x}}', 'a\\nb', '\U0001f642', '\\ud800']": ["$(id)", "{{x}}", "a\nb", "\U0001f642", "\ud800"],
}


@pytest.mark.parametrize("values", LISTS)
def test_a_foreach_goes_over(tmp_path: Path, values: str) -> None:
    flow = Solo(tmp_path, EACH.format(values=values))
    flow.run()
    found = flow.artifacts("join")["values"]
    assert [value.tolist() if hasattr(value, "tolist") else value for value in found] == LISTS[values]


NO_LISTS = {
    "5": "goes over `self.values`, which is no list but of type `int`",
    "None": "goes over `self.values`, which is no list but of type `NoneType`",
    "(one for one in [1])": "sets `self.values`, which cannot be stored: a value of type `generator`",
    "[lambda: 1]": "cannot be stored: a value of type `function`",
    "[self]": "a flow is not a value: keep the artifacts that you need",
    "(1 / one for one in [0])": "ZeroDivisionError",
}


@pytest.mark.parametrize("values", NO_LISTS)
def test_a_foreach_does_not_go_over(tmp_path: Path, values: str, capfd: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(Broken):
        Solo(tmp_path, EACH.format(values=values)).run()
    assert NO_LISTS[values] in capfd.readouterr().err


SWITCH = """
import numpy as np


class Switch(FlowSpec):
    @step
    def start(self):
        self.case = {value}
        self.next({{{cases}}}, condition="case")

    @step
    def one(self):
        self.taken = "one"
        self.next(self.end)

    @step
    def two(self):
        self.taken = "two"
        self.next(self.end)

    @step
    def end(self):
        pass
"""

BOOLEANS, TEXTS, NUMBERS = "True: self.one, False: self.two", '"x": self.one, "y z": self.two', "1: self.one, 2: self.two"
TAKEN = [
    ("True", BOOLEANS, "one"),
    ("np.bool_(False)", BOOLEANS, "two"),
    ("np.int64(0)", BOOLEANS, "two"),
    ("'y z'", TEXTS, "two"),
    ("np.str_('x')", TEXTS, "one"),
    ("2", NUMBERS, "two"),
    ("1.0", NUMBERS, "one"),
    ("np.float32(2)", NUMBERS, "two"),
]


@pytest.mark.parametrize(("value", "cases", "taken"), TAKEN)
def test_a_switch_takes(tmp_path: Path, value: str, cases: str, taken: str) -> None:
    flow = Solo(tmp_path, SWITCH.format(value=value, cases=cases))
    flow.run()
    assert flow.artifacts("end")["taken"] == taken


@pytest.mark.parametrize("value", ["None", "'True'", "float('nan')", "[1]", "np.array([1, 2])", "2"])
def test_a_switch_names_a_value_that_is_no_case(tmp_path: Path, value: str, capfd: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(Broken):
        Solo(tmp_path, SWITCH.format(value=value, cases=BOOLEANS)).run()
    said = capfd.readouterr().err
    assert "which is no case of the switch of step `start`; its cases are True, False" in said
    assert ", in start\n    self.next({True: self.one" in said


NAMES = """
class Names(FlowSpec):
    @step
    def start(self):
        self.größe, self.変数 = {value!r}, 2
        self.next(self.schätzung)

    @step
    def schätzung(self):
        self.größe = [self.größe]
        self.items = [{value!r}, 1]
        self.next(self.每個, foreach="items")

    @step
    def 每個(self):
        self.one = self.input
        self.next(self.ﬁn)

    @step
    def ﬁn(self, inputs):
        self.all = [one.one for one in inputs]
        self.merge_artifacts(inputs, include=["größe", "変数"])
        self.next(self.end)

    @step
    def end(self):
        pass
"""


@pytest.mark.parametrize("value", ["{{x}} $(id) `id`", "a\nb\0c", "'\"\\", "🙂\ud800", "../..", "%2F", ""])
def test_names_and_values_of_any_script_come_back_unchanged(tmp_path: Path, value: str) -> None:
    flow = Solo(tmp_path, NAMES.format(value=value).replace("\ud800", "\\ud800"))
    flow.run()
    last: dict[str, Any] = flow.artifacts("end")
    assert (last["größe"], last["変数"], last["all"]) == ([value], 2, [value, 1])
    assert set(flow.reader().steps()) == {"start", "schätzung", "每個", "fin", "end"}


GIVEN = """
class Given(FlowSpec):
    text = Parameter("text")
    a_record = Parameter("a-record", type=JSONType, default=None)

    @step
    def start(self):
        self.both = [self.text, self.a_record]
        self.next(self.end)

    @step
    def end(self):
        pass
"""


@pytest.mark.parametrize("value", ["{{x}} $(id) `id`", "a\nb\0c", "'\"\\", "🙂", "\ud800", "--option", "", "x" * 10_000])
def test_parameters_come_back_unchanged(tmp_path: Path, value: str) -> None:
    flow = Solo(tmp_path, GIVEN)
    flow.run(parameters={"text": value, "a-record": {value: [value, None, 1.5, True]}})
    assert flow.artifacts("end")["both"] == [value, {value: [value, None, 1.5, True]}]


EMPTY_JOIN = """
class Hollow(FlowSpec):
    @step
    def start(self):
        self.xs, self.when = [], "today"
        self.next(self.each, foreach="xs")

    @step
    def each(self):
        self.next(self.join)

    @step
    def join(self, inputs):
        self.read = []
        for ask in (lambda: self.when, lambda: inputs[0]):
            try:
                ask()
            except (AttributeError, IndexError) as error:
                self.read.append(str(error))
        self.next(self.end)

    @step
    def end(self):
        pass
"""


def test_a_join_without_inputs_says_so(tmp_path: Path) -> None:
    flow = Solo(tmp_path, EMPTY_JOIN)
    flow.run()
    assert all("foreach was empty" in message for message in flow.artifacts("end")["read"])
    assert len(flow.artifacts("end")["read"]) == 2
