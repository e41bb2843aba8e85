"""A flow as it is now, compared with what items of an earlier run read of it."""

from __future__ import annotations

import os
from contextlib import contextmanager
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from flowport.compiler.package.documents import flow_document
from flowport.runtime.package.cache import unpack
from flowport.runtime.package.code_package import CodePackage
from flowport.runtime.run.parameters import convert, separated
from flowport.runtime.store import codec
from flowport.runtime.text import brief
from flowport.workspace.why.reasons import Reason

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from flowport.runtime.run.reader import Run
    from flowport.workspace.flow_file import FlowFile


class FlowNow:
    """A flow, its code package, and the values of parameters that a new run would be given; it has the others from the earlier run."""

    def __init__(self, flow: FlowFile, program: CodePackage, given: Mapping[str, Any]) -> None:
        self.program, self.plan = program, flow.plan
        self.digests = {step.name: step.digest for step in flow.plan.flow.steps}
        document: Any = flow_document(flow.plan.flow)
        self._project: dict[str, Any] = document.get("project", {})
        self._parameters = {spec["attribute"]: spec for spec in document["parameters"]}
        self._given = given

    def has_place(self, step: str, scopes: list[list[str]]) -> bool:
        """Whether a step is in these scopes now, so that its items have the addresses that they had."""
        found: list[list[str]] = self.program.step(step)["sites"][step]["scopes"]
        return _addressed(found) == _addressed(scopes)

    def change(self, name: str, mark: Any, run: Run) -> Reason | None:
        """The reason for which an item that read this runs again; None if it is unchanged, or if another item set it."""
        kind, _, rest = name.partition(".")
        if kind == "parameter":
            return self._parameter(rest, run)
        if kind == "project" and self._project.get(rest) != mark:
            return Reason("project", rest, brief(mark), brief(self._project.get(rest)))
        if kind == "code":
            module, _, defined = rest.partition(":")
            if self.program.definitions.get(module, {}).get(defined) != mark:
                return Reason("definition", defined, place=module or self.program.flow["file"])
        return None

    def _parameter(self, attribute: str, run: Run) -> Reason | None:
        spec, held = self._parameters.get(attribute), run.doc["parameters"].get(attribute)
        if spec is None:
            return Reason("parameter", attribute, _shown(held), None)
        if spec["name"] not in self._given:
            return None
        value = separated(spec, self._given[spec["name"]] if spec["kind"] == "file" else convert(spec, self._given[spec["name"]]))
        if held is not None and _same(held, value):
            return None
        return Reason("parameter", attribute, _shown(held), brief(value))


def _addressed(scopes: list[list[str]]) -> list[tuple[str, str]]:
    """What of scopes decides where an item is found: any loop is like another one."""
    return [(kind, origin if kind == "foreach" else "") for kind, origin in scopes]


def _same(held: dict[str, Any], value: Any) -> bool:
    """Whether a stored parameter has a value."""
    if "json" in held:
        return bool(held["json"] == value)
    try:
        return bool(codec.digest(value) == bytes.fromhex(held["entry"]))
    except codec.Unstorable:
        return False


def _shown(held: dict[str, Any] | None) -> str | None:
    if held is None:
        return None
    return brief(held["json"]) if "json" in held else "a stored value"


@contextmanager
def unpacked(flow: FlowFile, given: Mapping[str, Any]) -> Iterator[FlowNow]:
    """A flow with its package in a folder of its own."""
    with TemporaryDirectory(prefix="flowport-") as folder:
        place = os.path.join(folder, "code")
        unpack(flow.package().data, place)
        yield FlowNow(flow, CodePackage(place), given)
