"""The input of a run as the `conf` of a DAG run: typed into the trigger form where that can say it, else through the store.

What the form has, Airflow knows: the fields are those of the DAG that is deployed, and not of the flow's file here.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from flowport.compiler.changes import DeployError
from flowport.compiler.ir import JSON
from flowport.runtime.run.form import FORM, is_json, put_input
from flowport.runtime.store.open import open_store
from flowport.targets.airflow.settings import Settings
from flowport.targets.run_input import TYPED

EMPTY: dict[str, JSON] = {"string": "", "integer": 0, "number": 0, "boolean": False, "array": [], "object": {}}


def run_conf(settings: Settings, fields: Mapping[str, Any], document: Mapping[str, JSON]) -> dict[str, JSON]:
    """The conf for an input; `fields` are the parameters of the DAG, as the API has them. Raises DeployError, StoreError."""
    given: Any = document.get("parameters") or {}
    unknown = [name for name in given if name not in fields]
    if unknown:
        raise DeployError(
            f"the DAG `{settings.dag_id}` that is deployed has no parameter `{unknown[0]}`\n"
            "  deploy the flow, and wait until Airflow has read the new file"
        )
    if _can_be_typed(given, document):
        tags = document.get("tags")
        return {**given, **({"run_tags": tags} if tags else {})}
    reference = put_input(open_store(settings.store), dict(document))
    required = {name: field.get("schema") or {} for name, field in fields.items() if name not in FORM and _is_required(field)}
    return {**{name: _filler(schema) for name, schema in required.items()}, "run_input": reference}


def _can_be_typed(given: Mapping[str, JSON], document: Mapping[str, JSON]) -> bool:
    """Whether the first task reads from the form what is meant.

    In a form, null is a field that was left empty. A form sends all defaults, so that a resumed run cannot be given one on purpose.
    """
    if not document.keys().isdisjoint(("origin_run", "scheduled_time", "triggers")) or any(value is None for value in given.values()):
        return False
    if not is_json(given) or not all(map(_keeps_order, given.values())):
        return False
    text = json.dumps(given, ensure_ascii=False)
    # PostgreSQL has neither NUL nor half of a surrogate pair in its JSON.
    return (
        len(text.encode("utf-8", "surrogatepass")) <= TYPED
        and "\\u0000" not in text
        and not any("\ud800" <= each <= "\udfff" for each in text)
    )


def _keeps_order(value: Any) -> bool:
    """Whether a value stays the same when PostgreSQL sorts the keys of its objects."""
    if isinstance(value, dict):
        return len(value) < 2 and all(map(_keeps_order, value.values()))
    return all(map(_keeps_order, value)) if isinstance(value, list) else True


def _is_required(field: Mapping[str, Any]) -> bool:
    """Whether a field has no default, and may not be left empty."""
    kinds = (field.get("schema") or {}).get("type")
    return "null" not in (kinds if isinstance(kinds, list) else [kinds]) and field.get("value") is None


def _filler(schema: Mapping[str, Any]) -> JSON:
    """A value for a required field that is not read."""
    if schema.get("enum"):
        first: JSON = schema["enum"][0]
        return first
    kinds = schema.get("type")
    kind = kinds[0] if isinstance(kinds, list) and kinds else kinds
    return EMPTY.get(str(kind), "")
