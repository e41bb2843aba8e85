"""The task definitions of a flow in ECS. Their families have a digest of their content, so one that is there is never changed."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import TYPE_CHECKING, Any

from flowport.compiler.changes import Becomes, Change
from flowport.targets.stepfunctions.deployment.owner import OWNER, listed, mapped

if TYPE_CHECKING:
    from flowport.targets.stepfunctions.deployment.account import Account


def task_definition_changes(account: Account, definitions: list[dict[str, Any]], tags: dict[str, str]) -> Iterator[Change]:
    """The definitions that are not there yet, or have been deregistered."""
    for definition in definitions:
        name = definition["family"]
        becomes: Becomes = "unchanged" if _active(account, name) else "new"
        asked = {**definition, "tags": listed({**tags, **mapped(definition.get("tags", []))})}
        yield Change(f"task definition {name}", becomes, make=partial(account.ask, "ecs", "RegisterTaskDefinition", **asked))


def task_definition_removals(account: Account, prefix: str, deployment: str) -> Iterator[Change]:
    """All definitions of a deployment; `prefix` is what their families begin with. Tasks that were started go on."""
    for family in account.pages("ecs", "ListTaskDefinitionFamilies", "families", familyPrefix=prefix, status="ACTIVE"):
        for arn in _active(account, family):
            found = account.ask("ecs", "DescribeTaskDefinition", taskDefinition=arn, include=["TAGS"])
            if mapped(found.get("tags", [])).get(OWNER) == deployment:
                remove = partial(account.ask, "ecs", "DeregisterTaskDefinition", taskDefinition=arn)
                yield Change(f"task definition {arn.rpartition('/')[2]}", "deleted", make=remove)


def _active(account: Account, family: str) -> list[str]:
    """The ARNs of the revisions of a family."""
    found = account.pages("ecs", "ListTaskDefinitions", "taskDefinitionArns", familyPrefix=family, status="ACTIVE")
    return [arn for arn in found if arn.rpartition("/")[2].rpartition(":")[0] == family]
