"""The plans of the corpus and of the examples, and of flows that a test describes in a line."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

from flowport.compiler.compile import load
from flowport.compiler.ir import Flow, Settings, Step, Transition
from flowport.compiler.ir.plan import Plan
from flowport.compiler.package.archive import Package
from flowport.compiler.structure.build import structure
from flows.expected import EXAMPLES, RUNS

PATHS: list[Path] = list(dict.fromkeys(expected.path for expected in (*EXAMPLES, *RUNS)))
NO_CODE = Package("0" * 64, b"")
"""Stands for the code package in golden files, which should not change with every word of a flow's source."""


@cache
def plan_of(path: Path) -> Plan:
    loaded = load(str(path))
    assert loaded.plan is not None, loaded.diagnostics
    return loaded.plan


def flow(*steps: tuple[str, Transition] | tuple[str, Transition, Settings] | tuple[str, Transition, str], **more: Any) -> Plan:
    """The plan of a flow of these steps: name, where it goes, and settings, or "join" for a join."""
    made = []
    for name, transition, *extra in steps:
        settings = next((each for each in extra if isinstance(each, Settings)), Settings())
        made.append(Step(name, transition, join="join" in extra, settings=settings))
    given = {"name": "Small", "class_name": "Small", "file": "small.py", **more}
    return structure(Flow(steps=tuple(made), start=steps[0][0], end=steps[-1][0], **given))
