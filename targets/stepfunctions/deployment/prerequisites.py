"""What a deployment needs and does not make: job queues, and the roles that it names. Without them its runs would fail one by one."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from flowport.compiler.changes import DeployError
from flowport.targets.stepfunctions.deployment.aws_errors import FORBIDDEN, Refused
from flowport.targets.stepfunctions.deployment.roles import role_name

if TYPE_CHECKING:
    from flowport.targets.stepfunctions.deployment.account import Account


def require_queues(account: Account, queues: Iterable[str]) -> None:
    """Raise DeployError for job queues that are not there, or take no jobs."""
    wanted = sorted(set(queues))
    found = account.ask("batch", "DescribeJobQueues", jobQueues=wanted)["jobQueues"]
    states = {name: each["state"] for each in found for name in (each["jobQueueName"], each["jobQueueArn"])}
    if missing := [queue for queue in wanted if queue not in states]:
        raise DeployError(
            f"AWS Batch has no job queue {_listed(missing)} in {account.region}\n"
            '  name one that is there: `job_queue = "..."` under [stepfunctions] in flowport.toml, or `queue` of `@batch`'
        )
    if disabled := [queue for queue in wanted if states[queue] != "ENABLED"]:
        raise DeployError(
            f"the job queue {_listed(disabled)} takes no jobs: it is disabled\n"
            f"  enable it: aws batch update-job-queue --job-queue {disabled[0]} --state ENABLED"
        )


def require_roles(account: Account, roles: Iterable[str]) -> None:
    """Raise DeployError for roles of the account that are not there, by their ARNs. Who deploys need not be allowed to look."""
    if missing := sorted(set(_missing(account, roles))):
        raise DeployError(
            f"there is no role {_listed(missing)} in the account {account.number}\n"
            "  `flowport deploy --roles` creates the roles of the flow; one that the settings name, its owner creates"
        )


def _missing(account: Account, roles: Iterable[str]) -> Iterator[str]:
    own = f":iam::{account.number}:role/"
    for name in [role_name(role) for role in roles if own in role]:
        try:
            if account.find("iam", "GetRole", "NoSuchEntity", RoleName=name) is None:
                yield name
        except Refused as error:
            if error.code not in FORBIDDEN:
                raise


def _listed(names: Iterable[str]) -> str:
    return ", ".join(f"`{name}`" for name in names)
