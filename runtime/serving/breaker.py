"""Keeps the requests of a step away from a server that does not answer, as the package `metaflow-ollama` does.

CLOSED       requests go to the server; `failure_threshold` failures in a row open the breaker
OPEN         requests raise RuntimeError at once; after `recovery_timeout` seconds one is let through (HALF_OPEN)
HALF_OPEN    a success closes the breaker, a failure opens it again
"""

from __future__ import annotations

import sys
import threading
import time
from functools import wraps
from importlib import import_module

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Any

GUARDED = ("chat", "generate", "embeddings")
"""The functions of the package `ollama` whose requests are counted."""


class CircuitBreaker:
    """The state, which the requests of the step and the watch over the server share."""

    def __init__(self, config: Mapping[str, float]) -> None:
        self.failure_threshold = config["failure_threshold"]
        self.recovery_timeout = config["recovery_timeout"]
        self.reset_timeout = config["reset_timeout"]
        self.state = "CLOSED"
        self._failures = 0
        self._opened = 0.0
        self._lock = threading.Lock()

    def is_request_allowed(self) -> bool:
        """Whether a request may go to the server."""
        with self._lock:
            if self.state == "OPEN" and time.monotonic() - self._opened > self.recovery_timeout:
                self.state = "HALF_OPEN"
            return self.state != "OPEN"

    def record_success(self) -> None:
        """The server has answered."""
        with self._lock:
            self.state, self._failures = "CLOSED", 0

    def record_failure(self) -> None:
        """The server has not answered."""
        with self._lock:
            self._failures += 1
            if self.state == "HALF_OPEN" or self._failures >= self.failure_threshold:
                self._open()

    def open(self) -> None:
        """The server is known to be gone."""
        with self._lock:
            self._open()

    def wait_again(self) -> None:
        """The server could not be started: wait as long before the next try."""
        with self._lock:
            self._opened = time.monotonic()

    def _open(self) -> None:
        if self.state != "OPEN":
            self.state, self._opened = "OPEN", time.monotonic()

    def is_restart_due(self) -> bool:
        """Whether the breaker has been open for so long that the server shall be started again."""
        with self._lock:
            return self.state == "OPEN" and time.monotonic() - self._opened >= self.reset_timeout


class Guard:
    """Has the functions of the package `ollama` ask a breaker first. `remove` puts the package back as it was."""

    def __init__(self, breaker: CircuitBreaker, address: str) -> None:
        self._breaker = breaker
        self._before: dict[str, Any] = {}
        try:
            self._package: Any = import_module("ollama")
        except ImportError:  # the step asks the server in another way
            return
        # The package makes its client when it is imported, which may have been for a server of another address.
        if hasattr(self._package, "_client"):
            self._package._client.__init__(host=address)
        for name in GUARDED:
            if hasattr(self._package, name):
                self._before[name] = getattr(self._package, name)
                setattr(self._package, name, self._guarded(self._before[name]))

    def remove(self) -> None:
        """Let requests through again."""
        for name, function in self._before.items():
            setattr(self._package, name, function)

    def _guarded(self, function: Callable[..., Any]) -> Callable[..., Any]:
        breaker = self._breaker

        @wraps(function)
        def guarded(*values: Any, **named: Any) -> Any:
            if not breaker.is_request_allowed():
                raise RuntimeError(f"the Ollama server does not answer: the Circuit Breaker is {breaker.state}, try again later")
            try:
                result = function(*values, **named)
            except Exception as error:
                if _is_failure(error):
                    breaker.record_failure()
                raise
            breaker.record_success()
            return result

        return guarded


def _is_failure(error: Exception) -> bool:
    """Whether an exception says something of the server, and not of the request, such as that there is no such model."""
    status = getattr(error, "status_code", None)
    return not (isinstance(status, int) and 400 <= status < 500)


def report(text: str) -> None:
    """Say in the log of the step what became of the server."""
    sys.stderr.write(f"@ollama: {text}\n")
