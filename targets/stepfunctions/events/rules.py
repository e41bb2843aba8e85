"""The events and flows that start a flow -> the rules of EventBridge that start its state machine, and the role that these need.

Step Functions itself sends an event when an execution ends, so the flow that ends need not know the one that it starts. Each rule hands on
which run ended, or what the event carries; where several must come, the machine itself waits for all of them (`compiler.lower.gate`).
"""

from __future__ import annotations

import json

from flowport.compiler.ir import JSON, Flow, OnEvent, OnFinish
from flowport.compiler.ir.plan import Plan
from flowport.compiler.lower.names import legal
from flowport.compiler.lower.run_ids import upstream_prefix
from flowport.targets.stepfunctions.access.statements import allow, place
from flowport.targets.stepfunctions.access.trust import trust
from flowport.targets.stepfunctions.schedule import ALIAS, machine_arn
from flowport.targets.stepfunctions.settings import Settings

NAME = "A-Za-z0-9_.-", 64
"""The names of rules (EventBridge API, PutRule)."""

PREFIX = 30
"""Characters that the names of all rules of a machine begin with."""

LATE: dict[str, JSON] = {"MaximumEventAgeInSeconds": 86_400, "MaximumRetryAttempts": 185}
"""How long a start is tried again: the most that there is (EventBridge API, RetryPolicy)."""

BEGAN: list[JSON] = [{"anything-but": {"prefix": '{"skipped"'}}, None]
"""The output of an execution that began a run: any but `states.SKIPPED`, also none, as of one that failed or whose output is very long."""

ENDED = "Step Functions Execution Status Change"
"""The type of the event that Step Functions sends (Step Functions, "Automating Step Functions event delivery with EventBridge")."""


def rule_documents(plan: Plan, settings: Settings) -> list[JSON]:
    """A document for each rule: `rule` is the input of PutRule, and `target` is its one target; none if ARNs cannot be written."""
    flow = plan.flow
    if settings.unknown:
        return []
    return [*(_on_event(flow, event, settings) for event in flow.events), *(_on_finish(flow, source, settings) for source in flow.upstream)]


def _on_event(flow: Flow, event: OnEvent, settings: Settings) -> JSON:
    paths: dict[str, JSON] = {"id": "$.id", "time": "$.time", "carried": "$.detail"}
    template = f'{{"type":"event","name":{json.dumps(event.name)},"id":"<id>","timestamp":"<time>","payload":<carried>}}'
    return _rule(flow, event.name, {"detail-type": [event.name]}, (paths, template), settings, settings.event_bus)


def _on_finish(flow: Flow, source: OnFinish, settings: Settings) -> JSON:
    other = settings.of_flow(flow.deployment_of(source))
    ended: dict[str, JSON] = {
        "status": ["SUCCEEDED"],
        "stateMachineArn": [machine_arn(other)],
        "output": BEGAN,
    }
    pattern: dict[str, JSON] = {"source": ["aws.states"], "detail-type": [ENDED], "detail": ended}
    paths: dict[str, JSON] = {"time": "$.time", "run": "$.detail.name"}
    template = f'{{"type":"run","flow":{json.dumps(source.flow)},"run":"{upstream_prefix(flow, source)}<run>","timestamp":"<time>"}}'
    return _rule(flow, flow.deployment_of(source), pattern, (paths, template), settings, "")


def _rule(
    flow: Flow, source: str, pattern: dict[str, JSON], transformer: tuple[dict[str, JSON], str], settings: Settings, bus: str
) -> JSON:
    paths, template = transformer
    rule: dict[str, JSON] = {
        "Name": legal(f"{rule_prefix(settings)}{source}", *NAME),
        **({"EventBusName": bus} if bus else {}),
        "Description": rule_owner(flow.deployment),
        "EventPattern": json.dumps(pattern),
        "State": "ENABLED" if settings.schedule == "active" else "DISABLED",
    }
    target: dict[str, JSON] = {
        "Id": "machine",
        "Arn": f"{machine_arn(settings)}:{ALIAS}",
        "RoleArn": settings.trigger_role or settings.role("trigger", settings.account),
        "InputTransformer": {"InputPathsMap": paths, "InputTemplate": f'{{"triggers":[{template}]}}'},
        "RetryPolicy": dict(LATE),
    }
    return {"rule": rule, "target": target}


def rule_prefix(settings: Settings) -> str:
    """What the names of a machine's rules begin with; those of another machine may begin so too."""
    return f"{legal(settings.machine, NAME[0], PREFIX)}-after-"


def rule_owner(deployment: str) -> str:
    """The description, which says whose a rule is."""
    return f"flowport starts {deployment}"


def trigger_policy(settings: Settings) -> dict[str, JSON]:
    """What the role of the rules does: it starts this state machine."""
    statement = allow("StartTheMachine", ["states:StartExecution"], [f"{machine_arn(settings)}:{ALIAS}"])
    return {"Version": "2012-10-17", "Statement": [statement]}


def trigger_trust(settings: Settings) -> dict[str, JSON]:
    """EventBridge may take the role on, for the rules of this machine (EventBridge, "Identity-based policies", confused deputy)."""
    bus = f"{settings.event_bus}/" if settings.event_bus else ""
    rules = dict.fromkeys(("", bus))
    return trust("events.amazonaws.com", settings, [f"{place(settings, 'events')}:rule/{each}{rule_prefix(settings)}*" for each in rules])
