"""Settings that are missing or wrong, and what the compute cannot do; each with what to write."""

from __future__ import annotations

import json
import re
from fnmatch import fnmatchcase
from typing import Any

import pytest

from compiled import problems_of
from flowport.compiler.diagnostics.diagnostic import Diagnostic
from flowport.compiler.ir import End, Foreach, Next, Resources, Settings
from flowport.compiler.ir.plan import Plan
from flowport.targets.stepfunctions import target
from flowport.targets.stepfunctions.checks import broken
from flowport.targets.stepfunctions.compute import COMPUTE
from plans import flow
from stepfunctions.emitted import PROFILE, documents

END = ("end", End())


def one(settings: Settings) -> Plan:
    return flow(("start", End(), settings))


def said(plan: Plan, **profile: Any) -> tuple[Diagnostic, ...]:
    return problems_of(target, plan, {**PROFILE, **profile})


def container(plan: Plan, **profile: Any) -> Any:
    return documents(plan, **profile)["job-definitions.json"][0]["containerProperties"]


def test_a_setting_that_is_missing_is_named_with_what_to_write() -> None:
    found = problems_of(target, one(Settings()), {})
    assert [problem.code for problem in found] == ["FP400", "FP400", "FP400", "FP423"]
    assert 'write `store = "s3://my-bucket/flowport"`' in found[0].help[0]


def test_what_a_dry_run_assumes_is_enough() -> None:
    assert problems_of(target, one(Settings()), target.dry_run_defaults) == ()


@pytest.mark.parametrize(
    ("profile", "code"),
    [
        ({"store": "gs://elsewhere/x"}, "FP401"),
        ({"store": "s3://my-bucket/it's"}, "FP401"),
        ({"store": "s3://my-bucket/a#b"}, "FP401"),
        ({"store": "s3://my-bucket/a%2Fb"}, "FP401"),
        ({"store": "s3://my-bucket/a//b"}, "FP401"),
        ({"store": "s3://my-bucket/.."}, "FP401"),
        ({"width": 0}, "FP402"),
        ({"width": "many"}, "FP402"),
        ({"width": 20_000}, "FP402"),
        ({"turns": -1}, "FP402"),
        ({"platform": "MAINFRAME"}, "FP403"),
        ({"compute": "abacus"}, "FP403"),
        ({"platform": "FARGATE"}, "FP404"),
        ({"machine": "my machine"}, "FP405"),
        ({"log_group": "my group"}, "FP405"),
        ({"image": "has space"}, "FP405"),
        ({"job_queue": "bad queue!"}, "FP405"),
        ({"job_role": "nonsense"}, "FP405"),
        ({"execution_role": "x"}, "FP405"),
        ({"partition": "gcp"}, "FP405"),
        ({"region": "mars"}, "FP405"),
        ({"account": "12345"}, "FP405"),
        ({"share_identifier": "the vision team"}, "FP405"),
        ({"share_identifier": "x" * 256}, "FP405"),
        ({"scheduling_priority": 5}, "FP405"),
        ({"share_identifier": "vision", "scheduling_priority": 10_000}, "FP402"),
        ({"log_level": "SOME"}, "FP403"),
        ({"log_retention": 10}, "FP405"),
        ({"machine_role": "nonsense"}, "FP405"),
        ({"schedule_role": "arn:aws:iam::1:role/short"}, "FP405"),
        ({"region": "cn-north-1"}, "FP405"),
        ({"partition": "aws-us-gov", "region": "eu-central-1"}, "FP405"),
        ({"store": "s3://my-bucket/any*thing"}, "FP401"),
        ({"store": 's3://my-bucket/a"b'}, "FP401"),
        ({"store": "s3://my..bucket/a"}, "FP401"),
        ({"store": "s3://my-bucket/" + "x" * 500}, "FP401"),
        ({"tags": {"aws:team": "vision"}}, "FP405"),
        ({"tags": {"flowport:flow": "Other"}}, "FP405"),
        ({"tags": {"team": ["vision"]}}, "FP405"),
        ({"tags": {"a,b": "vision"}}, "FP405"),
        ({"tags": {"team": "v" * 257}}, "FP405"),
        ({"tags": {f"tag{number}": "" for number in range(49)}}, "FP405"),
        ({"tracing": "yes"}, "FP490"),
    ],
)
def test_a_setting_that_no_service_would_take_is_refused(profile: dict[str, Any], code: str) -> None:
    assert [problem.code for problem in said(one(Settings()), **profile)] == [code]


