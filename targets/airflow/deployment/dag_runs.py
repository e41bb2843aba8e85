"""Runs of a DAG as Airflow has them, and how one is stopped.

Airflow has no state for a run that somebody stopped: such a run is failed. One with exit hooks goes on until these have ended, and is a
success then. A note of the run tells it from others.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any
from urllib.parse import quote

from flowport.compiler.operations import EngineRun, RunState
from flowport.targets.airflow.deployment.api import Api, path

STATES: dict[str, RunState] = {"queued": "waiting", "running": "running", "success": "done", "failed": "failed"}
"""The states of a DAG run (Airflow's `DagRunState`)."""

UNFINISHED = ("none", "scheduled", "queued", "running", "deferred", "restarting", "up_for_retry", "up_for_reschedule")
"""The states of task instances that are not over; `none` is what the API calls that of a task which nobody has looked at."""

TEARDOWN = "all_done_setup_success"
"""The trigger rule of a teardown, as which the exit hooks are called (Airflow's `TriggerRule`)."""

STOPPED = "stopped by flowport"
NOTE = 1000
"""Characters of a note (Airflow's model of runs)."""

SHOWN = 5


def find_run(api: Api, dag: str, run: str) -> dict[str, Any] | None:
    """A run, as the API has it; None when there is none."""
    return api.find(f"look at the runs of `{dag}`", path("dags", dag, "dagRuns", run))


def engine_run(api: Api, dag: str, found: dict[str, Any]) -> EngineRun:
    """A run in flowport's words, and why it failed."""
    status, run = str(found["state"]), str(found["dag_run_id"])
    state, reason = STATES.get(status, "running"), ""
    if state in ("failed", "done") and _mark(found) in (found.get("note") or "").splitlines():
        state, reason = "stopped", STOPPED
    elif state == "failed":
        reason = _failures(api, dag, run)
    return EngineRun(run, state, status, page(api, dag, run), _seconds(found.get("start_date")), _seconds(found.get("end_date")), reason)


def page(api: Api, dag: str, run: str) -> str:
    """Where Airflow shows a run."""
    if api.version == 1:
        return f"{api.address}/dags/{quote(dag, safe='')}/grid?dag_run_id={quote(run, safe='')}"
    return f"{api.address}/dags/{quote(dag, safe='')}/runs/{quote(run, safe='')}"


def stop(api: Api, dag: str, run: str) -> bool:
    """Have a run fail, and note that; whether Airflow does so. It ends the tasks of the run, and then calls its exit hooks."""
    what, at = f"stop runs of `{dag}`", path("dags", dag, "dagRuns", run)
    api.ask(what, "PATCH", at, {"state": "failed"})
    after = find_run(api, dag, run)
    if after is None:
        return True
    if after["state"] != "failed" and not _only_hooks_go_on(api, dag, run):
        return False
    _annotate(api, what, at, after)
    return True


def _only_hooks_go_on(api: Api, dag: str, run: str) -> bool:
    """Whether a run has exit hooks, and no other task of it goes on."""
    what = f"look at the tasks of `{dag}`"
    tasks = (api.find(what, path("dags", dag, "tasks")) or {}).get("tasks", ())
    hooks = {task["task_id"] for task in tasks if task["trigger_rule"] == TEARDOWN}
    going = api.pages(what, path("dags", dag, "dagRuns", run, "taskInstances"), "task_instances", state=UNFINISHED)
    return bool(hooks) and {task["task_id"] for task in going} <= hooks


def unfinished(api: Api, dag: str) -> Iterator[dict[str, Any]]:
    """The runs of a DAG that wait or run."""
    yield from list(api.pages(f"look at the runs of `{dag}`", path("dags", dag, "dagRuns"), "dag_runs", state=["queued", "running"]))


def _annotate(api: Api, what: str, at: str, found: dict[str, Any]) -> None:
    before = [line for line in (found.get("note") or "").splitlines() if not line.startswith(STOPPED)]
    mark = _mark(found)
    kept = "\n".join(before)[: NOTE - len(mark) - 1]
    note = {"note": f"{kept}\n{mark}" if kept else mark}
    api.ask(what, "PATCH", f"{at}/setNote" if api.version == 1 else at, note)


def _mark(found: dict[str, Any]) -> str:
    """The line of a note that says that a run was stopped: not the run that clearing its tasks makes of it, which begins anew."""
    began = found.get("start_date")
    return f"{STOPPED}, begun {began}" if began else f"{STOPPED} before it began"


def _failures(api: Api, dag: str, run: str) -> str:
    """Which tasks of a run failed."""
    at = path("dags", dag, "dagRuns", run, "taskInstances")
    failed = [_label(each) for each in api.pages(f"look at the tasks of `{dag}`", at, "task_instances", state="failed")]
    if not failed:
        return ""
    more = f" and {len(failed) - SHOWN} more" if len(failed) > SHOWN else ""
    return f"failed: {', '.join(failed[:SHOWN])}{more}"


def _label(task: dict[str, Any]) -> str:
    name = task.get("task_display_name") or task["task_id"]
    index = task.get("map_index", -1)
    return str(name) if index < 0 else f"{name}[{task.get('rendered_map_index') or index}]"


def _seconds(moment: str | None) -> float | None:
    return datetime.fromisoformat(moment.replace("Z", "+00:00")).timestamp() if moment else None
