"""Where the variables of a step come from, as the profile of the run says it: one JSON object in the variable FLOWPORT_SECRETS.

    file       the path of a `.env` file: only on a developer's machine
    shell      the variables that a dry run hands on to a container, from the shell that started it
    type       the type of secrets that name none; `role` and `prefix` likewise
    sources    for a secret of the flow, where it is: {"container": true}, {"payload": VARIABLE}, {"file": true} or {"type": .., "id": ..}
    variables  the same for a variable that the flow reads, and {"value": ..}; `key` is one of a secret that is a JSON object

The compiler writes it (`compiler/lower/delivery.py`). It has references, and never the value of a secret.
"""

from __future__ import annotations

import json
import os

from flowport.runtime.protocol import SECRETS
from flowport.runtime.secrets.errors import SecretError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

TYPES = {"aws-secrets-manager": "AWS Secrets Manager", "gcp-secret-manager": "Google Secret Manager", "az-key-vault": "Azure Key Vault"}
"""The services that a task reads secrets from, by the names that Metaflow has for them."""


class Secret:
    """One entry of `sources` of `@secrets`: `type` is "" where the profile decides, and `options` are those of Metaflow."""

    def __init__(self, id: str, type: str = "", role: str = "", options: Mapping[str, Any] | None = None) -> None:
        self.id, self.type, self.role, self.options = id, type, role, dict(options or {})

    @property
    def name(self) -> str:
        """How the flow and a profile name it."""
        return f"{self.type}.{self.id}" if self.type else self.id


class Sources:
    """What the profile says."""

    def __init__(self, document: Mapping[str, Any]) -> None:
        self.file: str = document.get("file", "")
        self.type: str = document.get("type", "")
        self.role: str = document.get("role", "")
        self.prefix: str = document.get("prefix", "")
        self._sources: Mapping[str, Any] = document.get("sources", {})
        self.variables: Mapping[str, Any] = document.get("variables", {})

    @classmethod
    def here(cls) -> Sources:
        """Those of this process."""
        text = os.environ.get(SECRETS, "")
        try:
            return cls(json.loads(text or "{}"))
        except (ValueError, AttributeError):
            raise SecretError(f"the variable `{SECRETS}` is set by flowport, and is not what it wrote") from None

    def place(self, secret: Secret) -> Mapping[str, Any]:
        """Where a secret is; an empty table if the profile does not say."""
        place: Mapping[str, Any] = self._sources.get(secret.name) or self._sources.get(secret.id) or {}
        return place
