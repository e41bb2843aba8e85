"""Flows that are deployed to run as tasks of ECS."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from flowport.targets.stepfunctions.deployment import account as accounts
from flowport.targets.stepfunctions.deployment.aws_errors import refused
from operations.conftest import ACCOUNT, REGION, Work

STEPS = ("start", "double", "join", "end")


@pytest.fixture
def ecs(work: Work) -> Work:
    """A flow whose profile names a cluster, a subnet, a group and a role that are there."""
    cluster = work.client("ecs").create_cluster(clusterName="flows", capacityProviders=["FARGATE_SPOT"])["cluster"]
    assert cluster["status"] == "ACTIVE"
    ec2, iam = work.client("ec2"), work.client("iam")
    subnet = ec2.describe_subnets()["Subnets"][0]["SubnetId"]
    group = ec2.describe_security_groups()["SecurityGroups"][0]["GroupId"]
    if "ecs" not in {role["RoleName"] for role in iam.list_roles()["Roles"]}:
        iam.create_role(RoleName="ecs", AssumeRolePolicyDocument="{}")
    lines = [
        'compute = "ecs"',
        'cluster = "flows"',
        'platform = "FARGATE"',
        f'subnets = ["{subnet}"]',
        f'security_groups = ["{group}"]',
        f'execution_role = "arn:aws:iam::{ACCOUNT}:role/ecs"',
    ]
    work.change('job_queue = "flows"', "\n".join(lines), "flowport.toml")
    return work


def families(work: Work) -> list[str]:
    found: list[str] = work.client("ecs").list_task_definition_families(familyPrefix=f"{work.name}-", status="ACTIVE")["families"]
    return found


def test_a_flow_is_deployed_run_taken_back_and_removed(ecs: Work) -> None:
    first = ecs("deploy", "FLOW", "--roles")
    assert (first.status, first.err) == (0, "")
    assert re.sub(r"-[0-9a-f]{8}\b", "-HASH", first.out).splitlines() == [
        f"s3://flows/{ecs.name}/code/DIGEST.zip is new",
        f"role {ecs.name}-job is new",
        f"role {ecs.name}-machine is new",
        f"log group /aws/vendedlogs/states/{ecs.name} is new",
        f"log group /ecs/{ecs.name} is new",
        *(f"task definition {ecs.name}-{step}-HASH is new" for step in STEPS),
        f"state machine {ecs.name} is new",
        f"alias {ecs.name}:live is new",
    ]
    again = ecs("deploy", "FLOW", "--roles")
    assert {line.rpartition(" ")[2] for line in again.out.splitlines()} == {"unchanged"}
    assert len(families(ecs)) == len(STEPS)
    assert ecs("trigger", "FLOW", "--size", "5", "--run-id", "one", "--wait").status == 0
    assert ecs("artifacts", f"{ecs.name}/one/end", "--name", "total").out.strip().endswith("20")

    ecs.change('"my-image:1"', '"my-image:2"', "flowport.toml")
    assert ecs("deploy", "FLOW", "--roles").status == 0
    assert len(families(ecs)) == 2 * len(STEPS)
    assert ecs("rollback", "FLOW").status == 0
    assert ecs("trigger", "FLOW", "--run-id", "two", "--wait").status == 0

    removed = ecs("delete", "FLOW")
    assert len(re.findall(rf"^task definition {ecs.name}-\w+-[0-9a-f]{{8}}:1 is deleted$", removed.out, re.MULTILINE)) == 2 * len(STEPS)
    assert families(ecs) == []
    assert ecs("delete", "FLOW").out == "nothing is deployed\n"
    assert ecs("deploy", "FLOW", "--roles").status == 0  # task definitions of the same family get another revision
    assert ecs("trigger", "FLOW", "--run-id", "three", "--wait").status == 0


def test_a_flow_goes_from_batch_to_ecs_and_leaves_nothing_behind(ecs: Work) -> None:
    text = (ecs.desk.folder / "flowport.toml").read_text()
    ecs.desk.write("flowport.toml", text.replace('compute = "ecs"', 'job_queue = "flows"'))
    assert ecs("deploy", "FLOW", "--roles").status == 0
    ecs.desk.write("flowport.toml", text)
    assert ecs("deploy", "FLOW", "--roles").status == 0
    removed = ecs("delete", "FLOW").out
    assert [removed.count(f"{what} {ecs.name}-") for what in ("job definition", "task definition")] == [len(STEPS)] * 2


def test_whoever_uses_batch_needs_no_permission_for_ecs(work: Work, monkeypatch: pytest.MonkeyPatch) -> None:
    assert work("deploy", "FLOW", "--roles").status == 0
    ask = accounts.Account.ask

    def forbidden(self: accounts.Account, service: str, operation: str, **arguments: Any) -> Any:
        if service == "ecs":
            raise refused(service, operation, "AccessDeniedException", "not authorized")
        return ask(self, service, operation, **arguments)

    monkeypatch.setattr(accounts.Account, "ask", forbidden)
    assert work("delete", "FLOW").status == 0


def test_a_deployment_that_is_cut_off_anywhere_is_mended_by_deploying_again(ecs: Work, writes: dict[str, Any]) -> None:
    ecs("deploy", "FLOW", "--roles")
    whole = [name for name in writes["made"] if name != "CreateLogGroup"]
    assert whole[-6:] == [*["RegisterTaskDefinition"] * 4, "CreateStateMachine", "CreateStateMachineAlias"]
    ecs("delete", "FLOW")
    for stop in range(1, len(whole) + 1):
        writes.update(made=[], stop=stop)
        assert ecs("deploy", "FLOW", "--roles").status == 130
        writes.update(made=[], stop=None)
        assert ecs("deploy", "FLOW", "--roles").status == 0
        assert ecs("deploy", "FLOW", "--roles", "--diff").status == 0, f"cut off after {whole[stop - 1]}"
        assert len(families(ecs)) == len(STEPS)
        ecs("delete", "FLOW")


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('cluster = "flows"', 'cluster = "flowers"', "Amazon ECS has no cluster `flowers` in us-east-1"),
        ('cluster = "flows"', 'cluster = "flows"\ncapacity_provider = "OURS"', "has no capacity provider `OURS`; it has `FARGATE_SPOT`"),
        (r"subnets = .*", 'subnets = ["subnet-00000000"]', "there is no subnet `subnet-00000000` in us-east-1"),
        (r"security_groups = .*", 'security_groups = ["sg-00000000"]', "there is no security group `sg-00000000` in us-east-1"),
        ("role/ecs", "role/ecks", f"there is no role `ecks` in the account {ACCOUNT}"),
        ("my-image:1", f"{ACCOUNT}.dkr.ecr.{REGION}.amazonaws.com/flows:9", f"there is no image `{ACCOUNT}.dkr.ecr"),
    ],
)
def test_what_is_missing_is_named_before_anything_is_made(ecs: Work, writes: dict[str, Any], old: str, new: str, said: str) -> None:
    text = (ecs.desk.folder / "flowport.toml").read_text()
    ecs.desk.write("flowport.toml", re.sub(old, new, text))
    missing = ecs("deploy", "FLOW", "--roles")
    assert missing.status == 1
    assert said in missing.err
    assert writes["made"] == []


def test_an_image_of_the_account_is_found(ecs: Work) -> None:
    ecr = ecs.client("ecr")
    ecr.create_repository(repositoryName="flows-ecs")
    manifest = json.dumps({"schemaVersion": 2, "name": ecs.name})
    ecr.put_image(repositoryName="flows-ecs", imageManifest=manifest, imageTag="1")
    ecs.change("my-image:1", f"{ACCOUNT}.dkr.ecr.{REGION}.amazonaws.com/flows-ecs:1", "flowport.toml")
    assert ecs("deploy", "FLOW", "--roles").status == 0


def test_whoever_deploys_need_not_be_allowed_to_look_at_networks(ecs: Work, monkeypatch: pytest.MonkeyPatch) -> None:
    ask = accounts.Account.ask

    def forbidden(self: accounts.Account, service: str, operation: str, **arguments: Any) -> Any:
        if service in ("ec2", "ecr"):
            raise refused(service, operation, "UnauthorizedOperation", "not authorized")
        return ask(self, service, operation, **arguments)

    monkeypatch.setattr(accounts.Account, "ask", forbidden)
    assert ecs("deploy", "FLOW", "--roles").status == 0
