"""A flow's documents on their way to AWS. What refers to something comes after it, and the switch of the alias is near the end:

    code, roles, log group, definitions of jobs, state machine with a new version, alias, schedule, rules, exit hooks, old versions

So a deployment that is cut off leaves the live version as it was, and deploying again goes on from there.
"""

from __future__ import annotations

from collections.abc import Iterator

from flowport.compiler.changes import Change, Changes, DeployError, apply
from flowport.compiler.target import Deployment
from flowport.targets.deployment import code_changes
from flowport.targets.stepfunctions.deployment.compute.kinds import definition_changes, require_compute
from flowport.targets.stepfunctions.deployment.connect import connect
from flowport.targets.stepfunctions.deployment.documents import Documents
from flowport.targets.stepfunctions.deployment.log_group import log_group_changes
from flowport.targets.stepfunctions.deployment.machine import Machine
from flowport.targets.stepfunctions.deployment.owner import tags
from flowport.targets.stepfunctions.deployment.prerequisites import require_roles
from flowport.targets.stepfunctions.deployment.roles import own_roles, role_changes, role_name
from flowport.targets.stepfunctions.deployment.rules import rule_changes
from flowport.targets.stepfunctions.deployment.schedules import schedule_changes
from flowport.targets.stepfunctions.hooks.deployment import exit_changes
from flowport.targets.stepfunctions.schedule import schedule_name
from flowport.targets.stepfunctions.settings import Settings


class StepFunctionsDeployer:
    """Puts the code into the store, and what runs it into the account of the credentials of this machine."""

    makes_roles = True

    def plan(self, deployment: Deployment[Settings]) -> Changes:
        """The changes that are needed, found by requests that only read."""
        notes = _notes(deployment)
        return Changes(tuple(_changes(deployment)), notes)

    def apply(self, changes: Changes) -> Iterator[Change]:
        """Make the changes in their order."""
        return apply(changes)


def _changes(deployment: Deployment[Settings]) -> Iterator[Change]:
    settings, documents, name = deployment.settings, Documents(deployment), deployment.plan.flow.deployment
    account, own = connect(settings), tags(name, settings)
    machine = Machine(account, settings.machine, name, own)
    machine.found()  # raises for one of somebody else
    created = own_roles(settings, documents, account.number) if deployment.roles else []
    if deployment.roles and not created:
        raise DeployError("the settings name all roles, so there is none that flowport would create\n  deploy without `--roles`")
    require_compute(account, settings, deployment.plan)
    role = settings.machine_role or settings.role("machine", account.number)
    wanted, rules = documents.get("schedule.json"), documents.get("triggers.json") or []
    names = {each.name for each in created}
    needed = [role, *filter(None, [settings.job_role]), *([wanted["Target"]["RoleArn"]] if wanted else [])]
    needed += [rule["target"]["RoleArn"] for rule in filter(None, [documents.get("exit-rule.json")])]
    needed += [each["target"]["RoleArn"] for each in rules[:1]]
    require_roles(account, [each for each in needed if role_name(each) not in names])
    yield from code_changes(settings.store, deployment.package)
    if deployment.roles:
        yield from role_changes(account, created, name, own)
    yield from log_group_changes(account, settings, own)
    yield from definition_changes(account, settings, documents, own)
    yield from machine.changes(documents.text("state-machine.json"), role, documents["machine-settings.json"], deployment.package.digest)
    yield from schedule_changes(account, schedule_name(settings), wanted, name)
    yield from exit_changes(account, deployment, role, own)
    yield from rule_changes(account, settings, rules, name)
    yield from machine.removals(settings.versions)


def _notes(deployment: Deployment[Settings]) -> tuple[str, ...]:
    settings = deployment.settings
    if deployment.roles and not settings.job_role:
        return ("the containers have no role of the flow's own: `flow_roles = true` under [stepfunctions] gives them one",)
    return ()
