"""The schedule of a flow -> the CronWorkflow that starts its template."""

from __future__ import annotations

from flowport.compiler.ir import JSON, Schedule
from flowport.compiler.ir.plan import Plan
from flowport.targets.argo.settings import POLICIES, Settings
from flowport.targets.argo.workflow import metadata

LATE = 600
"""Seconds after its time in which a run is still started, for a controller that was away."""

KEPT = 1000
"""Workflows that Argo keeps beside `ttlStrategy`, which is to decide alone."""


def cron_workflow(plan: Plan, schedule: Schedule, settings: Settings) -> dict[str, JSON]:
    """The document; it has the name of the template, by which a deployment finds it when the flow has no schedule any more."""
    return {
        "apiVersion": "argoproj.io/v1alpha1",
        "kind": "CronWorkflow",
        "metadata": metadata(plan, settings, settings.name),
        "spec": {
            "schedules": [schedule.cron],
            "timezone": schedule.timezone or "UTC",
            **({"suspend": True} if settings.schedule == "paused" else {}),
            "concurrencyPolicy": POLICIES[settings.overlap],
            "startingDeadlineSeconds": LATE,
            "successfulJobsHistoryLimit": KEPT,
            "failedJobsHistoryLimit": KEPT,
            "workflowSpec": {"workflowTemplateRef": {"name": settings.name}},
        },
    }
