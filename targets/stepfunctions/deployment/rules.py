"""The rules of EventBridge that start a flow for events, or when runs of other flows are done."""

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
            yield change(f"rule {place[1]}", _content(account, place[0], other), None, partial(_delete, account, *place))
    for place, each in named.items():
        rule = found.get(place)
        if rule is not None and rule.get("Description") != rule_owner(deployment):
            raise DeployError(
                f"the rule `{place[1]}` belongs to somebody else, and stays as it is\n"
                '  write another `machine = "..."` under [stepfunctions] in flowport.toml, or delete the rule'
            )
        content = {"rule": {key: each["rule"][key] for key in SHOWN}, "target": each["target"]}
        before = None if rule is None else _content(account, place[0], rule)
        yield change(f"rule {place[1]}", before, content, partial(_put, account, each))


def _rules(account: Account, settings: Settings, bus: str) -> list[dict[str, Any]]:
    """The rules whose names begin as those of the machine do; a bus that does not exist has none."""
    try:
        return account.pages("events", "ListRules", "Rules", NamePrefix=rule_prefix(settings), **_on(bus))
    except Refused as error:
        if error.code != MISSING:
            raise
        return []


def _content(account: Account, bus: str, rule: dict[str, Any]) -> dict[str, Any]:
    targets = account.ask("events", "ListTargetsByRule", Rule=rule["Name"], **_on(bus))["Targets"]
    return {"rule": {key: rule[key] for key in SHOWN if key in rule}, "target": targets[0] if len(targets) == 1 else targets}


def _put(account: Account, each: dict[str, Any]) -> None:
    account.ask("events", "PutRule", **each["rule"])
    bus = {key: each["rule"][key] for key in ("EventBusName",) if key in each["rule"]}
    answer = account.ask("events", "PutTargets", Rule=each["rule"]["Name"], Targets=[each["target"]], **bus)
    if answer.get("FailedEntryCount"):
        raise DeployError(f"the rule `{each['rule']['Name']}` did not get its target: {answer['FailedEntries'][0].get('ErrorMessage')}")


def _delete(account: Account, bus: str, name: str) -> None:
    targets = account.ask("events", "ListTargetsByRule", Rule=name, **_on(bus))["Targets"]
    if targets:
        account.ask("events", "RemoveTargets", Rule=name, Ids=[target["Id"] for target in targets], **_on(bus))
    account.ask("events", "DeleteRule", Name=name, **_on(bus))


def _on(bus: str) -> dict[str, str]:
    return {"EventBusName": bus} if bus else {}
