"""What Kubernetes takes for names, labels and the like; each rule with its place in the documentation."""

from __future__ import annotations

import re
from collections.abc import Mapping

from flowport.compiler.ir import JSON

LABEL = "use letters, digits, `-`, `_` and `.`, at most 63, the first and the last one a letter or a digit"
NAME = "use small letters, digits, `-` and `.`, the first and the last one a letter or a digit"
IMAGE = "write it as `registry.example.com/flows:1`"
TOLERATION = '{ key = "batch", operator = "Exists" }'
"""What to write instead."""

EFFECTS = ("NoSchedule", "PreferNoSchedule", "NoExecute")
PART = "[a-z0-9]([a-z0-9-]*[a-z0-9])?"
WORD = r"[A-Za-z0-9]([A-Za-z0-9_.-]{0,61}[A-Za-z0-9])?"


def is_name(text: str) -> bool:
    """Whether a secret, a claim or a service account may be called so ("Object Names and IDs", DNS subdomain names)."""
    return len(text) <= 253 and bool(re.fullmatch(rf"{PART}(\.{PART})*", text))


def is_short_name(text: str) -> bool:
    """Whether a volume or a namespace may be called so ("Object Names and IDs", DNS label names)."""
    return len(text) <= 63 and bool(re.fullmatch(PART, text))


def is_key(text: str) -> bool:
    """Whether a label or an annotation may have this key ("Labels and Selectors", Syntax and character set)."""
    prefix, slash, name = text.rpartition("/")
    return (not slash or is_name(prefix)) and bool(re.fullmatch(WORD, name))


def is_label(key: str, value: JSON) -> bool:
    """Whether something may have this label ("Labels and Selectors", Syntax and character set)."""
    return is_key(key) and isinstance(value, str) and bool(re.fullmatch(f"({WORD})?", value))


def is_image(text: str) -> bool:
    """Whether a text may be an image's name; what else it must be is the registry's to say."""
    return bool(re.fullmatch(r"[\w.:@/-]+", text, re.ASCII))


def is_variable(name: str) -> bool:
    """Whether a container may have a variable of this name (Kubernetes API, EnvVar: printable ASCII without `=`)."""
    return bool(re.fullmatch(r"[ -<>-~]+", name))


def is_toleration(table: Mapping[str, JSON]) -> bool:
    """Whether a pod may have this toleration (Kubernetes API, Toleration)."""
    kinds = {"key": str, "operator": str, "value": str, "effect": str, "tolerationSeconds": int}
    if not all(name in kinds and type(value) is kinds[name] for name, value in table.items()):
        return False
    key, operator, effect = table.get("key", ""), table.get("operator", "Equal"), table.get("effect", "")
    fits = (not key or is_key(str(key))) and operator in ("Equal", "Exists") and effect in ("", *EFFECTS)
    # Without a key everything is tolerated, and then no value is compared; a time is that of evictions.
    return fits and (bool(key) or operator == "Exists") and ("tolerationSeconds" not in table or effect == "NoExecute")
