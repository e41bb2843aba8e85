"""Responses of object stores: requests whose response was cut off are repeated, and errors are shortened to one line."""

from __future__ import annotations

import time

from flowport.runtime.store.obstore_extension import exceptions
from flowport.runtime.store.writes import ATTEMPTS

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import TypeVar

    Answer = TypeVar("Answer")

ERRORS = (exceptions.BaseError, OSError, ValueError)

CUT = ("request or response body error", "error decoding response body")
"""What obstore says when the connection ended in the middle of an answer, be it that of a document or of an error."""

METADATA = ("169.254.169.254", "169.254.170.2", "metadata.google.internal", "/metadata/identity")
"""Where a machine in a cloud gets credentials: what is asked last, when there are none in the environment."""

PAUSE = 0.1
"""Seconds before a request whose response was cut off is repeated; the pause doubles each time."""


def whole(ask: Callable[[], Answer]) -> Answer:
    """The answer of a call, which is made again while what comes is cut off."""
    for attempt in range(ATTEMPTS - 1):
        try:
            return ask()
        except ERRORS as error:
            if not any(words in str(error) for words in CUT):
                raise
            time.sleep(PAUSE * 2**attempt)
    return ask()


def reason(error: Exception) -> str:
    """The message of the service, without its XML document."""
    if isinstance(error, exceptions.PermissionDeniedError):
        return "permission is denied"
    if isinstance(error, exceptions.UnauthenticatedError):
        return "the credentials are not accepted"
    text = str(error)
    if "NoSuchBucket" in text:
        return "there is no such bucket"
    if any(address in text for address in METADATA):
        return (
            "no credentials were found: set AWS_PROFILE or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY for S3, "
            "GOOGLE_APPLICATION_CREDENTIALS for GCS, or AZURE_STORAGE_ACCOUNT_KEY for Azure"
        )
    if "Account must be specified" in text:
        return "the storage account is not known: set AZURE_STORAGE_ACCOUNT_NAME"
    if "No CA certificates" in text:
        return "this machine has no CA certificates; images of Debian and Alpine have them in the package `ca-certificates`"
    return text.partition("\n")[0].partition(": <?xml")[0]
