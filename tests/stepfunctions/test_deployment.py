"""What a platform engineer looks for in the emitted files: names, revisions, logs, and who may do what."""

from __future__ import annotations

import json
from typing import Any

import botocore.session
import pytest
from botocore.validate import ParamValidator

from compiled import files_of, problems_of
from flowport.compiler.ir import End, Foreach, Next, Resources, Settings
from flowport.compiler.ir.plan import Plan
from flowport.compiler.package.archive import Package
from flowport.targets.stepfunctions import target
from flowport.targets.stepfunctions.jobs import JOB_NAME
from plans import flow
from stepfunctions.emitted import PROFILE, documents

ANYWHERE = {"region": None, "account": None}


def small(memory: int = 4096) -> Plan:
    return flow(("start", Next("end"), Settings(resources=Resources(memory=memory))), ("end", End()))


def each() -> Plan:
    return flow(("start", Foreach("each", "xs")), ("each", Next("join")), ("join", Next("end"), "join"), ("end", End()))


def definitions(plan: Plan, **profile: Any) -> list[str]:
    """The names of the job definitions, in the order of the steps."""
    return [each["jobDefinitionName"] for each in documents(plan, **profile)["job-definitions.json"]]


def statement(document: Any, name: str) -> Any:
    """The statement of a policy with this Sid."""
    return next((each for each in document["Statement"] if each["Sid"] == name), None)


# Job definitions


def test_a_definition_with_another_content_has_another_name() -> None:
    before = definitions(small())
    after = definitions(small(memory=9000))
    assert before[0] != after[0]
    assert before[1] == after[1]
    assert definitions(small(), image="my-image:2")[1] != before[1]


def test_new_code_makes_no_new_definitions() -> None:
    made = [files_of(target, small(), PROFILE, Package(code * 64, b"")) for code in "ab"]
    assert len({file.data for files in made for file in files if file.path.endswith("job-definitions.json")}) == 1


def test_the_machine_names_exactly_the_definitions_that_are_emitted() -> None:
    made = documents(each())
    states = made["state-machine.json"]["States"]
    inner = states["start foreach"]["ItemProcessor"]["States"]
    named = [state["Parameters"]["JobDefinition"] for state in (states["start"], inner["each"], states["join"], states["end"])]
    assert named == [each["jobDefinitionName"] for each in made["job-definitions.json"]]


def test_names_of_definitions_are_as_long_as_batch_takes_and_apart() -> None:
    names = definitions(flow(("s" * 200, Next("s" * 201)), ("s" * 201, End())))
    assert len(set(names)) == 2
    assert all(len(name) <= 128 for name in names)
    assert JOB_NAME < 128


def test_executions_that_run_may_still_submit_the_definitions_they_began_with() -> None:
    """The policy is replaced with every deployment: it allows all definitions of the machine, and none of another profile's."""
    submit = statement(documents(small(), profile="prod")["machine-policy.json"], "SubmitItsJobs")
    assert submit["Resource"][1] == "arn:aws:batch:eu-central-1:123456789012:job-definition/prod-Small-*"
    assert statement(documents(small())["machine-policy.json"], "SubmitItsJobs")["Resource"][1].endswith(":job-definition/Small-*")


# Names


@pytest.mark.parametrize(
    ("profile", "machine"),
    [
        ({}, "Small"),
        ({"profile": "prod"}, "prod-Small"),
        ({"profile": "prod", "machine": "digits"}, "digits"),
        ({"profile": "team a"}, "team-a-Small-bc3ea140"),
    ],
)
def test_the_environment_is_in_all_names(profile: dict[str, Any], machine: str) -> None:
    files = files_of(target, small(), {**PROFILE, **profile})
    assert {file.path.partition("/")[0] for file in files} == {machine}
    assert all(name.startswith(f"{machine}-") for name in definitions(small(), **profile))
    group = documents(small(), **profile)["machine-settings.json"]["loggingConfiguration"]["destinations"][0]["cloudWatchLogsLogGroup"]
    assert group["logGroupArn"] == f"arn:aws:logs:eu-central-1:123456789012:log-group:/aws/vendedlogs/states/{machine}:*"


def test_a_long_name_keeps_the_environment() -> None:
    files = files_of(target, flow(("start", End()), name="F" * 90), {**PROFILE, "profile": "prod"})
    (name,) = {file.path.partition("/")[0] for file in files}
    assert len(name) == 80
    assert name.startswith("prod-F")


# Settings of the machine


