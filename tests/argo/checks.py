"""What `argo lint` lets pass, and what only a cluster would tell: checks of a WorkflowTemplate, and of the CronWorkflow that begins it.

Each check forbids one thing, and is called by what a document then does wrong. It knows nothing of how documents are made.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Mapping
from typing import Any
from zoneinfo import available_timezones

from argo.documents import Check, Document, Found, parameters
from argo.texts import TEXTS

MOST = {"templates": 200, "tasks": 200, "parameters": 500}
"""Entries of lists (Argo's CRDs; of the arguments of a workflow only the size of the object)."""

NAME, PARAMETER = re.compile("[A-Za-z0-9][-A-Za-z0-9]{0,127}"), re.compile("[-A-Za-z0-9_]+")
"""Names of templates and tasks, and of parameters (Argo's CRDs)."""

LABEL = re.compile("[a-z0-9]([-a-z0-9]*[a-z0-9])?")
LABEL_KEY = re.compile(r"([a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?/)?[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?")
LABEL_VALUE = re.compile(r"([A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?)?")
"""Kubernetes, "Labels and Selectors" and "Object Names and IDs"."""

QUANTITY = re.compile(r"\d+(\.\d*)?([KMGTPE]i|[numkMGTPE]|[eE][+-]?\d+)?")
"""Kubernetes API, "Quantity", of amounts."""

NAMES = {"templates": NAME, "tasks": NAME, "parameters": PARAMETER}
LONGEST = {"WorkflowTemplate": 63, "CronWorkflow": 52}
CRON = re.compile(r"[0-9A-Za-z*/,?-]+( [0-9A-Za-z*/,?-]+){4}")


def problems(document: Any) -> list[str]:
    """Everything that is wrong with a document, each with its path."""
    found = Document(document)
    said = (
        f"{path} {name}" + (f": {what}" if what != "" else "")
        for name, check in CHECKS[document["kind"]].items()
        for path, what in check(found)
    )
    return list(dict.fromkeys(said))


# Names and sizes.


def too_many(document: Document) -> Found:
    for path, key, value in document.parts():
        most = MOST.get(key)
        if most and isinstance(value, list) and len(value) > most:
            yield path, f"{len(value)} and not {most}"


def wrong_names(document: Document) -> Found:
    for path, key, value in document.parts():
        form = NAMES.get(key)
        if form and isinstance(value, list):
            yield from ((path, each["name"]) for each in value if not form.fullmatch(each["name"]))


def wrong_objects(document: Document) -> Found:
    name = document.whole["metadata"]["name"]
    if not LABEL.fullmatch(name) or len(name) > LONGEST[document.whole["kind"]]:
        yield "metadata.name", name
    namespace = document.whole["metadata"].get("namespace", "default")
    if not LABEL.fullmatch(namespace) or len(namespace) > 63:
        yield "metadata.namespace", namespace


def wrong_pods(document: Document) -> Found:
    """Argo makes a pod's name of its template's, as that is, and Kubernetes takes small letters only."""
    yield from (
        (path, template["name"])
        for path, template in document.templates.items()
        if "dag" not in template and not LABEL.fullmatch(template["name"])
    )


def twice(document: Document) -> Found:
    for path, key, value in document.parts():
        if key in (*NAMES, "env", "volumes") and isinstance(value, list):
            yield from ((path, name) for name, count in Counter(each["name"] for each in value).items() if count > 1)


def wrong_labels(document: Document) -> Found:
    for path, key, value in document.parts():
        if key in ("labels", "nodeSelector") and isinstance(value, dict):
            for name, text in value.items():
                if not (LABEL_KEY.fullmatch(name) and isinstance(text, str) and LABEL_VALUE.fullmatch(text)):
                    yield path, f"{name}: {text}"


# Templates and who calls them.


def missing_templates(document: Document) -> Found:
    called = [(f"spec.{key}", document.spec[key]) for key in ("entrypoint", "onExit") if key in document.spec]
    called += [(path, task.get("template", "")) for path, task in document.tasks()]
    yield from ((path, name) for path, name in called if name not in document.by_name)


def unused_templates(document: Document) -> Found:
    used: set[str] = set()
    pending = {document.spec[key] for key in ("entrypoint", "onExit") if key in document.spec} & document.by_name.keys()
    while pending:
        used |= pending
        tasks = [task for name in pending for task in document.by_name[name].get("dag", {}).get("tasks", ())]
        pending = {task.get("template") for task in tasks} & document.by_name.keys() - used
    if used:
        yield from ((path, "") for path, template in document.templates.items() if template["name"] not in used)


def unwanted_arguments(document: Document) -> Found:
    for path, task in document.tasks():
        if task.get("template") in document.by_name:
            taken = {each["name"] for each in parameters(document.by_name[task["template"]], "inputs")}
            yield from ((path, each["name"]) for each in parameters(task, "arguments") if each["name"] not in taken)


def missing_arguments(document: Document) -> Found:
    calls = [("spec", document.spec.get("entrypoint"), document.spec)]
    calls += [(path, task.get("template"), task) for path, task in document.tasks()]
    for path, name, call in calls:
        given = {
            each["name"] for each in parameters(call, "arguments") if path == "spec" or not each.keys().isdisjoint(("value", "valueFrom"))
        }
        for each in parameters(document.by_name.get(name, {}), "inputs"):
            if each["name"] not in given and each.keys().isdisjoint(("value", "default")):
                yield path, each["name"]


# Pods.


def no_pods(document: Document) -> Found:
    """Argo merges the defaults of templates into those that are DAGs, and tries all of such a DAG again."""
    every = {**document.templates, "spec.templateDefaults": document.spec.get("templateDefaults", {})}
    for path, template in every.items():
        if "container" not in template:
            yield from ((path, key) for key in ("retryStrategy", "activeDeadlineSeconds") if key in template)


def weak_retries(document: Document) -> Found:
    for path, template in document.templates.items():
        if "container" in template and "retryStrategy" in template:
            strategy = template["retryStrategy"]
            if strategy.get("retryPolicy") != "Always":
                yield f"{path}.retryStrategy", "retryPolicy"
            yield from ((f"{path}.retryStrategy", key) for key in ("expression", "limit") if not isinstance(strategy.get(key), str))


def no_commands(document: Document) -> Found:
    yield from (
        (path, "container") for path, each in document.templates.items() if "container" in each and not each["container"].get("command")
    )


def odd_variables(document: Document) -> Found:
    for path, template in document.templates.items():
        for each in template.get("container", {}).get("env", ()):
            if not (isinstance(each.get("value"), str) or "valueFrom" in each):
                yield f"{path}.container.env", each["name"]


def wrong_mounts(document: Document) -> Found:
    for path, template in document.templates.items():
        mounts = template.get("container", {}).get("volumeMounts", [])
        volumes = {each["name"] for each in (*document.spec.get("volumes", ()), *template.get("volumes", ()))}
        places = Counter(each["mountPath"] for each in mounts)
        yield from ((path, each["name"]) for each in mounts if each["name"] not in volumes)
        yield from ((path, place) for place, count in places.items() if count > 1)


def wrong_quantities(document: Document) -> Found:
    for path, key, value in document.parts():
        amounts = value.values() if key in ("requests", "limits") and isinstance(value, dict) else [value] if key == "sizeLimit" else []
        yield from ((path, amount) for amount in amounts if not QUANTITY.fullmatch(str(amount)))


def large_numbers(document: Document) -> Found:
    """Go reads them into 32 bits, where the schema of Argo's CRDs takes any, and then reads nothing of the document."""
    yield from ((path, value) for path, _, value in document.parts() if isinstance(value, int) and value > 2**31 - 1)


def old_fields(document: Document) -> Found:
    for path, _, _ in document.parts():
        if path == "spec.schedule" or path.endswith((".synchronization.mutex", ".synchronization.semaphore")):
            yield path, "use the list"


# Schedules.


def wrong_schedules(document: Document) -> Found:
    schedules = document.spec.get("schedules")
    if not isinstance(schedules, list) or not schedules:
        yield "spec.schedules", schedules
    else:
        yield from (("spec.schedules", each) for each in schedules if not (isinstance(each, str) and CRON.fullmatch(each)))


def wrong_settings(document: Document) -> Found:
    known: Mapping[str, Callable[[Any], bool]] = {
        "timezone": lambda value: value in available_timezones(),
        "concurrencyPolicy": lambda value: value in ("Allow", "Forbid", "Replace"),
        "startingDeadlineSeconds": lambda value: type(value) is int and value >= 0,
    }
    yield from (
        (f"spec.{key}", document.spec[key]) for key, right in known.items() if key in document.spec and not right(document.spec[key])
    )


def no_template(document: Document) -> Found:
    name = document.spec.get("workflowSpec", {}).get("workflowTemplateRef", {}).get("name", "")
    if not LABEL.fullmatch(name) or len(name) > LONGEST["WorkflowTemplate"]:
        yield "spec.workflowSpec.workflowTemplateRef.name", name


EVERY: Mapping[str, Check] = {
    "has more than Argo takes": too_many,
    "has a name that Argo does not take": wrong_names,
    "is a pod of a name that Kubernetes does not take": wrong_pods,
    "is no name of a Kubernetes object": wrong_objects,
    "has a name twice": twice,
    "has a label that Kubernetes does not take": wrong_labels,
    "is too large a number": large_numbers,
    "is a field that Argo 4 does not have": old_fields,
}
CHECKS: Mapping[str, Mapping[str, Check]] = {
    "WorkflowTemplate": {
        **EVERY,
        "calls a template that is not there": missing_templates,
        "is a template that nobody calls": unused_templates,
        "gives an argument that its template does not take": unwanted_arguments,
        "lacks an argument that its template takes": missing_arguments,
        **TEXTS,
        "is no pod and has": no_pods,
        "does not say how to try again": weak_retries,
        "has no command": no_commands,
        "has a variable that is no text": odd_variables,
        "mounts what is not there, or two things in one place": wrong_mounts,
        "is no quantity": wrong_quantities,
    },
    "CronWorkflow": {
        **EVERY,
        "is no cron expression of five fields": wrong_schedules,
        "is not one of Argo's": wrong_settings,
        "is no template": no_template,
    },
}
