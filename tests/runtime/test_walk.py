"""What is ready when: every nesting, with made-up routes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flowport.runtime.replay.scheduler import PlanScheduler

Routes = dict[str, Any]


def task(*names: str) -> list[dict[str, Any]]:
    return [{"task": name} for name in names]


def foreach(origin: str, *body: dict[str, Any]) -> list[dict[str, Any]]:
    return [{"task": origin}, {"map": origin, "body": list(body)}]


def switch(origin: str, *arms: tuple[list[list[str]], list[dict[str, Any]]]) -> dict[str, Any]:
    return {"choice": origin, "arms": [{"edges": edges, "body": body} for edges, body in arms]}


def ring(header: str, body: list[dict[str, Any]], again: list[str], exits: list[list[str]]) -> dict[str, Any]:
    return {"loop": header, "body": body, "again": again, "exits": exits}


def order(body: list[dict[str, Any]], route: Routes | Callable[[str, str], Any] | None = None, **options: Any) -> list[str]:
    """The waves of tasks, all of a wave done before the next is asked for: `a:s b:s.0,b:s.1`."""
    walk = PlanScheduler(body, **options)
    waves = []
    while ready := walk.ready():
        waves.append(",".join(f"{step}:{slice}" for step, slice in ready))
        for step, slice in ready:
            walk.done(step, slice, route(step, slice) if callable(route) else (route or {}).get(f"{step}:{slice}", (route or {}).get(step)))
    assert walk.finished
    return waves


def test_steps_in_a_row_run_one_after_the_other() -> None:
    assert order(task("start", "a", "end")) == ["start:s", "a:s", "end:s"]


def test_ten_thousand_steps_in_a_row_need_no_recursion() -> None:
    assert len(order(task(*(f"s{n}" for n in range(10_000))))) == 10_000


def test_ten_thousand_empty_foreaches_in_a_row_need_no_recursion() -> None:
    body = [node for n in range(10_000) for node in foreach(f"s{n}", {"task": f"b{n}"})]
    assert len(order(body, lambda step, slice: [])) == 10_000


def test_branches_run_together_and_the_join_waits_for_all() -> None:
    body = [*task("start"), {"parallel": "start", "branches": [task("a", "a2"), task("b")]}, *task("join")]
    assert order(body) == ["start:s", "a:s,b:s", "a2:s", "join:s"]


def test_a_join_waits_for_the_slowest_branch() -> None:
    walk = PlanScheduler([*task("start"), {"parallel": "start", "branches": [task("a"), task("b")]}, *task("join")])
    walk.done("start", *[slice for _, slice in walk.ready()])
    assert walk.ready() == [("a", "s"), ("b", "s")]
    walk.done("b", "s")
    assert walk.ready() == []
    walk.done("a", "s")
    assert walk.ready() == [("join", "s")]
    assert not walk.finished


def test_a_foreach_appends_the_numbers_of_its_slices() -> None:
    assert order([*foreach("start", *task("b")), *task("join")], {"start": [0, 1, 2]}) == ["start:s", "b:s.0,b:s.1,b:s.2", "join:s"]


def test_an_empty_foreach_goes_straight_to_its_join() -> None:
    assert order([*foreach("start", *task("b")), *task("join")], {"start": []}) == ["start:s", "join:s"]


def test_slices_of_a_foreach_do_not_wait_for_each_other() -> None:
    walk = PlanScheduler([*foreach("start", *task("a", "b")), *task("join")])
    walk.ready()
    walk.done("start", "s", [0, 1])
    assert walk.ready() == [("a", "s.0"), ("a", "s.1")]
    walk.done("a", "s.1")
    assert walk.ready() == [("b", "s.1")]


def test_a_foreach_in_a_foreach() -> None:
    body = [*foreach("start", *foreach("inner", *task("b")), *task("close")), *task("join")]
    routes = {"start": [0, 1], "inner:s.0": [0, 1], "inner:s.1": []}
    assert order(body, routes) == ["start:s", "inner:s.0,inner:s.1", "b:s.0.0,b:s.0.1,close:s.1", "close:s.0", "join:s"]


def test_a_join_may_be_a_split_itself() -> None:
    body = [*foreach("start", *task("a")), *foreach("join", *task("b")), *task("last")]
    assert order(body, {"start": [0], "join": [0, 1]}) == ["start:s", "a:s.0", "join:s", "b:s.0,b:s.1", "last:s"]


TWO_ARMS = [*task("pick"), switch("pick", ([["pick", "a"]], task("a")), ([["pick", "b"]], task("b"))), *task("m")]


def test_a_switch_runs_the_arm_that_was_taken() -> None:
    assert order(TWO_ARMS, {"pick": {"to": {"a": True, "b": False}, "again": False}}) == ["pick:s", "a:s", "m:s"]


def test_arms_run_in_sequence_when_items_took_several() -> None:
    assert order(TWO_ARMS, {"pick": {"to": {"a": True, "b": True}, "again": False}}) == ["pick:s", "a:s", "b:s", "m:s"]


def test_a_case_that_skips_every_arm() -> None:
    assert order(TWO_ARMS, {"pick": {"to": {"a": False, "b": False, "m": True}, "again": False}}) == ["pick:s", "m:s"]


def test_an_arm_is_entered_from_an_earlier_arm_that_ran() -> None:
    body = [
        *task("pick"),
        switch("pick", ([["pick", "a"]], task("a")), ([["pick", "b"]], task("b")), ([["a", "c"], ["pick", "c"]], task("c"))),
        *task("m"),
    ]
    assert order(body, {"pick": {"to": {"a": True}, "again": False}}) == ["pick:s", "a:s", "c:s", "m:s"]
    assert order(body, {"pick": {"to": {"b": True}, "again": False}}) == ["pick:s", "b:s", "m:s"]
    assert order(body, {"pick": {"to": {"c": True}, "again": False}}) == ["pick:s", "c:s", "m:s"]


def test_an_arm_is_entered_from_a_switch_in_an_earlier_arm() -> None:
    body = [*task("pick"), switch("pick", ([["pick", "a"]], task("a")), ([["a", "c"], ["pick", "c"]], task("c"))), *task("m")]
    assert order(body, {"pick": {"to": {"a": True}}, "a": {"to": {"c": False, "m": True}}}) == ["pick:s", "a:s", "m:s"]
    assert order(body, {"pick": {"to": {"a": True}}, "a": {"to": {"c": True}}}) == ["pick:s", "a:s", "c:s", "m:s"]


def test_an_arm_without_steps() -> None:
    body = [*task("pick"), switch("pick", ([["pick", "m"]], []), ([["pick", "b"]], task("b"))), *task("m")]
    assert order(body, {"pick": {"to": {"m": True}}}) == ["pick:s", "m:s"]


def test_a_foreach_in_an_arm() -> None:
    body = [
        *task("pick"),
        switch("pick", ([["pick", "a"]], [*foreach("a", *task("b")), *task("j")]), ([["j", "c"]], task("c"))),
        *task("m"),
    ]
    assert order(body, {"pick": {"to": {"a": True}}, "a": [0, 1]}) == ["pick:s", "a:s", "b:s.0,b:s.1", "j:s", "c:s", "m:s"]


def test_a_switch_in_a_foreach_is_decided_for_each_slice() -> None:
    body = [*foreach("start", *TWO_ARMS), *task("join")]
    routes = {"start": [0, 1], "pick:s.0": {"to": {"a": True}}, "pick:s.1": {"to": {"b": True}}}
    assert order(body, routes) == ["start:s", "pick:s.0,pick:s.1", "a:s.0,b:s.1", "m:s.0,m:s.1", "join:s"]


def again_until(turn: int, done: str, header: str = "h") -> Callable[[str, str], Any]:
    def route(step: str, slice: str) -> Any:
        if step != "s":
            return None
        more = int(slice.rpartition(".t")[2]) < turn
        return {"to": {header: more, done: not more}, "again": more}

    return route


def test_a_loop_numbers_its_turns() -> None:
    body = [*task("start"), ring("h", task("h", "s"), ["s"], [["s", "end"]]), *task("end")]
    assert order(body, again_until(2, "end")) == ["start:s", "h:s.t0", "s:s.t0", "h:s.t1", "s:s.t1", "h:s.t2", "s:s.t2", "end:s"]


def test_a_step_that_is_a_loop_of_its_own() -> None:
    body = [*task("start"), ring("s", task("s"), ["s"], [["s", "end"]]), *task("end")]
    assert order(body, again_until(1, "end", "s")) == ["start:s", "s:s.t0", "s:s.t1", "end:s"]


def test_a_loop_goes_round_many_times_without_recursion() -> None:
    body = [ring("s", task("s"), ["s"], [["s", "end"]]), *task("end")]
    assert len(order(body, again_until(9_999, "end", "s"))) == 10_001


def test_a_loop_begins_where_an_engine_stopped() -> None:
    assert order([ring("s", task("s"), ["s"], [["s", "end"]])], again_until(6, "end", "s"), reference="s.3", turn=5) == [
        "s:s.3.t5",
        "s:s.3.t6",
    ]


def test_only_the_first_loop_begins_later() -> None:
    body = [ring("s", task("s"), ["s"], [["s", "x"]]), ring("x", task("x"), ["x"], [["x", "end"]])]
    assert order(body, lambda step, slice: {"to": {}, "again": False}, turn=5) == ["s:s.t5", "x:s.t0"]


TWO_EXITS = [
    ring("h", task("h", "s"), ["s"], [["h", "a"], ["s", "b"]]),
    switch("h", ([["h", "a"]], task("a")), ([["s", "b"]], task("b"))),
    *task("m"),
]


def test_a_loop_with_two_ways_out_runs_the_arm_of_its_last_turn() -> None:
    routes = {
        "h": {"to": {"s": True, "a": False}, "again": False, "left": {"a": False, "b": False}},
        "s": {"to": {"h": False, "b": True}, "again": False},
    }
    assert order(TWO_EXITS, routes) == ["h:s.t0", "s:s.t0", "b:s", "m:s"]


def test_a_loop_with_two_ways_out_runs_the_arms_of_those_who_left_earlier() -> None:
    routes = {
        "h:s.t0": {"to": {"s": True, "a": False}, "again": False, "left": {"a": False, "b": False}},
        "s:s.t0": {"to": {"h": True, "b": True}, "again": True},
        "h:s.t1": {"to": {"s": False, "a": True}, "again": False, "left": {"a": False, "b": True}},
        "s:s.t1": {"to": {"h": False, "b": False}, "again": False},
    }
    assert order(TWO_EXITS, routes) == ["h:s.t0", "s:s.t0", "h:s.t1", "s:s.t1", "a:s", "b:s", "m:s"]


def test_a_back_edge_from_an_arm_that_did_not_run_is_not_taken() -> None:
    body = [ring("h", [*task("h"), switch("h", ([["h", "x"]], task("x")))], ["x"], [["h", "end"]]), *task("end")]
    turns = {
        "h:s.t0": {"to": {"x": True, "end": False}},
        "h:s.t1": {"to": {"x": False, "end": True}},
        "x:s.t0": {"to": {"h": True}, "again": True},
    }
    assert order(body, turns) == ["h:s.t0", "x:s.t0", "h:s.t1", "end:s"]


def test_a_loop_in_a_loop_starts_again_at_turn_0() -> None:
    inner = ring("i", task("i"), ["i"], [["i", "o"]])
    body = [ring("h", [*task("h"), inner, *task("o")], ["o"], [["o", "end"]]), *task("end")]

    def route(step: str, slice: str) -> Any:
        if step == "i":
            return {"to": {"i": slice.endswith(".t0")}, "again": slice.endswith(".t0")}
        return {"to": {"h": slice == "s.t0"}, "again": slice == "s.t0"} if step == "o" else None

    assert order(body, route) == ["h:s.t0", "i:s.t0.t0", "i:s.t0.t1", "o:s.t0", "h:s.t1", "i:s.t1.t0", "i:s.t1.t1", "o:s.t1", "end:s"]


def test_the_way_out_of_an_inner_loop_may_be_the_way_back_of_the_outer() -> None:
    inner = ring("i", task("i"), ["i"], [["i", "h"], ["i", "end"]])
    body = [ring("h", [*task("h"), inner], ["i"], [["i", "end"]]), *task("end")]
    routes = {
        "i:s.t0.t0": {"to": {"i": True, "h": False, "end": False}, "again": True},
        "i:s.t0.t1": {"to": {"i": False, "h": True, "end": False}, "again": False},
        "i:s.t1.t0": {"to": {"i": False, "h": False, "end": True}, "again": False},
    }
    assert order(body, routes) == ["h:s.t0", "i:s.t0.t0", "i:s.t0.t1", "h:s.t1", "i:s.t1.t0", "end:s"]


def test_a_loop_in_an_arm_leads_into_a_later_arm() -> None:
    body = [
        *task("pick"),
        switch("pick", ([["pick", "s"]], [ring("s", task("s"), ["s"], [["s", "x"]])]), ([["s", "x"], ["pick", "x"]], task("x"))),
        *task("m"),
    ]
    routes = {"pick": {"to": {"s": True, "x": False}}, "s": {"to": {"s": False, "x": True}, "again": False}}
    assert order(body, routes) == ["pick:s", "s:s.t0", "x:s", "m:s"]
    assert order(body, {"pick": {"to": {"s": False, "x": True}}}) == ["pick:s", "x:s", "m:s"]


def test_a_foreach_in_a_loop_in_a_foreach() -> None:
    loop = ring("h", [*foreach("h", *task("b")), *task("s")], ["s"], [["s", "out"]])
    body = [*foreach("start", loop, *task("out")), *task("join")]

    def route(step: str, slice: str) -> Any:
        if step in ("start", "h"):
            return [0, 1] if step == "start" else [0]
        return {"to": {}, "again": slice == "s.1.t0"} if step == "s" else None

    assert order(body, route) == [
        "start:s",
        "h:s.0.t0,h:s.1.t0",
        "b:s.0.t0.0,b:s.1.t0.0",
        "s:s.0.t0,s:s.1.t0",
        "out:s.0,h:s.1.t1",
        "b:s.1.t1.0",
        "s:s.1.t1",
        "out:s.1",
        "join:s",
    ]


def test_branches_in_a_foreach_and_a_foreach_in_a_branch() -> None:
    inner = {"parallel": "f", "branches": [[*foreach("a", *task("x")), *task("y")], task("b")]}
    body = [*foreach("start", *task("f"), inner, *task("j")), *task("join")]
    routes = {"start": [0], "a": [0, 1]}
    assert order(body, routes) == ["start:s", "f:s.0", "a:s.0,b:s.0", "x:s.0.0,x:s.0.1", "y:s.0", "j:s.0", "join:s"]
