"""The input of a run, read from the form of an engine or from the store, and validated as on the command line."""

from __future__ import annotations

from flowport.runtime.protocol import NonRetryable
from flowport.runtime.records.validation import NAME
from flowport.runtime.run.form import read_form, stored_input
from flowport.runtime.run.parameters import ParameterError
from flowport.runtime.store import documents
from flowport.runtime.store.errors import Missing
from flowport.runtime.text import brief, shown

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    from flowport.runtime.package.code_package import CodePackage
    from flowport.runtime.protocol import Invocation
    from flowport.runtime.store.interface import Store
    from flowport.runtime.store.keys import Keys

STARTS: dict[str, type] = {"scheduled_time": str, "trigger": str, "triggers": list, "forced": bool}
STORED: dict[str, type] = {"parameters": dict, "origin_run": str, "from": str, "tags": list, **STARTS}
INPUT: dict[str, type] = {**STORED, "form": bool, "engine": str, "input": str, "overlap": str, "spin": dict}
"""What a run can be started with.

`spin` says which item of a run a spin runs again: its `store`, `run`, `step` and `item`.
`scheduled_time` is the time for which a schedule started the run. `triggers` are the runs and events that started it, or `trigger` as text;
with `forced` it begins whatever else it would wait for.
`overlap` is for the machine of Step Functions, which has read it when the run begins.
`form` says that the parameters come from the form of an engine, which also sends the defaults. `engine` names the run of the engine that
this run belongs to. `input` refers to a blob with all other fields.
"""

STORED_INPUT = "stored_input"
"""The name of the reference to that blob, in what is read here and in `run.json`: a run that is cleared reads it again."""

TAGS, TAG = 100, 256
"""How many tags a run may have, and how many characters each."""

LARGEST_INPUT = 1 << 28
"""Bytes of the JSON that a run is started with."""


def read_input(store: Store, keys: Keys, invocation: Invocation, program: CodePackage) -> dict[str, Any]:
    """What the run was started with; nothing at all stands for all defaults."""
    try:
        given = read_form(invocation.form, program.flow["parameters"]) if invocation.form else documents.load(_bounded(store, keys))
    except Missing:
        return {}
    except ValueError:
        raise NonRetryable(f"{'the form' if invocation.form else f'`{keys.input()}`'} is not JSON") from None
    given = _checked(given, INPUT)
    if given.get("input"):
        given = {**_checked(stored_input(store, given["input"]), STORED), STORED_INPUT: given["input"]}
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
    if size > LARGEST_INPUT:
        raise NonRetryable(f"`{keys.input()}` has {size} bytes, and a run is started with at most {LARGEST_INPUT}")
    return store.read(keys.input())


def _whole(given: dict[str, Any], invocation: Invocation) -> dict[str, Any]:
    """The input with what stands beside the parameters checked as the command line checks it."""
    engine = given.pop("engine", None)
    if engine and engine != invocation.engine:
        raise NonRetryable(f"run `{invocation.run}` of {invocation.flow} belongs to {shown(engine)}: start this one under another id")
    try:
        if given.get("tags"):
            given["tags"] = tags(given["tags"])
        if given.get("origin_run"):
            run_name(given["origin_run"])
    except ParameterError as error:
        raise NonRetryable(str(error)) from None
    return given


def tags(given: Sequence[Any]) -> list[str]:
    """The tags of a run, sorted and each once, without empty ones; raises ParameterError."""
    for tag in given:
        if not isinstance(tag, str) or len(tag) > TAG:
            raise ParameterError(f"a tag is a text of at most {TAG} characters, which {brief(tag)} is not")
    found = sorted({tag for tag in given if tag})
    if len(found) > TAGS:
        raise ParameterError(f"a run has at most {TAGS} tags, and this one would have {len(found)}")
    return found


def run_name(given: str) -> str:
    """The id of a run that is there already, as any engine gave it; raises ParameterError."""
    if len(given) > NAME:
        raise ParameterError(f"{brief(given)} is not the id of a run: that is a text of at most {NAME} characters")
    return given
