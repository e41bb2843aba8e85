"""Secrets of Google Secret Manager."""

from __future__ import annotations

import re
from base64 import b64encode

from flowport.runtime.secrets.errors import SecretError, Unreachable
from flowport.runtime.secrets.libraries import library
from flowport.runtime.secrets.variables import Payload

TYPE_CHECKING = False
if TYPE_CHECKING:
    from flowport.runtime.secrets.sources import Secret

SERVICE = "Google Secret Manager"
PACKAGE = "google-cloud-secret-manager"


def fetch(secret: Secret, prefix: str) -> Payload:
    """A version of a secret, by default the latest. `prefix` is what a short id stands behind: `projects/123/secrets/`."""
    name, version = version_of(secret, prefix)
    manager = library("google.cloud.secretmanager", SERVICE, PACKAGE)
    refused = library("google.api_core.exceptions", SERVICE, PACKAGE)
    anonymous = library("google.auth.exceptions", SERVICE, PACKAGE)
    try:
        data: bytes = manager.SecretManagerServiceClient().access_secret_version(request={"name": version}).payload.data
    except refused.NotFound:
        raise SecretError(f"{SERVICE} has no secret `{version}`") from None
    except (refused.PermissionDenied, refused.Unauthenticated):
        message = f"Google does not let the task read the secret `{version}`: give it the role Secret Manager Secret Accessor"
        raise SecretError(message) from None
    except refused.InvalidArgument:
        raise SecretError(f"{SERVICE} does not take `{version}` for the name of a secret") from None
    except anonymous.DefaultCredentialsError:
        raise SecretError(f"there are no credentials of Google to read the secret `{secret.name}` with") from None
    except (refused.GoogleAPICallError, anonymous.TransportError) as error:
        raise Unreachable(f"{SERVICE} does not answer for the secret `{secret.name}`: {type(error).__name__}") from None
    if secret.options.get("binary"):
        return Payload(name, b64encode(data).decode(), binary=True)
    try:
        return Payload(name, data.decode())
    except UnicodeDecodeError:
        raise SecretError(f'the secret `{secret.name}` is no text: write `options={{"binary": True}}` for base64') from None


def version_of(secret: Secret, prefix: str) -> tuple[str, str]:
    """The name of a secret alone, and that of its version in full."""
    found = re.fullmatch(r"(projects/[^/]+/secrets/)?([\w-]+)(/versions/[\w-]+)?", secret.id)
    if found is None:
        raise SecretError(f"`{secret.id}` is not the id of a secret of Google: write `projects/123/secrets/NAME`, or `NAME`")
    project = found[1] or (prefix and prefix.rstrip("/") + "/")
    if not project:
        raise SecretError(
            f"the project of the secret `{secret.id}` is not known: write `projects/123/secrets/{secret.id}`, "
            'or set `secrets_prefix = "projects/123/secrets/"` in the profile'
        )
    return found[2], f"{project}{found[2]}{found[3] or '/versions/latest'}"
