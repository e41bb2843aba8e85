"""Flows that are deployed to an account of AWS, run there, taken back and removed."""

from __future__ import annotations

import json
import re
import sys
from typing import Any

import boto3
import pytest

from flowport import DeployedFlow, Deployer
from flowport.compiler.changes import DeployError
from flowport.compiler.ir import Schedule
from flowport.exceptions import MetaflowException
from flowport.targets.stepfunctions.deployment import account as accounts
from flowport.targets.stepfunctions.deployment import machine as machines
from flowport.targets.stepfunctions.deployment.aws_errors import Refused, refused
from flowport.targets.stepfunctions.schedule import expression, has_two_days
from flowport.workspace.flow_file import open_flow
from flowport.workspace.operations.deploy import PlannedDeployment, plan_deployment
from flowport.workspace.targets import find_target
from operations.conftest import ACCOUNT, Work

SCHEDULED = ("class Doubles", '@schedule(cron="30 6 * * MON-FRI", timezone="Europe/Zurich")\nclass Doubles')


def schedule_it(work: Work) -> None:
    work.change(*SCHEDULED)
    work.change("Parameter, step", "Parameter, schedule, step")


def planned(work: Work, roles: bool = True) -> PlannedDeployment:
    return plan_deployment(open_flow(work.file, None), find_target("sfn"), lambda found: None, roles)


# From nothing to a run, and back


def test_a_flow_is_deployed_run_and_looked_at(work: Work) -> None:
    first = work("deploy", "FLOW", "--roles")
    assert (first.status, first.err) == (0, "")
    name = work.name
    assert re.sub(r"-[0-9a-f]{8}\b", "-HASH", first.out) == "".join(
        f"{line}\n"
        for line in (
            f"s3://flows/{name}/code/DIGEST.zip is new",
            f"role {name}-job is new",
            f"role {name}-machine is new",
            f"log group /aws/vendedlogs/states/{name} is new",
            *(f"job definition {name}-{step}-HASH is new" for step in ("start", "double", "join", "end")),
            f"state machine {name} is new",
            f"alias {name}:live is new",
        )
    )
    again = work("deploy", "FLOW", "--roles")
    assert again.status == 0
    assert {line.rpartition(" ")[2] for line in again.out.splitlines()} == {"unchanged"}
    assert work("deploy", "FLOW", "--roles", "--diff").status == 0

    started = work("trigger", "FLOW", "--size", "5", "--run-id", "one", "--tag", "nightly", "--wait")
    assert (started.status, started.out) == (0, f"{name}/one\n{work.arn.replace('stateMachine', 'execution')}:one\n")
    assert "SUCCEEDED" in started.err
    shown = work("status", f"{name}/one")
    assert shown.out.startswith(f"{name}/one: done")
    assert "stepfunctions: SUCCEEDED" in shown.out
    assert "double  done       5" in shown.out
    artifacts = work("artifacts", f"{name}/one/end", "--name", "total")
    assert artifacts.out.strip().endswith("20")
    document = json.loads(work("status", f"{name}/one", "--json").out)
    assert (document["status"], document["engine"]["run"]["state"], document["tags"]) == ("done", "done", ["nightly"])


def test_a_failed_run_goes_on_in_a_new_version(work: Work) -> None:
    assert work("deploy", "FLOW", "--roles").status == 0
    failed = work("trigger", "FLOW", "--size", "20", "--run-id", "broken", "--wait")
    assert failed.status == 1
    assert "FAILED" in failed.err
    work.change("< 100", "< 1000")
    changed = work("deploy", "FLOW", "--roles")
    assert f"state machine {work.name} is changed\nalias {work.name}:live is changed\n" in changed.out
    assert work("trigger", "FLOW", "--origin-run", "broken", "--run-id", "mended", "--wait").status == 0
    shown = work("status", f"{work.name}/mended")
    assert "resumes run broken" in shown.out
    assert work("artifacts", f"{work.name}/mended/end", "--name", "total").out.strip().endswith("380")