@pytest.mark.parametrize(
    ("name", "value", "compute"),
    [
        ("capacity_provider", "FARGATE_SPOT", "batch"),
        ("subnets", ["subnet-0123456789abcdef0"], "batch"),
        ("security_groups", ["sg-0123456789abcdef0"], "lambda"),
        ("public_ip", True, "batch"),
        ("task_log_group", "/flows", "batch"),
        ("execution_role", "arn:aws:iam::123456789012:role/r", "lambda"),
    ],
)
def test_a_setting_that_the_compute_does_not_read_is_named(name: str, value: Any, compute: str) -> None:
    role = {"job_role": "arn:aws:iam::123456789012:role/r"}
    (found,) = said(one(Settings()), **role, compute=compute, **{name: value})
    assert (found.code, found.severity) == ("FP405", "warning")
    assert found.message.startswith(f"the setting `{name}` has no effect without ")


def test_the_retention_that_is_proposed_is_taken() -> None:
    (found,) = said(one(Settings()), log_retention=10)
    assert found.help == ("write `log_retention = 14` under [stepfunctions] in flowport.toml",)
    assert said(one(Settings()), log_retention=14) == ()


@pytest.mark.parametrize("compute", ["batch", "ecs", "lambda"])
@pytest.mark.parametrize("machine", ["Small", "m" * 80, "a.b", "große", "-", "_small"])
def test_a_machine_may_run_its_own_jobs_whatever_it_is_called(machine: str, compute: str) -> None:
    more = {"compute": compute, "machine": machine, "cluster": "flows", "job_role": "arn:aws:iam::123456789012:role/r"}
    plan = flow(("start", Next("größe")), ("größe", Next("s" * 90)), ("s" * 90, Next("end")), END)
    assert not [problem for problem in said(plan, region="eu-central-1", account="123456789012", **more) if problem.severity == "error"]
    files = documents(plan, region="eu-central-1", account="123456789012", **more)
    assert broken(files["state-machine.json"]) == []
    names = [
        definition.get("jobDefinitionName") or definition.get("family") or definition["FunctionName"]
        for definition in files[COMPUTE[compute].file]
    ]
    first = files["machine-policy.json"]["Statement"][0]
    (pattern,) = [each for each in first["Resource"] if "queue" not in each]
    assert all(fnmatchcase(name, pattern.rpartition("/" if "/" in pattern else ":")[2]) for name in names)
    assert max(map(len, names)) <= (64 if compute == "lambda" else 128)
    group = files["machine-settings.json"]["loggingConfiguration"]["destinations"][0]["cloudWatchLogsLogGroup"]["logGroupArn"]
    assert re.fullmatch(r"[.\-_/#A-Za-z0-9]{1,512}", group.split(":")[6])


@pytest.mark.parametrize(
    ("resources", "profile", "code", "severity"),
    [
        (Resources(gpu=1), {"platform": "FARGATE", "execution_role": "arn:aws:iam::123456789012:role/r"}, "FP300", "error"),
        (Resources(shared_memory=64), {"platform": "FARGATE", "execution_role": "arn:aws:iam::123456789012:role/r"}, "FP301", "error"),
        (Resources(disk=5000), {}, "FP302", "warning"),
        (Resources(cpu=32), {"platform": "FARGATE", "execution_role": "arn:aws:iam::123456789012:role/r"}, "FP414", "error"),
    ],
)
def test_the_capability_table_says_what_the_compute_lacks(resources: Resources, profile: dict[str, Any], code: str, severity: str) -> None:
    (problem,) = said(one(Settings(resources=resources)), **profile)
    assert (problem.code, problem.severity) == (code, severity)
    assert problem.help


def test_a_quote_in_the_flows_name_is_refused() -> None:
    assert [problem.code for problem in said(flow(("start", End()), name="it's"))] == ["FP415"]


def test_an_environment_that_no_container_takes_is_refused() -> None:
    assert [problem.code for problem in said(one(Settings(environment=(("LONG", "x" * 9000),))))] == ["FP413"]


