"""What the target makes of a plan."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import Any

from compiled import files_of, problems_of
from flowport.compiler.diagnostics.diagnostic import Diagnostic
from flowport.compiler.ir.plan import Plan
from flowport.targets.airflow import target

PROFILE = {"store": "s3://my-bucket/flowport", "image": "my-image:1"}


def source(plan: Plan, **profile: Any) -> str:
    """The emitted DAG file."""
    return files_of(target, plan, {**PROFILE, **profile})[0].data.decode()


def lines(plan: Plan, **profile: Any) -> list[str]:
    """The statements of the DAG, each on a line, with the head of a group before those inside it."""
    tree = ast.parse(source(plan, **profile))
    (dag,) = [node for node in tree.body if isinstance(node, ast.With)]
    return [line for node in dag.body for line in _lines(node)]


def _lines(node: ast.stmt) -> Iterator[str]:
    if isinstance(node, ast.FunctionDef | ast.With):
        yield ast.unparse(node).partition(":\n")[0].rpartition("\n")[2].replace("'", '"') + ":"
        for inner in node.body:
            yield from _lines(inner)
    else:
        yield ast.unparse(node).replace("'", '"')


def said(plan: Plan, **profile: Any) -> tuple[Diagnostic, ...]:
    """What the target has to say."""
    return problems_of(target, plan, {**PROFILE, **profile})