def test_what_is_deployed_is_listed_taken_back_and_made_live_again(work: Work) -> None:
    work("deploy", "FLOW", "--roles")
    before = work.live()
    work.change("* 2", "* 3")
    work("deploy", "FLOW", "--roles")
    after = work.live()
    assert before != after
    versions = json.loads(work("list", "FLOW", "--json").out)
    assert [(each["name"], each["is_live"]) for each in versions] == [("2", True), ("1", False)]
    assert f"\n{work.name}" in work("list").out

    assert work("rollback", "FLOW", "--diff").status == 1
    assert work.live() == after
    back = work("rollback", "FLOW")
    assert (back.status, back.out) == (0, f"version 2 -> version 1\nalias {work.name}:live is changed\n")
    assert work.live() == before
    none = work("rollback", "FLOW")
    assert (none.status, none.err) == (1, f"flowport rollback: `{work.name}` has no version before 1, which is live\n")
    unknown = work("rollback", "FLOW", "--to", "9")
    assert (unknown.status, unknown.err) == (1, f"flowport rollback: `{work.name}` has no version 9\n  it has 2, 1\n")
    assert work("rollback", "FLOW", "--to", "1").out == f"version 1 -> version 1\nalias {work.name}:live is unchanged\n"

    assert work("deploy", "FLOW", "--roles").out.endswith(f"alias {work.name}:live is changed\n")
    assert work.live() == after
    assert len(json.loads(work("list", "FLOW", "--json").out)) == 2


def test_what_changes_is_one_document_for_programs(work: Work) -> None:
    planned = work("deploy", "FLOW", "--roles", "--diff", "--json")
    changes = json.loads(planned.out)["changes"]
    assert planned.status == 1
    assert {change["becomes"] for change in changes} == {"new"}
    made = work("deploy", "FLOW", "--roles", "--json")
    assert (made.status, json.loads(made.out)["changes"]) == (0, changes)
    again = work("deploy", "FLOW", "--roles", "--diff", "--json")
    assert again.status == 0
    assert {(change["becomes"], change["difference"]) for change in json.loads(again.out)["changes"]} == {("unchanged", "")}
    work.change("* 2", "* 3")
    work("deploy", "FLOW", "--roles", "--json")
    (switch,) = json.loads(work("rollback", "FLOW", "--json").out)["changes"]
    assert switch == {"name": f"alias {work.name}:live", "becomes": "changed", "difference": "version 2 -> version 1"}
    work("trigger", "FLOW", "--run-id", "one", "--wait")
    stopped = json.loads(work("stop", f"{work.name}/one", "--json").out)
    assert (stopped["run"], stopped["engine"]["state"]) == ("one", "done")
    assert {change["becomes"] for change in json.loads(work("delete", "FLOW", "--json").out)["changes"]} == {"deleted"}
    assert json.loads(work("delete", "FLOW", "--json").out) == {"changes": [], "notes": []}


def test_what_went_wrong_is_a_document_for_programs(work: Work, monkeypatch: pytest.MonkeyPatch) -> None:
    ended = work("rollback", "FLOW", "--json")
    assert ended.status == 1
    assert json.loads(ended.out) == {
        "error": f"there is no state machine `{work.name}` with the alias `live`",
        "help": "deploy the flow: flowport deploy FLOW --target sfn",
    }
    assert ended.err.startswith(f"flowport rollback: there is no state machine `{work.name}`")
    ask = accounts.Account.ask

    def forbidden(self: accounts.Account, service: str, operation: str, **arguments: Any) -> Any:
        if operation == "RegisterJobDefinition":
            raise refused(service, operation, "AccessDenied", "not authorized")
        return ask(self, service, operation, **arguments)

    monkeypatch.setattr(accounts.Account, "ask", forbidden)
    cut_off = work("deploy", "FLOW", "--roles", "--json")
    assert cut_off.status == 1
    found = json.loads(cut_off.out)
    assert found["error"] == "AWS does not let you batch:RegisterJobDefinition: not authorized"
    assert [change["becomes"] for change in found["changes"]] == ["new", "new", "new", "new"]
    assert any(change["name"] == f"role {work.name}-machine" for change in found["changes"])
    wrong = work("deploy", "FLOW", "--jsn", "--json")
    assert (wrong.status, json.loads(wrong.out)["error"]) == (2, "there is no option `--jsn`")


