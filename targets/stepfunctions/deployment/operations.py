"""Runs and versions of flows that are deployed to Step Functions.

A run is an execution, which is started through the alias `live`. Its name is the id of the run at the engine.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING, Any

from flowport.compiler.changes import Becomes, Change, Changes, DeployError
from flowport.compiler.operations import Deployed, EngineRun, RunState, Start, Version
from flowport.runtime.run.form import put_input
from flowport.runtime.store.open import open_store
from flowport.targets.stepfunctions.deployment.aws_errors import Refused
from flowport.targets.stepfunctions.deployment.compute.kinds import definition_removals
from flowport.targets.stepfunctions.deployment.connect import connect
from flowport.targets.stepfunctions.deployment.machine import CODE, MISSING, STATES, Machine
from flowport.targets.stepfunctions.deployment.owner import OWNER, mapped, tags
from flowport.targets.stepfunctions.deployment.roles import role_name, role_removals
from flowport.targets.stepfunctions.deployment.rules import rule_changes
from flowport.targets.stepfunctions.deployment.schedules import schedule_changes
from flowport.targets.stepfunctions.hooks.deployment import PART, exit_removals
from flowport.targets.stepfunctions.schedule import ALIAS, schedule_name
from flowport.targets.stepfunctions.settings import Settings

if TYPE_CHECKING:
    from flowport.targets.stepfunctions.deployment.account import Account

INPUT = 262_144
"""Bytes of the input of an execution (AWS Step Functions, "Quotas")."""

STATUS: dict[str, RunState] = {
    "RUNNING": "running",
    "SUCCEEDED": "done",
    "FAILED": "failed",
    "TIMED_OUT": "failed",
    "ABORTED": "stopped",
    "PENDING_REDRIVE": "failed",
}
"""The states of an execution (Step Functions API, DescribeExecution)."""


class StepFunctionsOperations:
    """Controls flows through the account of the credentials of this machine."""

    def trigger(self, settings: Settings, start: Start) -> EngineRun:
        """Start an execution of the live version."""
        account = connect(settings)
        machine = _machine(account, settings)
        text = _input(settings, start)
        try:
            account.ask(STATES, "StartExecution", stateMachineArn=machine.alias, name=start.run, input=text)
        except Refused as error:
            if error.code == "ExecutionAlreadyExists":
                # Of one that is over, Step Functions says so whatever its input was (Step Functions API, StartExecution).
                if (before := self._repeated(account, settings, start.run, text)) is not None:
                    return before
                raise DeployError(
                    f"the state machine `{machine.name}` has had a run `{start.run}` before, with another input\n"
                    "  leave out `--run-id`, or choose another one"
                ) from error
            if error.code in (MISSING, "ResourceNotFound"):
                raise _not_deployed(machine.name) from error
            raise
        return self._run(account, settings, start.run) or EngineRun(
            start.run, "running", "RUNNING", _execution(account, settings, start.run)
        )

    def _repeated(self, account: Account, settings: Settings, run: str, text: str) -> EngineRun | None:
        """The run with this id, if it was started with the same input."""
        arn = _execution(account, settings, run)
        found = account.find(STATES, "DescribeExecution", "ExecutionDoesNotExist", executionArn=arn)
        same = found is not None and json.loads(found.get("input") or "{}") == json.loads(text)
        return self._run(account, settings, run) if same else None

    def status(self, settings: Settings, run: str) -> EngineRun | None:
        """An execution, for 90 days after its end."""
        return self._run(connect(settings), settings, run)

    def stop(self, settings: Settings, run: str) -> EngineRun | None:
        """Stop an execution; Step Functions then ends its jobs and the children of its maps."""
        account = connect(settings)
        found = self._run(account, settings, run)
        if found is None or found.is_over:
            return found
        account.ask(STATES, "StopExecution", executionArn=found.address, error="Stopped", cause="flowport stop")
        return self._run(account, settings, run)

    def deployments(self, settings: Settings) -> Iterator[Deployed]:
        """The state machines of the account and region that have flowport's tag."""
        account = connect(settings)
        for found in account.pages(STATES, "ListStateMachines", "stateMachines"):
            given = mapped(account.ask(STATES, "ListTagsForResource", resourceArn=found["stateMachineArn"]).get("tags", []))
            if OWNER in given and PART not in given:
                live = Machine(account, found["name"], given[OWNER], {}).live()
                schedule = account.find("scheduler", "GetSchedule", "ResourceNotFoundException", Name=schedule_name_of(found["name"]))
                yield Deployed(
                    found["name"], given[OWNER], found["stateMachineArn"], live.rpartition(":")[2] if live else "", _schedule(schedule)
                )

    def versions(self, settings: Settings) -> tuple[Version, ...]:
        """The versions of the state machine, the newest first."""
        machine = _machine(connect(settings), settings)
        live, found = machine.live(), []
        for each in machine.versions():
            arn = each["stateMachineVersionArn"]
            code = machine.description(arn).removeprefix(CODE)
            found.append(Version(arn.rpartition(":")[2], _seconds(each["creationDate"]) or 0, arn == live, code))
        return tuple(found)

    def roll_back(self, settings: Settings, version: str | None) -> Changes:
        """The switch of the alias to another version."""
        machine = _machine(connect(settings), settings)
        live = machine.live()
        arns = [each["stateMachineVersionArn"] for each in machine.versions()]
        if not arns or live is None:
            raise _not_deployed(machine.name)
        if version is None:
            earlier = arns[arns.index(live) + 1 :] if live in arns else arns
            if not earlier:
                raise DeployError(f"`{machine.name}` has no version before {live.rpartition(':')[2]}, which is live")
            chosen = earlier[0]
        else:
            chosen = f"{machine.arn}:{version}"
            if chosen not in arns:
                known = ", ".join(arn.rpartition(":")[2] for arn in arns[:20])
                raise DeployError(f"`{machine.name}` has no version {version}\n  it has {known}")
        names = [arn.rpartition(":")[2] for arn in (live, chosen)]
        becomes: Becomes = "unchanged" if chosen == live else "changed"
        switch = partial(machine.route, chosen)
        return Changes((Change(f"alias {machine.name}:{ALIAS}", becomes, f"version {names[0]} -> version {names[1]}", switch),))

    def delete(self, settings: Settings) -> Changes:
        """What removes the schedule and the rules first, so that nothing starts, then the machine, the definitions and the flow's roles."""
        account = connect(settings)
        machine = _machine(account, settings)
        found: list[Change] = [*schedule_changes(account, schedule_name(settings), None, settings.flow)]
        found += rule_changes(account, settings, [], settings.flow)
        found += exit_removals(account, settings, settings.flow)
        if machine.found() is not None:
            found.append(Change(f"state machine {machine.name}", "deleted", make=machine.remove))
        found += definition_removals(account, settings)
        purposes = ("job", "machine", "schedule", "trigger", "exit")
        roles = [role_name(settings.role(purpose, account.number)) for purpose in purposes]
        return Changes((*found, *role_removals(account, roles, settings.flow)))

    def _run(self, account: Account, settings: Settings, run: str) -> EngineRun | None:
        arn = _execution(account, settings, run)
        found = account.find(STATES, "DescribeExecution", "ExecutionDoesNotExist", executionArn=arn)
        if found is None:
            return None
        reason = ": ".join(filter(None, (found.get("error"), found.get("cause"))))
        status = found["status"]
        return EngineRun(run, STATUS[status], status, arn, _seconds(found["startDate"]), _seconds(found.get("stopDate")), reason)


