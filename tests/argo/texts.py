"""Checks of what the tasks of a WorkflowTemplate wait for, and of what its texts say and ask: a part of `checks`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from argo.documents import Check, Document, Found, Text, parameters, walk
from argo.language import Reference, Unreadable, condition, ended, references, tags
from argo.waiting import Dag, may_be_skipped

RESULTS = ("Succeeded", "Failed", "Errored", "Skipped", "Omitted", "Daemoned", "AnySucceeded", "AllFailed")
ENCODED, DECODED = "sprig.b64enc", "sprig.b64dec"
FUNCTIONS = (ENCODED, DECODED, "asInt", "fromJSON", "int", "len", "string", "toJson")


# What tasks wait for.


def unreadable_conditions(document: Document) -> Found:
    for path, task in document.tasks():
        try:
            condition(task.get("depends", "a.Succeeded"))
        except Unreadable as error:
            yield f"{path}.depends", error


def old_conditions(document: Document) -> Found:
    yield from ((path, "") for path, task in document.tasks() if "dependencies" in task)


def _ended(document: Document) -> Iterator[tuple[str, Dag, str, str]]:
    for path, dag in document.dags.items():
        for name, asked in dag.conditions.items():
            for each in ended(asked):
                yield f"{path}.dag.tasks.{name}.depends", dag, each.task, each.result


def missing_tasks(document: Document) -> Found:
    yield from ((path, task) for path, dag, task, _ in _ended(document) if task not in dag.tasks)


def no_results(document: Document) -> Found:
    yield from ((path, task) for path, _, task, result in _ended(document) if not result)


def unknown_results(document: Document) -> Found:
    yield from ((path, f"{task}.{result}") for path, _, task, result in _ended(document) if result and result not in RESULTS)


def hidden_failures(document: Document) -> Found:
    yield from ((path, task) for path, _, task, result in _ended(document) if result == "Omitted")


def cycles(document: Document) -> Found:
    yield from ((path, " -> ".join(dag.cycle)) for path, dag in document.dags.items() if dag.cycle)


# What texts say.


def half_conditions(document: Document) -> Found:
    for path, task in document.tasks():
        when = str(task.get("when", "{{=}}"))
        if not (when.startswith("{{=") and when.endswith("}}") and "{{" not in when[2:] and "}}" not in when[:-2]):
            yield f"{path}.when", when


def unreadable_texts(document: Document) -> Found:
    for text in document.texts:
        yield from _unreadable(text.path, [text.text] if text.bare else [], "" if text.bare else text.text)
    # Argo evaluates all of the spec before it begins, also what the form says, and ends in Error where it cannot.
    for path, _, value in walk({key: part for key, part in document.spec.items() if key != "templates"}, "spec"):
        if isinstance(value, str) and "{{=" in value:
            yield from _unreadable(path, [], value)


def _unreadable(path: str, expressions: list[str], text: str) -> Found:
    try:
        for expression in [*expressions, *(tag[1:] for tag in tags(text) if tag.startswith("="))]:
            references(expression)
    except Unreadable as error:
        yield path, error


def unknown_tags(document: Document) -> Found:
    at_the_end = _exit_templates(document)
    for text in document.texts:
        for tag in text.tags():
            is_status = tag == "workflow.status" and text.template["name"] in at_the_end
            if not (tag.startswith("=") or is_status or _is_known(tag.strip().split("."), text)):
                yield text.path, f"{{{{{tag}}}}}"


def _exit_templates(document: Document) -> set[str]:
    """The exit handler and its pods: they alone know `workflow.status` (docs/variables.md)."""
    handler = document.by_name.get(document.spec.get("onExit", ""), {})
    return {name for name in (handler.get("name"), *(task["template"] for task in handler.get("dag", {}).get("tasks", ()))) if name}


def _is_known(path: list[str], text: Text) -> bool:
    match path:
        case ["inputs", "parameters", name]:
            return name in {each["name"] for each in parameters(text.template, "inputs")}
        case ["workflow", "name" | "uid"]:
            return True
        case ["item"]:
            return text.item
        case ["tasks", *_]:
            return text.dag is not None and text.decides
    return False


def unknown_names(document: Document) -> Found:
    for text in document.texts:
        for each in text.references():
            shown = ".".join(each.path)
            if each.call:
                known = shown in FUNCTIONS
            elif each.path[0] in ("tasks", "lastRetry"):
                known = text.dag is not None if each.path[0] == "tasks" else text.path.endswith(".retryStrategy.expression")
            else:
                # Without a schedule there is no such time: as a tag it would stay as it is, and in an expression it is nothing.
                of_a_schedule = tuple(each.path) == ("workflow", "scheduledTime")
                known = of_a_schedule or each.path[:2] == ("workflow", "parameters") or _is_known(list(each.path), text)
            if not known:
                yield text.path, shown


def undeclared_parameters(document: Document) -> Found:
    declared = {"json", *(each["name"] for each in parameters(document.spec, "arguments"))}
    for text, each in _form(document):
        if ".".join(each.path[2:]) not in declared:
            yield text.path, ".".join(each.path)


def bare_values(document: Document) -> Found:
    """Argo evaluates what it has put in the place of a tag (docs/variables.md), and base64 has no braces."""
    for text, each in _form(document):
        if not text.decides and each.inside != ENCODED:
            yield text.path, ".".join(each.path)


def decoded_values(document: Document) -> Found:
    """Argo replaces the tags of a template twice, and what the first time makes is read the second (`SubstituteParams`, 3.7 and 4.1)."""
    for text in document.texts:
        if not text.decides:
            yield from ((text.path, DECODED) for each in text.references() if each.call and ".".join(each.path) == DECODED)


def _form(document: Document) -> Iterator[tuple[Text, Reference]]:
    for text in document.texts:
        yield from ((text, each) for each in text.references() if each.path[:2] == ("workflow", "parameters"))


# What texts ask other tasks for.


def strangers(document: Document) -> Found:
    for text in document.texts:
        if text.dag:
            yield from ((text.path, task) for task, _ in text.asked(text.dag) if task not in text.waited_for(text.dag))


def unknown_outputs(document: Document) -> Found:
    for text, task, each in _asked(document):
        given = {output["name"] for output in parameters(document.by_name.get(task.get("template"), {}), "outputs")}
        match each.path[2:]:
            case ("status",):
                continue
            case ("outputs", "parameters"):
                known = may_be_skipped(task)
            case ("outputs", "parameters", name):
                known = name in given
            case _:
                known = False
        if not known:
            yield text.path, ".".join(each.path)


def unsure_outputs(document: Document) -> Found:
    for text, task, each in _asked(document):
        if text.dag and "outputs" in each.path[2:3] and task["name"] not in text.sure(text.dag) and not each.careful:
            yield text.path, task["name"]


def hasty(document: Document) -> Found:
    """Argo tries all tags when a DAG begins that a task calls, where no task is known yet (`ProcessArgs`, 4.1)."""
    for text in document.texts:
        if text.dag and not text.bare and text.template["name"] != document.spec["entrypoint"]:
            asked = [reference for _, reference in text.asked(text.dag)]
            if asked and all(reference.careful for reference in asked):
                yield text.path, text.text


def _asked(document: Document) -> Iterator[tuple[Text, Any, Reference]]:
    """The texts that ask a task which has ended, with that task and how."""
    for text in document.texts:
        for name, each in text.asked(text.dag) if text.dag else ():
            if text.dag and name in text.waited_for(text.dag):
                yield text, text.dag.tasks[name], each


TEXTS: Mapping[str, Check] = {
    "is no condition": unreadable_conditions,
    "uses `dependencies`, which takes skipped tasks for done": old_conditions,
    "waits for a task that is not there": missing_tasks,
    "waits for a task and does not say how it has to end": no_results,
    "waits for an end that no task has": unknown_results,
    "takes a task that was left out, maybe after a failure, for one that is done": hidden_failures,
    "has tasks that wait for each other": cycles,
    "is not one whole expression": half_conditions,
    "cannot be read": unreadable_texts,
    "has a tag that means nothing there": unknown_tags,
    "has a name that means nothing there": unknown_names,
    "asks for a field that the form does not have": undeclared_parameters,
    "puts what a user typed where Argo evaluates it": bare_values,
    "makes a text that Argo evaluates once more": decoded_values,
    "asks a task that it does not wait for": strangers,
    "asks for what the task does not give": unknown_outputs,
    "relies on a task that may not have run": unsure_outputs,
    "can be answered before its tasks have run": hasty,
}
