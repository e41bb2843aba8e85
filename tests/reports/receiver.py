"""A receiver of OpenLineage's events on this machine, which keeps them."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

Event = dict[str, Any]


class Receiver:
    """Its address, and the events that it got, in the order in which they came. `pause` is what it waits for before it answers."""

    def __init__(self) -> None:
        self.events: list[Event] = []
        self.keys: set[str | None] = set()
        self.status = 201
        self.pause = threading.Event()
        self.pause.set()
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                event = json.loads(self.rfile.read(int(self.headers["content-length"])))
                receiver.pause.wait()
                receiver.events.append(event)
                receiver.keys.add(self.headers["authorization"])
                self.send_response(receiver.status)
                self.send_header("content-length", "0")
                self.end_headers()

            def log_message(self, *words: Any) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def of(self, job: str) -> list[Event]:
        """The events of a job."""
        return [event for event in self.events if event["job"]["name"] == job]

    def close(self) -> None:
        """Stop."""
        self.pause.set()
        self._server.shutdown()
        self._server.server_close()


@pytest.fixture
def receiver(monkeypatch: pytest.MonkeyPatch) -> Iterator[Receiver]:
    """A receiver that the tasks of the test know."""
    found = Receiver()
    monkeypatch.setenv("OPENLINEAGE_URL", found.url)
    yield found
    found.close()