def test_a_deployment_deletes_old_versions_but_the_live_one(work: Work) -> None:
    work.change("[stepfunctions]", "[stepfunctions]\nversions = 10", "flowport.toml")
    work("deploy", "FLOW", "--roles")
    for _ in range(12):
        work.client("stepfunctions").publish_state_machine_version(stateMachineArn=work.arn)
    assert work("deploy", "FLOW", "--roles").out.endswith(f"version {work.name}:3 is deleted\nversion {work.name}:2 is deleted\n")
    assert [each["name"] for each in json.loads(work("list", "FLOW", "--json").out)] == [*map(str, range(13, 3, -1)), "1"]
    work.change("* 2", "* 3")
    work("deploy", "FLOW", "--roles")
    assert work("deploy", "FLOW", "--roles").out.endswith(f"version {work.name}:4 is deleted\nversion {work.name}:1 is deleted\n")
    assert work("deploy", "FLOW", "--roles", "--diff").status == 0


def test_a_flow_is_removed_with_all_that_was_created_for_it(work: Work) -> None:
    schedule_it(work)
    work("deploy", "FLOW", "--roles")
    work("trigger", "FLOW", "--run-id", "one", "--wait")
    shown = work("delete", "FLOW", "--diff")
    assert shown.status == 1
    removed = work("delete", "FLOW")
    assert re.sub(r"-[0-9a-f]{8}:1", "-HASH:1", removed.out).splitlines() == [
        f"schedule {work.name} is deleted",
        f"state machine {work.name} is deleted",
        *(f"job definition {work.name}-{step}-HASH:1 is deleted" for step in ("start", "double", "join", "end")),
        f"role {work.name}-job is deleted",
        f"role {work.name}-machine is deleted",
        f"role {work.name}-schedule is deleted",
    ]
    assert work("delete", "FLOW").out == "nothing is deployed\n"
    gone = work("trigger", "FLOW")
    assert gone.status == 1
    assert gone.err == (
        f"flowport trigger: there is no state machine `{work.name}` with the alias `live`\n"
        "  deploy the flow: flowport deploy FLOW --target sfn\n"
    )
    assert work("rollback", "FLOW").err.startswith(f"flowport rollback: there is no state machine `{work.name}`")
    assert work("status", f"{work.name}/one", target=False).status == 1 or work("runs", work.name).out  # the store keeps the run
    assert work("deploy", "FLOW", "--roles").status == 0  # job definitions of the same name get another revision
    assert work("trigger", "FLOW", "--wait").status == 0


def test_a_run_is_stopped(work: Work) -> None:
    work.change("self.numbers = ", "__import__('time').sleep(60)\n        self.numbers = ")
    work("deploy", "FLOW", "--roles")
    assert work("trigger", "FLOW", "--run-id", "long").status == 0
    stopped = work("stop", f"{work.name}/long")
    assert stopped.status == 0
    assert stopped.out.startswith(f"{work.name}/long: ABORTED")
    assert "flowport stop" in stopped.out
    assert work("stop", f"{work.name}/long").out.startswith(f"{work.name}/long: ABORTED")
    unknown = work("stop", f"{work.name}/other")
    assert (unknown.status, unknown.err.splitlines()[0]) == (2, f"flowport stop: stepfunctions has no run `other` of {work.name}")
    assert work("stop", work.name).status == 2


def test_a_run_that_has_not_begun_is_shown_as_its_engine_has_it(work: Work, monkeypatch: pytest.MonkeyPatch) -> None:
    work("deploy", "FLOW", "--roles")
    client = work.client("stepfunctions")
    stuck = json.dumps({"StartAt": "wait", "States": {"wait": {"Type": "Task", "Resource": "arn:aws:states:::none", "End": True}}})
    client.update_state_machine(stateMachineArn=work.arn, definition=stuck)
    client.start_execution(stateMachineArn=work.arn, name="early", input="{}")
    shown = work("status", f"{work.name}/early")
    assert shown.out.startswith(f"{work.name}/early: not begun\nstepfunctions: ")
    assert json.loads(work("status", f"{work.name}/early", "--json").out)["status"] == "waiting"
    assert work("status", f"{work.name}/never").status == 2


