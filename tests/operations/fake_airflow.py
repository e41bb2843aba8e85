"""Airflow's REST API as far as flowport uses it, with DAGs and runs in memory: for what a real Airflow says only on a bad day."""

from __future__ import annotations

import json
import threading
from base64 import b64encode
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

BASIC = f"Basic {b64encode(b'ann:secret').decode()}"

Reply = tuple[int, Any]


@dataclass
class FakeAirflow:
    """What it has; of the `tasks` of DAGs their trigger rules. `asked` are the requests, `say` answers one in place of Airflow where it
    returns something. One that no more `stops` runs has lost the file of their DAG, or calls their exit hooks.
    """

    version: str
    url: str = ""
    dags: dict[str, dict[str, Any]] = field(default_factory=dict)
    runs: dict[str, dict[str, Any]] = field(default_factory=dict)
    tasks: dict[str, str] = field(default_factory=dict)
    failed_tasks: list[dict[str, Any]] = field(default_factory=list)
    import_errors: list[dict[str, Any]] = field(default_factory=list)
    asked: list[tuple[str, str, Any]] = field(default_factory=list)
    accepted: str = "Bearer token"
    stops: bool = True
    say: Callable[[str, str], Reply | None] = lambda method, path: None

    @property
    def prefix(self) -> str:
        return "/api/v2" if self.version.startswith("3") else "/api/v1"

    def add(self, dag: str, **more: Any) -> None:
        """A DAG that flowport wrote."""
        known = {"dag_id": dag, "dag_display_name": dag, "tags": [{"name": "flowport"}], "is_paused": False, "params": {}}
        self.dags[dag] = {**known, **more}

    def answer(self, method: str, path: str, query: dict[str, list[str]], body: Any, headers: Any) -> Reply:
        self.asked.append((method, path, body))
        if (said := self.say(method, path)) is not None:
            return said
        if (method, path) == ("POST", "/auth/token") and self.prefix == "/api/v2":
            right = body == {"username": "ann", "password": "secret"}
            return (201, {"access_token": "token"}) if right else (401, {"detail": "Invalid credentials"})
        if not path.startswith(f"{self.prefix}/"):
            return 404, "<html>Not found</html>"
        parts = [unquote(each) for each in path.removeprefix(f"{self.prefix}/").split("/")]
        if parts == ["version"]:
            return 200, {"version": self.version}
        if headers.get("Authorization") != self.accepted:
            return (401, {"detail": "Unauthorized"}) if self.prefix == "/api/v2" else (403, {"title": "Forbidden"})
        if body is None and "Content-Type" in headers:
            return 400, "<html>Bad Request</html>"  # as Airflow 2 does
        return self._object(method, parts, query, body)

    def _object(self, method: str, parts: list[str], query: dict[str, list[str]], body: Any) -> Reply:
        match method, parts:
            case "GET", ["importErrors"]:
                return 200, {"import_errors": self.import_errors, "total_entries": len(self.import_errors)}
            case "GET", ["dags"]:
                return _page("dags", list(self.dags.values()), query)
            case _, ["dags", dag, *_] if dag not in self.dags:
                return 404, {"detail": f"The DAG {dag} was not found"}
            case "GET", ["dags", dag] | ["dags", dag, "details"]:
                return 200, self.dags[dag]
            case "DELETE", ["dags", dag]:
                del self.dags[dag]
                return 204, None
            case "GET", ["dags", _, "tasks"]:
                return 200, {"tasks": [{"task_id": id, "trigger_rule": rule} for id, rule in self.tasks.items()]}
            case "GET", ["dags", _, "dagRuns"]:
                return _page("dag_runs", [each for each in self.runs.values() if each["state"] in query["state"]], query)
            case "POST", ["dags", _, "dagRuns"]:
                return self._started(body)
            case _, ["dags", _, "dagRuns", run, *_] if run not in self.runs:
                return 404, {"detail": "no such run"}
            case "GET", ["dags", _, "dagRuns", _, "taskInstances"]:
                return _page("task_instances", self.failed_tasks, query)
            case "GET", ["dags", _, "dagRuns", run]:
                return 200, self.runs[run]
            case "PATCH", ["dags", _, "dagRuns", run, *more]:
                if self.prefix == "/api/v1" and bool(more) != ("note" in body):
                    return 400, {"detail": "{'note': ['Unknown field.']}"}
                self.runs[run] |= {name: value for name, value in body.items() if name == "note" or self.stops}
                return 200, self.runs[run]
        return 405, {"detail": "method not allowed"}

    def _started(self, body: dict[str, Any]) -> Reply:
        if ("logical_date" in body) != (self.prefix == "/api/v2"):
            return 422, {"detail": [{"loc": ["body", "logical_date"], "msg": "Field required"}]}
        run = body["dag_run_id"]
        if run in self.runs:
            return 409, {"detail": "already exists"}
        began = "2026-11-29T02:00:00.000001Z"
        self.runs[run] = {**body, "state": "running", "start_date": began, "end_date": None, "note": None}
        return 200, self.runs[run]


def _page(name: str, found: list[Any], query: dict[str, list[str]]) -> Reply:
    start, size = int(query["offset"][0]), int(query["limit"][0])
    return 200, {name: found[start : start + size], "total_entries": len(found)}


@contextmanager
def fake_airflow(version: str) -> Iterator[FakeAirflow]:
    """One that answers."""
    state = FakeAirflow(version)

    class Handler(BaseHTTPRequestHandler):
        def handle_one(self) -> None:
            length = int(self.headers.get("Content-Length") or 0)
            body = json.loads(self.rfile.read(length)) if length else None
            parts = urlsplit(self.path)
            status, document = state.answer(self.command, parts.path, parse_qs(parts.query), body, self.headers)
            text = b"" if document is None else document.encode() if isinstance(document, str) else json.dumps(document).encode()
            self.send_response(status)
            if 300 <= status < 400:
                self.send_header("Location", document)
            self.send_header("Content-Length", str(len(text)))
            self.end_headers()
            self.wfile.write(text)

        do_GET = do_POST = do_PATCH = do_DELETE = handle_one

        def log_message(self, *arguments: Any) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        state.url = f"http://127.0.0.1:{server.server_port}"
        yield state
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
