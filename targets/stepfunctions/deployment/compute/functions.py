"""The functions of a flow in AWS Lambda. Their names have a digest of their content, so one that is there is never changed.

A new function can be invoked when Lambda has fetched its image; a deployment waits for that, before a machine refers to it.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from functools import partial
from typing import TYPE_CHECKING, Any

from flowport.compiler.changes import Becomes, Change, DeployError
from flowport.targets.stepfunctions.deployment.aws_errors import Refused
from flowport.targets.stepfunctions.deployment.owner import OWNER

if TYPE_CHECKING:
    from flowport.targets.stepfunctions.deployment.account import Account

MISSING = "ResourceNotFoundException"
SETTLING, STARTING = 60, 600
"""Seconds until a new role can be taken on everywhere, and until Lambda has fetched an image."""


def function_changes(account: Account, definitions: list[dict[str, Any]], tags: dict[str, str]) -> Iterator[Change]:
    """The functions that are not there yet, or not ready."""
    for definition in definitions:
        name = definition["FunctionName"]
        state = _state(account, name)
        becomes: Becomes = "new" if state is None else "unchanged" if state in ("Active", "Inactive") else "changed"
        asked = {**definition, "Tags": {**tags, **definition.get("Tags", {})}}
        yield Change(f"function {name}", becomes, make=partial(_create, account, name, asked))


def function_removals(account: Account, prefix: str, deployment: str) -> Iterator[Change]:
    """All functions of a deployment; `prefix` is what their names begin with. Invocations that go on end as they would."""
    marker: dict[str, str] = {}
    while True:
        answer = account.ask("lambda", "ListFunctions", **marker)
        for found in answer["Functions"]:
            if found["FunctionName"].startswith(prefix):
                tags = account.find("lambda", "ListTags", MISSING, Resource=found["FunctionArn"])
                if tags is not None and tags.get("Tags", {}).get(OWNER) == deployment:
                    remove = partial(account.ask, "lambda", "DeleteFunction", FunctionName=found["FunctionName"])
                    yield Change(f"function {found['FunctionName']}", "deleted", make=remove)
        if not answer.get("NextMarker"):
            return
        marker = {"Marker": answer["NextMarker"]}


def _state(account: Account, name: str) -> str | None:
    """The state of a function, such as `Pending` or `Active`; None if there is none."""
    found = account.find("lambda", "GetFunctionConfiguration", MISSING, FunctionName=name)
    return None if found is None else str(found.get("State", "Active"))


def _create(account: Account, name: str, asked: dict[str, Any]) -> None:
    """Create a function, if it is not there, and wait until it can be invoked."""
    if _state(account, name) == "Failed":  # its image was not there, for one
        account.ask("lambda", "DeleteFunction", FunctionName=name)
    end = time.monotonic() + SETTLING
    while _state(account, name) is None:
        try:
            account.ask("lambda", "CreateFunction", **asked)
        except Refused as error:
            # IAM needs seconds until a new role can be taken on.
            if error.code == "ResourceConflictException":
                break
            if "assume" not in str(error).lower() or time.monotonic() > end:
                raise
            time.sleep(3)
    end = time.monotonic() + STARTING
    while (state := _state(account, name)) == "Pending" and time.monotonic() < end:
        time.sleep(1)
    if state in ("Pending", "Failed", None):
        raise DeployError(
            f"the function `{name}` cannot be invoked: its state is {state}\n"
            "  see whether Lambda may fetch its image: aws lambda get-function-configuration --function-name " + name
        )
