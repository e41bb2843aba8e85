"""Statements of IAM policies as values, and the ARNs in them."""

from __future__ import annotations

from collections.abc import Iterable

from flowport.compiler.ir import JSON
from flowport.targets.stepfunctions.settings import Settings


def allow(name: str, actions: Iterable[str], resources: Iterable[str]) -> JSON:
    """Allow these actions on these resources; the name says why."""
    return {"Sid": name, "Effect": "Allow", "Action": list(actions), "Resource": list(resources)}


def place(settings: Settings, service: str) -> str:
    """What the ARNs of a service begin with, up to the account."""
    return f"arn:{settings.partition}:{service}:{settings.region}:{settings.account}"
