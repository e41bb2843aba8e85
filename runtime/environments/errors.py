"""What can go wrong when an environment is made."""

from __future__ import annotations

from flowport.runtime.protocol import NonRetryable


class EnvironmentProblem(NonRetryable):
    """An environment cannot be made here: the message says why and what to do."""
