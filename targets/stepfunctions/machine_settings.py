"""What a state machine has beside its definition: logging and tracing.

The document is what `create-state-machine` and `update-state-machine` both take with `--cli-input-json`.
"""

from __future__ import annotations

from flowport.compiler.ir import JSON
from flowport.targets.stepfunctions.access.statements import allow, place
from flowport.targets.stepfunctions.settings import Settings

LOG_DELIVERY = (
    *("logs:CreateLogDelivery", "logs:GetLogDelivery", "logs:UpdateLogDelivery", "logs:DeleteLogDelivery", "logs:ListLogDeliveries"),
    *("logs:PutResourcePolicy", "logs:DescribeResourcePolicies", "logs:DescribeLogGroups"),
)
TRACING = ("xray:PutTraceSegments", "xray:PutTelemetryRecords", "xray:GetSamplingRules", "xray:GetSamplingTargets")


def machine_settings(settings: Settings) -> dict[str, JSON]:
    """The logging and tracing configuration of the state machine."""
    return {"loggingConfiguration": _logging(settings), "tracingConfiguration": {"enabled": settings.tracing}}


def logs(settings: Settings) -> bool:
    """Whether anything is logged: the ARN of a log group names a region and an account."""
    return settings.log_level != "OFF" and not settings.unknown


def permissions(settings: Settings) -> list[JSON]:
    """What the machine's role needs for both; no resource can limit these actions (IAM, "Service Authorization Reference")."""
    statements: list[JSON] = []
    if logs(settings):
        statements.append(allow("DeliverLogs", LOG_DELIVERY, ["*"]))
    if settings.tracing:
        statements.append(allow("TraceExecutions", TRACING, ["*"]))
    return statements


def _logging(settings: Settings) -> JSON:
    if not logs(settings):
        return {"level": "OFF"}
    # The ARN of a log group ends in `:*` (Step Functions API, CloudWatchLogsLogGroup).
    group = f"{place(settings, 'logs')}:log-group:{settings.log_group}:*"
    return {
        "level": settings.log_level,
        "includeExecutionData": settings.log_data,
        "destinations": [{"cloudWatchLogsLogGroup": {"logGroupArn": group}}],
    }
