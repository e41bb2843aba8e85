"""The account that settings lead to, where the client of AWS is installed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flowport.compiler.changes import DeployError
from flowport.targets.stepfunctions.settings import Settings

if TYPE_CHECKING:
    from flowport.targets.stepfunctions.deployment.account import Account


def connect(settings: Settings) -> Account:
    """The account of the credentials of this machine; raises DeployError where that is not the one of the settings."""
    try:
        from flowport.targets.stepfunctions.deployment.account import Account
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] not in ("boto3", "botocore"):
            raise
        raise DeployError("Step Functions is reached through the client of AWS: pip install 'flowport[sfn]'") from error
    return Account(settings)
