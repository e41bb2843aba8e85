"""The machine and the rule of the exit hooks in an account: made, changed, and taken away when the flow has none any more."""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import partial
from typing import TYPE_CHECKING, Any

from flowport.compiler.changes import Change
from flowport.compiler.target import Deployment
from flowport.targets.stepfunctions.deployment.documents import Documents, change
from flowport.targets.stepfunctions.deployment.machine import MISSING as NO_MACHINE
from flowport.targets.stepfunctions.deployment.machine import STATES, Machine
from flowport.targets.stepfunctions.deployment.rules import MISSING, delete_rule, not_ours, put_rule, rule_content
from flowport.targets.stepfunctions.hooks.exit_machine import rule_name, rule_owner
from flowport.targets.stepfunctions.settings import Settings

if TYPE_CHECKING:
    from flowport.targets.stepfunctions.deployment.account import Account

PART = "flowport:part"
"""The tag of a state machine that is no flow, but a part of what is deployed for one."""


def exit_changes(account: Account, deployment: Deployment[Settings], role: str, tags: dict[str, str]) -> Iterator[Change]:
    """What makes the machine and the rule what they should be; `role` is that of the machine, and `tags` are those of the deployment."""
    settings, documents, code = deployment.settings, Documents(deployment), deployment.package.digest
    wanted = documents.get("exit-rule.json")
    if wanted is None:
        yield from exit_removals(account, settings, settings.flow)
        return
    machine = Machine(account, settings.exit_machine, settings.flow, {**tags, PART: "exit hooks"})
    yield from machine.changes(json.dumps(documents["exit-machine.json"]), role, documents["machine-settings.json"], code)
    yield from machine.removals(settings.versions)
    found = _rule(account, settings, settings.flow)
    if found == {}:
        raise not_ours(rule_name(settings))
    yield change(f"rule {rule_name(settings)}", found, wanted, partial(put_rule, account, wanted))


def exit_removals(account: Account, settings: Settings, deployment: str) -> Iterator[Change]:
    """What removes them, where a deployment has made them."""
    if found := _rule(account, settings, deployment):
        yield change(f"rule {rule_name(settings)}", found, None, partial(delete_rule, account, "", rule_name(settings)))
    machine = Machine(account, settings.exit_machine, deployment, {})
    found_machine = account.find(STATES, "DescribeStateMachine", NO_MACHINE, stateMachineArn=machine.arn)
    if found_machine is not None and PART in machine.tags() and machine.found() is not None:
        yield Change(f"state machine {machine.name}", "deleted", make=machine.remove)


def _rule(account: Account, settings: Settings, deployment: str) -> dict[str, Any] | None:
    """The rule and its target; None if there is none, and empty if it is somebody else's."""
    name = rule_name(settings)
    rule = account.find("events", "DescribeRule", MISSING, Name=name)
    if rule is None:
        return None
    if rule.get("Description") != rule_owner(deployment):
        return {}
    return rule_content(account, "", rule)
