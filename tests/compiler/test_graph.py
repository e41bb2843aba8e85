"""The order, the loops and the meeting points of graphs."""

from __future__ import annotations

import pytest

from flowport.compiler.structure.graph import LEAVES, graph, meeting_points
from graphs import flow


def lines(*text: str) -> str:
    return "\n".join(text)


def test_a_step_comes_behind_all_that_lead_to_it() -> None:
    facts = graph(flow(lines("start: a | b | c", "c: b", "b: a", "a: end")))
    assert list(facts.order) == ["start", "c", "b", "a", "end"]


def test_the_order_is_that_of_the_source_where_nothing_else_decides() -> None:
    assert list(graph(flow(lines("start: x & y & z", "z: j", "y: j", "x: j", "j*: end"))).order) == ["start", "x", "y", "z", "j", "end"]


def test_steps_that_cannot_be_reached_take_no_part() -> None:
    facts = graph(flow(lines("start: end", "other: end")))
    assert list(facts.order) == ["start", "end"]
    assert facts.before == {"start": (), "end": ("start",)}


@pytest.mark.parametrize(
    ("text", "rings"),
    [
        (lines("start: a", "a: end"), {}),
        (lines("start: h", "h: h | end"), {"h": ("h", "h")}),
        (lines("start: h", "h: a | b", "a: h", "b: h | end"), {"h": ("a b h", "a b")}),
        (lines("start: h", "h: a | x", "a: h", "x: end"), {"h": ("a h", "a")}),
        (lines("start: h", "h: k", "k: k | s", "s: h | end"), {"h": ("h k s", "s"), "k": ("k", "k")}),
        (lines("start: h", "h: k", "k: s", "s: k | h | end"), {"h": ("h k s", "s"), "k": ("k s", "s")}),
        (lines("start: h", "h: each a", "a: j", "j*: h | end"), {"h": ("a h j", "j")}),
    ],
)
def test_a_loop_is_what_leads_back_to_its_header(text: str, rings: dict[str, tuple[str, str]]) -> None:
    found = graph(flow(text)).rings
    assert {header: (" ".join(sorted(ring.steps)), " ".join(ring.again)) for header, ring in found.items()} == rings


@pytest.mark.parametrize(
    ("ahead", "meets"),
    [
        ({"a": ["b"], "b": [LEAVES]}, {"a": "b", "b": LEAVES}),
        ({"a": ["b", "c"], "b": ["d"], "c": ["d"], "d": [LEAVES]}, {"a": "d", "b": "d", "c": "d", "d": LEAVES}),
        ({"a": ["b", "c"], "b": ["c"], "c": [LEAVES]}, {"a": "c", "b": "c", "c": LEAVES}),
        ({"a": ["b", "c"], "b": [LEAVES], "c": [LEAVES]}, {"a": LEAVES, "b": LEAVES, "c": LEAVES}),
        ({"a": ["b", LEAVES], "b": ["c"], "c": [LEAVES]}, {"a": LEAVES, "b": "c", "c": LEAVES}),
    ],
)
def test_ways_meet_where_all_of_them_pass(ahead: dict[str, list[str]], meets: dict[str, str]) -> None:
    found = meeting_points(list(ahead), ahead)
    assert {name: point for name, point in found.items() if name != LEAVES} == meets
