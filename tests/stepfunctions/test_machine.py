"""What each construct becomes in the States Language."""

from __future__ import annotations

from typing import Any

import pytest

from flowport.compiler.ir import Branch, Case, Catch, End, Foreach, Next, Resources, Retry, Settings, Switch
from flowport.compiler.ir.plan import Plan
from flowport.targets.stepfunctions.checks import broken
from plans import flow
from stepfunctions.emitted import documents, machine

END = ("end", End())
LINEAR = (("start", Next("end")), END)
LOOP = (
    ("start", Next("look")),
    ("look", Switch("found", (Case("no", "search"), Case("yes", "end")))),
    ("search", Next("look")),
    END,
)
WAYS_OUT = (
    ("start", Next("look")),
    ("look", Switch("found", (Case("no", "search"), Case("yes", "cheer"), Case("never", "mourn")))),
    ("search", Next("look")),
    ("cheer", Next("end")),
    ("mourn", Next("end")),
    END,
)


def test_the_first_states_store_the_input_and_set_the_document() -> None:
    made = machine(flow(*LINEAR))
    assert made["StartAt"] == "store input"
    assert (
        made["States"]["store input"]["Parameters"]["Key.$"]
        == "States.Format('flowport/flows/Small/runs/{}/input.json', $$.Execution.Name)"
    )
    assert made["States"]["store input"]["Parameters"]["Body.$"] == "$"
    assert made["States"]["begin run"]["Parameters"] == {"run.$": "$$.Execution.Name", "code": "0" * 64, "slice": "s"}


def test_only_the_first_task_is_told_which_execution_it_belongs_to() -> None:
    states = machine(flow(*LINEAR))["States"]
    assert "engine.$" in states["start"]["Parameters"]["Parameters"]
    assert states["end"]["Parameters"]["Parameters"] == {"run.$": "$.run", "slice.$": "$.slice", "code.$": "$.code"}


def test_a_retry_waits_as_long_as_the_user_said_and_a_catch_is_one_more() -> None:
    settings = Settings(retry=Retry(times=2, minutes=1.5), catch=Catch())
    states = machine(flow(("start", Next("end"), settings), END))["States"]
    assert states["start"]["Retry"] == [
        {"ErrorEquals": ["flowport.TaskFailed"], "IntervalSeconds": 90, "MaxAttempts": 3, "BackoffRate": 1.0}
    ]
    job = states["start"]["Branches"][0]["States"]["start job"]
    assert [rule["JitterStrategy"] for rule in job["Retry"]] == ["FULL"]
    assert states["end"]["Type"] == "Task"
    assert len(states["end"]["Retry"]) == 1


def test_a_retry_without_a_wait_waits_the_second_that_the_language_asks_for() -> None:
    states = machine(flow(("start", Next("end"), Settings(retry=Retry(1, 0))), END))["States"]
    assert states["start"]["Retry"][-1]["IntervalSeconds"] == 1


def test_only_a_job_that_may_be_tried_again_fails_with_the_error_that_is_retried() -> None:
    states = machine(flow(("start", Next("end"), Settings(retry=Retry(1, 0))), END))["States"]
    branch = states["start"]["Branches"][0]["States"]
    (rule,) = branch["start ended"]["Choices"]
    assert (rule["Variable"], rule["StringMatches"]) == ("$.failure.Cause", '*"ExitCode":78*')
    assert branch[rule["Next"]]["Error"] == "flowport.NotRetryable"
    assert branch[branch["start ended"]["Default"]]["Error"] == "flowport.TaskFailed"


