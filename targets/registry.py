"""The targets that are installed: ours by a table, those of other projects through the entry-point group `flowport.targets`.

The table saves importing `importlib.metadata`, which takes 30 to 45 ms, more than compiling a small flow.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from importlib import import_module
from typing import Any, TypeAlias

from flowport.compiler.target import Target

GROUP = "flowport.targets"

OURS: Mapping[str, tuple[str, ...]] = {"airflow": (), "argo": (), "stepfunctions": ("sfn",)}
"""Our targets, each a package beside this file, and their aliases."""

AnyTarget: TypeAlias = Target[Any]


def targets() -> dict[str, AnyTarget]:
    """Every installed target by its name."""
    found = {name: _ours(name) for name in OURS}
    return {**found, **{target.name: target for target in sorted(_others(), key=lambda target: target.name) if target.name not in found}}


def find(name: str) -> AnyTarget | None:
    """The target with this name or alias, if one is installed."""
    for own, aliases in OURS.items():
        if name == own or name in aliases:
            return _ours(own)
    return next((target for target in _others() if name == target.name or name in target.aliases), None)


def _ours(name: str) -> AnyTarget:
    target: AnyTarget = import_module(f"flowport.targets.{name}").target
    return target


def _others() -> Iterable[AnyTarget]:
    from importlib.metadata import entry_points

    return [point.load() for point in entry_points(group=GROUP)]
