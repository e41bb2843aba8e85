"""The input of a run from the form of an engine: the fields of the form, or a reference to an input in the store.

A form has little room, and cannot express every value. So the input of a run may be stored as a blob, and the form contains only its
reference, `<SHA-256>:<size>`, in a field of its own.
"""

from __future__ import annotations

from flowport.runtime.protocol import NonRetryable
from flowport.runtime.run.parameters import convert
from flowport.runtime.store import documents
from flowport.runtime.store.errors import Corrupt, Missing
from flowport.runtime.store.keys import is_sha

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from flowport.runtime.run.parameters import Spec
    from flowport.runtime.store.interface import Store

FORM = {"origin_run": "origin_run", "from_step": "from", "run_tags": "tags", "run_trigger": "trigger", "run_input": "input"}
"""What stands in an engine's form beside the parameters, and what it is called in the input; `run_trigger` only on Argo."""

LARGEST = 1 << 31
"""Bytes that an input in the store may have."""


def read_form(text: str, specs: list[Spec]) -> dict[str, Any]:
    """The input that a form stands for; raises NonRetryable, and ValueError where it cannot be read.

    The text has one of three encodings: a JSON object; for engines whose forms have only text, the base64 of a JSON list of names and
    values; or the number of characters of a form that is too long to be passed on.
    """
    if text.isdecimal():
        raise NonRetryable(
            f"the form comes to {int(text):,} characters, more than a task can be handed: put long text into a file of the flow "
            "(`IncludeFile`), or give the address of it and read that in a step"
        )
    if text.startswith("{"):
        kept = {spec["name"] for spec in specs if takes_null(spec)}
        return _as_input({name: value for name, value in documents.load(text).items() if value is not None or name in kept}, specs)
    from binascii import a2b_base64

    kept = {spec["name"] for spec in specs if takes_empty(spec)}
    typed = {each["name"]: each["value"] for each in documents.load(a2b_base64(text))}
    filled: dict[str, Any] = {name: value for name, value in typed.items() if value or name in kept}
    if "run_tags" in filled:
        filled["run_tags"] = [tag.strip() for tag in filled["run_tags"].split(",")]
    return _as_input(filled, specs)


def takes_null(spec: Spec) -> bool:
    """Whether null in a field is a value: of kind JSON with a default that shows in the form. Elsewhere the field was left empty."""
    return bool(spec["kind"] == "json" and spec.get("default") is not None and is_json(convert(spec, spec["default"])))


def takes_empty(spec: Spec) -> bool:
    """Whether an empty text in a field is a value: a text that is required, or has a default that shows. Elsewhere it was left empty."""
    return bool(spec["kind"] == "str" and (spec["required"] or spec.get("default") is not None))


def is_json(value: Any) -> bool:
    """Whether JSON has the value: no infinity, and nothing that is no number."""
    if isinstance(value, float):
        return value - value == 0
    if isinstance(value, dict):
        return all(map(is_json, value.values()))
    return all(map(is_json, value)) if isinstance(value, list) else True


def _as_input(filled: dict[str, Any], specs: list[Spec]) -> dict[str, Any]:
    own = FORM.keys() - {spec["name"] for spec in specs}
    beside = {FORM[name]: filled.pop(name) for name in FORM if name in own and filled.get(name) is not None}
    return {"form": True, "parameters": filled, **beside}


def put_input(store: Store, given: dict[str, Any]) -> str:
    """Put the input of a run into the store; its reference."""
    sha, size = store.put_blob([documents.dump(given)])
    return f"{sha}:{size}"


def stored_input(store: Store, reference: str) -> Any:
    """The input that a reference stands for; raises NonRetryable."""
    sha, _, size = reference.partition(":")
    if not is_sha(sha) or not (size.isascii() and size.isdecimal() and len(size) < 12):
        raise NonRetryable(
            f"`{reference[:80]}` is no reference to the input of a run: that is the SHA-256 of a blob, a colon, and its size"
        )
    if int(size) > LARGEST:
        raise NonRetryable(f"the input of the run is to have {int(size):,} bytes, and {LARGEST:,} are the most")
    try:
        return documents.load(bytes(store.blob(sha, int(size))))
    except Missing:
        raise NonRetryable(f"the input of the run is not in {store.url}: there is no blob `{sha}`") from None
    except Corrupt as error:
        raise NonRetryable(f"the input of the run is damaged: {error}") from None
    except ValueError:
        raise NonRetryable(f"the input of the run, the blob `{sha}`, is not JSON") from None
