"""The start of a run: `run.json`, made once by the first task, with the parameters that every task reads.

It says whose run this is, so that two runs with one id cannot mix, and it proves that the store honours create-only puts.
"""

from __future__ import annotations

import os
import time

from flowport.runtime.protocol import NonRetryable
from flowport.runtime.records import validation
from flowport.runtime.run.parameters import ParameterError, convert, converted, text_of
from flowport.runtime.store import codec, digests, documents
from flowport.runtime.store.errors import Corrupt, Missing
from flowport.runtime.store.keys import Keys, part
from flowport.runtime.text import shown

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from flowport.runtime.package.code_package import CodePackage
    from flowport.runtime.protocol import Invocation
    from flowport.runtime.store.interface import Store

STORED: dict[str, type] = {"parameters": dict, "origin_run": str, "from": str, "tags": list}
INPUT: dict[str, type] = {**STORED, "form": bool, "engine": str, "input": str}
"""What a run can be started with.

`form` says that an engine's form filled in the parameters, those that nobody chose too; `engine` whose run this is to be; `input` refers to
a blob that has all the rest.
"""

LARGEST = 4096
"""Characters up to which a parameter's JSON stands in `run.json` itself."""


class Start:
    """The document of a run."""

    def __init__(self, store: Store, doc: dict[str, Any]) -> None:
        self.store, self.doc = store, doc

    @property
    def origin(self) -> str | None:
        """The run that is resumed."""
        origin: str | None = self.doc["origin"]
        return origin

    def has(self, name: str) -> bool:
        """Whether a parameter has this attribute."""
        return name in self.doc["parameters"]

    def value(self, name: str) -> Any:
        """A parameter's value, a new one each time."""
        held = self.doc["parameters"][name]
        return codec.decode(bytes.fromhex(held["entry"]), self.store) if "entry" in held else documents.load(documents.dump(held["json"]))

    def values(self) -> dict[str, Any]:
        """All parameters by attribute."""
        return {name: self.value(name) for name in self.doc["parameters"]}

    def mark(self, name: str) -> str:
        """The digest of a parameter's value."""
        return digests.of(documents.dump(self.doc["parameters"][name], in_order=True))[:32]


def read(store: Store, keys: Keys) -> Start:
    """The run that a task belongs to; raises NonRetryable when its first task never began."""
    try:
        return Start(store, document(store, keys))
    except Missing:
        raise NonRetryable(
            f"the run has no `{keys.run()}` in {store.url}: its first step makes it, and the engine did not run that"
        ) from None


def document(store: Store, keys: Keys) -> dict[str, Any]:
    """The document of a run; raises Missing, and Corrupt when it is not whole."""
    data = store.read(keys.run())
    try:
        found = documents.load(data)
    except ValueError:
        raise Corrupt(f"`{keys.run()}` in {store.url} is damaged: its {len(data)} bytes are not JSON") from None
    if wrong := validation.problem(found, keys.root):
        raise Corrupt(f"`{keys.run()}` in {store.url} is damaged: {wrong}")
    return {**validation.OPTIONAL, **found}


def begin(store: Store, keys: Keys, invocation: Invocation, program: CodePackage) -> Start:
    """Make the run's document, or find it made by an earlier try of the same engine run. Raises NonRetryable."""
    if invocation.last == 0 and part(invocation.run) != invocation.run:
        raise NonRetryable(
            f"the run id `{invocation.run}` has characters beyond letters, digits and `-_.+=@!'()`, "
            "so its documents cannot be addressed: choose another"
        )
    if len(invocation.run) > validation.NAME:
        raise NonRetryable(f"the run id `{shown(invocation.run[:60])}...` is longer than {validation.NAME} characters: choose another")
    try:
        start = read(store, keys)
    except NonRetryable:
        start = None
    if start is not None:
        return _claimed(start, store, keys, invocation, program)
    doc = _document(store, _input(store, keys, invocation, program), invocation, program)
    data = documents.dump(doc)
    # The same bytes would be taken for this task's own, whose answer was lost: what must fail is a document of other bytes.
    if store.create(keys.run(), data) and store.create(keys.run(), data + b"\n"):
        raise NonRetryable(
            f"{store.url} does not honour create-only puts (it let `{keys.run()}` be created twice): runs would overwrite each other"
        )
    return _claimed(read(store, keys), store, keys, invocation, program)


def _claimed(start: Start, store: Store, keys: Keys, invocation: Invocation, program: CodePackage) -> Start:
    """The document when it is that of this engine run: one that was cleared began at another time, but was started with the same."""
    if start.doc["engine"] == invocation.engine:
        return start
    if invocation.epoch > 0 and start.doc["input"] == _mark(_input(store, keys, invocation, program)):
        return start
    raise NonRetryable(
        f"run `{invocation.run}` of {invocation.flow} belongs to {start.doc['engine'] or 'another engine run'}: "
        "start this one under another id"
    )


