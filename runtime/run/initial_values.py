"""The parameters of a new run: the given values, else those of the run that it resumes, else the defaults."""

from __future__ import annotations

import os

from flowport.runtime.names.current import current
from flowport.runtime.protocol import NonRetryable
from flowport.runtime.run.parameters import ParameterError, convert, converted, separated, text_of
from flowport.runtime.store import codec, documents
from flowport.runtime.text import brief, shown

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from flowport.runtime.names.parameter_context import ParameterContext
    from flowport.runtime.package.code_package import CodePackage
    from flowport.runtime.store.interface import Store

DATASTORES = {"az": "azure"}
"""What Metaflow calls a kind of store, where the address has another name."""

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
            held[attribute] = _held(store, separated(spec, values[attribute]))
        else:
            found = _computed(store, program, spec) if spec["computed"] else spec.get("default")
            held[attribute] = _held(store, _included(program, spec, found) if spec["kind"] == "file" else separated(spec, found))
    return held


def check_parameters(program: CodePackage, given: dict[str, Any]) -> None:
    """Raise NonRetryable where a new run could not begin with these parameters."""
    try:
        converted(program.flow["parameters"], given)
    except ParameterError as error:
        raise NonRetryable(shown(str(error), lines=True)) from None


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


def _computed(store: Store, program: CodePackage, spec: dict[str, Any]) -> Any:
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
    if callable(default):
        current._begin(program.flow.get("project", {}))
        value = _called(default, _context(store, program, spec["name"]))
    else:
        value = default
    if spec["kind"] == "file":
        return value
    try:
        return next(iter(converted([{**spec, "required": False}], {spec["name"]: value}).values())) if value is not None else None
    except ParameterError as error:
        raise NonRetryable(f"the default of {error}") from None


def _called(function: Callable[..., Any], context: ParameterContext) -> Any:
    """What a function computes; one with two parameters also learns whether the flow is being deployed."""
    code = getattr(function, "__code__", None)
    return function(context, False) if code and code.co_argcount > 1 else function(context)


def _context(store: Store, program: CodePackage, parameter: str) -> ParameterContext:
    from flowport.runtime.names.parameter_context import ParameterContext

    def configs() -> Any:
        from flowport.runtime.names.config import ConfigValue

        return ConfigValue(program.configs_by_name())

    scheme, colon, _ = store.url.partition("://")
    kind = DATASTORES.get(scheme, scheme) if colon else "local"
    return ParameterContext(program.flow["flow"], current.username, parameter, kind, configs)


def _included(program: CodePackage, spec: dict[str, Any], path: Any) -> Any:
    """The content of a file: of the code package, or at an address."""
    if path is None:
        return None
    if not isinstance(path, str):
        raise NonRetryable(f"the default of parameter `{spec['name']}` is {brief(path)}, which is not the path of a file")
    data = _fetched(spec, path) if "://" in path else _packaged(program, spec, path)
    try:
        return text_of(data, spec["encoding"]) if spec["text"] else data
    except (LookupError, UnicodeError) as error:
        raise NonRetryable(f"parameter `{spec['name']}` includes `{path}`, which cannot be read as text: {error}") from None


def _packaged(program: CodePackage, spec: dict[str, Any], path: str) -> bytes:
    try:
        with open(os.path.join(program.folder, path), "rb") as file:
            return file.read()
    except OSError as error:
        raise NonRetryable(
            f"parameter `{spec['name']}` includes `{path}`, which cannot be read: {os.strerror(error.errno or 0)}; "
            "a file that a function names is in the code package if `include` in flowport.toml lists it"
        ) from None


def _fetched(spec: dict[str, Any], url: str) -> bytes:
    from tempfile import gettempdir

    from flowport.runtime.datatools.s3 import S3
    from flowport.runtime.names.exceptions import MetaflowException

    try:
        with S3(tmproot=gettempdir()) as s3:
            return s3.get(url).blob or b""
    except MetaflowException as error:
        raise NonRetryable(
            f"parameter `{spec['name']}` includes `{url}`, which cannot be fetched: {type(error).__name__}: {error}"
        ) from None
