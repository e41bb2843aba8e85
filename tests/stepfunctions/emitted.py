"""What the target makes of a plan."""

from __future__ import annotations

import json
from typing import Any

from compiled import files_of
from flowport.compiler.ir.plan import Plan
from flowport.targets.stepfunctions import target

PROFILE = {
    "store": "s3://my-bucket/flowport",
    "image": "my-image:1",
    "job_queue": "my-queue",
    "region": "eu-central-1",
    "account": "123456789012",
}


def documents(plan: Plan, **profile: Any) -> dict[str, Any]:
    """The emitted documents by their names."""
    files = files_of(target, plan, {**PROFILE, **profile})
    return {file.path.rpartition("/")[2]: json.loads(file.data) for file in files if file.path.endswith(".json")}


def machine(plan: Plan, **profile: Any) -> Any:
    """The emitted state machine."""
    return documents(plan, **profile)["state-machine.json"]
