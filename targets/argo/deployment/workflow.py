"""The Workflow that starts a run of a deployed template, with the input of the run as its arguments."""

from __future__ import annotations

import json
from typing import Any, TypeAlias

from flowport.compiler.changes import DeployError
from flowport.compiler.ir import JSON
from flowport.compiler.operations import Start
from flowport.runtime.run.form import FORM, put_input
from flowport.targets.argo.deployment.cluster_errors import Resource
from flowport.targets.argo.deployment.connect import store_here
from flowport.targets.argo.deployment.objects import FLOW, OWNER, TITLE, Document
from flowport.targets.argo.form import ROOM, typed
from flowport.targets.argo.settings import Settings
from flowport.targets.run_input import TYPED

OF_TEMPLATE = "workflows.argoproj.io/workflow-template"
"""The label by which Argo's UI finds the workflows of a template (`argo submit --from` sets it, too)."""

Given: TypeAlias = dict[str, str]


def workflow(settings: Settings, resource: Resource, template: Document, start: Start) -> dict[str, JSON]:
    """The document; an input that Argo's form cannot say goes into the store. Raises DeployError where it does not fit the template."""
    form = template["spec"].get("arguments", {}).get("parameters", [])
    given = _arguments(settings, form, start)
    return {
        "apiVersion": "argoproj.io/v1alpha1",
        "kind": "Workflow",
        "metadata": {
            "name": resource.name,
            "namespace": resource.namespace,
            "labels": {OWNER: "flowport", FLOW: settings.name, OF_TEMPLATE: settings.name},
            "annotations": {TITLE: settings.flow},
        },
        "spec": {
            "workflowTemplateRef": {"name": settings.name},
            "arguments": {"parameters": [{"name": name, "value": value} for name, value in given.items()]},
        },
    }


def arguments_of(found: Document) -> Given:
    """The arguments of a workflow."""
    return {each["name"]: each.get("value", "") for each in found["spec"].get("arguments", {}).get("parameters", [])}


def _arguments(settings: Settings, form: list[dict[str, Any]], start: Start) -> Given:
    given: Any = start.document.get("parameters", {})
    fields = {each["name"]: each for each in form}
    if strange := [name for name in given if name not in fields or name in FORM]:
        known = ", ".join(f"`{name}`" for name in fields if name not in FORM) or "none"
        raise DeployError(
            f"what is deployed as `{settings.name}` has no parameter `{strange[0]}`\n"
            f"  it has {known}; deploy the flow again if its file has others: flowport deploy FLOW --target argo"
        )
    needed = [name for name, field in fields.items() if "value" not in field]
    if not start.document.get("origin_run") and (missing := [name for name in needed if name not in given]):
        raise DeployError(f"what is deployed as `{settings.name}` needs a value for the parameter `{missing[0]}`")
    if _says(fields, start):
        tags: Any = start.document.get("tags", [])
        return {**{name: typed(value) for name, value in given.items()}, **({"run_tags": ",".join(tags)} if tags else {})}
    # What stands in the place of a parameter that Argo requires is not read.
    fillers = {name: fields[name].get("enum", [""])[0] for name in needed}
    return {**fillers, "run_input": put_input(store_here(settings), dict(start.document))}


def _says(fields: dict[str, dict[str, Any]], start: Start) -> bool:
    """Whether the form says the input as it is.

    An empty field counts as not given, and so does a default in a run that takes over the parameters of another one.
    """
    given: Any = start.document.get("parameters", {})
    tags: Any = start.document.get("tags", [])
    texts = {name: typed(value) for name, value in given.items()}
    room = min(TYPED, ROOM - len(json.dumps(list(fields.values()))))
    return (
        not any(start.document.get(name) for name in ("origin_run", "scheduled_time", "triggers"))
        and all(text and "{{" not in text and text in fields[name].get("enum", [text]) for name, text in texts.items())
        and not any("," in tag or tag != tag.strip() or "{{" in tag for tag in tags)
        and all(map(_is_text, (*texts.values(), *tags)))
        and sum(map(len, (*texts.values(), *tags))) <= room
    )


def _is_text(text: str) -> bool:
    """Whether an object of Kubernetes may have a text: half of a pair of surrogates is no character."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return "\0" not in text