def test_a_foreach_is_a_distributed_map_over_the_route() -> None:
    states = machine(flow(("start", Foreach("square", "numbers")), ("square", Next("join")), ("join", Next("end"), "join"), END))["States"]
    each = states["start foreach"]
    assert each["ItemProcessor"]["ProcessorConfig"] == {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"}
    assert (
        each["ItemReader"]["Parameters"]["Key.$"]
        == "States.Format('flowport/flows/Small/runs/{}/steps/start/{}@0.route.json', $.run, $.slice)"
    )
    assert each["ItemSelector"] == {"run.$": "$.run", "code.$": "$.code", "slice.$": "States.Format('{}.{}', $.slice, $$.Map.Item.Value)"}
    assert each["MaxConcurrency"] == 1000
    assert each["Next"] == "join"


def test_jobs_may_have_a_share_and_a_priority() -> None:
    def asked(**profile: Any) -> Any:
        parameters = machine(flow(("start", Next("end")), END), **profile)["States"]["start"]["Parameters"]
        return parameters.get("ShareIdentifier"), parameters.get("SchedulingPriorityOverride")

    assert asked() == (None, None)
    assert asked(share_identifier="vision") == ("vision", 0)
    assert asked(share_identifier="vision*", scheduling_priority=7) == ("vision*", 7)


ROWS = Foreach("inner", "rows")


def nest(rows: Foreach = ROWS) -> Plan:
    return flow(
        ("start", rows),
        ("inner", Foreach("cell", "cells")),
        ("cell", Next("row")),
        ("row", Next("all"), "join"),
        ("all", Next("end"), "join"),
        END,
    )


def caps(plan: Plan, **profile: Any) -> tuple[int, int]:
    """The `MaxConcurrency` of the outer and of the inner foreach."""
    outer = machine(plan, **profile)["States"]["start foreach"]
    return outer["MaxConcurrency"], outer["ItemProcessor"]["States"]["inner foreach"]["MaxConcurrency"]


def test_a_users_cap_on_concurrency_holds_for_a_whole_nest() -> None:
    assert caps(nest()) == (100, 1000)
    assert caps(nest(), max_concurrency=8) == (8, 1)
    assert caps(nest(), max_concurrency=8, width=2) == (2, 2)
    assert caps(nest(), max_concurrency=200, width=14) == (14, 14)


@pytest.mark.parametrize(
    ("rows", "cap", "divided"),
    [
        (Foreach("inner", "rows", items=2), 200, (2, 100)),
        (Foreach("inner", "rows", items=3), 200, (3, 66)),
        (Foreach("inner", "rows", batch=10, items=25), 200, (3, 66)),
        (Foreach("inner", "rows", items=500), 200, (200, 1)),
        (Foreach("inner", "rows", items=0), 200, (1, 200)),
        (ROWS, 200, (200, 1)),
    ],
)
def test_a_cap_is_divided_by_the_items_that_are_known(rows: Foreach, cap: int, divided: tuple[int, int]) -> None:
    assert caps(nest(rows), max_concurrency=cap) == divided


def test_a_foreach_with_a_limit_of_its_own_has_no_more_children() -> None:
    limited = Foreach("inner", "rows", max_parallel=5)
    assert caps(nest(limited)) == (5, 1000)
    assert caps(nest(limited), max_concurrency=200) == (5, 40)
    assert caps(nest(Foreach("inner", "rows", items=3, max_parallel=5)), max_concurrency=200) == (3, 66)
    assert caps(nest(limited), width=2) == (2, 2)


def test_items_that_are_known_change_nothing_without_a_cap() -> None:
    assert machine(nest(Foreach("inner", "rows", items=2))) == machine(nest())


def test_branches_run_side_by_side_on_copies_of_the_document() -> None:
    states = machine(flow(("start", Branch(("a", "b"))), ("a", Next("join")), ("b", Next("join")), ("join", Next("end"), "join"), END))[
        "States"
    ]
    assert [branch["StartAt"] for branch in states["start branches"]["Branches"]] == ["a", "b"]
    assert states["start branches"]["ResultPath"] is None


def test_a_switch_asks_for_each_of_its_arms_in_turn() -> None:
    cases = (Case("x", "a"), Case("y", "b"), Case("z", "end"))
    states = machine(flow(("start", Switch("kind", cases)), ("a", Next("end")), ("b", Next("end")), END))["States"]
    assert states["start route"]["ResultPath"] == "$.routes.start"
    assert states["start to a"] == {
        "Type": "Choice",
        "Choices": [{"Variable": "$.routes.start.route.to.a", "BooleanEquals": True, "Next": "a"}],
        "Default": "start to b",
    }
    assert states["a"]["Next"] == "start to b"
    assert states["start to b"]["Default"] == "end"


def test_a_switch_whose_cases_lead_to_one_step_needs_no_choice() -> None:
    states = machine(flow(("start", Switch("kind", (Case("x", "end"), Case("y", "end")))), END))["States"]
    assert not [name for name, state in states.items() if state["Type"] == "Choice"]


def test_an_arm_that_another_arm_leads_to_runs_for_both() -> None:
    cases = (Case("x", "a"), Case("y", "b"))
    states = machine(flow(("start", Switch("kind", cases)), ("a", Next("b")), ("b", Next("end")), END))["States"]
    (rule,) = states["start to b"]["Choices"] if "start to b" in states else [None]
    assert rule is None or {each["Variable"] for each in rule["Or"]} == {"$.routes.start.route.to.a", "$.routes.start.route.to.b"}
    assert broken(machine(flow(("start", Switch("kind", cases)), ("a", Next("b")), ("b", Next("end")), END))) == []


def test_a_loop_has_a_scope_that_is_new_at_every_turn() -> None:
    states = machine(flow(*LOOP))["States"]
    assert states["look loop"]["Parameters"] == {"turn": 0, "slice.$": "States.Format('{}.t0', $.slice)", "routes": {}, "loops": {}}
    assert states["look loop"]["ResultPath"] == states["look turn"]["ResultPath"] == "$.loops.look"
    assert states["look turn"]["Parameters"]["turn.$"] == "States.MathAdd($.loops.look.turn, 1)"
    assert states["look turn"]["Parameters"]["routes"] == {}
    assert states["search route"]["ResultPath"] == "$.loops.look.routes.search"
    assert states["search"]["Parameters"]["Parameters"]["slice.$"] == "$.loops.look.slice"


def test_after_the_last_turn_one_task_does_the_rest() -> None:
    states = machine(flow(*LOOP), turns=3)["States"]
    rule = states["look again"]["Choices"][0]
    assert rule["And"][0] == {"Variable": "$.loops.look.turn", "NumericGreaterThanEquals": 2}
    assert rule["Next"] == "look rest"
    assert states["look rest"]["Parameters"]["Parameters"]["slice.$"] == "$.slice"
    command = documents(flow(*LOOP), turns=3)["job-definitions.json"][-1]["containerProperties"]["command"]
    assert command[3] == "block"
    assert command[command.index("--turn") + 1] == "3"
    assert command[command.index("--width") + 1] == command[command.index("--total") + 1] == "1"


def test_a_loop_without_turns_is_one_task() -> None:
    made = machine(flow(*LOOP), turns=0)
    assert broken(made) == []
    assert "look" not in made["States"]
    assert made["States"]["look loop"]["Next"] == "look rest"


def test_who_left_a_loop_long_ago_still_reaches_the_arm_behind_it() -> None:
    states = machine(flow(*WAYS_OUT))["States"]
    asked = [each["And"][0]["Variable"] for each in states["look to cheer"]["Choices"][0]["Or"]]
    assert asked == [
        "$.loops.look.routes.look.route.left.cheer",
        "$.loops.look.rest.route.left.cheer",
        "$.loops.look.routes.look.route.to.cheer",
    ]
    assert states["look rest route"]["ResultPath"] == "$.loops.look.rest"


def test_the_rest_of_a_loop_gets_the_most_that_one_of_its_steps_asks_for() -> None:
    steps = [(*step, Settings(resources=Resources(cpu=number + 1, memory=1000 * (4 - number)))) for number, step in enumerate(LOOP)]
    rest = documents(flow(*steps))["job-definitions.json"][-1]
    assert rest["jobDefinitionName"].startswith("Small-look-rest-")
    assert rest["containerProperties"]["resourceRequirements"] == [{"type": "VCPU", "value": "3"}, {"type": "MEMORY", "value": "3000"}]


def test_names_that_no_state_may_have_are_shortened_and_stay_apart() -> None:
    long = ["a" * 90 + "1", "a" * 90 + "2"]
    made = machine(flow(("start", Next(long[0])), (long[0], Next(long[1])), (long[1], Next("end")), END))
    assert broken(made) == []
    assert len(made["States"]) == 6


def test_a_name_that_is_no_identifier_is_encoded_in_keys_as_the_runtime_does_it() -> None:
    made = machine(flow(*LINEAR, name="its {x} ü"))
    assert (
        made["States"]["store input"]["Parameters"]["Key.$"]
        == "States.Format('flowport/flows/its%20%7Bx%7D%20%C3%BC/runs/{}/input.json', $$.Execution.Name)"
    )
