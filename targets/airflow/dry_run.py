"""A dry run: the DAG file in Airflow itself, in a folder of its own, its tasks as processes of this machine on the local store.

What differs from a deployed file is where tasks run. Airflow runs in a process of its own (`dry_run_process`), with none of the settings
that it has elsewhere: so no dry run touches the database of an Airflow that is in use.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable
from importlib.metadata import version
from importlib.util import find_spec
from typing import IO, Any

from flowport.compiler.target import DryRun, DryRunResult, File, TaskEnded
from flowport.runtime.package.cache import cache_folder
from flowport.runtime.store.keys import code_key
from flowport.targets.airflow.form import says
from flowport.targets.airflow.settings import Settings
from flowport.targets.dry_run import Recorder
from flowport.targets.run_input import TYPED, fillers, in_store
from flowport.targets.verify import Task

OLDEST = (2, 10)
"""The first Airflow on which emitted files run."""

TAIL = 3000


def dry_run(request: DryRun[Settings], file: File, report: Callable[[TaskEnded], None]) -> DryRunResult:
    """Run a DAG file."""
    if find_spec("airflow") is None:
        return DryRunResult("unavailable", "a dry run needs Airflow: pip install 'flowport[airflow]'")
    installed = version("apache-airflow")
    if tuple(map(int, installed.split(".")[:2])) < OLDEST:
        reason = f"this is Airflow {installed}, and emitted files need 2.10: pip install -U 'flowport[airflow]'"
        return DryRunResult("unavailable", reason)
    recorder = Recorder(request, report)
    if (refused := recorder.refused()) is not None:
        return refused
    recorder.store.create(code_key(request.package.digest), request.package.data)
    with tempfile.TemporaryDirectory(prefix="flowport-airflow-") as home:
        try:
            failure = _run(request, recorder, file, home, installed)
        except KeyboardInterrupt:
            return recorder.stopped()
    return recorder.result(failure)


def _run(request: DryRun[Settings], recorder: Recorder, file: File, home: str, installed: str) -> str | None:
    """Run the file in an Airflow whose home is the folder `home`; what went wrong, None when nothing did."""
    dags = os.path.join(home, "dags")
    os.mkdir(dags)
    path = os.path.join(dags, file.path)
    with open(path, "wb") as opened:
        opened.write(file.data)
    with open(os.path.join(home, "form.json"), "w") as form:
        json.dump(_form(request, recorder), form)
    environment = {**_environment(home, dags), **({"FLOWPORT_MAX_WORKERS": str(request.max_workers)} if request.max_workers else {})}
    with open(os.path.join(home, "log"), "w+", errors="replace") as log:
        if not _has_database(environment, home, installed, log):
            return f"Airflow cannot make its database:\n{_end_of(log)}"
        command = [
            sys.executable,
            "-m",
            "flowport.targets.airflow.dry_run_process",
            path,
            request.engine_run_id,
            os.path.join(home, "form.json"),
        ]
        process = subprocess.Popen(
            command, cwd=home, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log, text=True, start_new_session=True
        )
        try:
            state = _followed(process, recorder)
        finally:
            # It ends, with the task that it runs, when its input does.
            assert process.stdin is not None
            process.stdin.close()
            process.wait()
        if state == "success":
            return None
        is_reported = state == "failed" and recorder.last_output is not None
        return "" if is_reported else f"Airflow says:\n{_end_of(log)}"


def _followed(process: subprocess.Popen[str], recorder: Recorder) -> str:
    """The state in which the run ends; "" when Airflow says none."""
    state = ""
    assert process.stdout is not None
    with process.stdout:
        for line in process.stdout:
            event: dict[str, Any] = json.loads(line)
            state = event.get("state", state)
            if "step" in event:
                recorder.ended(Task(event["step"], event["slice"], event["rest"]), event["exit"], event["printed"])
    return state


def _form(request: DryRun[Settings], recorder: Recorder) -> dict[str, Any]:
    """The values for the trigger form: with a scheduled time a reference, as no schedule of Airflow's starts the run."""
    if reference := in_store(request, recorder.store, says, room=0 if request.scheduled_time else TYPED):
        return {**fillers(request), "run_input": reference}
    more = {"origin_run": request.origin_run, "from_step": request.from_step, "run_tags": list(request.tags)}
    return {**request.parameters, **{name: value for name, value in more.items() if value}}


def _environment(home: str, dags: str) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("AIRFLOW")}
    own = {
        "CORE__DAGS_FOLDER": dags,
        "CORE__LOAD_EXAMPLES": "False",
        "DATABASE__SQL_ALCHEMY_CONN": f"sqlite:///{home}/airflow.db",
        "DATABASE__LOAD_DEFAULT_CONNECTIONS": "False",
        "LOGGING__LOGGING_LEVEL": "WARNING",
    }
    return {**kept, "AIRFLOW_HOME": home, **{f"AIRFLOW__{name}": value for name, value in own.items()}}


def _has_database(environment: dict[str, str], home: str, installed: str, log: IO[str]) -> bool:
    """Make Airflow's database, which takes it ten seconds; a copy of the empty one is kept for the next time."""
    kept = os.path.join(cache_folder(), "airflow", f"{installed}.db")
    made = os.path.join(home, "airflow.db")
    if not os.path.exists(kept):
        command = [sys.executable, "-m", "airflow", "db", "migrate"]
        if subprocess.run(command, cwd=home, env=environment, stdin=subprocess.DEVNULL, stdout=log, stderr=log).returncode:
            return False
        os.makedirs(os.path.dirname(kept), exist_ok=True)
        unfinished = f"{kept}.{os.getpid()}"
        shutil.copyfile(made, unfinished)
        os.replace(unfinished, kept)
    else:
        shutil.copyfile(kept, made)
    return True


def _end_of(log: IO[str]) -> str:
    log.seek(0)
    return log.read()[-TAIL:].strip()