def test_input_that_aws_does_not_take_goes_through_the_store(work: Work) -> None:
    work.change("Parameter, step", "JSONType, Parameter, step")
    work.change("    @step\n    def start", '    more = Parameter("more", default="[]", type=JSONType)\n\n    @step\n    def start')
    work("deploy", "FLOW", "--roles")
    large = json.dumps(["x" * 300_000, "\udce9"])
    assert work("trigger", "FLOW", "--more", large, "--run-id", "large", "--wait").status == 0
    given = work.client("stepfunctions").describe_execution(executionArn=f"{work.arn.replace('stateMachine', 'execution')}:large")
    assert list(json.loads(given["input"])) == ["input"]
    assert "\\udce9" in work("artifacts", f"{work.name}/large/end", "--name", "more", "--json").out


def test_a_run_id_is_used_once(work: Work) -> None:
    work("deploy", "FLOW", "--roles")
    assert work("trigger", "FLOW", "--run-id", "one", "--wait").status == 0
    again = work("trigger", "FLOW", "--run-id", "one", "--size", "4")
    assert again.status == 1
    assert again.err == (
        f"flowport trigger: the state machine `{work.name}` has had a run `one` before, with another input\n"
        "  leave out `--run-id`, or choose another one\n"
    )


def test_a_run_that_is_started_again_with_the_same_input_is_the_one_that_is_there(work: Work, monkeypatch: pytest.MonkeyPatch) -> None:
    work("deploy", "FLOW", "--roles")
    assert work("trigger", "FLOW", "--run-id", "one", "--size", "4", "--wait").status == 0
    ask = accounts.Account.ask

    def over(self: accounts.Account, service: str, operation: str, **arguments: Any) -> Any:
        if operation == "StartExecution":  # as Step Functions answers for an execution that is over, whatever its input was
            raise refused(service, operation, "ExecutionAlreadyExists", "Execution Already Exists")
        return ask(self, service, operation, **arguments)

    monkeypatch.setattr(accounts.Account, "ask", over)
    again = work("trigger", "FLOW", "--run-id", "one", "--size", "4")
    assert (again.status, again.out.partition("\n")[0]) == (0, f"{work.name}/one")
    assert "with another input" in work("trigger", "FLOW", "--run-id", "one", "--size", "3").err


# Interruptions and others


def test_a_deployment_that_is_cut_off_anywhere_is_mended_by_deploying_again(work: Work, writes: dict[str, Any]) -> None:
    schedule_it(work)
    work("deploy", "FLOW", "--roles")
    whole = list(writes["made"])
    assert whole[-3:] == ["CreateStateMachine", "CreateStateMachineAlias", "CreateSchedule"]
    work("delete", "FLOW")
    whole.remove("CreateLogGroup")  # it stays, with what it has
    assert len(whole) == 13
    for stop in range(1, len(whole) + 1):
        writes.update(made=[], stop=stop)
        assert work("deploy", "FLOW", "--roles").status == 130
        assert len(writes["made"]) == stop
        writes.update(made=[], stop=None)
        assert work("deploy", "FLOW", "--roles").status == 0
        assert work("deploy", "FLOW", "--roles", "--diff").status == 0, f"cut off after {whole[stop - 1]}"
        work("delete", "FLOW")


def test_what_was_live_stays_live_until_the_new_version_is_whole(work: Work, writes: dict[str, Any]) -> None:
    work("deploy", "FLOW", "--roles")
    for number in range(20):
        before = work.live()
        work.desk.write("flow.py", (work.desk.folder / "flow.py").read_text() + f"\n# version {number}\n")
        writes.update(made=[], stop=number + 1)
        status = work("deploy", "FLOW", "--roles").status
        after = work.live()
        if status == 0:
            assert after != before
            return
        if writes["made"][-1] != "UpdateStateMachineAlias":
            assert after == before, writes["made"]
        writes.update(made=[], stop=None)
        work("deploy", "FLOW", "--roles")
    pytest.fail("no deployment came to its end")


