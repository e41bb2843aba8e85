"""The events and flows that start a flow -> the objects that start its template.

    @trigger(event="labels")                          WorkflowEventBinding: a request to Argo's server starts a run (Argo, "Events")
    @trigger, with `event_source` in the profile      Sensor of Argo Events, for an event source that is there
    @trigger_on_finish(flow="FeaturesFlow")           EventSource, which sees workflows succeed, and Sensor of Argo Events

A flow that ends need not know the one that it starts: its workflows have a label with its name.
"""

from __future__ import annotations

import json
import re

from flowport.compiler.ir import JSON, Flow, OnEvent, OnFinish
from flowport.compiler.ir.plan import Plan
from flowport.compiler.lower.run_ids import upstream_prefix
from flowport.targets.argo.names import Names
from flowport.targets.argo.pods import BEGINS
from flowport.targets.argo.settings import Settings
from flowport.targets.argo.workflow import metadata

SUCCEEDED: dict[str, JSON] = {"key": "status.phase", "operation": "==", "value": "^Succeeded$"}

HAS_BEGUN = f"""
local outputs = event.body.status.outputs
for _, each in ipairs(outputs and outputs.parameters or {{}}) do
  if each.name == "{BEGINS}" and each.value == "[]" then
    return false
  end
end
return true
""".strip()
"""A script for a dependency of a sensor: whether a workflow that succeeded began a run."""

UID = 12
"""Hexadecimal digits of the id of a workflow in the name of one that it starts: the name of a workflow has 63 characters at most."""

ATTEMPTS: dict[str, JSON] = {"steps": 5}
"""How often a sensor tries to start a workflow."""


def event_documents(plan: Plan, settings: Settings) -> list[dict[str, JSON]]:
    """The objects, none for a flow that nothing triggers; and none where they are paused, as Argo Events has no such state."""
    flow = plan.flow
    if settings.schedule == "paused" or not flow.is_triggered:
        return []
    if flow.events and not settings.event_source:
        return [_binding(plan, event, settings) for event in flow.events]
    dependency = Names(small=True)
    if flow.events:
        waits = [_on_event(dependency(event.name), event, settings) for event in flow.events]
        return [_sensor(plan, settings, waits)]
    sources: dict[str, JSON] = {}
    for source in flow.upstream:
        sources[dependency(source.flow)] = _workflows_of(flow, source, settings)
    waits = [_on_finish(dependency(source.flow), flow, source, settings) for source in flow.upstream]
    account = _account(settings)
    document = {**_object(plan, settings, "EventSource"), "spec": {**account, "resource": sources}}
    return [document, _sensor(plan, settings, waits)]


def _object(plan: Plan, settings: Settings, kind: str) -> dict[str, JSON]:
    """What every object says of itself; it has the name of the template, by which a deployment finds it when the flow needs it no more."""
    return {"apiVersion": "argoproj.io/v1alpha1", "kind": kind, "metadata": metadata(plan, settings, settings.name)}


def _account(settings: Settings) -> dict[str, JSON]:
    return {"template": {"serviceAccountName": settings.event_service_account}} if settings.event_service_account else {}


def _binding(plan: Plan, event: OnEvent, settings: Settings) -> dict[str, JSON]:
    """The name of the event is the last part of the address, or in the request: so `ArgoEvent` sends it."""
    name = json.dumps(event.name)
    carried = f'{{"type": "event", "name": {name}, "payload": payload}}'
    return {
        **_object(plan, settings, "WorkflowEventBinding"),
        "spec": {
            "event": {"selector": f'discriminator == {name} || (discriminator == "" && payload.name == {name})'},
            "submit": {
                "workflowTemplateRef": {"name": settings.name},
                "arguments": {"parameters": [{"name": "run_trigger", "valueFrom": {"event": carried}}]},
            },
        },
    }


def _workflows_of(flow: Flow, source: OnFinish, settings: Settings) -> JSON:
    """An event for each workflow of another flow that has succeeded; one that was there before the event source came up counts too."""
    other = settings.of_flow(flow.deployment_of(source))
    return {
        "namespace": settings.namespace,
        "group": "argoproj.io",
        "version": "v1alpha1",
        "resource": "workflows",
        "eventTypes": ["ADD", "UPDATE"],
        "filter": {"labels": [{"key": "flowport/flow", "operation": "==", "value": other.name}], "fields": [dict(SUCCEEDED)]},
    }


def _on_finish(name: str, flow: Flow, source: OnFinish, settings: Settings) -> tuple[JSON, list[JSON]]:
    """The dependency of the sensor, and what it writes into the workflow.

    An event may come twice, so the name of the workflow comes from the ids of those before it: a second one cannot be created.
    """
    run = f"{source.flow}/{upstream_prefix(flow, source)}{{{{ .Input.body.metadata.name }}}} "
    uid = f'-{{{{ .Input.body.metadata.uid | replace "-" "" | trunc {UID} }}}}'
    depends: JSON = {"name": name, "eventSourceName": settings.name, "eventName": name, "filters": {"script": HAS_BEGUN}}
    return depends, [_written(name, uid, "metadata.name"), _written(name, run, "spec.arguments.parameters.0.value")]


def _on_event(name: str, event: OnEvent, settings: Settings) -> tuple[JSON, list[JSON]]:
    """An event as Metaflow sends it: `{"name": ..., "payload": {"name": ..., ...}}`. Each is a line of the parameter."""
    source, _, sent = settings.event_source.partition("/")
    same: JSON = {"path": "body.payload.name", "type": "string", "value": [f"^{_literal(event.name)}$"]}
    depends: JSON = {"name": name, "eventSourceName": source, "eventName": sent, "filters": {"data": [same]}}
    said = json.dumps({"type": "event", "name": event.name})[:-1]
    return depends, [_written(name, f'{said}, "payload": {{{{ .Input.body.payload | toJson }}}}}}\n', "spec.arguments.parameters.0.value")]


def _literal(text: str) -> str:
    """A text as a regular expression of Go, which a sensor compares texts with (pkg/sensors/dependencies in Argo Events)."""
    return re.sub(r"[\\.+*?()|\[\]{}^$]", lambda found: f"\\{found[0]}", text)


def _written(dependency: str, template: str, into: str) -> JSON:
    return {"src": {"dependencyName": dependency, "dataTemplate": template}, "dest": into, "operation": "append"}


def _sensor(plan: Plan, settings: Settings, waits: list[tuple[JSON, list[JSON]]]) -> dict[str, JSON]:
    """A sensor starts a workflow when all of its dependencies have come."""
    name: dict[str, JSON] = {"name": settings.name} if plan.flow.upstream else {"generateName": f"{settings.name}-"}
    source: dict[str, JSON] = {
        "apiVersion": "argoproj.io/v1alpha1",
        "kind": "Workflow",
        "metadata": name,
        "spec": {
            "workflowTemplateRef": {"name": settings.name},
            "arguments": {"parameters": [{"name": "run_trigger", "value": ""}]},
        },
    }
    created: dict[str, JSON] = {"operation": "create", "source": {"resource": source}}
    created["parameters"] = [parameter for _, written in waits for parameter in written]
    trigger: JSON = {"template": {"name": settings.name, "k8s": created}, "retryStrategy": dict(ATTEMPTS)}
    return {
        **_object(plan, settings, "Sensor"),
        "spec": {**_account(settings), "dependencies": [depends for depends, _ in waits], "triggers": [trigger]},
    }
