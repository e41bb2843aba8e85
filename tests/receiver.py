"""A receiver of messages on this machine: a web server that keeps what is posted to it."""

from __future__ import annotations

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any

HANGS = 0
"""The status of an answer that never ends."""


class Receiver:
    """A context manager. It answers with `statuses`, one after the other, and then with 200.

    A redirect leads to `/elsewhere`. `redirected` has the paths that were asked for by those who follow it.
    """

    def __init__(self, *statuses: int) -> None:
        self.bodies: list[Any] = []
        self.paths: list[str] = []
        self.redirected: list[str] = []
        self._over = threading.Event()
        left, receiver = list(statuses), self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                receiver.paths.append(self.path)
                receiver.bodies.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
                status = left.pop(0) if left else 200
                if status == HANGS:
                    self.wfile.write(b"HTTP/1.1 200 OK\r\n")
                    receiver._over.wait()
                else:
                    self.send_response(status)
                    if 300 <= status < 400:
                        self.send_header("Location", "/elsewhere")
                    self.end_headers()

            def do_GET(self) -> None:
                receiver.redirected.append(self.path)
                self.send_response(200)
                self.end_headers()

            def log_message(self, format: str, *values: object) -> None:
                """Nothing is printed."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.address = f"http://127.0.0.1:{self._server.server_port}/hooks/T0K3N"

    def __enter__(self) -> Receiver:
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._over.set()
        self._server.shutdown()
        self._server.server_close()


def without_time(told: dict[str, Any]) -> dict[str, Any]:
    """A message without its time, whose form is checked."""
    time = told["time"]
    assert len(time) == 20, time
    assert time.endswith("Z"), time
    return {name: value for name, value in told.items() if name != "time"}


def refused() -> str:
    """An address at which nobody listens."""
    with Receiver() as receiver:
        return receiver.address
