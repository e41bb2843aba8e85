"""What can go wrong when an environment is made."""

from __future__ import annotations

from flowport.runtime.protocol import NonRetryable, Retryable


class EnvironmentProblem(Retryable):
    """An environment cannot be made here and now: the message says why and what to do."""


class NoPython(EnvironmentProblem, NonRetryable):
    """The Python of an environment is not there: trying again is of no use."""
