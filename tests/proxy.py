"""A bucket that answers late, wrongly or not at all: a proxy in front of a server of S3's protocol, which does what it is asked first."""

from __future__ import annotations

import http.client
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import unquote

from progress import PATIENCE

LOST = ("500", "closed", "cut", "late")
"""What can become of an answer: another one, none, half of it, one that comes when nobody waits for it any more."""

SLOW_DOWN = b"<?xml version='1.0'?><Error><Code>SlowDown</Code><Message>Please reduce your request rate.</Message></Error>"
DENIED = b"<?xml version='1.0'?><Error><Code>AccessDenied</Code><Message>Access Denied</Message></Error>"
BROKEN = b"<?xml version='1.0'?><Error><Code>InternalError</Code><Message>We encountered an internal error.</Message></Error>"


class Proxy:
    """Hands requests on to `server`. `rule` says for the method and the key of a request what goes wrong with its answer, "" for nothing.

    `harmed` lists the requests whose answers were lost, and `seen` all of them; `overwriting` those that replace what is there.
    """

    def __init__(self, server: str) -> None:
        self.server = server.removeprefix("http://")
        self.rule: Callable[[str, str], str] = lambda method, key: ""
        self.seen: list[tuple[str, str]] = []
        self.harmed: list[tuple[str, str]] = []
        self.overwriting: list[tuple[str, str]] = []
        self.end = threading.Event()
        self._lock = threading.Lock()

    def first(self, method: str, ending: str, harm: str, times: int = 1) -> None:
        """Lose the first answers to requests for a key with this ending."""
        left = [times]

        def rule(asked: str, key: str) -> str:
            if left[0] and asked == method and key.endswith(ending):
                left[0] -= 1
                return harm
            return ""

        self.rule = rule

    def harm(self, method: str, path: str, only_new: bool) -> str:
        """What becomes of the answer to a request."""
        key = unquote(path.partition("?")[0])
        with self._lock:
            self.seen.append((method, key))
            if not only_new:
                self.overwriting.append((method, key))
            harm = self.rule(method, key)
            if harm:
                self.harmed.append((method, key))
        return harm


@contextmanager
def proxied(server: str) -> Iterator[tuple[str, Proxy]]:
    """The address of a proxy in front of a server, and the proxy."""
    proxy = Proxy(server)

    class Handler(_Handler):
        rules = proxy

    front = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    front.daemon_threads = True
    threading.Thread(target=front.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{front.server_address[1]}", proxy
    finally:
        proxy.end.set()
        front.shutdown()
        front.server_close()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    rules: Proxy

    def _forward(self) -> None:
        data = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        harm = self.rules.harm(self.command, self.path, "If-None-Match" in self.headers)
        if harm == "503":
            self._answer(503, [], SLOW_DOWN)
            return
        if harm == "403":
            self._answer(403, [], DENIED)
            return
        there = http.client.HTTPConnection(self.rules.server, timeout=PATIENCE)
        there.request(self.command, self.path, data, dict(self.headers))
        answer = there.getresponse()
        body = answer.read()
        there.close()
        headers = [
            (name, value)
            for name, value in answer.getheaders()
            if name.lower() not in ("transfer-encoding", "connection", "date", "server")
        ]
        self._spoiled(harm, answer.status, headers, body)

    def _spoiled(self, harm: str, status: int, headers: list[tuple[str, str]], body: bytes) -> None:
        if harm == "500":
            self._answer(500, [], BROKEN)
        elif harm == "late":
            self.rules.end.wait(30)
            self.close_connection = True
        elif harm == "closed":
            self.close_connection = True
        elif harm == "cut":
            # A body of which half comes, or of an answer that has none a few bytes that never do.
            length = [] if self.command == "HEAD" else [("Content-Length", str(len(body) or 100))]
            self._answer(status, [*headers, *length], body[: len(body) // 2])
            self.close_connection = True
        else:
            self._answer(status, headers, body)

    def _answer(self, status: int, headers: list[tuple[str, str]], body: bytes) -> None:
        named = {name.lower(): (name, value) for name, value in [("Content-Length", str(len(body))), *headers]}
        self.send_response(status)
        for name, value in named.values():
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def log_message(self, format: str, *arguments: object) -> None:
        """Nobody reads it."""

    do_GET = do_PUT = do_POST = do_HEAD = do_DELETE = _forward
