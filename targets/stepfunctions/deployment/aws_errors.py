"""Errors of AWS, in a line or two: credentials, permissions, what is missing, and services that do not answer.

A service says a code and a message (botocore's documentation, "Error handling").
"""

from __future__ import annotations

from flowport.compiler.changes import DeployError

LOG_IN = "log in, until `aws sts get-caller-identity` answers; AWS_PROFILE chooses other credentials"

UNKNOWN_CALLER = (
    *("ExpiredToken", "ExpiredTokenException", "InvalidClientTokenId", "UnrecognizedClientException"),
    *("InvalidSignatureException", "SignatureDoesNotMatch", "AuthFailure", "MissingAuthenticationToken", "InvalidAccessKeyId"),
)
FORBIDDEN = ("AccessDenied", "AccessDeniedException", "UnauthorizedOperation", "AuthorizationError")
BUSY = ("ThrottlingException", "Throttling", "TooManyRequestsException", "RequestLimitExceeded")


class Refused(DeployError):
    """A service answered with an error; `code` is the service's own."""

    def __init__(self, code: str, text: str) -> None:
        super().__init__(text)
        self.code = code


def refused(service: str, operation: str, code: str, message: str) -> Refused:
    """The error for what a service answered."""
    said = " ".join(message.split())
    if code in UNKNOWN_CALLER:
        return Refused(code, f"AWS does not accept your credentials: {said or code}\n  {LOG_IN}")
    if code in FORBIDDEN:
        return Refused(code, f"AWS does not let you {service}:{operation}: {said}\n  {_permission(service, operation, said)}")
    if code in BUSY:
        return Refused(code, f"{service} takes no more requests just now ({code})\n  run the command again, it goes on where it was")
    return Refused(code, f"{service}:{operation} failed: {said} ({code})")


def _permission(service: str, operation: str, said: str) -> str:
    if "PassRole" in said:
        return "who deploys needs `iam:PassRole` for the roles of the flow; `docs/aws.md` has the policy"
    if service == "iam":
        return "without `--roles` no role is touched; let somebody who may create roles deploy once with `--roles`"
    return f"who deploys needs the permission `{service}:{operation}`; `docs/aws.md` has the policy"


def no_answer(what: str, why: str) -> DeployError:
    """No answer came."""
    return DeployError(f"{what} does not answer: {' '.join(why.split())}\n  check the network, the region and AWS_ENDPOINT_URL")


def no_credentials(why: str) -> DeployError:
    """There is nothing to sign a request with."""
    return DeployError(f"there are no credentials of AWS: {' '.join(why.split())}\n  {LOG_IN}")
