"""A document with paths to its parts, and the texts in its templates with what is known where they are read."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

from argo.language import Reference, Unreadable, references, tags
from argo.waiting import Dag, is_fanned


@dataclass(frozen=True)
class Text:
    """A text in a template, of a task and in one of its fields where these are set; `bare` says that the whole is an expression."""

    path: str
    text: str
    template: Mapping[str, Any]
    dag: Dag | None
    task: str
    field: str
    bare: bool

    @property
    def decides(self) -> bool:
        """Whether it says what is done, so that its value is not evaluated once more."""
        return self.bare or self.field in ("when", "withSequence", "withParam") or self.path.endswith(".valueFrom.parameter")

    @property
    def item(self) -> bool:
        """Whether it is read once for each item of a task."""
        return self.dag is not None and self.field == "arguments" and is_fanned(self.dag.tasks[self.task])

    def tags(self) -> list[str]:
        """What stands between braces; nothing where these do not match."""
        try:
            return [] if self.bare else tags(self.text)
        except Unreadable:
            return []

    def expressions(self) -> list[str]:
        return [self.text] if self.bare else [tag[1:] for tag in self.tags() if tag.startswith("=")]

    def references(self) -> Iterator[Reference]:
        """The names in its expressions, and those of its tags that are tasks."""
        for expression in self.expressions():
            try:
                yield from references(expression)
            except Unreadable:
                continue
        for tag in self.tags():
            if tag.strip().startswith("tasks."):
                yield Reference(tuple(tag.strip().split(".")), False, "", False)

    def asked(self, dag: Dag) -> Iterator[tuple[str, Reference]]:
        """The tasks that it asks, each with how; none where nobody knows what it waits for."""
        for reference in self.references():
            if reference.path[0] == "tasks" and self.task not in dag.unclear:
                yield ".".join(reference.path[1:2]), reference

    def waited_for(self, dag: Dag) -> set[str]:
        """The tasks that have ended when this text is read."""
        return dag.before(self.task) if self.task else set(dag.tasks)

    def sure(self, dag: Dag) -> frozenset[str]:
        """The tasks that have succeeded when this text is read."""
        return dag.sure[self.task] if self.task else dag.sure_at_the_end


class Document:
    """A document, with paths to its parts."""

    def __init__(self, document: Any) -> None:
        self.whole, self.spec = document, document["spec"]
        self.templates = {f"spec.templates.{each['name']}": self._whole(each) for each in self.spec.get("templates", ())}
        self.dags = {path: Dag(template) for path, template in self.templates.items() if "dag" in template}
        self.by_name = {template["name"]: template for template in self.templates.values()}
        self.texts = [text for path, template in self.templates.items() for text in self._texts(path, template)]

    def tasks(self) -> Iterator[tuple[str, Any]]:
        for path, template in self.templates.items():
            for task in template.get("dag", {}).get("tasks", ()):
                yield f"{path}.dag.tasks.{task['name']}", task

    def _whole(self, template: Mapping[str, Any]) -> Mapping[str, Any]:
        """A template with the variables that all have, as the controller reads it."""
        common = self.spec.get("templateDefaults", {}).get("container", {}).get("env", [])
        if not common or "container" not in template:
            return template
        own = template["container"].get("env", [])
        more = [each for each in common if each["name"] not in {one["name"] for one in own}]
        return {**template, "container": {**template["container"], "env": [*own, *more]}}

    def parts(self) -> Iterator[tuple[str, str, Any]]:
        return walk(self.whole)

    def _texts(self, path: str, template: Mapping[str, Any]) -> Iterator[Text]:
        for inner, key, text in walk(template, path):
            if isinstance(text, str) and key not in ("depends", "name"):
                place = re.match(r"\.dag\.tasks\.([^.]+)\.(\w+)", inner[len(path) :])
                task, field = place.groups() if place else ("", "")
                yield Text(inner, text, template, self.dags.get(path), task, field, key == "expression")


def walk(value: Any, path: str = "", key: str = "") -> Iterator[tuple[str, str, Any]]:
    """A value with all that is in it, each with its path and its key; in a list what has a name goes by it."""
    yield path, key, value
    if isinstance(value, dict):
        for name, inner in value.items():
            yield from walk(inner, f"{path}.{name}".lstrip("."), name)
    elif isinstance(value, list):
        for number, inner in enumerate(value):
            yield from walk(inner, f"{path}.{inner['name'] if isinstance(inner, dict) and 'name' in inner else number}")


def parameters(value: Mapping[str, Any], key: str) -> list[Any]:
    """The parameters among the inputs, outputs or arguments of something."""
    found: list[Any] = value.get(key, {}).get("parameters", [])
    return found


Found: TypeAlias = Iterator[tuple[str, object]]
"""Paths, each with what is wrong there."""

Check: TypeAlias = Callable[[Document], Found]
