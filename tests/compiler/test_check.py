"""What is wrong, and what is not, about the joins and the artifacts of a flow."""

from __future__ import annotations

from pathlib import Path
from textwrap import indent

import pytest

from flowport.compiler.check.flow import check
from flowport.compiler.diagnostics.diagnostic import Diagnostic
from sources import class_of, codes, fine, read, write


def steps(**bodies: str) -> str:
    """Steps by name; one whose body begins with `inputs:` is a join."""
    found = []
    for name, body in bodies.items():
        join = body.startswith("inputs:")
        text = indent(body.removeprefix("inputs:").strip() or "pass", "    ")
        found.append(f"@step\ndef {name}(self{', inputs' if join else ''}):\n{text}\n")
    return "\n".join(found)


def said(folder: Path, head: str = "", **bodies: str) -> tuple[Diagnostic, ...]:
    return read(write(folder, {"flow.py": class_of(head + steps(**bodies))}))[1]


RATE = "rate = Parameter('rate')\n"
GO = "self.next(self.{})"
FOREACH = "self.items = [1]\nself.next(self.{}, foreach='items')"
SWITCH = "self.case = 1\nself.next({{1: self.{}, 2: self.{}}}, condition='case')"
JOIN = "inputs: self.next(self.{})"


@pytest.mark.parametrize(
    "bodies",
    [
        {"start": FOREACH.format("a"), "a": FOREACH.format("b"), "b": GO.format("j"), "j": JOIN.format("k"), "k": JOIN.format("end")},
        {"start": "self.next(self.a, self.b)", "a": SWITCH.format("x", "j"), "x": GO.format("j"), "b": GO.format("j"),
         "j": JOIN.format("end")},
        {"start": FOREACH.format("a"), "a": SWITCH.format("a", "j"), "j": JOIN.format("end")},
        {"start": SWITCH.format("a", "b"), "a": GO.format("m"), "b": GO.format("m"), "m": GO.format("end")},
        {"start": GO.format("a"), "a": FOREACH.format("b"), "b": GO.format("j"), "j": JOIN.format("k"), "k": SWITCH.format("a", "end")},
        {"start": FOREACH.format("a"), "a": GO.format("j"), "j": "inputs: self.next(self.b, self.c)", "b": GO.format("k"),
         "c": GO.format("k"), "k": JOIN.format("end")},
        {"start": FOREACH.format("a"), "a": SWITCH.format("b", "c"), "b": FOREACH.format("d"), "d": GO.format("i"), "i": JOIN.format("j"),
         "c": GO.format("j"), "j": JOIN.format("end")},
    ],
    ids=["foreach in foreach", "switch in branch", "loop in foreach", "switch", "foreach in loop", "join that branches", "three deep"],
)  # fmt: skip
def test_what_nests_is_fine(tmp_path: Path, bodies: dict[str, str]) -> None:
    assert codes(said(tmp_path, **bodies, end="")) == []


@pytest.mark.parametrize(
    ("code", "bodies"),
    [
        ("FP219", {"start": "self.next(self.a, self.j)", "a": GO.format("j"), "j": JOIN.format("end")}),
        ("FP224", {"start": FOREACH.format("a"), "a": GO.format("end")}),
        ("FP225", {"start": SWITCH.format("a", "b"), "a": GO.format("m"), "b": GO.format("m"), "m": JOIN.format("end")}),
        ("FP227", {"start": "self.next(self.a, self.b)", "a": FOREACH.format("x"), "x": GO.format("j"), "b": GO.format("j"),
         "j": JOIN.format("end")}),
        ("FP229", {"start": FOREACH.format("a"), "a": SWITCH.format("j", "m"), "j": JOIN.format("m"), "m": GO.format("end")}),
        ("FP229", {"start": GO.format("h"), "h": FOREACH.format("a"), "a": SWITCH.format("j", "h"), "j": JOIN.format("end")}),
    ],
)  # fmt: skip
def test_what_does_not_nest_is_said(tmp_path: Path, code: str, bodies: dict[str, str]) -> None:
    assert codes(said(tmp_path, **bodies, end="")) == [code]