def schedule_name_of(machine: str) -> str:
    """The name of the schedule of a state machine."""
    return schedule_name(Settings({"machine": machine}))


def _machine(account: Account, settings: Settings) -> Machine:
    return Machine(account, settings.machine, settings.flow, tags(settings.flow, settings))


def _execution(account: Account, settings: Settings, run: str) -> str:
    """The ARN of an execution; that of one that an alias started has neither the alias nor the version."""
    return account.arn("states", f"execution:{settings.machine}:{run}")


def _input(settings: Settings, start: Start) -> str:
    """The input of an execution; one that AWS does not take goes into the store, and its reference is the input."""
    text = json.dumps(dict(start.document), ensure_ascii=False)
    try:
        if len(text.encode()) <= INPUT:
            return text
    except UnicodeEncodeError:  # half of a surrogate pair
        pass
    return json.dumps({"input": put_input(open_store(settings.store), dict(start.document))})


def _not_deployed(machine: str) -> DeployError:
    return DeployError(
        f"there is no state machine `{machine}` with the alias `{ALIAS}`\n  deploy the flow: flowport deploy FLOW --target sfn"
    )


def _schedule(found: dict[str, Any] | None) -> str:
    if found is None:
        return ""
    paused = "" if found.get("State") == "ENABLED" else ", paused"
    return f"{found['ScheduleExpression']} {found.get('ScheduleExpressionTimezone', 'UTC')}{paused}"


def _seconds(moment: datetime | None) -> float | None:
    return moment.timestamp() if moment else None
