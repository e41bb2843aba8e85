"""An account of AWS, as the credentials of this machine reach it, and the requests to its services."""

from __future__ import annotations

from functools import cache
from typing import Any

from botocore.config import Config
from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    CredentialRetrievalError,
    NoCredentialsError,
    NoRegionError,
    PartialCredentialsError,
    ProfileNotFound,
    SSOError,
    TokenRetrievalError,
)

from flowport.compiler.changes import DeployError
from flowport.targets.stepfunctions.deployment.aws_errors import Refused, no_answer, no_credentials, refused
from flowport.targets.stepfunctions.settings import Settings

PATIENCE = Config(connect_timeout=5, read_timeout=30, retries={"mode": "standard", "max_attempts": 5})
"""Seconds until a service counts as silent, and how often a request is tried that was throttled."""

UNSIGNED = (NoCredentialsError, PartialCredentialsError, CredentialRetrievalError, ProfileNotFound, SSOError, TokenRetrievalError)


class Account:
    """The account and the region that settings mean: those that they name, else those of the credentials.

    Raises DeployError where there are none, or others than the settings name.
    """

    def __init__(self, settings: Settings) -> None:
        import boto3

        try:
            self._session = boto3.session.Session(region_name=None if settings.region == "*" else settings.region)
        except BotoCoreError as error:
            raise no_credentials(str(error)) from error
        self.region: str = self._session.region_name or ""
        if not self.region:
            raise DeployError('nothing names a region\n  write `region = "eu-central-1"` under [stepfunctions] in flowport.toml')
        self._client = cache(lambda service: self._session.client(service, config=PATIENCE))
        self.number: str = self.ask("sts", "GetCallerIdentity")["Account"]
        if settings.account not in ("*", self.number):
            raise DeployError(
                f"the credentials are of the account {self.number}, and the settings name {settings.account}\n"
                "  AWS_PROFILE chooses other credentials; `account` stands under [stepfunctions] in flowport.toml"
            )
        self.partition = settings.partition

    def arn(self, service: str, rest: str) -> str:
        """The ARN of something in this account and region."""
        return f"arn:{self.partition}:{service}:{self.region}:{self.number}:{rest}"

    def ask(self, service: str, operation: str, **arguments: Any) -> dict[str, Any]:
        """The answer to a request, called as in the service's API; raises Refused for an error of the service, else DeployError."""
        try:
            client = self._client(service)
            answer: dict[str, Any] = getattr(client, _method(operation))(**arguments)
        except ClientError as error:
            problem = error.response.get("Error", {})
            raise refused(service, operation, str(problem.get("Code")), str(problem.get("Message"))) from error
        except UNSIGNED as error:
            raise no_credentials(str(error)) from error
        except NoRegionError as error:
            raise DeployError(f"nothing names a region: {error}") from error
        except BotoCoreError as error:
            raise no_answer(service, str(error)) from error
        return answer

    def find(self, service: str, operation: str, missing: str, **arguments: Any) -> dict[str, Any] | None:
        """The answer to a request, None when the service has no such thing, which it says with the code `missing`."""
        try:
            return self.ask(service, operation, **arguments)
        except Refused as error:
            if error.code != missing:
                raise
            return None

    def pages(self, service: str, operation: str, key: str, **arguments: Any) -> list[Any]:
        """What stands under `key` in all pages of a list."""
        found: list[Any] = []
        while True:
            answer = self.ask(service, operation, **arguments)
            found += answer.get(key, ())
            token = next((name for name in ("nextToken", "NextToken") if answer.get(name)), None)
            if token is None:
                return found
            arguments[token] = answer[token]


def _method(operation: str) -> str:
    """What boto3 calls an operation: `GetCallerIdentity` -> `get_caller_identity`."""
    from botocore import xform_name

    return str(xform_name(operation))
