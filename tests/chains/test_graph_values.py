"""The graph of flows as values: circles, what follows from a flow, and places on paper, each against a simple model."""

from __future__ import annotations

import random
from itertools import combinations, pairwise

import pytest

from flowport.compiler.chains.circles import circles
from flowport.compiler.chains.graph import FlowGraph, KnownFlow, graph_of
from flowport.compiler.chains.impact import impact
from flowport.compiler.chains.problems import problems
from flowport.compiler.chains.sent_events import SentEvent
from flowport.compiler.ir import Flow, OnEvent, OnFinish, Schedule, Span
from flowport.drawing.chains import chain_svg
from flowport.drawing.layers import Place, columns


def known(name: str, *triggers: Schedule | OnEvent | OnFinish, sends: tuple[str, ...] = ()) -> KnownFlow:
    span = Span(f"{name}.py", 1, 1, 1, 2)
    flow = Flow(name, name, f"{name}.py", (), "start", "end", triggers=triggers, span=span)
    return KnownFlow(name, span, flow, tuple(SentEvent(event, None) for event in sends))


def after(*names: str) -> tuple[OnFinish, ...]:
    return tuple(OnFinish(name) for name in names)


DIAMOND = (known("A"), known("B", *after("A")), known("C", *after("A")), known("D", *after("B", "C")))


def said(*flows: KnownFlow) -> list[tuple[str, str]]:
    """The codes and severities of what is wrong."""
    return [(one.code, one.severity) for one in problems(graph_of(flows))]


def test_a_circle_is_named_in_full() -> None:
    flows = (known("A", *after("C")), known("B", *after("A")), known("C", *after("B")))
    (found,) = problems(graph_of(flows))
    assert (found.code, found.severity) == ("FP263", "error")
    assert found.message == "flows start one another in a circle: A -> B -> C -> A"


def test_a_circle_over_an_event_may_end() -> None:
    flows = (known("A", OnEvent("drift"), sends=("drift",)), known("B", *after("A")))
    (found,) = problems(graph_of(flows))
    assert (found.code, found.severity) == ("FP263", "warning")
    assert found.message.endswith(": A -> event drift -> A")


def test_ways_that_meet_again_are_no_circle() -> None:
    assert said(*DIAMOND) == []


def test_what_follows_has_the_shortest_way_and_what_it_waits_for_besides() -> None:
    flows = (*DIAMOND, known("E", *after("D", "X"), sends=("ready",)), known("F", OnEvent("ready"), Schedule("0 6 * * *")), known("X"))
    found = impact(graph_of(flows), "A")
    assert [(one.flow, one.depth, one.needs) for one in found] == [
        ("B", 1, ()),
        ("C", 1, ()),
        ("D", 2, ()),
        ("E", 3, ("X",)),
        ("F", 4, ()),
    ]
    assert found[-1].way == ("A", "B", "D", "E", "event/ready", "F")
    assert impact(graph_of(flows), "F") == ()


def test_a_flow_in_a_circle_follows_itself() -> None:
    flows = (known("A", *after("B")), known("B", *after("A")))
    assert [(one.flow, one.depth) for one in impact(graph_of(flows), "A")] == [("B", 1), ("A", 2)]


def test_flows_with_the_same_times_share_a_schedule() -> None:
    graph = graph_of(
        (known("A", Schedule("0 6 * * *")), known("B", Schedule("0 6 * * *")), known("C", Schedule("0 6 * * *", "Asia/Tokyo")))
    )
    assert [node.id for node in graph.nodes if node.kind == "schedule"] == ["schedule/0 6 * * * Asia/Tokyo", "schedule/0 6 * * * UTC"]


@pytest.fixture
def seeds(pytestconfig: pytest.Config) -> range:
    """Others in each session; `--seed` repeats them."""
    first = 1000 * int(pytestconfig.getoption("--seed"))
    return range(first, first + 40)


