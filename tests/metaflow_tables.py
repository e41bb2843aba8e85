"""The tables of docs/metaflow.md: which names, modules and decorators of Metaflow flowport has, and what it refuses."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from flowport.compiler.decorators.registry import ARGUMENTS, STEP_DECORATORS
from flowport.compiler.decorators.unsupported import UNSUPPORTED
from flowport.compiler.imports.public_names import PARTS, PUBLIC_NAMES
from flowport.compiler.ir.features import CONSTRUCTS, Feature
from flowport.compiler.lower.capabilities import Capabilities
from flowport.runtime.names.exports import MODULES

OURS_ALONE = frozenset({"flow", "limits", "__version__"})
"""What flowport has and Metaflow does not, or what is no part of a flow."""


def names() -> str:
    """The names that each module of Metaflow has here, without decorators; modules with the same names share a row."""
    rows: dict[str, list[str]] = {}
    for module, offered in MODULES.items():
        rows.setdefault(_listed(_of_flows(offered)), []).append(f"`metaflow{'.' * bool(module)}{module}`")
    return table(("module", "names"), [(", ".join(modules), found) for found, modules in rows.items() if found])


def _of_flows(offered: Iterable[str]) -> list[str]:
    decorators = {*ARGUMENTS, *UNSUPPORTED, "step"}
    return [name for name in offered if name not in decorators | OURS_ALONE]


def decorators(engines: Mapping[str, Capabilities]) -> str:
    """The decorators with their arguments, and what the engines make of them."""
    rows = [
        (f"`@{name}`", _listed(arguments), *(_on(lacking, STEP_DECORATORS[name].features) for lacking in engines.values()))
        for name, arguments in ARGUMENTS.items()
        if name in STEP_DECORATORS
    ]
    return table(("decorator", "arguments", *engines), rows)


def flow_decorators() -> str:
    """The decorators of the class with their arguments."""
    rows = [(f"`@{name}`", _listed(arguments)) for name, arguments in ARGUMENTS.items() if name not in {*STEP_DECORATORS, *OURS_ALONE}]
    return table(("decorator", "arguments"), rows)


def _on(lacking: Capabilities, features: Iterable[Feature]) -> str:
    """`yes`, or which of the features have no effect or cannot be."""
    limits = {feature: lacking[feature] for feature in features if feature in lacking and feature not in CONSTRUCTS}
    if not limits:
        return "yes"
    kinds: dict[str, list[str]] = {}
    for feature, limit in limits.items():
        kinds.setdefault("no effect" if limit.harmless else limit.kind, []).append(_title(feature))
    shown = "; ".join(f"{kind}: {', '.join(titles)}" for kind, titles in kinds.items())
    if len(limits) < len(list(features)):
        return f"yes; {shown}"
    return "no effect" if all(limit.harmless for limit in limits.values()) else shown


def _title(feature: Feature) -> str:
    """The argument that a feature is about, or its title."""
    name, _, argument = feature.title.removesuffix("=...)").partition("(")
    return f"`{argument}`" if argument else f"`{name}`" if name.startswith("@") else name


def without_effect() -> str:
    """The decorators that are accepted with a warning."""
    return table(("decorator", "what is missing", "instead"), [_row(name) for name, one in UNSUPPORTED.items() if one.same])


def refused() -> str:
    """The decorators that are errors."""
    return table(("decorator", "why", "instead"), [_row(name) for name, one in UNSUPPORTED.items() if not one.same])


def _row(name: str) -> tuple[str, str, str]:
    known = UNSUPPORTED[name]
    return f"`@{name}`", known.effect, known.way_out


def missing() -> str:
    """The parts of Metaflow that flowport does not have."""
    parts: dict[tuple[str, str], list[str]] = {}
    for name, part in PARTS.items():
        if name not in PUBLIC_NAMES:
            parts.setdefault((part.name, part.way_out), []).append(name)
    return table(("part", "names", "instead"), [(title, _listed(found), way_out) for (title, way_out), found in parts.items()])


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table in Markdown; "" if it has no rows."""
    lines = ["| " + " | ".join(row) + " |" for row in rows]
    return "\n".join(["| " + " | ".join(head) + " |", "|---" * len(head) + "|", *lines]) + "\n" if lines else ""


def _listed(found: Iterable[str]) -> str:
    return ", ".join(f"`{name}`" for name in sorted(found, key=str.lower))
