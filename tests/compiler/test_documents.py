"""What travels with the code: the plan of the flow, and for each step the sites that its replay may visit."""

from __future__ import annotations

import json
from typing import Any

import pytest

from flowport.compiler.ir import Foreach
from flowport.compiler.package.documents import documents
from flowport.compiler.record import replace
from flowport.compiler.structure.build import structure
from flowport.runtime.protocol import DEFINITIONS, FLOW, PLAN, STEP_PLANS
from graphs import flow


def written(*graph: str) -> dict[str, Any]:
    """The documents of a graph's plan: its structure under "", and of each step."""
    found = dict(documents(structure(flow("\n".join(graph)))))
    del found[FLOW], found[DEFINITIONS]
    return {path.removeprefix(STEP_PLANS).removesuffix(".json") if path != PLAN else "": json.loads(data) for path, data in found.items()}


def site(step: str, *graph: str) -> dict[str, Any]:
    """What a step's own document says of where it stands."""
    found: dict[str, Any] = written(*graph)[step]["sites"][step]
    return found


EACH = ("start: each a", "a: b", "b: j", "j*: end")
LOOP = ("start: h", "h: s", "s: h | end")
INNER = ("start: h", "h: k", "k: s", "s: k | h | end")
WAYS = ("start: h", "h: h | x | y", "x: m", "y: m", "m: end")
ARMS = ("start: x | y", "x: y | m", "y: m", "m: end")
BOTH = ("start: a & h", "a: j", "h: h | j", "j*: end")


@pytest.mark.parametrize(
    ("graph", "step", "expected"),
    [
        (EACH, "start", {"scopes": [], "enter": ["root"], "from": []}),
        (EACH, "a", {"scopes": [["foreach", "start"]], "enter": ["split", "start"], "from": [["step", "start"]]}),
        (EACH, "b", {"scopes": [["foreach", "start"]], "enter": ["split", "start"], "from": [["step", "a"]]}),
        (EACH, "j", {"scopes": [], "enter": ["root"], "from": [[["step", "b"]]], "origin": "start", "foreach": True}),
        (BOTH, "j", {"scopes": [], "enter": ["root"], "from": [[["step", "a"]], [["loop", "h"]]], "origin": "start", "foreach": False}),
        (
            ARMS,
            "y",
            {
                "scopes": [],
                "enter": ["edges", [[["step", "start"], "y"], [["step", "x"], "y"]]],
                "from": [["step", "start"], ["step", "x"]],
            },
        ),
        (ARMS, "m", {"scopes": [], "enter": ["root"], "from": [["step", "x"], ["step", "y"]]}),
        (LOOP, "s", {"scopes": [["loop", "h"]], "enter": ["turn", "h"], "from": [["step", "h"]]}),
        (LOOP, "end", {"scopes": [], "enter": ["root"], "from": [["loop", "h"]]}),
        (WAYS, "x", {"scopes": [], "enter": ["edges", [[["loop", "h"], "x"]]], "from": [["loop", "h"]]}),
        (
            LOOP,
            "h",
            {
                "scopes": [["loop", "h"]],
                "enter": ["again", "h", ["root"], [["step", "s"]]],
                "from": [["step", "start"]],
                "exits": {"end": [["step", "s"]]},
            },
        ),
        (
            INNER,
            "h",
            {
                "scopes": [["loop", "h"]],
                "enter": ["again", "h", ["root"], [["loop", "k"]]],
                "from": [["step", "start"]],
                "exits": {"end": [["loop", "k"]]},
            },
        ),
    ],
)  # fmt: skip
def test_a_site_says_where_items_come_from(graph: tuple[str, ...], step: str, expected: dict[str, Any]) -> None:
    assert site(step, *graph) == expected


@pytest.mark.parametrize(
    ("graph", "routed", "left"),
    [
        (EACH, [], {}),
        (ARMS, ["start", "x"], {}),
        (LOOP, ["s"], {}),
        (WAYS, ["h"], {"h": ["x", "y"]}),
        (("start: h", "h: a | end", "a: h"), ["a", "h"], {}),
    ],
)
def test_a_step_writes_a_route_where_an_engine_asks(graph: tuple[str, ...], routed: list[str], left: dict[str, list[str]]) -> None:
    found = written(*graph)
    del found[""]
    assert sorted(name for name, document in found.items() if document["routed"]) == routed
    assert {name: document["left"] for name, document in found.items() if document["left"]} == left


def test_the_plan_of_the_flow_has_its_blocks() -> None:
    assert written(*WAYS)[""]["body"] == [
        {"task": "start"},
        {"loop": "h", "body": [{"task": "h"}, {"choice": "h", "arms": []}], "again": ["h"], "exits": [["h", "x"], ["h", "y"]]},
        {"choice": "h", "arms": [{"edges": [["h", "x"]], "body": [{"task": "x"}]}, {"edges": [["h", "y"]], "body": [{"task": "y"}]}]},
        {"task": "m"},
        {"task": "end"},
    ]


def test_a_step_holds_what_its_replay_reads_and_no_more() -> None:
    rows = ["start: a0", *(f"a{number}: a{number + 1}" for number in range(50)), "a50: h", "h: each b", "b: j", "j*: end"]
    found = written(*rows)
    assert {name: sorted(found[name]["sites"]) for name in ("a40", "h", "b", "j", "end")} == {
        "a40": ["a39", "a40"],
        "h": ["a50", "h"],
        "b": ["b", "h"],
        "j": ["b", "j"],
        "end": ["end", "j"],
    }


@pytest.mark.parametrize(
    ("outer", "inner", "tasks", "workers"),
    [
        ({}, {}, (None, None), (1, 1)),
        ({"max_parallel": 10}, {"max_parallel": 3}, (10, 3), (1, 1)),
        ({"max_parallel": 10, "workers": 4}, {}, (2, None), (4, 4)),
        ({"max_parallel": 10, "workers": 4}, {"max_parallel": 9}, (2, 2), (4, 4)),
        ({"max_parallel": 3, "workers": 8}, {"max_parallel": 9}, (1, 3), (3, 3)),
        ({"workers": 8}, {"max_parallel": 2}, (None, 1), (8, 2)),
    ],
)
def test_the_processes_of_a_foreach_are_no_more_than_its_limit(
    outer: dict[str, int], inner: dict[str, int], tasks: tuple[int | None, ...], workers: tuple[int, ...]
) -> None:
    made = flow("start: each a\na: each b\nb: j\nj*: k\nk*: end")
    limits = {"start": Foreach("a", "items", **outer), "a": Foreach("b", "items", **inner)}
    steps = tuple(replace(step, transition=limits.get(step.name, step.transition)) for step in made.steps)
    found = {path: json.loads(data) for path, data in documents(structure(replace(made, steps=steps))) if path.startswith(STEP_PLANS)}
    plans = {name: found[f"{STEP_PLANS}{name}.json"] for name in ("start", "a", "b")}
    assert (plans["start"]["transition"].get("tasks"), plans["a"]["transition"].get("tasks")) == tasks
    assert (plans["a"]["workers"], plans["b"]["workers"]) == workers


def test_compiled_twice_the_bytes_are_the_same() -> None:
    once, again = (tuple(documents(structure(flow("\n".join(INNER))))) for _ in range(2))
    assert once == again