def test_two_deployments_at_once_do_not_mix(work: Work) -> None:
    work("deploy", "FLOW", "--roles")
    first = planned(work)
    work.change("* 2", "* 3")
    work.change('"my-image:1"', '"my-image:2"', "flowport.toml")
    second = planned(work)
    work.change("* 3", "* 5")
    third = planned(work)
    # Both write the machine before either of them switches.
    for change in (*second.changes.changes[:-1], *third.changes.changes[:-1]):
        if change.becomes != "unchanged":
            change.make()
    for each in (second, third):
        each.changes.changes[-1].make()
        live = work.live()
        assert live is not None
        wanted = next(change for change in each.changes.changes if change.name.startswith("state machine"))
        code = json.loads(live["definition"])["States"]["begin run"]["Parameters"]["code"]
        assert code in wanted.difference
    assert first.changes.changes[-1].becomes == "unchanged"


def test_the_version_of_somebody_else_is_not_made_live(work: Work) -> None:
    """A machine that was changed between a deployment's two requests, and whose version was removed."""
    plan = planned(work)
    for change in plan.changes.changes[:-1]:
        change.make()
    client = work.client("stepfunctions")
    client.delete_state_machine_version(stateMachineVersionArn=f"{work.arn}:1")
    client.update_state_machine(stateMachineArn=work.arn, definition=json.dumps({"StartAt": "a", "States": {"a": {"Type": "Succeed"}}}))
    with pytest.raises(DeployError, match="somebody else has deployed"):
        plan.changes.changes[-1].make()
    assert work.live() is None


@pytest.mark.parametrize(("tags", "whose"), [([], "somebody else"), ([{"key": "flowport:flow", "value": "OtherFlow"}], "OtherFlow")])
def test_a_machine_of_somebody_else_stays_as_it_is(work: Work, tags: list[dict[str, str]], whose: str) -> None:
    client = work.client("stepfunctions")
    definition = json.dumps({"StartAt": "a", "States": {"a": {"Type": "Succeed"}}})
    client.create_state_machine(name=work.name, definition=definition, roleArn=f"arn:aws:iam::{ACCOUNT}:role/other", tags=tags)
    for command in (("deploy", "FLOW"), ("rollback", "FLOW"), ("delete", "FLOW")):
        refused = work(*command)
        assert refused.status == 1
        assert refused.err.startswith(f"flowport {command[0]}: the state machine `{work.name}` belongs to ")
        assert whose in refused.err.splitlines()[0]
    assert "aws stepfunctions tag-resource" in refused.err
    assert client.describe_state_machine(stateMachineArn=work.arn)["definition"] == definition
    assert not work.client("batch").describe_job_definitions(jobDefinitionName=f"{work.name}-start")["jobDefinitions"]
    if not tags:
        client.tag_resource(resourceArn=work.arn, tags=[{"key": "flowport:flow", "value": work.name}])
        assert work("deploy", "FLOW", "--roles").status == 0


def test_a_role_and_a_schedule_of_somebody_else_stay_as_they_are(work: Work) -> None:
    schedule_it(work)
    iam = work.client("iam")
    iam.create_role(RoleName=f"{work.name}-machine", AssumeRolePolicyDocument="{}")
    refused = work("deploy", "FLOW", "--roles")
    assert refused.status == 1
    assert f"the role `{work.name}-machine` belongs to somebody else" in refused.err
    iam.delete_role(RoleName=f"{work.name}-machine")
    scheduler = work.client("scheduler")
    target = {"Arn": work.arn, "RoleArn": f"arn:aws:iam::{ACCOUNT}:role/other"}
    scheduler.create_schedule(Name=work.name, ScheduleExpression="rate(1 day)", FlexibleTimeWindow={"Mode": "OFF"}, Target=target)
    refused = work("deploy", "FLOW", "--roles")
    assert refused.status == 1
    assert f"the schedule `{work.name}` belongs to somebody else" in refused.err
    assert scheduler.get_schedule(Name=work.name)["ScheduleExpression"] == "rate(1 day)"