def randomly(seed: int) -> dict[str, list[str]]:
    choose = random.Random(seed)
    names = [f"F{number}" for number in range(choose.randrange(1, 12))]
    return {name: choose.sample(names, min(len(names), choose.choice([0, 0, 1, 1, 2, 3]))) for name in names}


def reached(following: dict[str, list[str]], first: str) -> set[str]:
    found: set[str] = set()
    waiting = [first]
    while waiting:
        waiting = [target for name in waiting for target in following[name] if target not in found]
        found.update(waiting)
    return found


def test_random_graphs_agree_with_a_simple_model(seeds: range) -> None:
    for seed in seeds:
        agrees(randomly(seed))


def agrees(following: dict[str, list[str]]) -> None:
    found = circles(following)
    for circle in found:
        assert len(set(circle)) == len(circle)
        assert all(target in following[source] for source, target in zip(circle, (*circle[1:], circle[0]), strict=True))
    covered = {pair for circle in found for pair in zip(circle, (*circle[1:], circle[0]), strict=True)}
    edges = [(source, target) for source, targets in following.items() for target in targets]
    assert covered == {(source, target) for source, target in edges if source == target or source in reached(following, target)}
    graph = as_flows(following)
    for name in following:
        followers = impact(graph, name)
        assert {one.flow for one in followers} == reached(following, name)
        assert all(target in following[source] for one in followers for source, target in pairwise(one.way))


def as_flows(following: dict[str, list[str]]) -> FlowGraph:
    upstream = {name: [source for source, targets in following.items() if name in targets] for name in following}
    return graph_of([known(name, *after(*upstream[name])) for name in following])


def test_no_box_meets_another_and_no_edge_crosses_a_box(seeds: range) -> None:
    for seed in seeds:
        is_clear(randomly(seed), random.Random(seed))


def is_clear(following: dict[str, list[str]], choose: random.Random) -> None:
    sizes = {name: (choose.randrange(60, 200) * 1.0, 42.0) for name in following}
    drawn = columns(sizes, [(source, target) for source, targets in following.items() for target in targets])
    assert set(drawn.places) == set(sizes)
    for one, other in combinations(drawn.places.values(), 2):
        apart_across = one.x + one.width < other.x or other.x + other.width < one.x
        assert apart_across or one.y + one.height < other.y or other.y + other.height < one.y
    for place in drawn.places.values():
        assert place.y >= -0.01
        assert place.y + place.height <= drawn.height + 0.01
        assert place.x + place.width <= drawn.width + 0.01
    for (source, target), points in drawn.ways.items():
        for name, place in drawn.places.items():
            if name not in (source, target):
                assert not any(crosses(place, *pair) for pair in pairwise(points)), (source, target, name)


def crosses(place: Place, start: tuple[float, float], end: tuple[float, float]) -> bool:
    """Whether a piece of an edge, level or between columns, goes through a box."""
    (left, right), (top, bottom) = sorted((start[0], end[0])), sorted((start[1], end[1]))
    return left < place.x + place.width and place.x < right and top < place.y + place.height and place.y < bottom


def test_two_hundred_flows_are_drawn_the_same_way_each_time() -> None:
    choose = random.Random(1)
    flows = [known(f"F{number}", *after(*{f"F{choose.randrange(number)}" for _ in range(2)} if number else ())) for number in range(200)]
    graph = graph_of(flows)
    assert len(impact(graph, "F0")) == 199
    assert problems(graph) == ()
    assert chain_svg(graph, "F0", impact(graph, "F0")) == chain_svg(graph_of(flows), "F0", impact(graph, "F0"))


def test_a_chain_of_a_thousand_flows_is_no_recursion() -> None:
    flows = [known("F0"), *(known(f"F{number}", *after(f"F{number - 1}")) for number in range(1, 1000))]
    graph = graph_of(flows)
    assert impact(graph, "F0")[-1].depth == 999
    assert 'class="box"' in chain_svg(graph)
