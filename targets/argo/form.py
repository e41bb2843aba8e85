"""The parameters of a flow as the arguments of a workflow, from which Argo makes its form: each with its default, choices and help.

Argo knows text only, so a value is what one would type on a command line; one that is left empty counts as not given, unless the parameter
is a text itself.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from flowport.compiler.ir import JSON, Computed, Flow, NoDefault, Parameter
from flowport.compiler.package.documents import flow_document
from flowport.runtime.run.form import FORM, takes_empty
from flowport.runtime.run.parameters import convert
from flowport.runtime.store import documents
from flowport.targets.sizes import VARIABLE
from flowport.targets.texts import description, seen

FIELDS: Mapping[str, str] = {
    "origin_run": "the run to take finished work from",
    "from_step": "with it, the step to begin again from",
    "run_tags": "tags of the run, with commas between them",
    "run_input": "an input in the store, in the place of all other fields",
}
"""What the form has beside the parameters."""

TRIGGER: Mapping[str, str] = {"run_trigger": "the runs that start this one, as FLOW/RUN, or an event as JSON"}
"""What it has besides where events or other flows start runs."""

assert FIELDS.keys() | TRIGGER.keys() == FORM.keys()

WHOLE = "json"
"""What Argo calls all parameters together (`workflow.parameters.json`), so that none of them may be called so."""

ROOM = VARIABLE * 3 // 4
"""Bytes of all parameters as JSON: they reach the first pod as base64 in one variable."""


REFERENCE = 250
"""Bytes of them that are kept free: the reference to an input in the store needs so many."""


def arguments(flow: Flow) -> list[JSON]:
    """The parameters of a workflow."""
    specs: Any = flow_document(flow)["parameters"]
    own = [_argument(parameter, spec) for parameter, spec in zip(flow.parameters, specs)]
    more: list[JSON] = [{"name": name, "value": "", "description": text} for name, text in fields(flow).items()]
    return own + more


def fields(flow: Flow) -> Mapping[str, str]:
    """What the form of a flow has beside its parameters."""
    return {**FIELDS, **TRIGGER} if flow.is_triggered else FIELDS


def _argument(parameter: Parameter, spec: dict[str, Any]) -> JSON:
    made: dict[str, JSON] = {"name": parameter.name}
    if not (isinstance(parameter.default, NoDefault) and parameter.required):
        made["value"] = default(parameter, spec)
    if spec["choices"] and "element" not in spec:
        choices = [typed(choice) for choice in spec["choices"]]
        made["enum"] = [*([""] if made.get("value") == "" and "" not in choices else []), *choices]
    if text := _description(parameter):
        made["description"] = text
    return made


def typed(value: Any) -> str:
    """A value as one would type it."""
    if isinstance(value, str):
        return value
    if isinstance(value, float):
        return repr(value)
    # Half of a pair of surrogates is no character, but JSON can say it.
    text = documents.dump(value).decode(errors="surrogatepass")
    return re.sub("[\ud800-\udfff]", lambda found: f"\\u{ord(found[0]):04x}", text)


def says(spec: dict[str, Any], value: Any) -> bool:
    """Whether the field of a parameter can say a value; Argo would look for an expression in one with double braces."""
    text = typed(value)
    return (bool(text) or takes_empty(spec)) and "{{" not in text


def default(parameter: Parameter, spec: dict[str, Any]) -> str:
    """The default as the form shows it; empty where there is none, or none that is constant."""
    if isinstance(parameter.default, Computed | NoDefault) or parameter.default is None or parameter.kind == "file":
        return ""
    text = spec["default"] if isinstance(spec["default"], str) else convert(spec, spec["default"])
    return typed(text)


def _description(parameter: Parameter) -> str:
    """What the form says; Argo would evaluate what stands in double braces."""
    said = [description(parameter.help)] if parameter.help.strip() else []
    if isinstance(parameter.default, Computed):
        said.append("computed when the run starts, if left empty")
    elif parameter.kind == "file" and isinstance(parameter.default, str):
        said.append(f"the content of {seen(parameter.default)}, if left empty")
    return re.sub(r"\{(?=\{)", "{ ", "; ".join(said))
