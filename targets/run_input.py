"""How a dry run hands a run its input: typed into the engine's form where that can say it, else through the store.

A form is made for people: it takes little text, shows the defaults of all fields, and has no way to say some values. What it would say in
another way goes into the store as one document, and the form gets the reference of that (`flowport.runtime.run.form`).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeAlias

from flowport.compiler.ir import JSON
from flowport.compiler.package.documents import flow_document
from flowport.compiler.target import DryRun
from flowport.runtime.run.form import put_input
from flowport.runtime.run.initial_values import is_default
from flowport.runtime.store import documents

if TYPE_CHECKING:
    from flowport.runtime.store.interface import Store

Says: TypeAlias = Callable[[dict[str, Any], JSON], bool]
"""Whether the field of a parameter can say a value, so that the first task reads the same."""

TYPED = 4096
"""Bytes of parameters that are typed into a form: every engine takes them (Batch and ECS take the least, 8,192 in all)."""

EMPTY: dict[str, JSON] = {"str": "", "int": 0, "float": 0.0, "bool": False, "list": [], "dict": {}, "json": {}, "file": ""}


def in_store(request: DryRun[Any], store: Store, says: Says, room: int = TYPED, shows_defaults: bool = True) -> str | None:
    """The reference of the run's input, put into the store, when the form cannot say it; None when it can.

    A form that `shows_defaults` sends all of them, so that a resumed run takes a default for a field that nobody touched.
    """
    specs, given = parameters(request), request.parameters
    said = not request.triggers and all(says(spec, given[spec["name"]]) for spec in specs if spec["name"] in given)
    if request.origin_run and shows_defaults:
        said = said and not any(_is_lost(spec, given) for spec in specs)
    if said and len(documents.dump(given)) <= room:
        return None
    beside: dict[str, Any] = {"origin_run": request.origin_run, "from": request.from_step, "tags": list(request.tags)}
    beside |= {"scheduled_time": request.scheduled_time, "triggers": list(request.triggers)}
    beside["forced"] = bool(request.triggers)
    return put_input(store, {"parameters": given, **{name: value for name, value in beside.items() if value}})


def _is_lost(spec: dict[str, Any], given: dict[str, JSON]) -> bool:
    """Whether a resumed run would not get what was meant: a default on purpose, or the origin's value of a required parameter."""
    return is_default(spec, given[spec["name"]]) if spec["name"] in given else bool(spec["required"])


def parameters(request: DryRun[Any]) -> list[dict[str, Any]]:
    """The parameters of the flow, as its package has them."""
    found: Any = flow_document(request.plan.flow)["parameters"]
    return list(found)


def fillers(request: DryRun[Any]) -> dict[str, JSON]:
    """Values for required fields of a form that contains a reference: they are not read."""
    return {
        spec["name"]: spec["choices"][0] if spec["choices"] and "element" not in spec else EMPTY[spec["kind"]]
        for spec in parameters(request)
        if spec["required"]
    }
