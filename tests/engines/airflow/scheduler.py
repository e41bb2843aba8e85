"""A real Airflow 3: API server, scheduler and DAG processor as processes of this machine, tasks by a LocalExecutor."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Any, TypeVar
from urllib.parse import quote

from flowport.runtime.protocol import PYTHONS
from progress import PATIENCE, until

T = TypeVar("T")

BIN = Path(sys.executable).parent
IDLE = 120.0
"""Seconds of processor time in which something must change: Airflow computes even when it has nothing to do."""

PARTS = ("api-server", "scheduler", "dag-processor")
SECRET = "only-for-these-tests-only-for-these-tests"


class Scheduler:
    """Airflow in a folder of its own; a context manager. `settings` are its variables, such as CORE__PARALLELISM without AIRFLOW__."""

    def __init__(self, folder: Path, database: str, **settings: str) -> None:
        self.folder, self.dags = folder, folder / "dags"
        self.dags.mkdir(parents=True)
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        self.url = f"http://127.0.0.1:{port}"
        self._token = ""
        self._running: dict[str, subprocess.Popen[bytes]] = {}
        self.environment = self._environment(port, database, settings)

    def _environment(self, port: int, database: str, settings: dict[str, str]) -> dict[str, str]:
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("AIRFLOW", "FLOWPORT")) or name == PYTHONS}
        own = {
            "CORE__DAGS_FOLDER": str(self.dags),
            "CORE__LOAD_EXAMPLES": "False",
            "CORE__EXECUTOR": "LocalExecutor",
            "CORE__PARALLELISM": "5",
            "CORE__DAGS_ARE_PAUSED_AT_CREATION": "False",
            "CORE__SIMPLE_AUTH_MANAGER_ALL_ADMINS": "True",
            "CORE__EXECUTION_API_SERVER_URL": f"{self.url}/execution/",
            "DATABASE__SQL_ALCHEMY_CONN": database.replace("postgresql:", "postgresql+psycopg2:"),
            "DATABASE__SQL_ALCHEMY_CONN_ASYNC": database.replace("postgresql:", "postgresql+asyncpg:"),
            "DATABASE__LOAD_DEFAULT_CONNECTIONS": "False",
            # With the usual 5 some answers wait for half a minute, and then are none.
            "DATABASE__SQL_ALCHEMY_POOL_SIZE": "50",
            "API__PORT": str(port),
            "API__HOST": "127.0.0.1",
            "API__BASE_URL": self.url,
            "API__WORKERS": "1",
            "API_AUTH__JWT_SECRET": SECRET,
            "SCHEDULER__SCHEDULER_IDLE_SLEEP_TIME": "0.2",
            "DAG_PROCESSOR__REFRESH_INTERVAL": "2",
            "DAG_PROCESSOR__MIN_FILE_PROCESS_INTERVAL": "3600",
            **settings,
        }
        named = {f"AIRFLOW__{name}": value for name, value in own.items()}
        return {**kept, **named, "AIRFLOW_HOME": str(self.folder), "PATH": f"{BIN}{os.pathsep}{kept['PATH']}"}

    def __enter__(self) -> Scheduler:
        done = subprocess.run([BIN / "airflow", "db", "migrate"], env=self.environment, cwd=self.folder, capture_output=True, text=True)
        assert done.returncode == 0, done.stdout + done.stderr
        try:
            for part in PARTS:
                self.start(part)
            self.until(lambda: self._ended_parts() or self._healthy(), "Airflow to come up")
            assert not self._ended_parts(), [self.log(part) for part in self._ended_parts()]
        except BaseException:
            self._stop_all()
            raise
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._stop_all()

    def _stop_all(self) -> None:
        for part in reversed(list(self._running)):
            self.stop(part, signal.SIGTERM)

    def start(self, part: str) -> None:
        """Start a part of Airflow, in a session of its own."""
        with open(self.folder / f"{part}.log", "ab") as log:
            command = [str(BIN / "airflow"), part]
            self._running[part] = subprocess.Popen(
                command, env=self.environment, cwd=self.folder, stdout=log, stderr=log, start_new_session=True
            )

    def stop(self, part: str, number: int) -> None:
        """End a part with a signal; what it leaves of its session is killed."""
        process = self._running.pop(part)
        os.kill(process.pid, number)
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            pass
        finally:
            end_session(process)

    def _ended_parts(self) -> list[str]:
        return [part for part, process in self._running.items() if process.poll() is not None]

    def until(self, holds: Callable[[], T], what: str, dag: str = "", pause: float = 0.3) -> T:
        """Wait until something holds, for as long as logs of the tasks of a DAG grow, or Airflow computes."""
        logs = self.folder / "logs" / f"dag_id={dag}"
        processes = [process.pid for process in self._running.values()]
        return until(
            holds, what, lambda: sum(path.stat().st_size for path in logs.rglob("*.log")), processes=processes, busy=IDLE, pause=pause
        )

    def log(self, part: str) -> str:
        return (self.folder / f"{part}.log").read_text(errors="replace")[-4000:]

    def _healthy(self) -> bool:
        try:
            if not self._token:
                self._token = self.ask("/auth/token")["access_token"]
            health = self.ask("/api/v2/monitor/health")
        except (OSError, urllib.error.HTTPError):
            return False
        return all(health[part]["status"] == "healthy" for part in ("scheduler", "dag_processor"))

    def ask(self, path: str, body: Any = None) -> Any:
        """An answer of the REST API."""
        return json.loads(self._send(path, body, None))

    def _send(self, path: str, body: Any, method: str | None) -> bytes:
        headers = {"Content-Type": "application/json"} | ({"Authorization": f"Bearer {self._token}"} if self._token else {})
        data = None if body is None else json.dumps(body).encode()
        with urllib.request.urlopen(urllib.request.Request(self.url + path, data, headers, method=method), timeout=PATIENCE) as answer:
            sent: bytes = answer.read()
            return sent

    def known(self, dag: str) -> dict[str, Any]:
        """The details of a DAG, once its file was read; fails with what Airflow says against the file."""
        return self.until(lambda: self._details(dag), f"Airflow to see {dag}")

    def _details(self, dag: str) -> dict[str, Any]:
        try:
            details: dict[str, Any] = self.ask(f"/api/v2/dags/{quote(dag)}/details")
            return details
        except urllib.error.HTTPError as error:
            if error.code != 404:
                raise
        errors = self.ask("/api/v2/importErrors")["import_errors"]
        assert not errors, errors
        return {}

    def trigger(self, dag: str, run: str, given: dict[str, Any]) -> None:
        """Begin a run, as the trigger form does."""
        self.known(dag)
        self.ask(f"/api/v2/dags/{quote(dag)}/dagRuns", {"dag_run_id": run, "logical_date": None, "conf": given})

    def ended(self, dag: str, run: str) -> str:
        """The state in which a run ends."""
        # Each answer costs Airflow what it could do for a task.
        return self.until(lambda: self._end(dag, run), f"{run} of {dag} to end", dag, pause=2)

    def _end(self, dag: str, run: str) -> str:
        state = str(self.ask(self._run(dag, run))["state"])
        return "" if state in ("queued", "running") else state

    def tasks(self, dag: str, run: str) -> list[dict[str, Any]]:
        """The task instances of a run."""
        found: list[dict[str, Any]] = []
        while True:
            page = self.ask(f"{self._run(dag, run)}/taskInstances?limit=100&offset={len(found)}")
            found += page["task_instances"]
            if len(found) >= page["total_entries"]:
                return found

    def states(self, dag: str, run: str) -> dict[str, str]:
        """The states of the task instances, by id and index."""
        return {f"{task['task_id']}[{task['map_index']}]": str(task["state"]) for task in self.tasks(dag, run)}

    def clear(self, dag: str, run: str, *tasks: str) -> None:
        """Clear tasks and all behind them, as the button does: they run again."""
        body = {"dry_run": False, "dag_run_id": run, "task_ids": list(tasks), "include_downstream": True, "only_failed": False}
        self.ask(f"/api/v2/dags/{quote(dag)}/clearTaskInstances", {**body, "reset_dag_runs": True})

    def delete(self, dag: str, run: str) -> None:
        """Delete a run, of which Airflow then knows nothing."""
        self._send(self._run(dag, run), None, "DELETE")

    def output(self, dag: str, run: str) -> str:
        """What the tasks of a run printed."""
        folder = self.folder / "logs" / f"dag_id={dag}" / f"run_id={run}"
        return "\n".join(f"{path.relative_to(folder)}\n{path.read_text(errors='replace')}" for path in sorted(folder.rglob("*.log")))

    def _run(self, dag: str, run: str) -> str:
        return f"/api/v2/dags/{quote(dag)}/dagRuns/{quote(run, safe='')}"


def end_session(process: subprocess.Popen[bytes]) -> None:
    """Kill what is left of the session that a process began."""
    try:
        os.killpg(process.pid, signal.SIGKILL)
    except ProcessLookupError:
        return
    process.wait()
