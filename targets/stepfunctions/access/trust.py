"""The trust policies of the two roles: which service may take the role on, and for whom.

Without a condition, a service that acts for somebody else could be talked into using the role ("confused deputy", IAM User Guide).
"""

from __future__ import annotations

from flowport.compiler.ir import JSON
from flowport.targets.stepfunctions.access.statements import place
from flowport.targets.stepfunctions.settings import Settings


def machine_trust(settings: Settings, has_exit: bool = False) -> dict[str, JSON]:
    """Step Functions may take the role on, for this state machine; the children of a foreach have its name and a label.

    With `has_exit` it may for the machine that is started when a run has ended, too.
    """
    machine = f"{place(settings, 'states')}:stateMachine:{settings.machine}"
    at_the_end = f"{place(settings, 'states')}:stateMachine:{settings.exit_machine}"
    more: list[JSON] = [at_the_end, f"{at_the_end}:*"] if has_exit else []
    return trust("states.amazonaws.com", settings, [machine, f"{machine}/*", f"{machine}:*", *more])


def job_trust(settings: Settings) -> dict[str, JSON]:
    """The containers of AWS Batch, which are tasks of ECS, or the functions may take the role on."""
    if settings.compute == "lambda":
        # Lambda itself asks for no condition, and only who may pass the role can give it to a function (AWS Lambda, "Execution role").
        statement: dict[str, JSON] = {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}
        return {"Version": "2012-10-17", "Statement": [statement]}
    return trust("ecs-tasks.amazonaws.com", settings, [f"{place(settings, 'ecs')}:*"])


def trust(service: str, settings: Settings, sources: list[JSON]) -> dict[str, JSON]:
    """A service may take a role on, for these `sources` of the account, if that is known."""
    statement: dict[str, JSON] = {"Effect": "Allow", "Principal": {"Service": service}, "Action": "sts:AssumeRole"}
    if settings.account != "*":
        statement["Condition"] = {"StringEquals": {"aws:SourceAccount": settings.account}, "ArnLike": {"aws:SourceArn": sources}}
    return {"Version": "2012-10-17", "Statement": [statement]}
