"""What tasks of ECS need and a deployment does not make: a cluster, a network and an image.

Who deploys need not be allowed to look at networks and images; a cluster that nobody may look at is an error.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from flowport.compiler.changes import DeployError
from flowport.targets.stepfunctions.deployment.aws_errors import FORBIDDEN, Refused

if TYPE_CHECKING:
    from flowport.targets.stepfunctions.deployment.account import Account

IMAGE = re.compile(r"(\d{12})\.dkr\.ecr\.([a-z0-9-]+)\.amazonaws\.com(?:\.cn)?/([^:@]+)(?::([^@]+))?(?:@(sha256:[0-9a-f]{64}))?")
"""An image in a repository of ECR (Amazon ECR, "Amazon ECR registry concepts")."""


def require_cluster(account: Account, name: str, capacity_provider: str) -> None:
    """Raise DeployError for a cluster that is not there, or cannot start containers as the profile says."""
    found = account.ask("ecs", "DescribeClusters", clusters=[name])["clusters"]
    if not found or found[0]["status"] != "ACTIVE":
        raise DeployError(
            f"Amazon ECS has no cluster `{name}` in {account.region}\n"
            '  name one that is there: `cluster = "..."` under [stepfunctions] in flowport.toml'
        )
    known = found[0].get("capacityProviders") or []
    if capacity_provider and capacity_provider not in known:
        others = f"it has {', '.join(f'`{each}`' for each in known)}" if known else "it has none"
        raise DeployError(
            f"the cluster `{name}` has no capacity provider `{capacity_provider}`; {others}\n"
            "  add it: `aws ecs put-cluster-capacity-providers`, or remove `capacity_provider` under [stepfunctions] in flowport.toml"
        )


def require_network(account: Account, subnets: Iterable[str], groups: Iterable[str]) -> None:
    """Raise DeployError for subnets or security groups that are not there."""
    for subnet in subnets:
        if not _found(account, "ec2", "DescribeSubnets", ("InvalidSubnetID.NotFound",), SubnetIds=[subnet]):
            _missing(account, "subnet", subnet, "subnets")
    for group in groups:
        if not _found(account, "ec2", "DescribeSecurityGroups", ("InvalidGroup.NotFound",), GroupIds=[group]):
            _missing(account, "security group", group, "security_groups")


def require_images(account: Account, images: Iterable[str]) -> None:
    """Raise DeployError for images that their repository in this account and region does not have."""
    for image in sorted(images):
        parts = IMAGE.fullmatch(image)
        if parts is None or parts[1] != account.number or parts[2] != account.region:
            continue
        identity = {"imageDigest": parts[5]} if parts[5] else {"imageTag": parts[4] or "latest"}
        missing = ("RepositoryNotFoundException", "ImageNotFoundException")
        if not _found(account, "ecr", "DescribeImages", missing, repositoryName=parts[3], imageIds=[identity]):
            raise DeployError(
                f"there is no image `{image}`\n"
                "  push it: `flowport image FLOW --build --push` for images that flowport makes, or name another `image`"
            )


def require_images_of_functions(account: Account, images: Iterable[str]) -> None:
    """Raise DeployError for images that Lambda could not start: it takes only those in an ECR of its region."""
    for image in sorted(images):
        parts = IMAGE.fullmatch(image)
        if parts is None or parts[2] != account.region:
            raise DeployError(
                f"AWS Lambda cannot start the image `{image}`: it has to be in an Amazon ECR in {account.region}\n"
                f'  push it there: `image = "{account.number}.dkr.ecr.{account.region}.amazonaws.com/flows:1"` under [stepfunctions]'
            )
    require_images(account, images)


def _found(account: Account, service: str, operation: str, missing: tuple[str, ...], **arguments: Any) -> bool:
    """Whether something is there, as far as whoever deploys may look."""
    try:
        return [] not in account.ask(service, operation, **arguments).values()
    except Refused as error:
        if error.code in missing:
            return False
        if error.code not in FORBIDDEN:
            raise
    return True


def _missing(account: Account, what: str, name: str, setting: str) -> None:
    raise DeployError(
        f"there is no {what} `{name}` in {account.region}\n"
        f'  name one that is there: `{setting} = ["..."]` under [stepfunctions] in flowport.toml'
    )
