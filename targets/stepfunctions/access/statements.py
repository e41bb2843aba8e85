"""Statements of IAM policies as values, and the ARNs in them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from flowport.compiler.ir import JSON
from flowport.targets.stepfunctions.settings import Settings


def allow(name: str, actions: Iterable[str], resources: Iterable[str], condition: Mapping[str, JSON] | None = None) -> JSON:
    """Allow these actions on these resources, where the condition is met; the name says why."""
    statement: dict[str, JSON] = {"Sid": name, "Effect": "Allow", "Action": list(actions), "Resource": list(resources)}
    return {**statement, "Condition": dict(condition)} if condition else statement


def place(settings: Settings, service: str) -> str:
    """What the ARNs of a service begin with, up to the account."""
    return f"arn:{settings.partition}:{service}:{settings.region}:{settings.account}"