def test_resources_become_what_batch_asks_for() -> None:
    asked = container(one(Settings(resources=Resources(cpu=1.5, memory=3000, gpu=2, shared_memory=64))))
    assert asked["resourceRequirements"] == [
        {"type": "VCPU", "value": "2"},
        {"type": "MEMORY", "value": "3000"},
        {"type": "GPU", "value": "2"},
    ]
    assert asked["linuxParameters"] == {"sharedMemorySize": 64}


def test_fargate_takes_the_smallest_size_that_is_enough() -> None:
    profile = {"platform": "FARGATE", "execution_role": "arn:aws:iam::123456789012:role/x"}
    asked = container(one(Settings(resources=Resources(cpu=0.3, memory=5000, disk=40_000))), **profile)
    assert asked["resourceRequirements"] == [{"type": "VCPU", "value": "1"}, {"type": "MEMORY", "value": "5120"}]
    assert asked["ephemeralStorage"] == {"sizeInGiB": 40}


def test_users_text_in_an_environment_arrives_as_it_is() -> None:
    nasty = "$(touch x) {{y}} 'q' \"r\" \n😀 Ref::run"
    assert container(one(Settings(environment=(("NOTE", nasty),))))["environment"] == [{"name": "NOTE", "value": nasty}]


def step_of(definition: Any) -> str:
    """The step that a job definition is for."""
    command = definition["containerProperties"]["command"]
    return str(command[command.index("--step") + 1])


def test_only_a_task_outside_every_foreach_has_a_timeout_of_the_engines() -> None:
    timed = Settings(timeout=10)
    plan = flow(("start", Foreach("each", "xs"), timed), ("each", Next("join"), timed), ("join", Next("end"), "join"), END)
    timeouts = {step_of(each): each.get("timeout") for each in documents(plan)["job-definitions.json"]}
    assert timeouts["start"] == {"attemptDurationSeconds": 310}
    assert timeouts["each"] is None


def test_no_policy_allows_to_delete_or_names_another_flow() -> None:
    plan = flow(("start", Foreach("each", "xs")), ("each", Next("join")), ("join", Next("end"), "join"), END)
    made = documents(plan)
    for name in ("machine-policy.json", "job-policy.json"):
        text = json.dumps(made[name]).replace("logs:DeleteLogDelivery", "")
        assert "Delete" not in text
        assert '"s3:*"' not in text
        for statement in made[name]["Statement"]:
            for resource in statement["Resource"]:
                assert not resource.startswith("arn:aws:s3:::my-bucket/flowport/*")


def test_a_flow_without_a_foreach_may_not_start_machines() -> None:
    assert "states:StartExecution" not in json.dumps(documents(one(Settings()))["machine-policy.json"])


def test_two_machines_of_one_flow_share_no_job_definition() -> None:
    names = [
        {each["jobDefinitionName"] for each in documents(one(Settings()), machine=machine)["job-definitions.json"]}
        for machine in ("dev", "prod")
    ]
    assert not names[0] & names[1]


def nest(items: int | None = None) -> Plan:
    return flow(
        ("start", Foreach("inner", "rows", items=items)),
        ("inner", Foreach("cell", "cells")),
        ("cell", Next("row")),
        ("row", Next("all"), "join"),
        ("all", Next("end"), "join"),
        END,
    )


def test_a_foreach_that_gets_nothing_of_the_cap_is_warned_of_with_the_figures() -> None:
    (found,) = said(nest(), max_concurrency=200)
    assert (found.code, found.severity) == ("FP422", "warning")
    assert found.message.endswith("one task at a time: 200 of `rows` x 1 of `cells`")
    assert "width = 14" in found.help[0]


@pytest.mark.parametrize("profile", [{}, {"max_concurrency": 3}, {"max_concurrency": 200, "width": 14}])
def test_a_cap_that_leaves_enough_is_not_warned_of(profile: dict[str, Any]) -> None:
    assert said(nest(), **profile) == ()


@pytest.mark.parametrize("items", [2, 500])
def test_a_cap_that_known_items_use_is_not_warned_of(items: int) -> None:
    assert said(nest(items), max_concurrency=200) == ()


def test_a_cap_of_any_size_is_looked_at_at_once() -> None:
    assert said(nest(), max_concurrency=10**400) == ()
