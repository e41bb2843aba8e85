"""What the target makes of a plan."""

from __future__ import annotations

from typing import Any

import yaml

from compiled import files_of, problems_of
from flowport.compiler.diagnostics.diagnostic import Diagnostic
from flowport.compiler.ir.plan import Plan
from flowport.targets.argo import target

PROFILE = {"store": "s3://my-bucket/flowport", "image": "my-image:1"}


def text(plan: Plan, **profile: Any) -> str:
    """The emitted document."""
    return files_of(target, plan, {**PROFILE, **profile})[0].data.decode()


def document(plan: Plan, **profile: Any) -> Any:
    """The emitted template, as Argo reads it."""
    return documents(plan, **profile)[0]


def documents(plan: Plan, **profile: Any) -> list[Any]:
    """The emitted documents: a template, and what starts it by the clock."""
    return list(yaml.safe_load_all(text(plan, **profile)))


def templates(plan: Plan, **profile: Any) -> dict[str, Any]:
    """The templates by name."""
    return {template["name"]: template for template in document(plan, **profile)["spec"]["templates"]}


def tasks(plan: Plan, template: str = "main", **profile: Any) -> dict[str, Any]:
    """The tasks of a DAG by name."""
    return {task["name"]: task for task in templates(plan, **profile)[template]["dag"]["tasks"]}


def said(plan: Plan, **profile: Any) -> tuple[Diagnostic, ...]:
    """What the target has to say."""
    return problems_of(target, plan, {**PROFILE, **profile})
