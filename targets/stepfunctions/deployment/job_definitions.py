"""The job definitions of a flow in AWS Batch. Their names have a digest of their content, so one that is there is never changed."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import TYPE_CHECKING, Any

from flowport.compiler.changes import Becomes, Change

if TYPE_CHECKING:
    from flowport.targets.stepfunctions.deployment.account import Account


def job_definition_changes(account: Account, definitions: list[dict[str, Any]], tags: dict[str, str]) -> Iterator[Change]:
    """The definitions that are not there yet, or have been deregistered."""
    for definition in definitions:
        name = definition["jobDefinitionName"]
        becomes: Becomes = "unchanged" if _active(account, name) else "new"
        asked = {**definition, "tags": {**tags, **definition.get("tags", {})}}
        yield Change(f"job definition {name}", becomes, make=partial(account.ask, "batch", "RegisterJobDefinition", **asked))


def _active(account: Account, name: str) -> list[dict[str, Any]]:
    found = account.ask("batch", "DescribeJobDefinitions", jobDefinitionName=name, status="ACTIVE")
    return list(found["jobDefinitions"])


def job_definition_removals(account: Account, prefix: str, deployment: str) -> Iterator[Change]:
    """All definitions of a deployment; `prefix` is what their names begin with. Jobs that were submitted go on."""
    for found in account.pages("batch", "DescribeJobDefinitions", "jobDefinitions", status="ACTIVE"):
        if found["jobDefinitionName"].startswith(prefix) and found.get("tags", {}).get("flowport:flow") == deployment:
            name = f"{found['jobDefinitionName']}:{found['revision']}"
            yield Change(
                f"job definition {name}", "deleted", make=partial(account.ask, "batch", "DeregisterJobDefinition", jobDefinition=name)
            )
