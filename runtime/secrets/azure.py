"""Secrets of Azure Key Vault."""

from __future__ import annotations

import re

from flowport.runtime.secrets.errors import SecretError, Unreachable
from flowport.runtime.secrets.libraries import library
from flowport.runtime.secrets.variables import Payload

TYPE_CHECKING = False
if TYPE_CHECKING:
    from flowport.runtime.secrets.sources import Secret

SERVICE = "Azure Key Vault"
PACKAGES = "azure-keyvault-secrets azure-identity"
DOMAINS = ("vault.azure.net", "vault.azure.cn", "vault.usgovcloudapi.net", "vault.microsoftazure.de")
"""The domains of vaults (Azure Key Vault, "Keys, secrets, and certificates"): a token goes nowhere else."""


def fetch(secret: Secret, prefix: str) -> Payload:
    """A version of a secret, by default the current one. `prefix` is the vault of a short id: `https://myvault.vault.azure.net`."""
    vault, name, version = parts_of(secret, prefix)
    identity = library("azure.identity", SERVICE, PACKAGES)
    secrets = library("azure.keyvault.secrets", SERVICE, PACKAGES)
    errors = library("azure.core.exceptions", SERVICE, PACKAGES)
    try:
        found = secrets.SecretClient(vault_url=vault, credential=identity.DefaultAzureCredential()).get_secret(name, version)
    except errors.ResourceNotFoundError:
        raise SecretError(f"the vault {vault} has no secret `{name}`") from None
    except errors.ClientAuthenticationError:
        raise SecretError(f"there are no credentials of Azure to read the secret `{secret.name}` with") from None
    except errors.HttpResponseError as error:
        if error.status_code in (401, 403):
            message = f"Azure does not let the task read the secret `{name}` of {vault}: give it the role Key Vault Secrets User"
            raise SecretError(message) from None
        raise Unreachable(f"{SERVICE} does not answer for the secret `{secret.name}`: status {error.status_code}") from None
    except errors.AzureError as error:
        raise Unreachable(f"{SERVICE} does not answer for the secret `{secret.name}`: {type(error).__name__}") from None
    return Payload(name, found.value or "")


def parts_of(secret: Secret, prefix: str) -> tuple[str, str, str | None]:
    """The vault, the name of a secret, and its version, None for the current one."""
    address = secret.id if secret.id.startswith("https://") else f"{prefix.rstrip('/')}/secrets/{secret.id}" if prefix else ""
    if not address:
        raise SecretError(
            f"the vault of the secret `{secret.id}` is not known: write `https://VAULT.{DOMAINS[0]}/secrets/{secret.id}`, "
            f'or set `secrets_prefix = "https://VAULT.{DOMAINS[0]}"` in the profile'
        )
    domains = "|".join(map(re.escape, DOMAINS))
    found = re.fullmatch(
        rf"(https://[A-Za-z0-9-]{{3,24}}\.(?:{domains}))/secrets/([A-Za-z][A-Za-z0-9-]{{0,126}})(?:/([A-Za-z0-9]{{32}}))?/?", address
    )
    if found is None:
        raise SecretError(f"`{address}` is not a secret in a vault of Azure: write `https://VAULT.{DOMAINS[0]}/secrets/NAME`")
    return found[1], found[2], found[3]
