"""Exit hooks and receivers -> a job, a state machine that runs it, and the rule of EventBridge that starts this machine.

    TrainFlow ends  ->  event  ->  rule TrainFlow-exit  ->  machine TrainFlow-exit  ->  job `hooks`

Step Functions sends an event for each execution that ends, also for one that was stopped or took too long, which no state of the flow's own
machine would outlive. A machine in between, as EventBridge itself neither waits for jobs nor tries them again.
"""

from __future__ import annotations

import json

from flowport.compiler.ir import JSON, Resources
from flowport.compiler.ir.plan import Plan
from flowport.compiler.lower.gate import first_step
from flowport.compiler.lower.names import legal
from flowport.compiler.lower.run_ids import run_prefix
from flowport.runtime.hooks.ending import Ending
from flowport.runtime.protocol import variable
from flowport.targets.containers.needs import tempdir
from flowport.targets.hooks.receivers import again, as_variable, receivers
from flowport.targets.hooks.time_limits import hook_seconds
from flowport.targets.stepfunctions import states as asl
from flowport.targets.stepfunctions.access.statements import allow, place
from flowport.targets.stepfunctions.access.trust import trust
from flowport.targets.stepfunctions.compute import COMPUTE
from flowport.targets.stepfunctions.events.rules import BEGAN, ENDED, LATE, NAME
from flowport.targets.stepfunctions.jobs import Job
from flowport.targets.stepfunctions.schedule import ALIAS, machine_arn
from flowport.targets.stepfunctions.settings import Settings
from flowport.targets.stepfunctions.states import State

ENDS: dict[str, tuple[str, ...]] = {"success": ("SUCCEEDED",), "failure": ("FAILED", "TIMED_OUT", "ABORTED")}


def exit_job(plan: Plan, settings: Settings) -> Job | None:
    """The job, which is like that of the first step; None where nothing is to be done, or ARNs cannot be written."""
    if settings.unknown or not _ends(plan, settings):
        return None
    flow, told = plan.flow, receivers(settings)
    asked = first_step(flow).settings
    batch = asked.execution.for_batch()
    variables = {**dict(tempdir(batch.tmpfs)), **dict(asked.variables)}
    if told:
        variables[variable("receivers")] = as_variable(told, {})
    ending = Ending(
        flow=flow.name,
        run="Ref::run",
        store=settings.store,
        code="Ref::code",
        status="Ref::status",
        target="stepfunctions",
        again=again("sfn", settings.profile),
    )
    timeout = hook_seconds(flow.exit_hooks, told)
    name = f"{settings.begin(settings.compute)}exit-hooks"
    return Job(name, ending, Resources(), tuple(sorted(variables.items())), batch, timeout, asked.delivery.engine)


def exit_documents(plan: Plan, settings: Settings, job: Job, code: str) -> dict[str, JSON]:
    """The machine, the rule, and what the role of the rule may do; `code` is the digest of the code package."""
    start = allow("StartTheHooks", ["states:StartExecution"], [f"{machine_arn(_of_exit(settings))}:{ALIAS}"])
    return {
        "exit-machine.json": _machine(plan, settings, job, code),
        "exit-rule.json": {"rule": _rule(plan, settings), "target": _target(plan, settings)},
        "exit-policy.json": {"Version": "2012-10-17", "Statement": [start]},
        "exit-trust.json": trust("events.amazonaws.com", settings, [f"{place(settings, 'events')}:rule/{rule_name(settings)}"]),
    }


def _ends(plan: Plan, settings: Settings) -> list[str]:
    """The ends about which somebody asks."""
    hooks, told = plan.flow.exit_hooks, {one.on for one in receivers(settings)}
    called = {"success": hooks.on_success, "failure": hooks.on_error}
    return [end for end in ENDS if end in told or called[end]]


def _of_exit(settings: Settings) -> Settings:
    return settings.replaced(machine=settings.exit_machine)


def _machine(plan: Plan, settings: Settings, job: Job, code: str) -> State:
    given: dict[str, JSON] = {"run.$": "$.run", "status.$": "$.status", "code": code}
    run = COMPUTE[settings.compute].state(job, settings, {f"{name}.$": f"$.{name}" for name in ("run", "status", "code")})
    states = {"the run": asl.onward(asl.place(given), "exit hooks"), "exit hooks": asl.onward(run, None)}
    return {"Comment": f"What flowport does when a run of {plan.flow.deployment} has ended", **asl.machine(states)}


def _rule(plan: Plan, settings: Settings) -> dict[str, JSON]:
    statuses: list[JSON] = [status for end in _ends(plan, settings) for status in ENDS[end]]
    ended: dict[str, JSON] = {"status": statuses, "stateMachineArn": [machine_arn(settings)], "output": BEGAN}
    return {
        "Name": rule_name(settings),
        "Description": rule_owner(plan.flow.deployment),
        "EventPattern": json.dumps({"source": ["aws.states"], "detail-type": [ENDED], "detail": ended}),
        "State": "ENABLED",
    }


def _target(plan: Plan, settings: Settings) -> dict[str, JSON]:
    template = f'{{"run":"{run_prefix(plan.flow)}<run>","status":"<status>"}}'
    return {
        "Id": "hooks",
        "Arn": f"{machine_arn(_of_exit(settings))}:{ALIAS}",
        "RoleArn": settings.exit_role or settings.role("exit", settings.account),
        "InputTransformer": {"InputPathsMap": {"run": "$.detail.name", "status": "$.detail.status"}, "InputTemplate": template},
        "RetryPolicy": dict(LATE),
    }


def rule_name(settings: Settings) -> str:
    """The name of the rule."""
    return legal(settings.exit_machine, *NAME)


def rule_owner(deployment: str) -> str:
    """The description, which says whose the rule is."""
    return f"flowport calls what follows a run of {deployment}"