def _mark(given: dict[str, Any]) -> str:
    return digests.of(documents.dump(given, in_order=True))[:32]


def _document(store: Store, given: dict[str, Any], invocation: Invocation, program: CodePackage) -> dict[str, Any]:
    origin, first = given.get("origin_run") or None, given.get("from") or None
    if first is not None and first not in program.plan["steps"]:
        raise NonRetryable(f"the run begins anew from `{shown(first[: validation.NAME])}`, which is no step of {invocation.flow}")
    if origin is not None and not store.exists(Keys(invocation.flow, origin).run()):
        raise NonRetryable(f"the run resumes run `{origin}` of {invocation.flow}, which is not in {store.url}")
    before = read(store, Keys(invocation.flow, origin)).doc["parameters"] if origin else {}
    parameters = given.get("parameters") or {}
    if before and given.get("form"):
        parameters = _without_defaults(program.flow["parameters"], parameters)
    return {
        "v": 1,
        "flow": invocation.flow,
        "run": invocation.run,
        "code": invocation.code,
        "engine": invocation.engine,
        "input": _mark(given),
        "started": round(time.time(), 3),
        "origin": origin,
        "from": first,
        "tags": given.get("tags") or [],
        "parameters": _parameters(store, program, parameters, before),
    }


def _input(store: Store, keys: Keys, invocation: Invocation, program: CodePackage) -> dict[str, Any]:
    """What the run was started with; nothing at all stands for all defaults."""
    from flowport.runtime.run.form import read_form, stored_input

    try:
        given = read_form(invocation.form, program.flow["parameters"]) if invocation.form else documents.load(_bounded(store, keys))
    except Missing:
        return {}
    except ValueError:
        raise NonRetryable(f"{'the form' if invocation.form else f'`{keys.input()}`'} is not JSON") from None
    given = _checked(given, INPUT)
    if given.get("input"):
        given = _checked(stored_input(store, given["input"]), STORED)
    return _whole(given, invocation)


def _checked(given: Any, known: dict[str, type]) -> dict[str, Any]:
    """An input that has what it may have; raises NonRetryable for any other."""
    if not isinstance(given, dict) or not all(
        name in known and isinstance(value or known[name](), known[name]) for name, value in given.items()
    ):
        raise NonRetryable(
            'a run is started with {"parameters": {...}, "origin_run": "...", "from": "...", "tags": [...]}, '
            "each of which may be left out; it was started with " + shown(documents.dump(given).decode(errors="replace")[:200])
        )
    return given


def _bounded(store: Store, keys: Keys) -> bytes:
    """The input of the run, which may not be of any size."""
    size = store.size(keys.input())
    if size > validation.LARGEST_INPUT:
        raise NonRetryable(f"`{keys.input()}` has {size} bytes, and a run is started with at most {validation.LARGEST_INPUT}")
    return store.read(keys.input())


def _whole(given: dict[str, Any], invocation: Invocation) -> dict[str, Any]:
    """The input with what stands beside the parameters checked as the command line checks it."""
    engine = given.pop("engine", None)
    if engine and engine != invocation.engine:
        raise NonRetryable(f"run `{invocation.run}` of {invocation.flow} belongs to {shown(engine)}: start this one under another id")
    try:
        if given.get("tags"):
            given["tags"] = validation.tags(given["tags"])
        if given.get("origin_run"):
            validation.run_name(given["origin_run"])
    except ParameterError as error:
        raise NonRetryable(str(error)) from None
    return given


def _parameters(store: Store, program: CodePackage, given: dict[str, Any], before: dict[str, Any]) -> dict[str, Any]:
    """Every parameter as it is stored: given, else the origin's, else the default."""
    specs = program.flow["parameters"]
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


def _without_defaults(specs: list[dict[str, Any]], given: dict[str, Any]) -> dict[str, Any]:
    """What somebody chose in a form: it sends the defaults of all the others too, and those count as not given."""
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
    value = default(Context(program.flow["flow"], spec["name"])) if callable(default) else default
    try:
        return next(iter(converted([{**spec, "required": False}], {spec["name"]: value}).values())) if value is not None else None
    except ParameterError as error:
        raise NonRetryable(f"the default of {error}") from None


class Context:
    """What a function that computes a default is given: the names that Metaflow gives there."""

    def __init__(self, flow_name: str, parameter_name: str) -> None:
        self.flow_name, self.parameter_name = flow_name, parameter_name
        self.user_name = os.environ.get("USER", "")


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