# Schedules


def test_a_schedule_is_deployed_paused_changed_and_taken_away(work: Work) -> None:
    schedule_it(work)
    work("deploy", "FLOW", "--roles")
    scheduler = work.client("scheduler")
    found = scheduler.get_schedule(Name=work.name)
    assert (found["ScheduleExpression"], found["ScheduleExpressionTimezone"]) == ("cron(30 6 ? * MON-FRI *)", "Europe/Zurich")
    assert (found["State"], found["Target"]["Arn"]) == ("ENABLED", f"{work.arn}:live")
    work.change("flow_roles", 'schedule = "paused"\nflow_roles', "flowport.toml")
    assert f"schedule {work.name} is changed\n" in work("deploy", "FLOW", "--roles").out
    assert scheduler.get_schedule(Name=work.name)["State"] == "DISABLED"
    assert "Europe/Zurich, paused" in work("list").out
    work.change(SCHEDULED[1], SCHEDULED[0])
    assert f"schedule {work.name} is deleted\n" in work("deploy", "FLOW", "--roles").out
    with pytest.raises(scheduler.exceptions.ResourceNotFoundException):
        scheduler.get_schedule(Name=work.name)


@pytest.mark.parametrize(
    ("cron", "aws"),
    [
        ("0 0 * * *", "cron(0 0 * * ? *)"),
        ("*/5 0-8/2 1,15 * *", "cron(*/5 0-8/2 1,15 * ? *)"),
        ("0 3 * * 0", "cron(0 3 ? * SUN *)"),
        ("0 3 * JAN,JUN 1-5", "cron(0 3 ? JAN,JUN MON-FRI *)"),
        ("0 3 * * */2", "cron(0 3 ? * SUN,TUE,THU,SAT *)"),
        ("0 3 * * 1-5/2,SAT", "cron(0 3 ? * MON,WED,FRI,SAT *)"),
    ],
)
def test_an_expression_of_five_fields_as_aws_writes_it(cron: str, aws: str) -> None:
    assert expression(Schedule(cron)) == aws


def test_a_day_of_the_month_and_of_the_week_have_no_expression(work: Work) -> None:
    assert has_two_days(Schedule("0 0 1 * MON"))
    schedule_it(work)
    work.change("30 6 * * MON-FRI", "30 6 1 * MON")
    refused = work("check", "FLOW")
    assert refused.status == 1
    assert "FP438" in refused.out
    assert "EventBridge Scheduler cannot express `30 6 1 * MON`" in refused.out


# What AWS has against it


def test_roles_that_are_not_there_yet_are_waited_for(work: Work, monkeypatch: pytest.MonkeyPatch) -> None:
    ask, refusals = accounts.Account.ask, []

    def slow(self: accounts.Account, service: str, operation: str, **arguments: Any) -> Any:
        if operation == "CreateStateMachine" and len(refusals) < 3:
            refusals.append(operation)
            message = f"Neither the global service principal states.amazonaws.com is authorized to assume the provided role. {ACCOUNT}"
            raise refused(service, operation, "AccessDeniedException", message)
        return ask(self, service, operation, **arguments)

    monkeypatch.setattr(accounts.Account, "ask", slow)
    monkeypatch.setattr(machines.time, "sleep", lambda seconds: None)
    assert work("deploy", "FLOW", "--roles").status == 0
    assert len(refusals) == 3
    work("delete", "FLOW")
    refusals.clear()
    monkeypatch.setattr(machines, "SETTLING", -1)
    never = work("deploy", "FLOW", "--roles")
    assert never.status == 1
    assert "cannot take on the role" in never.err


