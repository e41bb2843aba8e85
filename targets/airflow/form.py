"""The parameters of a flow as Airflow's `Param`s: a JSON schema each, from which Airflow makes its trigger form.

A field that may be left empty is null, and null counts as not given: so the runtime itself knows the defaults that no form can show.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flowport.compiler.ir import Computed, Flow, NoDefault, Parameter
from flowport.compiler.package.documents import flow_document
from flowport.runtime.run.form import FORM, is_json, takes_null
from flowport.runtime.run.parameters import convert
from flowport.targets.airflow.python import Call, Value

ANYTHING = ["object", "array", "string", "number", "boolean"]
"""The JSON types of a value that may be any; Airflow's form shows the field of the first one."""

TYPES: Mapping[str, str] = {
    "str": "string",
    "int": "integer",
    "float": "number",
    "bool": "boolean",
    "list": "array",
    "dict": "object",
    "file": "string",
}

SECTION = "Resume and tags"
FIELDS: Mapping[str, tuple[str, str]] = {
    "origin_run": ("string", "the run to take finished work from"),
    "from_step": ("string", "with it, the step to begin again from"),
    "run_tags": ("array", "tags of the run, one on a line"),
    "run_input": ("string", "an input in the store, in the place of all other fields"),
}
"""What the form has beside the parameters."""

assert FIELDS.keys() == FORM.keys() - {"run_trigger"}


def params(flow: Flow) -> dict[str, Value]:
    """The fields of a flow's form by name: its parameters, and what resumes an earlier run."""
    specs: Any = flow_document(flow)["parameters"]
    sent = {parameter for event in flow.events for parameter, _ in event.parameters}
    own = {parameter.name: _param(parameter, spec, parameter.name in sent) for parameter, spec in zip(flow.parameters, specs)}
    return {**own, **{name: _optional(kind, {"section": SECTION, "description": text}) for name, (kind, text) in FIELDS.items()}}


def _param(parameter: Parameter, spec: dict[str, Any], is_sent: bool) -> Call:
    """The field of a parameter; one that an event sets may be left empty."""
    more: dict[str, Value] = {"description": text} if (text := _description(parameter)) else {}
    if parameter.kind == "file":
        more |= {"format": "multiline"} if parameter.text else {}
        return _optional("string" if parameter.text else "object", more)
    default = _default(parameter, spec)
    kinds = _kinds(parameter, default)
    if parameter.kind == "list":
        # Without `items` the form has a line for each element and takes all of them for text.
        more |= {"items": {"type": TYPES.get(parameter.element, [*ANYTHING, "null"])}}
    if isinstance(parameter.default, NoDefault) and parameter.required and not is_sent:
        return Call("Param", (), {"type": kinds, **_choices(spec), **more})
    if default is None or default == "":
        return Call(
            "Param", (default,), {"type": ["null", *(kinds if isinstance(kinds, list) else [kinds])], **_choices(spec, None), **more}
        )
    if isinstance(kinds, list):
        kinds = [*kinds, "null"]
    return Call("Param", (default,), {"type": kinds, **_choices(spec), **more})


def shown(flow: Flow) -> dict[str, Any]:
    """The defaults that the form shows, by name; null where a field is empty."""
    specs: Any = flow_document(flow)["parameters"]
    return {each.name: None if each.kind == "file" else _default(each, spec) for each, spec in zip(flow.parameters, specs)}


def says(spec: dict[str, Any], value: Any) -> bool:
    """Whether the field of a parameter can say a value."""
    return is_json(value) and (value is not None or takes_null(spec))


def _optional(kind: str, more: Mapping[str, Value]) -> Call:
    return Call("Param", (None,), {"type": ["null", kind], **more})


def _choices(spec: dict[str, Any], *empty: None) -> dict[str, Value]:
    """What a field allows; all of it has a JSON form, or the runtime alone looks after it."""
    return {"enum": [*empty, *spec["choices"]]} if spec["choices"] and is_json(spec["choices"]) and "element" not in spec else {}


def _description(parameter: Parameter) -> str:
    """What the form says about a field; also where its value comes from when it is left empty."""
    said = [parameter.help.strip()] if parameter.help.strip() else []
    if isinstance(parameter.default, Computed):
        said.append("computed when the run starts, if left empty")
    elif parameter.kind == "file" and isinstance(parameter.default, str):
        said.append(f"the content of {parameter.default}, if left empty")
    return "; ".join(said)


def _default(parameter: Parameter, spec: dict[str, Any]) -> Any:
    """The default as the form shows it; None where it is not constant, or has no JSON form."""
    if isinstance(parameter.default, Computed | NoDefault) or parameter.default is None:
        return None
    value = spec["default"] if isinstance(spec["default"], str) and parameter.kind == "json" else convert(spec, spec["default"])
    value = list(value) if isinstance(value, tuple) else value
    return value if is_json(value) else None


def _kinds(parameter: Parameter, default: Any) -> str | list[str]:
    """The JSON type of a field, or all types, that of the default first."""
    if parameter.kind != "json":
        return TYPES[parameter.kind]
    names = {dict: "object", list: "array", str: "string", bool: "boolean", int: "number", float: "number"}
    first = names.get(type(default), "object")
    return [first, *(kind for kind in ANYTHING if kind != first)]
