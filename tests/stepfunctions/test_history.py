"""How long a history becomes, and how many turns a loop may take."""

from __future__ import annotations

from itertools import pairwise

import pytest

from compiled import problems_of
from flowport.compiler.ir import Case, End, Foreach, Next, Retry, Settings, Switch
from flowport.compiler.ir.plan import Loop, Plan, walk
from flowport.compiler.lower import fuse
from flowport.targets.stepfunctions import target
from flowport.targets.stepfunctions.history import BUDGET, LONGEST, History, capped
from plans import flow
from stepfunctions.emitted import PROFILE

END = ("end", End())


def loops(plan: Plan) -> list[Loop]:
    return [node for node in walk(plan.body) if isinstance(node, Loop)]


def codes(plan: Plan) -> list[str]:
    return [problem.code for problem in problems_of(target, plan, PROFILE)]


def looping(name: str, following: str) -> tuple[tuple[str, Switch], ...]:
    return ((name, Switch("more", (Case(True, name), Case(False, following)))),)


def linear(count: int, retries: int = 0) -> Plan:
    settings = Settings(retry=Retry(times=retries)) if retries else Settings()
    names = [f"s{number}" for number in range(count)]
    return flow(*((name, Next(following), settings) for name, following in pairwise(names)), (names[-1], End()))


def test_a_loop_takes_as_many_turns_as_its_history_bears() -> None:
    plan = capped(flow(("start", Next("look")), *looping("look", "end"), END))
    (loop,) = loops(plan)
    assert loop.cap is not None
    assert BUDGET // 16 <= loop.cap <= BUDGET // 15
    assert History(plan).events(plan.body) < LONGEST


def test_retries_count() -> None:
    one, other = (
        loops(capped(flow(("start", Next("look")), (*looping("look", "end")[0], Settings(retry=Retry(times=times))), END)))[0].cap
        for times in (1, 5)
    )
    assert one is not None
    assert other is not None
    assert other < one


def test_loops_beside_each_other_share_a_history() -> None:
    plan = capped(flow(("start", Next("a")), *looping("a", "b"), *looping("b", "end"), END))
    first, second = loops(plan)
    assert first.cap == second.cap
    assert History(plan).events(plan.body) < LONGEST


def test_a_loop_inside_a_loop_shares_its_history() -> None:
    inner = ("inner", Switch("more", (Case(1, "inner"), Case(2, "check"))))
    check = ("check", Switch("more", (Case(1, "outer"), Case(2, "end"))))
    plan = capped(flow(("start", Next("outer")), ("outer", Next("inner")), inner, check, END))
    caps = [loop.cap or 0 for loop in loops(plan)]
    assert min(caps) > 10
    assert History(plan).events(plan.body) < LONGEST


def test_the_body_of_a_foreach_has_a_history_of_its_own() -> None:
    alone = loops(capped(flow(("start", Next("look")), *looping("look", "end"), END)))[0].cap
    steps = (("start", Foreach("look", "xs")), *looping("look", "done"), ("done", Next("join")), ("join", Next("end"), "join"), END)
    inside = loops(capped(flow(*steps)))[0].cap
    assert inside is not None
    assert alone is not None
    assert abs(inside - alone) < 3


def test_a_profile_may_lower_the_cap_and_not_raise_it() -> None:
    plan = capped(flow(("start", Next("look")), *looping("look", "end"), END))
    assert loops(fuse.cap_loops(plan, 5))[0].cap == 5
    assert loops(fuse.cap_loops(plan, 10**6)) == loops(plan)


@pytest.mark.parametrize(
    ("count", "retries", "expected"),
    [(600, 0, []), (300, 9, ["FP412"]), (4200, 0, ["FP410", "FP411"])],
)
def test_what_grows_too_long_is_said_before_it_runs(count: int, retries: int, expected: list[str]) -> None:
    assert codes(linear(count, retries)) == expected


def test_an_array_job_makes_more_events_than_a_map() -> None:
    each = ("start", Foreach("work", "items")), ("work", Next("join")), ("join", Next("end"), "join"), END
    plan = flow(*each)
    assert History(plan, arrays={"start"}).events(plan.body) - History(plan).events(plan.body) == 7