@pytest.mark.parametrize("operation", ["CreateStateMachine", "UpdateStateMachine"])
@pytest.mark.parametrize("profile", [{}, {"log_level": "OFF"}, {"log_level": "ALL", "log_data": True, "tracing": True}])
def test_the_settings_are_what_both_commands_take(operation: str, profile: dict[str, Any]) -> None:
    made = documents(small(), **profile)["machine-settings.json"]
    others = {"name": "a", "definition": "{}", "roleArn": "arn:r"} if operation == "CreateStateMachine" else {"stateMachineArn": "arn:m"}
    shape = botocore.session.get_session().get_service_model("stepfunctions").operation_model(operation).input_shape
    report = ParamValidator().validate({**made, **others}, shape)
    assert not report.has_errors(), report.generate_report()


def test_errors_are_logged_without_data_unless_the_profile_says_otherwise() -> None:
    usual = documents(small())["machine-settings.json"]["loggingConfiguration"]
    assert (usual["level"], usual["includeExecutionData"]) == ("ERROR", False)
    other = documents(small(), log_level="ALL", log_data=True, log_group="ours")["machine-settings.json"]["loggingConfiguration"]
    assert (other["level"], other["includeExecutionData"]) == ("ALL", True)
    assert ":log-group:ours:*" in json.dumps(other)


@pytest.mark.parametrize("profile", [{"log_level": "OFF"}, ANYWHERE])
def test_without_logs_the_role_may_not_deliver_any(profile: dict[str, Any]) -> None:
    made = documents(small(), **profile)
    assert made["machine-settings.json"]["loggingConfiguration"] == {"level": "OFF"}
    assert statement(made["machine-policy.json"], "DeliverLogs") is None
    assert statement(documents(small())["machine-policy.json"], "DeliverLogs") is not None


def test_only_a_traced_machine_may_write_traces() -> None:
    traced = documents(small(), tracing=True)
    assert traced["machine-settings.json"]["tracingConfiguration"] == {"enabled": True}
    assert statement(traced["machine-policy.json"], "TraceExecutions")
    assert "xray" not in json.dumps(documents(small()))


def test_a_log_group_needs_a_place_and_what_the_message_says_is_enough() -> None:
    found = problems_of(target, small(), {**PROFILE, **ANYWHERE, "log_level": "ALL"})
    (error,) = found
    assert (error.code, error.severity) == ("FP400", "error")
    assert [line.split("`")[1].split(" ")[0] for line in error.help] == ["region", "account"]
    assert problems_of(target, small(), {**PROFILE, "log_level": "ALL"}) == ()


# Places


def test_policies_for_any_place_are_warned_of_and_what_the_warning_says_mends_it() -> None:
    (warning,) = problems_of(target, small(), {**PROFILE, **ANYWHERE})
    assert (warning.code, warning.severity) == ("FP423", "warning")
    assert warning.message == "the policies hold for any region and any account"
    assert 'write `account = "123456789012"` under [stepfunctions] in flowport.toml' in warning.help
    assert ":*:*:" in json.dumps(documents(small(), **ANYWHERE)["machine-policy.json"])
    assert problems_of(target, small(), PROFILE) == ()
    for name in ("machine-policy.json", "machine-trust.json", "job-trust.json"):
        assert ":*:*:" not in json.dumps(documents(small())[name])


def test_one_place_that_is_missing_is_named_alone() -> None:
    (warning,) = problems_of(target, small(), {**PROFILE, "account": None})
    assert warning.message == "the policies hold for any account"


# Trust


@pytest.mark.parametrize(
    ("file", "service", "source"),
    [
        ("machine-trust.json", "states.amazonaws.com", "arn:aws:states:eu-central-1:123456789012:stateMachine:Small"),
        ("job-trust.json", "ecs-tasks.amazonaws.com", "arn:aws:ecs:eu-central-1:123456789012:*"),
    ],
)
def test_a_role_trusts_a_service_for_this_account_only(file: str, service: str, source: str) -> None:
    (only,) = documents(small())[file]["Statement"]
    assert only["Principal"] == {"Service": service}
    assert only["Condition"]["StringEquals"] == {"aws:SourceAccount": "123456789012"}
    assert source in only["Condition"]["ArnLike"]["aws:SourceArn"]


def test_without_an_account_there_is_no_condition_that_nobody_meets() -> None:
    (only,) = documents(small(), account=None)["machine-trust.json"]["Statement"]
    assert "Condition" not in only
