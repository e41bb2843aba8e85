"""The DAG files that flowport wrote, read without Airflow: which flow each is of, and when its runs begin."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from typing import Any

from flowport.compiler.operations import Deployed
from flowport.targets.airflow.dag import first_words
from flowport.targets.airflow.deployment.place import Place

BEGINNING = re.compile(re.escape(first_words("NAME")).replace("NAME", r"(\S+)"))


def written_in(place: Place) -> Iterator[Deployed]:
    """The deployments in a place, by the names of their DAGs."""
    found = [each for name in place.names() if (each := _described(place, name))]
    yield from sorted(found, key=lambda each: each.name)


def _described(place: Place, name: str) -> Deployed | None:
    text = (place.read(name) or b"").decode(errors="replace")
    begins = BEGINNING.match(text)
    if begins is None:
        return None
    named = _arguments(text)
    dag, schedule = _constant(named.get("dag_id")) or begins[1], named.get("schedule")
    when = ""
    if isinstance(schedule, ast.Call) and schedule.args:
        zone = next((_constant(each.value) for each in schedule.keywords if each.arg == "timezone"), "")
        when = f"{_constant(schedule.args[0])} {zone}".strip()
    return Deployed(dag, begins[1], place.path(name), "", when)


def _arguments(text: str) -> dict[str | None, Any]:
    """The arguments of the DAG in a file; none in one that somebody broke."""
    try:
        tree = ast.parse(text)
    except (SyntaxError, ValueError):
        return {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "DAG":
            return {each.arg: each.value for each in node.keywords}
    return {}


def _constant(node: ast.expr | None) -> str:
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else ""
