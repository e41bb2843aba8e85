"""The roles of a flow in IAM, which `flowport deploy --roles` creates and keeps up to date: each with one trust policy and one policy.

A role that the settings name is its owner's, and is not touched.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import partial
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from flowport.compiler.changes import Change
from flowport.compiler.record import record
from flowport.targets.stepfunctions.deployment.documents import Documents, change
from flowport.targets.stepfunctions.deployment.owner import listed, mapped, require_own
from flowport.targets.stepfunctions.settings import Settings

if TYPE_CHECKING:
    from flowport.targets.stepfunctions.deployment.account import Account

POLICY = "flowport"
"""The name of the policy in each role."""


@record
class Role:
    """A role that flowport keeps: its name, its trust policy and its policy."""

    name: str
    trust: dict[str, Any]
    policy: dict[str, Any]


def own_roles(settings: Settings, documents: Documents, account: str) -> list[Role]:
    """The roles of the flow that no setting names."""
    named = {"job": settings.given_job_role or not settings.flow_roles, "machine": settings.machine_role}
    named["schedule"] = settings.schedule_role or "schedule.json" not in documents
    named["exit"] = settings.exit_role or "exit-rule.json" not in documents
    named["trigger"] = settings.trigger_role or "triggers.json" not in documents
    return [
        Role(role_name(settings.role(purpose, account)), documents[f"{purpose}-trust.json"], documents[f"{purpose}-policy.json"])
        for purpose, other in named.items()
        if not other
    ]


def role_name(arn: str) -> str:
    """The name in the ARN of a role."""
    return arn.rpartition("/")[2]


def role_changes(account: Account, roles: list[Role], deployment: str, tags: dict[str, str]) -> Iterator[Change]:
    """What makes the roles what they should be; raises DeployError for one of somebody else."""
    for role in roles:
        found = _found(account, role.name, deployment)
        yield change(f"role {role.name}", found, {"trust": role.trust, "policy": role.policy}, partial(_put, account, role, tags))


def _found(account: Account, name: str, deployment: str) -> dict[str, Any] | None:
    answer = account.find("iam", "GetRole", "NoSuchEntity", RoleName=name)
    if answer is None:
        return None
    tags = account.ask("iam", "ListRoleTags", RoleName=name)["Tags"]
    require_own(f"the role `{name}`", mapped(tags, "Key", "Value"), deployment, "name other roles in the settings, or remove this one")
    policy = account.find("iam", "GetRolePolicy", "NoSuchEntity", RoleName=name, PolicyName=POLICY)
    return {"trust": _document(answer["Role"]["AssumeRolePolicyDocument"]), "policy": _document(policy and policy["PolicyDocument"])}


def _document(given: Any) -> Any:
    """A policy, which IAM gives in the encoding of URLs; boto3 undoes that where it can."""
    return json.loads(unquote(given)) if isinstance(given, str) else given


def _put(account: Account, role: Role, tags: dict[str, str]) -> None:
    trust = json.dumps(role.trust)
    if account.find("iam", "GetRole", "NoSuchEntity", RoleName=role.name) is None:
        account.ask("iam", "CreateRole", RoleName=role.name, AssumeRolePolicyDocument=trust, Tags=listed(tags, "Key", "Value"))
    else:
        account.ask("iam", "UpdateAssumeRolePolicy", RoleName=role.name, PolicyDocument=trust)
    account.ask("iam", "PutRolePolicy", RoleName=role.name, PolicyName=POLICY, PolicyDocument=json.dumps(role.policy))


def role_removals(account: Account, names: list[str], deployment: str) -> Iterator[Change]:
    """What removes those of the roles that flowport created for the deployment."""
    for name in names:
        answer = account.find("iam", "ListRoleTags", "NoSuchEntity", RoleName=name)
        if answer is not None and mapped(answer["Tags"], "Key", "Value").get("flowport:flow") == deployment:
            yield Change(f"role {name}", "deleted", make=partial(_remove, account, name))


def _remove(account: Account, name: str) -> None:
    account.find("iam", "DeleteRolePolicy", "NoSuchEntity", RoleName=name, PolicyName=POLICY)
    account.ask("iam", "DeleteRole", RoleName=name)