def test_a_flow_whose_roles_are_not_there_is_not_deployed(work: Work, monkeypatch: pytest.MonkeyPatch) -> None:
    refused_ = work("deploy", "FLOW")
    assert refused_.status == 1
    assert refused_.err.startswith(f"flowport deploy: there is no role `{work.name}-job`, `{work.name}-machine` in the account {ACCOUNT}\n")
    assert not work.client("batch").describe_job_definitions(jobDefinitionName=f"{work.name}-start")["jobDefinitions"]
    find = accounts.Account.find

    def forbidden(self: accounts.Account, service: str, operation: str, missing: str, **arguments: Any) -> Any:
        if operation == "GetRole":
            raise refused(service, operation, "AccessDenied", "not authorized to perform iam:GetRole")
        return find(self, service, operation, missing, **arguments)

    monkeypatch.setattr(accounts.Account, "find", forbidden)
    assert work("deploy", "FLOW").status == 0  # who deploys need not be allowed to look


def test_a_role_of_the_containers_that_is_not_there_is_named(work: Work) -> None:
    named = f'execution_role = "arn:aws:iam::{ACCOUNT}:role/starts"'
    work.change("flow_roles = true", f"flow_roles = true\n{named}", "flowport.toml")
    refused_ = work("deploy", "FLOW", "--roles")
    assert refused_.status == 1
    assert refused_.err.startswith(f"flowport deploy: there is no role `starts` in the account {ACCOUNT}\n")
    assert not work.client("batch").describe_job_definitions(jobDefinitionName=f"{work.name}-start")["jobDefinitions"]
    work.change(named, f'machine_role = "arn:aws:iam::{ACCOUNT}:role/runs"', "flowport.toml")
    assert "there is no role `runs`" in work("deploy", "FLOW", "--roles").err  # one that --roles would not create


def test_a_queue_that_is_not_there_or_takes_no_jobs(work: Work) -> None:
    work.change('"flows"', '"flowers"', "flowport.toml")
    missing = work("deploy", "FLOW", "--roles")
    assert missing.status == 1
    assert missing.err == (
        "flowport deploy: AWS Batch has no job queue `flowers` in us-east-1\n"
        '  name one that is there: `job_queue = "..."` under [stepfunctions] in flowport.toml, or `queue` of `@batch`\n'
    )
    work.client("batch").create_job_queue(jobQueueName="asleep", state="DISABLED", priority=1, computeEnvironmentOrder=[])
    work.change('"flowers"', '"asleep"', "flowport.toml")
    disabled = work("deploy", "FLOW", "--roles")
    assert disabled.status == 1
    assert "the job queue `asleep` takes no jobs: it is disabled" in disabled.err


@pytest.mark.parametrize(
    ("service", "operation", "code", "message", "said"),
    [
        ("sts", "GetCallerIdentity", "ExpiredToken", "The token is expired", "does not accept your credentials"),
        ("batch", "RegisterJobDefinition", "AccessDeniedException", "not authorized", "needs the permission `batch:RegisterJobDefinition`"),
        ("stepfunctions", "CreateStateMachine", "AccessDeniedException", "no iam:PassRole", "needs `iam:PassRole`"),
        ("iam", "CreateRole", "AccessDenied", "not authorized", "without `--roles` no role is touched"),
        ("batch", "RegisterJobDefinition", "ThrottlingException", "Rate exceeded", "takes no more requests just now"),
        ("logs", "CreateLogGroup", "LimitExceededException", "too many groups", "logs:CreateLogGroup failed: too many groups"),
    ],
)
def test_a_refusal_says_what_to_do(service: str, operation: str, code: str, message: str, said: str) -> None:
    error = refused(service, operation, code, message)
    assert isinstance(error, Refused)
    assert said in str(error)


def test_credentials_of_another_account_are_refused(work: Work) -> None:
    work.change('"123456789012"', '"999999999999"', "flowport.toml")
    refused = work("deploy", "FLOW", "--roles")
    assert refused.status == 1
    assert refused.err == (
        "flowport deploy: the credentials are of the account 123456789012, and the settings name 999999999999\n"
        "  AWS_PROFILE chooses other credentials; `account` stands under [stepfunctions] in flowport.toml\n"
    )