@pytest.mark.parametrize(
    ("head", "bodies"),
    [
        ("", {"start": "self.x = 1\nself.next(self.end)", "end": "print(self.x)"}),
        ("x = 1\n", {"start": GO.format("end"), "end": "print(self.x)"}),
        (RATE, {"start": GO.format("end"), "end": "print(self.rate, self.index, self.input, self.name, self.script_name)"}),
        ("def load(self):\n    self.x = 1\n", {"start": "self.load()\nself.next(self.end)", "end": "print(self.x)"}),
        ("@property\ndef x(self):\n    return 1\n", {"start": GO.format("end"), "end": "print(self.x)"}),
        ("@staticmethod\ndef tidy(text):\n    return text.strip()\n", {"start": GO.format("end"), "end": "print(self.tidy('x'))"}),
        ("", {"start": "setattr(self, 'x', 1)\nself.next(self.end)", "end": "print(self.x)"}),
        ("", {"start": "for n in 'xy':\n    setattr(self, n, 1)\nself.next(self.end)", "end": "print(self.x)"}),
        ("", {"start": "fill(self)\nself.next(self.end)", "end": "print(self.x)"}),
        ("", {"start": "self.__dict__.update(x=1)\nself.next(self.end)", "end": ""}),
        ("", {"start": GO.format("end"), "end": "print(getattr(self, 'x', 1))"}),
        ("", {"start": GO.format("end"), "end": "if hasattr(self, 'x'):\n    print(self.x)"}),
        ("", {"start": GO.format("end"), "end": "try:\n    print(self.x)\nexcept AttributeError:\n    pass"}),
        ("", {"start": "with open('x') as self.x:\n    pass\nfor self.y, (self.z, w) in []:\n    pass\nself.next(self.end)",
         "end": "print(self.x, self.y, self.z)"}),
        ("", {"start": FOREACH.format("a"), "a": "self.x = 1\nself.next(self.j)",
         "j": "inputs: self.merge_artifacts(inputs)\nself.next(self.end)", "end": "print(self.x)"}),
        ("", {"start": FOREACH.format("a"), "a": "self.x = 1\nself.next(self.j)",
         "j": "inputs: self.x = [one.x for one in inputs]\nself.next(self.end)", "end": "print(self.x)"}),
        ("", {"start": GO.format("a"), "a": "if self.index:\n    print(self.x)\nself.x = 1\n" + SWITCH.format("a", "end"), "end": ""}),
        (RATE, {"start": "try:\n    self.rate = 1\nexcept AttributeError:\n    pass\nself.next(self.end)", "end": ""}),
        ("", {"start": GO.format("work"), "work": GO.format("end"), "end": "self.work = 1"}),
    ],
)  # fmt: skip
def test_artifacts_that_may_have_been_set(tmp_path: Path, head: str, bodies: dict[str, str]) -> None:
    assert codes(said(tmp_path, head, **bodies)) == []


@pytest.mark.parametrize(
    ("code", "head", "bodies"),
    [
        ("FP230", "", {"start": "print(self.x)\nself.next(self.end)", "end": "self.x = 1"}),
        ("FP230", "", {"start": "self.x += 1\nself.next(self.end)", "end": ""}),
        ("FP230", "def show(self):\n    print(self.x)\n", {"start": "self.show()\nself.next(self.end)", "end": ""}),
        ("FP230", "", {"start": "self.x.append(1)\nself.next(self.end)", "end": ""}),
        ("FP231", "", {"start": "self.items = [1]\nself.next(self.a, foreach='item')", "a": GO.format("j"),
         "j": JOIN.format("end"), "end": ""}),
        ("FP231", "", {"start": "self.next(self.a, foreach='a')", "a": GO.format("j"), "j": JOIN.format("end"), "end": ""}),
        ("FP231", "", {"start": "self.next({1: self.end, 2: self.start}, condition='c')", "end": ""}),
        ("FP232", RATE, {"start": "self.rate += 1\nself.next(self.end)", "end": ""}),
        ("FP233", "", {"start": "self.work = 1\nself.next(self.work)", "work": GO.format("end"), "end": ""}),
        ("FP233", "", {"start": "self.work = 1\nself.next(self.a)", "a": GO.format("work"), "work": GO.format("end"), "end": ""}),
        ("FP234", "", {"start": "self.index = 1\nself.next(self.end)", "end": ""}),
    ],
)  # fmt: skip
def test_artifacts_that_cannot_be_right(tmp_path: Path, code: str, head: str, bodies: dict[str, str]) -> None:
    assert codes(said(tmp_path, head, **bodies)) == [code]


def test_a_base_that_is_not_seen_may_set_anything(tmp_path: Path) -> None:
    text = "from company import Base\n" + class_of(steps(start="print(self.x)\nself.next(self.end)", end=""), base="Base, FlowSpec")
    assert codes(read(write(tmp_path, {"flow.py": text}))[1]) == ["FP114"]


def test_a_decorator_of_the_users_own_may_set_anything(tmp_path: Path) -> None:
    head = "def filled(f):\n    f.x = 1\n    return f\n"
    text = class_of("@filled\n" + steps(start=GO.format("end"), end="print(self.x)"), head)
    assert codes(read(write(tmp_path, {"flow.py": text}))[1]) == []


def test_every_mistake_is_reported_in_one_go(tmp_path: Path) -> None:
    found = said(tmp_path, start=GO.format("nowhere"), a=GO.format("nobody"), b="pass", end="")
    assert sorted(codes(found)) == ["FP201", "FP201", "FP202"]


def test_checking_says_the_same_twice(tmp_path: Path) -> None:
    flow = fine(write(tmp_path, {"flow.py": class_of(steps(start=GO.format("end"), end=""))}))
    assert check(flow) == check(flow) == ()
