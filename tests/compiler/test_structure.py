"""How graphs nest, how plans that are not well formed are told, and that nothing else comes of any graph; `graphs` has the notation."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from random import Random

import pytest

from flowport.compiler.diagnostics.diagnostic import CompileError
from flowport.compiler.ir import Branch, Case, End, Flow, Foreach, Next, Step, Switch, Transition
from flowport.compiler.ir.plan import Arm, Block, Choice, Edge, Loop, Map, Parallel, Plan, Task, blocks
from flowport.compiler.ir.verify import verify
from flowport.compiler.structure.build import DEEPEST, structure
from flowport.compiler.structure.nest import DEEPEST as DEEPEST_CHOICE
from graphs import flow, line


@dataclass(frozen=True)
class Nested:
    """A graph and its plan in a line, or the codes with which it is refused."""

    name: str
    graph: str
    plan: str


def nested(name: str, plan: str, *graph: str) -> Nested:
    return Nested(name, "\n".join(graph), plan)


PLANS = (
    nested("steps in a row", "start a end", "start: a", "a: end"),
    nested("a branch", "start {a | b} j end", "start: a & b", "a: j", "b: j", "j*: end"),
    nested("a foreach", "start [a] j end", "start: each a", "a: j", "j*: end"),
    nested("a foreach of foreaches, whose join is one again", "start [a [b] in [c] out] j end",
           "start: each a", "a: each b", "b: in", "in*: each c", "c: out", "out*: j", "j*: end"),
    nested("a switch", "start <start>x: x; start>y: y> m end", "start: x | y", "x: m", "y: m", "m: end"),
    nested("an arm without steps, and two cases to one step", "start <start>x: x> m end", "start: x | m | x", "x: m", "m: end"),
    nested("skipping forward to another arm", "start <start>x: x; start>y, x>y: y; start>z, y>z: z> end",
           "start: x | y | z", "x: y | end", "y: z", "z: end"),
    nested("an arm that two switches share", "start <start>p: p; start>q: q; p>r, q>r: r> x end",
           "start: p | q", "p: r | x", "q: x | r", "r: x", "x: end"),
    nested("a switch in an arm", "start <start>p: p <p>r: r> s> m end", "start: p | m", "p: r | s", "r: s", "s: m", "m: end"),
    nested("a join that is a switch", "start [a] j <j>x: x> end", "start: each a", "a: j", "j*: x | end", "x: end"),
    nested("cases that end in the join", "start [a <a>x: x>] j end", "start: each a", "a: x | j", "x: j", "j*: end"),
    nested("a loop", "start h(h s <>; again s; out s>end) end", "start: h", "h: s", "s: h | end"),
    nested("a step that is a loop", "start h(h <>; again h; out h>end) end", "start: h", "h: h | end"),
    nested("going back without asking, behind a way out", "start h(h <h>a: a>; again a; out h>end) end", "start: h", "h: a | end", "a: h"),
    nested("several ways out", "start h(h <h>a: a <>>; again a; out h>x, a>y) <a>y: y; h>x: x> m end",
           "start: h", "h: a | x", "a: h | y", "x: m", "y: m", "m: end"),
    nested("a loop in a loop", "start h(h k(k <>; again k; out k>s) s <>; again s; out s>end) end",
           "start: h", "h: k", "k: k | s", "s: h | end"),
    nested("from the inner loop straight to the outer header", "start h(h k(k s <>; again s; out s>h, s>end) <>; again s; out s>end) end",
           "start: h", "h: k", "k: s", "s: k | h | end"),
    nested("a loop that fills a foreach", "start [h(h <>; again h; out h>j)] j end", "start: each h", "h: h | j", "j*: end"),
    nested("a loop that fills a branch", "start {h(h <>; again h; out h>j) | b} j end", "start: h & b", "h: h | j", "b: j", "j*: end"),
    nested("a loop that begins an arm", "start <start>h: h(h <>; again h; out h>m)> m end", "start: h | m", "h: h | m", "m: end"),
    nested("a foreach in a loop", "start h(h [a] j <>; again j; out j>end) end", "start: h", "h: each a", "a: j", "j*: h | end"),
    nested("ways out of a loop that meet in a join", "start [h(h <>; again h; out h>x, h>j) <h>x: x <x>y: y>>] j end",
           "start: each h", "h: h | x | j", "x: y | j", "y: j", "j*: end"),
)  # fmt: skip

REFUSED = (
    nested("a loop that is entered in its middle", "FP240", "start: a", "a: b | c", "b: c", "c: b | end"),
    nested("a loop around the start that is entered in its middle", "FP242", "start: a | b", "a: b", "b: a | start | end"),
    nested("a join with nothing to join", "FP241", "start: a", "a*: end"),
    nested("going back to the start", "FP242", "start: a", "a: start | end"),
    nested("going back to a join", "FP242", "start: each a", "a: j", "j*: k", "k: j | end"),
    nested("branches with a join each", "FP243", "start: a & b", "a: j", "b: k", "j*: end", "k*: end"),
    nested("two foreaches with one join", "FP243", "start: p | q", "p: each a", "q: each b", "a: j", "b: j", "j*: end"),
    nested("a loop that never ends", "FP244", "start: h", "h: s", "s: h"),
    nested("a foreach without a join", "FP245", "start: each a", "a: end"),
    nested("a foreach straight into its join", "FP245", "start: each j", "j*: end"),
    nested("a branch that leads into another", "FP247", "start: a & b", "a: j", "b: a", "j*: end"),
    nested("a step inside and outside of a foreach", "FP247", "start: p | a", "p: each a", "a: j", "j*: end"),
    nested("going back out of a foreach", "FP248", "start: h", "h: each a", "a: h | j", "j*: end"),
    nested("going back out of a branch", "FP248", "start: h", "h: a & b", "a: j", "b: h | j", "j*: h | end"),
    nested("a loop with two ways out that begins with a foreach", "FP249", "start: h", "h: each a", "a: j", "j*: x | end | h", "x: end"),
)


@pytest.mark.parametrize("case", PLANS, ids=lambda case: str(case.name))
def test_a_graph_nests(case: Nested) -> None:
    plan = structure(flow(case.graph))
    assert line(plan.body) == case.plan
    assert verify(plan) == ()


@pytest.mark.parametrize("case", REFUSED, ids=lambda case: str(case.name))
def test_what_cannot_nest_is_refused(case: Nested) -> None:
    with pytest.raises(CompileError) as refused:
        structure(flow(case.graph))
    assert {each.code for each in refused.value.diagnostics} == {case.plan}
    assert all(each.help for each in refused.value.diagnostics)


def any_flow(random: Random) -> Flow:
    """A flow whose steps go anywhere, forward more often than not."""
    names = ["start", *(f"s{number}" for number in range(random.choice([2, 3, 4, 6, 8, 40]))), "end"]
    forward = random.random()

    def way(place: int) -> str:
        return names[random.randrange(place + 1, len(names))] if random.random() < forward else random.choice(names)

    made = []
    for place, name in enumerate(names[:-1]):
        ways = tuple(way(place) for _ in range(random.choice([2, 3])))
        switch = Switch("way", tuple(Case(way, way) for way in ways))
        transitions: list[Transition] = [Next(ways[0]), Next(ways[0]), Branch(ways), Foreach(ways[0], "items"), switch]
        made.append(Step(name, random.choice(transitions), join=place > 0 and random.random() < 0.25))
    return Flow("Any", "Any", "any.py", (*made, Step("end", End())), "start", "end")


@pytest.mark.parametrize("seed", range(20))
def test_any_graph_is_nested_or_refused(seed: int) -> None:
    random = Random(seed)
    for _ in range(50):
        drawn = any_flow(random)
        told = problems(drawn)
        assert told - {f"step `{step.name}` has 0 tasks" for step in drawn.steps} == set()


def problems(drawn: Flow) -> set[str]:
    """What is wrong with the plan of a flow; nothing when it is refused for a reason."""
    try:
        return set(verify(structure(drawn)))
    except CompileError as refused:
        return set() if refused.diagnostics else {"refused without a reason"}


def test_ten_thousand_steps_in_a_row_nest() -> None:
    names = ["start", *(f"s{number}" for number in range(10_000)), "end"]
    plan = structure(flow("\n".join(f"{name}: {following}" for name, following in pairwise(names))))
    assert len(plan.body) == 10_002


def test_a_thousand_switches_in_a_row_nest() -> None:
    lines = ["start: a0"]
    for number in range(1000):
        lines += [f"a{number}: b{number} | c{number}", f"b{number}: d{number}", f"c{number}: d{number}", f"d{number}: a{number + 1}"]
    plan = structure(flow("\n".join([*lines, "a1000: end"])))
    assert sum(isinstance(node, Choice) for node in plan.body) == 1000


def inside_each_other(number: int) -> Flow:
    """So many foreaches inside each other."""
    lines = ["start: a0", *(f"a{place}: each a{place + 1}" for place in range(number)), f"a{number}: j{number - 1}"]
    return flow("\n".join([*lines, *(f"j{place}*: j{place - 1}" for place in range(1, number)), "j0*: end"]))


def test_constructs_nest_up_to_a_depth() -> None:
    assert verify(structure(inside_each_other(DEEPEST))) == ()
    for number in (DEEPEST + 1, 2000):
        with pytest.raises(CompileError) as refused:
            structure(inside_each_other(number))
        assert [each.code for each in refused.value.diagnostics] == ["FP246"]


def depth(block: Block) -> int:
    return 1 + max((depth(inner) for node in block for inner in blocks(node)), default=0)


def test_switches_inside_each_other_become_flat() -> None:
    lines = ["start: a0", *(f"a{place}: a{place + 1} | m{place}" for place in range(300)), "a300: m299"]
    plan = structure(flow("\n".join([*lines, *(f"m{place}: m{place - 1}" for place in range(1, 300)), "m0: end"])))
    assert verify(plan) == ()
    assert depth(plan.body) <= DEEPEST_CHOICE + 2


BRANCH = flow("start: a & b\na: j\nb: j\nj*: end")
LOOP = flow("start: h\nh: h | end")
SWITCH = flow("start: x | end\nx: end")
EACH = flow("start: each a\na: j\nj*: end")
A, B, J, H, X, START, LAST = (Task(name) for name in ("a", "b", "j", "h", "x", "start", "end"))
BOTH = Parallel("start", ((A,), (B,)))


@pytest.mark.parametrize(
    ("given", "body", "told"),
    [
        (BRANCH, (START, BOTH, J), "step `end` has 0 tasks"),
        (BRANCH, (START, BOTH, J, LAST, LAST), "step `end` has 2 tasks"),
        (BRANCH, (START, BOTH, J, X, LAST), "task `x` is not a step"),
        (BRANCH, (START, A, B, J, LAST), "task `j` is a join, or stands behind a split, but not both"),
        (BRANCH, (BOTH, J, START, LAST), "what `start` opens stands behind another step"),
        (BRANCH, (START, Parallel("start", ((A, B),)), J, LAST), "the branches of `start` are not those of its step"),
        (BRANCH, (START, Parallel("start", ((B,), (A,))), J, LAST), "the branches of `start` are not those of its step"),
        (EACH, (START, Map("start", "others", (A,)), J, LAST), "the body of `start` is not that of its foreach"),
        (SWITCH, (START, X, Choice("start", ()), LAST), "the choice of `start` stands behind another step"),
        (SWITCH, (START, Choice("start", (Arm((Edge("x", "start"),), (X,)),)), LAST), "`x` does not go to `start`"),
        (SWITCH, (START, Choice("start", (Arm((Edge("start", "end"),), (X,)),)), LAST), "an arm for `end` begins with `x`"),
        (SWITCH, (START, Choice("start", (Arm((), (X,)),)), LAST), "an arm of `start` has no edges"),
        (SWITCH, (START, X, LAST), "task `x` stands behind `start`, which does not go there alone"),
        (LOOP, (START, Loop("h", (H,), ("h",), ()), LAST), "`h` goes to `end` out of the loop of `h`, or the loop says so, but not both"),
        (LOOP, (START, Loop("h", (H,), (), (Edge("h", "end"),)), LAST), "`h` goes back in the loop of `h`, which does not say so"),
        (LOOP, (START, Loop("end", (H,), ("h",), (Edge("h", "end"),)), LAST), "the loop of `end` begins with another step"),
        (LOOP, (START, Loop("h", (H,), ("start",), (Edge("h", "end"),)), LAST), "`start` is outside the loop of `h`"),
    ],
)
def test_what_is_wrong_with_a_plan_is_told(given: Flow, body: Block, told: str) -> None:
    assert told in verify(Plan(given, body))