def test_without_credentials_or_a_service_nothing_is_deployed(work: Work, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    unreachable = work("deploy", "FLOW", "--roles")
    assert unreachable.status == 1
    assert "does not answer" in unreachable.err
    assert work("deploy", "FLOW", "--diff").status == 2
    boto3.session.Session.cache_clear()
    for variable in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(variable)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", "/nonexistent")
    monkeypatch.setenv("AWS_CONFIG_FILE", "/nonexistent")
    nobody = work("deploy", "FLOW", "--roles")
    assert nobody.status == 1
    assert "there are no credentials of AWS" in nobody.err


def test_without_a_region_nothing_is_deployed(work: Work, monkeypatch: pytest.MonkeyPatch) -> None:
    work.change('region = "us-east-1"\n', "", "flowport.toml")
    for variable in ("AWS_REGION", "AWS_DEFAULT_REGION"):
        monkeypatch.delenv(variable)
    monkeypatch.setenv("AWS_CONFIG_FILE", "/nonexistent")
    refused = work("deploy", "FLOW", "--roles")
    assert refused.status == 1
    assert "nothing names a region" in refused.err


def test_the_client_of_aws_is_named_where_it_is_missing(work: Work) -> None:
    without = "import sys; sys.modules['boto3'] = sys.modules['botocore'] = None; from flowport.cli import main; main()"
    done = work.desk.run(sys.executable, "-c", without, "deploy", work.file, "--target", "sfn")
    assert done.status == 1
    assert "pip install 'flowport[sfn]'" in done.err


def test_roles_are_only_for_step_functions(work: Work) -> None:
    refused = work("deploy", "FLOW", "--roles", "--target", "airflow", target=False)
    assert refused.status == 2
    assert "`--roles` creates roles of AWS" in refused.err


def test_settings_that_name_every_role_leave_none_to_create(work: Work) -> None:
    role = f"arn:aws:iam::{ACCOUNT}:role/ours"
    work.change("flow_roles = true", f'job_role = "{role}"\nmachine_role = "{role}"', "flowport.toml")
    refused = work("deploy", "FLOW", "--roles")
    assert refused.status == 1
    assert "there is none that flowport would create" in refused.err
    missing = work("deploy", "FLOW")
    assert missing.status == 1
    assert missing.err == (
        f"flowport deploy: there is no role `ours` in the account {ACCOUNT}\n"
        "  `flowport deploy --roles` creates the roles of the flow; one that the settings name, its owner creates\n"
    )
    work.client("iam").create_role(RoleName="ours", AssumeRolePolicyDocument="{}")
    assert work("deploy", "FLOW").status == 0
    live = work.live()
    assert live is not None
    assert live["roleArn"] == role


# From Python


def test_a_flow_is_deployed_started_and_found_from_python(work: Work) -> None:
    deployed = Deployer(work.file, show_output=False).step_functions().create(roles=True)
    assert (deployed.name, deployed.flow_name) == (work.name, work.name)
    started = deployed.trigger(size=4)
    assert started.wait_for_run(check_interval=1, timeout=60).pathspec == started.pathspec
    started.wait_for_completion(check_interval=1, timeout=60)
    assert (started.status, started.is_running) == ("SUCCEEDED", False)
    run = started.run
    assert run is not None
    assert run.data.total == 12
    assert started.terminate()
    with pytest.raises(RuntimeError, match="size"):
        deployed.trigger(size="many")

    found = DeployedFlow.from_deployment(work.name, impl="step_functions")
    assert (found.name, found.flow_name) == (work.name, work.name)
    again = found.trigger(size=2)
    again.wait_for_completion(check_interval=1, timeout=60)
    assert again.run is not None
    assert again.run.data.total == 2
    known = DeployedFlow.get_triggered_run(work.name, again.name, impl="step_functions")
    assert (known.pathspec, known.status) == (again.pathspec, "SUCCEEDED")
    assert [each.name for each in DeployedFlow.list_deployed_flows(work.name, impl="step_functions")] == [work.name]

    assert found.delete()
    assert not found.delete()
    with pytest.raises(RuntimeError, match="there is no state machine"):
        found.trigger()
    with pytest.raises(MetaflowException, match="no flow is deployed as"):
        DeployedFlow.from_deployment(work.name, impl="step_functions")
    with pytest.raises(ValueError, match="the deployers are `argo_workflows`, `step_functions`, `airflow`"):
        DeployedFlow.from_deployment(work.name, impl="oozie")
