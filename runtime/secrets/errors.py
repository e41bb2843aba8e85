"""Why a variable of a step has no value. No message contains one."""

from __future__ import annotations

from flowport.runtime.protocol import NonRetryable
from flowport.runtime.store.errors import StoreError


class SecretError(NonRetryable):
    """A secret is not there, may not be read or has another form: trying again is of no use."""


class Unreachable(StoreError):
    """The service with a secret does not answer; it may later."""
