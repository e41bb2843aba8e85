"""The parameters of a new run: the given values, else those of the run that it resumes, else the defaults."""

from __future__ import annotations

import os

from flowport.runtime.protocol import NonRetryable
from flowport.runtime.run.parameters import ParameterError, convert, converted, text_of
from flowport.runtime.store import codec, documents
from flowport.runtime.text import shown

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from flowport.runtime.package.code_package import CodePackage
    from flowport.runtime.store.interface import Store

LARGEST = 4096
"""Characters up to which a parameter's JSON stands in `run.json` itself."""


def initial_values(store: Store, program: CodePackage, given: dict[str, Any], before: dict[str, Any], form: bool) -> dict[str, Any]:
    """Every parameter as it is stored: given, else the origin's, else the default."""
    specs = program.flow["parameters"]
    if before and form:
        given = _without_defaults(specs, given)
    if before:
        specs = [spec if spec["name"] in given or spec["attribute"] not in before else {**spec, "required": False} for spec in specs]
    try:
        values = converted(specs, given)
    except ParameterError as error:
        raise NonRetryable(shown(str(error), lines=True)) from None
    held: dict[str, Any] = {}
    for spec in specs:
        attribute = spec["attribute"]
        if spec["name"] not in given and attribute in before:
            held[attribute] = before[attribute]
            entry = bytes.fromhex(before[attribute].get("entry", ""))
            if codec.is_reference(entry):
                store.refresh(*codec.reference(entry))
        elif spec["name"] in given or not (spec["computed"] or spec["kind"] == "file"):
            held[attribute] = _held(store, values[attribute])
        else:
            held[attribute] = _held(store, _computed(program, spec) if spec["computed"] else _included(program, spec))
    return held


def held_configs(store: Store, program: CodePackage) -> dict[str, Any]:
    """The configs of the flow as they are stored with the run, so that a reader needs no code package."""
    from flowport.runtime.package.configs import plain_value

    return {
        attribute: {"name": spec["name"], "plain": spec["plain"], **_held(store, plain_value(spec))}
        for attribute, spec in program.configs.items()
    }


def _without_defaults(specs: list[dict[str, Any]], given: dict[str, Any]) -> dict[str, Any]:
    """The values that differ from the defaults: a form sends all values, and a default counts as not given."""
    named = {spec["name"]: spec for spec in specs}
    return {name: value for name, value in given.items() if name not in named or not is_default(named[name], value)}


def is_default(spec: dict[str, Any], value: Any) -> bool:
    """Whether a value says no more than the default, in text or in JSON."""
    try:
        return "default" in spec and bool(convert(spec, value) == convert(spec, spec["default"]))
    except ParameterError:
        return bool(value == spec["default"])


def _held(store: Store, value: Any) -> dict[str, Any]:
    """A value as JSON where that says it exactly and shortly, else as an entry."""
    try:
        text = documents.dump(value)
    except (TypeError, ValueError):
        text = None
    if text is None or len(text) > LARGEST or documents.load(text) != value:
        return {"entry": codec.encode(value, store).hex()}
    return {"json": value}


def _computed(program: CodePackage, spec: dict[str, Any]) -> Any:
    """A default that is not constant: what the imported class has, called when it is a function."""
    from flowport.runtime.names.flow import Parameter

    kind = program.flow_class()
    parameter = getattr(kind, spec["attribute"], None)
    if not isinstance(parameter, Parameter):
        raise NonRetryable(
            f"`{spec['attribute']}` of {program.flow['flow']} was a parameter when the flow was compiled, and is none now: "
            "set it once, in the body of the class"
        )
    default = parameter.default
    if program.has_configs:
        from flowport.runtime.names.config import resolved

        default = resolved(default)
    value = default(Context(program, spec["name"])) if callable(default) else default
    try:
        return next(iter(converted([{**spec, "required": False}], {spec["name"]: value}).values())) if value is not None else None
    except ParameterError as error:
        raise NonRetryable(f"the default of {error}") from None


class Context:
    """What a function that computes a default is given: the names that Metaflow gives there."""

    def __init__(self, program: CodePackage, parameter_name: str) -> None:
        self.flow_name, self.parameter_name = program.flow["flow"], parameter_name
        self.user_name = os.environ.get("USER", "")
        self._program = program

    @property
    def configs(self) -> Any:
        """The configs by name, as attributes and items."""
        from flowport.runtime.names.config import ConfigValue

        return ConfigValue(self._program.configs_by_name())


def _included(program: CodePackage, spec: dict[str, Any]) -> Any:
    """The content of a file whose default path is in the code package."""
    if spec.get("default") is None:
        return None
    with open(os.path.join(program.folder, spec["default"]), "rb") as file:
        data = file.read()
    try:
        return text_of(data, spec["encoding"]) if spec["text"] else data
    except (LookupError, UnicodeError) as error:
        raise NonRetryable(f"parameter `{spec['name']}` includes `{spec['default']}`, which cannot be read as text: {error}") from None
