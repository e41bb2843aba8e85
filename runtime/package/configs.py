"""The configs of a flow, as its code package has them: values that were read when it was compiled."""

from __future__ import annotations

from flowport.runtime.store import documents

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, TypeAlias

    Spec: TypeAlias = dict[str, Any]


def value(spec: Spec) -> Any:
    """A config as a step reads it, a new value each time. `spec` is an entry of the document of configs."""
    from flowport.runtime.names.config import ConfigValue

    held = plain_value(spec)
    return ConfigValue(held) if isinstance(held, dict) and not spec["plain"] else held


def plain_value(spec: Spec) -> Any:
    """The same with dictionaries for its tables."""
    if "literal" in spec:
        from ast import literal_eval

        return literal_eval(spec["literal"])
    return documents.load(documents.dump(spec["json"]))
