"""The state machine of a flow: its definition and settings, a version for each deployment, and the alias `live`, which names one of them.

New runs start the version behind the alias, so a deployment is one switch, and so is going back. A run that goes on keeps its version.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from functools import partial
from typing import TYPE_CHECKING, Any

from flowport.compiler.changes import Change, DeployError
from flowport.targets.stepfunctions.deployment.aws_errors import Refused
from flowport.targets.stepfunctions.deployment.documents import change
from flowport.targets.stepfunctions.deployment.owner import OWNER, listed, mapped, require_own
from flowport.targets.stepfunctions.schedule import ALIAS

if TYPE_CHECKING:
    from flowport.targets.stepfunctions.deployment.account import Account

STATES = "stepfunctions"
MISSING, NO_ALIAS, IN_USE = "StateMachineDoesNotExist", "ResourceNotFound", "ConflictException"

SETTLING = 60
"""Seconds until a new role can be taken on everywhere (IAM User Guide, "Changes that I make are not always immediately visible")."""

RECENT = 10
"""The newest versions, among which a deployment that was cut off, or is under way elsewhere, has left its own."""

CODE = "code "
"""What stands before the digest of the code package in the description of a version."""


class Machine:
    """A state machine, by its name; `deployment` is the name of what is deployed, and `tags` those of a new machine."""

    def __init__(self, account: Account, name: str, deployment: str, tags: dict[str, str]) -> None:
        self._account, self.name, self._deployment, self._tags = account, name, deployment, tags
        self.arn = account.arn("states", f"stateMachine:{name}")
        self.alias = f"{self.arn}:{ALIAS}"

    def found(self) -> dict[str, Any] | None:
        """The machine as it is; None when there is none. Raises DeployError for one of somebody else."""
        found = self._account.find(STATES, "DescribeStateMachine", MISSING, stateMachineArn=self.arn)
        if found is not None and found.get("status") == "DELETING":
            raise DeployError(f"the state machine `{self.name}` is being deleted\n  wait until its executions have ended, and try again")
        if found is not None:
            way_out = (
                'write another `machine = "..."` under [stepfunctions] in flowport.toml, or hand it over: `aws stepfunctions tag-resource '
                f"--resource-arn {self.arn} --tags key={OWNER},value={self._deployment}`"
            )
            require_own(f"the state machine `{self.name}`", self.tags(), self._deployment, way_out)
        return found

    def tags(self) -> dict[str, str]:
        """The tags of the machine."""
        return mapped(self._account.ask(STATES, "ListTagsForResource", resourceArn=self.arn).get("tags", []))

    def changes(self, definition: str, role: str, settings: dict[str, Any], code: str) -> Iterator[Change]:
        """What makes the machine, and then the version that new runs get, what they should be."""
        found, live = self.found(), self.live()
        wanted = {"definition": json.loads(definition), "roleArn": role, **_settings(settings)}
        asked = {"definition": definition, "roleArn": role, **settings}
        description = f"{CODE}{code}"
        yield change(f"state machine {self.name}", found and _content(found), wanted, partial(self._put, asked, description))
        is_live = live is not None and self._has(wanted, live)
        before = {"version": live.rpartition(":")[2]} if live else None
        after = before if is_live else {"version": "the new one"}
        yield change(f"alias {self.name}:{ALIAS}", before, after, partial(self._release, wanted, description))

    def removals(self, kept: int) -> Iterator[Change]:
        """What deletes the versions that are not among the newest `kept`; Step Functions allows 1,000 (AWS Step Functions, "Quotas")."""
        live = self.live()
        for version in [str(each["stateMachineVersionArn"]) for each in self.versions()[kept:]]:
            if version != live:
                yield Change(f"version {self.name}:{version.rpartition(':')[2]}", "deleted", make=partial(self._forget, version))

    def _forget(self, version: str) -> None:
        """Delete a version; runs that have begun in it go on (Step Functions API, DeleteStateMachineVersion)."""
        try:
            self._account.ask(STATES, "DeleteStateMachineVersion", stateMachineVersionArn=version)
        except Refused as error:
            if error.code != IN_USE:  # somebody has gone back to it meanwhile
                raise

    def _put(self, asked: dict[str, Any], description: str) -> None:
        """Create the machine, or change it; either publishes a version in the same request, so that no other deployment comes between."""
        version = {"publish": True, "versionDescription": description}
        if self.found() is None:
            self._patiently("CreateStateMachine", name=self.name, tags=listed(self._tags), **asked, **version)
        else:
            self._patiently("UpdateStateMachine", stateMachineArn=self.arn, **asked, **version)

    def _patiently(self, operation: str, **arguments: Any) -> None:
        """Ask again while a role is new: IAM needs seconds until services can take it on."""
        end = time.monotonic() + SETTLING
        while True:
            try:
                self._account.ask(STATES, operation, **arguments)
                return
            except Refused as error:
                if error.code not in ("AccessDeniedException", "ValidationException") or "assume" not in str(error).lower():
                    raise
                if time.monotonic() > end:
                    raise DeployError(
                        f"Step Functions cannot take on the role `{arguments['roleArn']}`\n"
                        "  create it with `flowport deploy --roles`, or name another `machine_role`"
                    ) from error
                time.sleep(3)

    def _release(self, wanted: dict[str, Any], description: str) -> None:
        """Put the version with this content behind the alias. It is there already, unless somebody removed it."""
        version = next(filter(partial(self._has, wanted), self._newest()), None)
        if version is None:
            answer = self._account.ask(STATES, "PublishStateMachineVersion", stateMachineArn=self.arn, description=description)
            version = str(answer["stateMachineVersionArn"])
            if not self._has(wanted, version):
                raise DeployError(
                    f"somebody else has deployed `{self.name}` at the same time, and the live version stays as it is\n"
                    "  deploy again, when the other deployment is over"
                )
        self.route(version)

    def _newest(self) -> Iterator[str]:
        return (str(each["stateMachineVersionArn"]) for each in self.versions()[:RECENT])

    def _has(self, wanted: dict[str, Any], version: str) -> bool:
        return _content(self._account.ask(STATES, "DescribeStateMachine", stateMachineArn=version)) == wanted

    def route(self, version: str) -> None:
        """Have new runs start a version, by its ARN."""
        routing = [{"stateMachineVersionArn": version, "weight": 100}]
        if self.live() is None:
            self._account.ask(STATES, "CreateStateMachineAlias", name=ALIAS, routingConfiguration=routing)
        else:
            self._account.ask(STATES, "UpdateStateMachineAlias", stateMachineAliasArn=self.alias, routingConfiguration=routing)

    def live(self) -> str | None:
        """The ARN of the version that new runs start; None when there is no alias."""
        found = self._account.find(STATES, "DescribeStateMachineAlias", NO_ALIAS, stateMachineAliasArn=self.alias)
        return None if found is None else str(max(found["routingConfiguration"], key=lambda each: each["weight"])["stateMachineVersionArn"])

    def versions(self) -> list[dict[str, Any]]:
        """The versions of the machine, the newest first."""
        if self.found() is None:
            return []
        found = self._account.pages(STATES, "ListStateMachineVersions", "stateMachineVersions", stateMachineArn=self.arn)
        return sorted(found, key=lambda each: -int(each["stateMachineVersionArn"].rpartition(":")[2]))

    def description(self, version: str) -> str:
        """The description of a version, by its ARN."""
        return str(self._account.ask(STATES, "DescribeStateMachine", stateMachineArn=version).get("description") or "")

    def remove(self) -> None:
        """Delete the machine with its versions and its alias; executions that are running are stopped by Step Functions."""
        if self.live() is not None:
            self._account.ask(STATES, "DeleteStateMachineAlias", stateMachineAliasArn=self.alias)
        self._account.ask(STATES, "DeleteStateMachine", stateMachineArn=self.arn)


def _content(found: dict[str, Any]) -> dict[str, Any]:
    """What of a machine a deployment decides."""
    return {"definition": json.loads(found["definition"]), "roleArn": found["roleArn"], **_settings(found)}


def _settings(found: dict[str, Any]) -> dict[str, Any]:
    """Logging and tracing in one form: a service also says what is not set."""
    logging, tracing = found.get("loggingConfiguration") or {}, found.get("tracingConfiguration") or {}
    level = logging.get("level", "OFF")
    logs = {"level": level} if level == "OFF" else {
        "level": level,
        "includeExecutionData": bool(logging.get("includeExecutionData")),
        "destinations": logging.get("destinations", []),
    }  # fmt: skip
    return {"loggingConfiguration": logs, "tracingConfiguration": {"enabled": bool(tracing.get("enabled"))}}
