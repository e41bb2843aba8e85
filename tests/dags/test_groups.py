"""How a plan is cut into groups that Airflow can map, and what each task waits for."""

from __future__ import annotations

import pytest

from flowport.compiler.lower.fuse import cap_loops, fuse_loops
from flowport.compiler.structure.build import structure
from flowport.targets.airflow.groups import Branch, Each, Job, Listing, Member, groups, jobs
from graphs import flow

NEST = ("start: each a", "a: each b", "b: c", "c: k*", "k*: j", "j*: end")


def cut(*graph: str) -> tuple[Member, ...]:
    return groups(fuse_loops(cap_loops(structure(flow("\n".join(graph))), 0)))


def line(members: tuple[Member, ...]) -> str:
    """Members in a line: `each(...)` a mapped group, `list(a)` the list of a nested one, `{...}` a branch."""
    return " ".join(_member(member) for member in members)


def _member(member: Member) -> str:
    match member:
        case Job(step):
            return step
        case Listing(origin):
            return f"list({origin})"
        case Branch(members=inner):
            return "{" + line(inner) + "}"
        case Each(origin, number=number, members=inner):
            return f"each({origin}{number if number > 1 else ''}: {line(inner)})"


def job(members: tuple[Member, ...], step: str) -> Job:
    return next(each for each in jobs(members) if each.step == step)


@pytest.mark.parametrize(
    ("graph", "expected"),
    [
        (("start: a", "a: end"), "start a end"),
        (("start: a & b", "a: j", "b: c", "c: j", "j*: end"), "start a {b c} j end"),
        (("start: each a", "a: b", "b: j", "j*: end"), "start each(start: a b) j end"),
        (("start: each a", "a: each b", "b: k", "k*: j", "j*: end"), "start each(start: a) list(a) each(a: b) each(start2: k) j end"),
        (
            ("start: each a", "a: each b", "b: each c", "c: l", "l*: k", "k*: j", "j*: end"),
            "start each(start: a) list(a) each(a: b) list(b) each(b: c) each(a2: l) each(start2: k) j end",
        ),
        (
            ("start: each a", "a: x & y", "x: each b", "b: k", "k*: j", "y: z", "z: j", "j*: m", "m*: end"),
            "start each(start: a x {y z}) list(x) each(x: b) each(start2: k j) m end",
        ),
        (
            ("start: each a", "a: each b", "b: k", "k*: each c", "c: l", "l*: j", "j*: end"),
            "start each(start: a) list(a) each(a: b) each(start2: k) list(k) each(k: c) each(start3: l) j end",
        ),
        (
            ("start: each a", "a: x | y", "x: each b", "b: k", "k*: m", "y: m", "m: j", "j*: end"),
            "start each(start: a x y) list(x) each(x: b) each(start2: k m) j end",
        ),
        (("start: h", "h: s", "s: h | end"), "start h end"),
        (("start: each a", "a: h", "h: s", "s: h | b", "b: j", "j*: end"), "start each(start: a h b) j end"),
    ],
)
def test_a_plan_is_cut_at_every_foreach_inside_another(graph: tuple[str, ...], expected: str) -> None:
    assert line(cut(*graph)) == expected


def test_a_join_waits_for_the_split_too_so_that_it_runs_over_no_items() -> None:
    join = job(cut("start: each a", "a: j", "j*: end"), "j")
    assert join.after == ("start", "a")
    assert join.anyway


def test_a_join_of_branches_waits_for_all_of_them() -> None:
    join = job(cut("start: a & b", "a: j", "b: j", "j*: end"), "j")
    assert set(join.after) == {"a", "b"}
    assert not join.anyway


def test_an_arm_begins_only_where_items_come_and_what_arms_lead_to_runs_anyway() -> None:
    members = cut("start: x | y | m", "x: z", "z: m", "y: m", "m: end")
    assert [(way.source, way.target) for way in job(members, "x").ways] == [("start", "x")]
    assert not job(members, "x").anyway
    assert not job(members, "z").ways
    assert job(members, "m").anyway
    assert set(job(members, "m").after) == {"start", "z", "y"}
    assert not job(members, "m").ways


def test_a_shared_arm_is_entered_on_each_of_its_ways() -> None:
    members = cut("start: x | y | z", "x: y | z", "y: z", "z: end")
    ways = [(way.source, way.target) for way in job(members, "y").ways]
    assert ways == [("start", "y"), ("x", "y")]
    assert job(members, "y").anyway


def test_behind_a_cut_an_arm_asks_its_switch_again() -> None:
    members = cut("start: each a", "a: x | y", "x: each b", "b: k", "k*: z", "z: m", "y: m", "m: j", "j*: end")
    assert [(way.source, way.target) for way in job(members, "k").ways] == [("a", "x")], "all instances of `b` come before it"
    assert not job(members, "z").ways, "it stands behind `k` in the same instance"
    assert job(members, "m").anyway
    assert not job(members, "m").ways


def test_in_a_group_what_an_arm_leads_to_asks_for_the_arm_around() -> None:
    members = cut("start: each a", "a: x | y", "x: p | q", "p: m", "q: m", "m: n", "n: j", "y: j", "j*: end")
    assert job(members, "m").anyway
    assert [(way.source, way.target) for way in job(members, "m").ways] == [("a", "x")], "its split ran, whatever became of `p` and `q`"
    assert not job(members, "n").ways


def test_outside_of_groups_an_arm_is_asked_for_at_its_head_only() -> None:
    members = cut("start: x | y", "x: each b", "b: k", "k*: m", "y: m", "m: end")
    assert job(members, "x").ways
    assert not job(members, "k").ways


def test_a_loop_with_several_ways_out_decides_like_a_switch() -> None:
    members = cut("start: h", "h: h | x | y", "x: m", "y: m", "m: end")
    assert [(way.source, way.target) for way in job(members, "x").ways] == [("h", "x")]
    assert job(members, "h").after == ("start",)


def test_a_loop_with_one_way_out_is_a_task_like_any_other() -> None:
    members = cut("start: h", "h: s", "s: h | end")
    assert job(members, "end") == Job("end", ("h",))
