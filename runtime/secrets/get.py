"""`get_secret(source, role=None)`: the variables of one secret, for a step or a script that asks for them itself."""

from __future__ import annotations

from flowport.runtime.names.exceptions import MetaflowException
from flowport.runtime.protocol import NonRetryable
from flowport.runtime.secrets.fetch import Fetch
from flowport.runtime.secrets.provide import values_of
from flowport.runtime.secrets.sources import Secret, Sources
from flowport.runtime.store.errors import StoreError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


def get_secret(source: str | dict[str, Any], role: str | None = None) -> dict[str, str]:
    """The variables that `@secrets` would set for a source, in any of its forms; raises MetaflowException."""
    first, dot, rest = source.partition(".") if isinstance(source, str) else ("", "", "")
    fields: dict[str, Any] = source if isinstance(source, dict) else {"type": first, "id": rest} if dot else {"id": source}
    if not isinstance(fields.get("id"), str) or not isinstance(fields.get("options", {}), dict):
        raise MetaflowException("a source is a string, or a dict with an `id`")
    secret = Secret(fields["id"], fields.get("type", ""), fields.get("role") or role or "", fields.get("options"))
    fetch = Fetch(Sources.here())
    try:
        return values_of(secret, fetch.sources.place(secret), fetch)
    except (NonRetryable, StoreError) as error:
        raise MetaflowException(str(error)) from None
