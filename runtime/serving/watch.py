"""A thread that looks after a server while the step runs, and starts it again where it has gone."""

from __future__ import annotations

import threading
import time

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from flowport.runtime.serving.breaker import CircuitBreaker

PAUSE = 0.2
"""Seconds between two looks whether the program still runs."""

INTERVAL = 30.0
"""Seconds between two requests whether it still answers."""


class Watch:
    """Watches over a server: `is_running` looks at its program, `answers` asks it, and `restart` makes a new one."""

    def __init__(
        self, breaker: CircuitBreaker, is_running: Callable[[], bool], answers: Callable[[], bool], restart: Callable[[], bool]
    ) -> None:
        self._breaker, self._is_running, self._answers, self._restart = breaker, is_running, answers, restart
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run, name="ollama watch", daemon=True)

    def start(self) -> None:
        """Begin to watch."""
        self._thread.start()

    def stop(self) -> None:
        """Stop watching; returns when nothing is started any more."""
        self._over.set()
        if self._thread.is_alive():
            self._thread.join()

    @property
    def is_over(self) -> bool:
        """Whether nobody needs the server any more."""
        return self._over.is_set()

    def _run(self) -> None:
        asked = time.monotonic()
        while not self._over.wait(PAUSE):
            if not self._is_running():
                self._breaker.open()
            elif time.monotonic() - asked >= INTERVAL:
                asked = time.monotonic()
                (self._breaker.record_success if self._answers() else self._breaker.record_failure)()
            if self._breaker.is_restart_due():
                (self._breaker.record_success if self._restart() else self._breaker.wait_again)()
