"""What starts a flow on Argo besides the clock: objects of Argo and of Argo Events, which hera's models know field by field."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from hera.events import models as events
from hera.workflows import models as workflows
from lupa.lua51 import LuaRuntime

from argo.emitted import document, documents, said
from argo.test_documents import lost
from flowport.compiler.ir import End, OnEvent, OnFinish, Project, RunLimits
from flowport.compiler.ir.plan import Plan
from flowport.runtime.run.triggers import read_triggers
from plans import flow

MODELS: dict[str, Any] = {
    "EventSource": events.EventSource,
    "Sensor": events.Sensor,
    "WorkflowEventBinding": workflows.WorkflowEventBinding,
}
EVENT = OnEvent("labels", (("day", "date"),))
AFTER = (OnFinish("FeaturesFlow"), OnFinish("LabelsFlow", "demo", "prod"))


WORKFLOW = r"\.spec\.triggers\[0\]\.template\.k8s\.source\.resource\..*"
UNKNOWN = re.compile(rf"\.apiVersion|\.kind|\.spec\.resource\.[^.]+\.(group|version|resource)|{WORKFLOW}")
"""What the schema of Argo Events leaves out, which has it inline; and the workflow that a sensor creates, which is any object."""


def unknown(made: dict[str, Any]) -> list[str]:
    """The fields of an object that its model does not know."""
    kept = MODELS[made["kind"]].model_validate(made).model_dump(mode="json", by_alias=True, exclude_none=True)
    return [path for path in lost(made, kept) if not UNKNOWN.fullmatch(path)]


def made(plan: Plan, **profile: Any) -> dict[str, Any]:
    """The objects beside the template, by kind."""
    found = {each["kind"]: each for each in documents(plan, namespace="flows", **profile)[1:]}
    for kind, each in found.items():
        assert unknown(each) == [], kind
        assert each["metadata"]["name"] == "small"
        assert each["apiVersion"] == "argoproj.io/v1alpha1"
    return found


def test_a_field_that_argo_events_does_not_know_is_noticed() -> None:
    """A canary for the others."""
    sensor = made(flow(("start", End()), triggers=AFTER))["Sensor"]
    sensor["spec"]["dependency"] = []
    assert unknown(sensor) == [".spec.dependency"]


def test_a_sensor_creates_a_workflow() -> None:
    sensor = made(flow(("start", End()), triggers=AFTER))["Sensor"]
    created = sensor["spec"]["triggers"][0]["template"]["k8s"]["source"]["resource"]
    kept = workflows.Workflow.model_validate(created).model_dump(mode="json", by_alias=True, exclude_none=True)
    assert lost(created, kept) == []


def test_an_event_is_a_request_to_the_server_of_argo() -> None:
    found = made(flow(("start", End()), triggers=(EVENT,)))
    assert list(found) == ["WorkflowEventBinding"]
    spec = found["WorkflowEventBinding"]["spec"]
    assert spec["event"] == {"selector": 'discriminator == "labels" || (discriminator == "" && payload.name == "labels")'}
    assert spec["submit"]["workflowTemplateRef"] == {"name": "small"}
    assert [each["name"] for each in document(flow(("start", End()), triggers=(EVENT,)))["spec"]["arguments"]["parameters"]][-1] == (
        "run_trigger"
    )


def test_other_flows_are_seen_by_their_label_and_have_to_have_begun() -> None:
    found = made(flow(("start", End()), triggers=AFTER), event_service_account="events")
    resources = found["EventSource"]["spec"]["resource"]
    labels = [each["filter"]["labels"][0]["value"] for each in resources.values()]
    assert labels == ["featuresflow", "demo-prod-labelsflow-0787e962"]
    assert {(each["group"], each["version"], each["resource"]) for each in resources.values()} == {("argoproj.io", "v1alpha1", "workflows")}
    sensor = found["Sensor"]["spec"]
    assert sensor["template"] == {"serviceAccountName": "events"}
    assert [(each["eventSourceName"], each["eventName"]) for each in sensor["dependencies"]] == [("small", name) for name in resources]
    assert all('each.name == "begins"' in each["filters"]["script"] for each in sensor["dependencies"])
    assert all("DELETE" not in each["eventTypes"] for each in resources.values())
    succeeded = {"key": "status.phase", "operation": "==", "value": "^Succeeded$"}
    assert all(succeeded in each["filter"]["fields"] for each in resources.values()), "a run that failed starts a flow"


@pytest.mark.parametrize(
    ("status", "starts"),
    [
        ({}, True),
        ({"outputs": {}}, True),
        ({"outputs": {"parameters": [{"name": "other", "value": "[]"}]}}, True),
        ({"outputs": {"parameters": [{"name": "begins", "value": '["start"]'}]}}, True),
        ({"outputs": {"parameters": [{"name": "other", "value": "x"}, {"name": "begins", "value": "[]"}]}}, False),
    ],
)
def test_a_workflow_that_began_no_run_starts_no_other(status: dict[str, Any], starts: bool) -> None:
    """In Lua 5.1, which is the version of the library that Argo Events uses (yuin/gopher-lua)."""
    lua = LuaRuntime()
    lua.globals()["event"] = lua.table_from({"body": {"status": status}}, recursive=True)
    sensor = made(flow(("start", End()), triggers=AFTER))["Sensor"]["spec"]
    assert {lua.execute(each["filters"]["script"]) for each in sensor["dependencies"]} == {starts}


def test_what_a_sensor_writes_names_the_runs_that_started_the_workflow() -> None:
    sensor = made(flow(("start", End()), triggers=AFTER))["Sensor"]["spec"]
    template = sensor["triggers"][0]["template"]["k8s"]
    written = [each["src"]["dataTemplate"] for each in template["parameters"] if each["dest"].startswith("spec.")]
    text = "".join(each.replace("{{ .Input.body.metadata.name }}", f"w-{number}") for number, each in enumerate(written))
    assert [(each["flow"], each["run"]) for each in read_triggers(text)] == [("FeaturesFlow", "w-0"), ("LabelsFlow", "demo.prod-w-1")]
    assert template["source"]["resource"]["spec"]["arguments"]["parameters"] == [{"name": "run_trigger", "value": ""}]
    names = [each["src"]["dataTemplate"] for each in template["parameters"] if each["dest"] == "metadata.name"]
    assert len(names) == 2
    assert template["source"]["resource"]["metadata"] == {"name": "small"}


def test_events_of_a_source_that_is_there() -> None:
    plan = flow(("start", End()), triggers=(EVENT, OnEvent('a "b" c++')))
    found = made(plan, event_source="webhook/metaflow-event")
    assert list(found) == ["Sensor"]
    sensor = found["Sensor"]["spec"]
    assert [(each["eventSourceName"], each["eventName"]) for each in sensor["dependencies"]] == [("webhook", "metaflow-event")] * 2
    payload = json.dumps({"name": "labels", "payload": {"date": "a\nb"}})
    written = [each["src"]["dataTemplate"] for each in sensor["triggers"][0]["template"]["k8s"]["parameters"]]
    text = "".join(each.replace("{{ .Input.body.payload | toJson }}", payload) for each in written)
    assert [each["name"] for each in read_triggers(text)] == ["labels", 'a "b" c++']
    names = [each["filters"]["data"][0]["value"] for each in sensor["dependencies"]]
    assert names == [["^labels$"], [r'^a "b" c\+\+$']], "a sensor takes names for regular expressions"


def test_a_flow_of_a_project_waits_for_those_of_its_branch() -> None:
    plan = flow(("start", End()), triggers=(OnFinish("FeaturesFlow"),), project=Project("demo", "x"))
    sensor = next(each for each in documents(plan, namespace="flows") if each["kind"] == "Sensor")
    written = [each["src"]["dataTemplate"] for each in sensor["spec"]["triggers"][0]["template"]["k8s"]["parameters"]]
    assert "FeaturesFlow/demo.test.x-{{ .Input.body.metadata.name }} " in written


def test_the_workflow_says_whether_a_run_began() -> None:
    plan = flow(("start", End()), limits=RunLimits(cooldown=60))
    template = next(each for each in document(plan, cooldown=60)["spec"]["templates"] if each["name"] == "begin-run")
    assert template["outputs"]["parameters"] == [{"name": "route", "globalName": "begins", "valueFrom": {"path": "/tmp/route.json"}}]


@pytest.mark.parametrize(
    ("triggers", "profile", "codes"),
    [
        (AFTER, {"namespace": "flows"}, []),
        (AFTER, {}, ["FP400"]),
        ((EVENT,), {}, []),
        ((EVENT, OnEvent("more")), {}, ["FP400"]),
        ((EVENT, OnEvent("more")), {"event_source": "webhook/event"}, []),
        ((EVENT,), {"schedule": "paused"}, ["FP307"]),
        ((OnEvent("a{{b"),), {}, ["FP443"]),
        (AFTER, {"namespace": "flows", "name": "a" * 38}, ["FP405"]),
    ],
)
def test_what_is_missing_is_said(triggers: Any, profile: dict[str, Any], codes: list[str]) -> None:
    assert [each.code for each in said(flow(("start", End()), triggers=triggers), **profile)] == codes


def test_what_is_paused_is_not_there() -> None:
    assert made(flow(("start", End()), triggers=AFTER), schedule="paused") == {}
