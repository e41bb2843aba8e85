"""The rules of EventBridge: those that start a flow for events, or when runs of other flows are done, and how one is changed."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import TYPE_CHECKING, Any

from flowport.compiler.changes import Change, DeployError
from flowport.targets.stepfunctions.deployment.aws_errors import Refused
from flowport.targets.stepfunctions.deployment.documents import change
from flowport.targets.stepfunctions.events.rules import rule_owner, rule_prefix

if TYPE_CHECKING:
    from flowport.targets.stepfunctions.deployment.account import Account
    from flowport.targets.stepfunctions.settings import Settings

MISSING = "ResourceNotFoundException"
SHOWN = ("Name", "Description", "EventPattern", "State")
"""What a deployment decides of a rule."""


def rule_changes(account: Account, settings: Settings, wanted: list[dict[str, Any]], deployment: str) -> Iterator[Change]:
    """What makes the rules what the flow says: those that it has no more are deleted, as they would go on starting runs."""
    buses = dict.fromkeys(("", settings.event_bus))
    found = {(bus, rule["Name"]): rule for bus in buses for rule in _rules(account, settings, bus)}
    named = {(each["rule"].get("EventBusName", ""), each["rule"]["Name"]): each for each in wanted}
    for place, other in found.items():
        if place not in named and other.get("Description") == rule_owner(deployment):
            yield change(f"rule {place[1]}", rule_content(account, place[0], other), None, partial(delete_rule, account, *place))
    for place, each in named.items():
        rule = found.get(place)
        if rule is not None and rule.get("Description") != rule_owner(deployment):
            raise not_ours(place[1])
        content = {"rule": {key: each["rule"][key] for key in SHOWN}, "target": each["target"]}
        before = None if rule is None else rule_content(account, place[0], rule)
        yield change(f"rule {place[1]}", before, content, partial(put_rule, account, each))


def _rules(account: Account, settings: Settings, bus: str) -> list[dict[str, Any]]:
    """The rules whose names begin as those of the machine do; a bus that does not exist has none."""
    try:
        return account.pages("events", "ListRules", "Rules", NamePrefix=rule_prefix(settings), **_on(bus))
    except Refused as error:
        if error.code != MISSING:
            raise
        return []


def rule_content(account: Account, bus: str, rule: dict[str, Any]) -> dict[str, Any]:
    """What a deployment decides of a rule as it is, with its one target, or all of them if there are others."""
    targets = _targets(account, bus, rule["Name"])
    return {"rule": {key: rule[key] for key in SHOWN if key in rule}, "target": targets[0] if len(targets) == 1 else targets}


def put_rule(account: Account, wanted: dict[str, Any]) -> None:
    """Make or change a rule; `wanted` has the input of PutRule as `rule`, and its `target`."""
    rule = wanted["rule"]
    account.ask("events", "PutRule", **rule)
    answer = account.ask("events", "PutTargets", Rule=rule["Name"], Targets=[wanted["target"]], **_on(rule.get("EventBusName", "")))
    if answer.get("FailedEntryCount"):
        raise DeployError(f"the rule `{rule['Name']}` did not get its target: {answer['FailedEntries'][0].get('ErrorMessage')}")


def delete_rule(account: Account, bus: str, name: str) -> None:
    """Delete a rule with its targets; `bus` is "" for that of the account."""
    targets = _targets(account, bus, name)
    if targets:
        account.ask("events", "RemoveTargets", Rule=name, Ids=[target["Id"] for target in targets], **_on(bus))
    account.ask("events", "DeleteRule", Name=name, **_on(bus))


def not_ours(name: str) -> DeployError:
    """A rule of this name is there that the deployment has not made."""
    return DeployError(
        f"the rule `{name}` belongs to somebody else, and stays as it is\n"
        '  write another `machine = "..."` under [stepfunctions] in flowport.toml, or delete the rule'
    )


def _targets(account: Account, bus: str, name: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = account.ask("events", "ListTargetsByRule", Rule=name, **_on(bus))["Targets"]
    return found


def _on(bus: str) -> dict[str, str]:
    return {"EventBusName": bus} if bus else {}
