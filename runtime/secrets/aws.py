"""Secrets of AWS Secrets Manager."""

from __future__ import annotations

import os
import re
from base64 import b64encode

from flowport.runtime.secrets.errors import SecretError, Unreachable
from flowport.runtime.secrets.libraries import library
from flowport.runtime.secrets.variables import Payload

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from flowport.runtime.secrets.sources import Secret

SERVICE = "AWS Secrets Manager"
DENIED = ("AccessDeniedException", "AccessDenied", "UnrecognizedClientException", "InvalidClientTokenId", "ExpiredTokenException")
LATER = ("ThrottlingException", "Throttling", "InternalServiceError", "InternalServiceErrorException", "ServiceUnavailable")


def fetch(secret: Secret, prefix: str) -> Payload:
    """The current version of a secret, which its name or its ARN names."""
    boto3 = library("boto3", SERVICE, "boto3")
    errors = library("botocore.exceptions", SERVICE, "boto3")
    try:
        region = _region(secret)
        session = _session(boto3, secret.role, region)
        answer = session.client("secretsmanager", region_name=region).get_secret_value(SecretId=secret.id)
    except errors.ClientError as error:
        raise _refused(secret, error.response.get("Error", {}).get("Code", "")) from None
    except errors.NoRegionError:
        raise SecretError(
            f'the region of the secret `{secret.name}` is not known: set `AWS_REGION`, or write `options={{"region": "..."}}`'
        ) from None
    except (errors.NoCredentialsError, errors.PartialCredentialsError, errors.ProfileNotFound) as error:
        raise SecretError(f"there are no credentials of AWS to read the secret `{secret.name}` with: {error}") from None
    except (errors.HTTPClientError, errors.ConnectionError) as error:
        raise Unreachable(f"{SERVICE} does not answer for the secret `{secret.name}`: {type(error).__name__}") from None
    if "SecretString" in answer:
        return Payload(answer["Name"], answer["SecretString"])
    return Payload(answer["Name"], b64encode(answer["SecretBinary"]).decode(), binary=True)


def _region(secret: Secret) -> str | None:
    arn = re.match("arn:[^:]+:secretsmanager:([^:]+):", secret.id)
    return arn[1] if arn else secret.options.get("region") or os.environ.get("AWS_REGION")


def _session(boto3: Any, role: str, region: str | None) -> Any:
    """Credentials of this task, or of the role that it takes on."""
    session = boto3.Session()
    if not role:
        return session
    found = session.client("sts", region_name=region).assume_role(RoleArn=role, RoleSessionName="flowport")["Credentials"]
    return boto3.Session(found["AccessKeyId"], found["SecretAccessKey"], found["SessionToken"])


def _refused(secret: Secret, code: str) -> SecretError | Unreachable:
    if code == "ResourceNotFoundException":
        return SecretError(f"{SERVICE} has no secret `{secret.id}` in this region and account")
    if code in DENIED:
        role = f"the role `{secret.role}`" if secret.role else "the role of the task"
        return SecretError(f"AWS does not let {role} read the secret `{secret.id}` ({code}): allow `secretsmanager:GetSecretValue` on it")
    if code in LATER:
        return Unreachable(f"{SERVICE} does not answer for the secret `{secret.id}` now: {code}")
    return SecretError(f"{SERVICE} refuses the secret `{secret.id}`: {code}")
