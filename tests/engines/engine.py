"""Two interpreters of the emitted files: engine A is the emulator of dry runs (moto), engine B is ministack.

Both are processes of their own with the same small conversation; a flow is put on either by the same calls that put it on AWS.
"""

from __future__ import annotations

import itertools
import json
import os
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

from compiled import files_of, problems_of
from delivered import delivered
from flowport.compiler.compile import load
from flowport.compiler.ir.plan import Plan
from flowport.compiler.lower.run_ids import run_prefix
from flowport.compiler.package.archive import package
from flowport.compiler.target import File
from flowport.runtime.store.keys import Keys
from flowport.runtime.store.open import open_store
from flowport.targets.stepfunctions import target
from flowport.targets.stepfunctions.emulator.account import Account, Execution
from flowport.targets.stepfunctions.emulator.bucket import Bucket
from flowport.targets.stepfunctions.emulator.emulator import Emulator
from flowport.targets.stepfunctions.emulator.run import task
from flowport.targets.verify import Task, losses
from progress import Watch, until

Spoiler: TypeAlias = Callable[[dict[str, Any]], None]
"""Changes a machine's definition in place."""

LIMIT = 2
"""Jobs that one engine runs at a time."""

EMULATOR = Path(__file__).resolve().parents[2] / "targets" / "stepfunctions" / "emulator"


@dataclass
class Outcome:
    """What became of an execution: the engine's word, every attempt of a job with its exit code, and a copy of the store.

    `events` is how many its history has, without those of the executions that it started.
    """

    ended: Execution
    jobs: tuple[tuple[Task, int], ...]
    output: str
    plan: Plan
    store: str
    run: str
    events: int

    @property
    def succeeded(self) -> bool:
        return self.ended.status == "SUCCEEDED"

    @property
    def said(self) -> str:
        return f"{self.ended}\n{self.output}"

    @property
    def lost(self) -> list[str]:
        """What the store lacks, or has too much, for the jobs that succeeded."""
        done = {job for job, code in self.jobs if code == 0}
        return list(losses(self.plan, Keys(self.plan.flow.name, self.run), open_store(self.store), done))


class Engine:
    """An engine that is up; its methods may be called by several threads."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.account = Account("")
        self._events: list[dict[str, Any]] = []
        self._numbers = itertools.count()

    def hear(self, event: dict[str, Any]) -> None:
        self._events.append(event)

    def run(
        self, path: str | Path, parameters: Mapping[str, Any], store: Path, run: str = "one", spoil: Spoiler | None = None, **profile: Any
    ) -> Outcome:
        """Compile a flow, `spoil` its machine, put it on the engine, run it, and copy what it left into the folder `store`."""
        plan = plan_of(path)
        files, url = self.files(plan, **profile)
        if spoil is not None:
            files = tuple(_spoiled(file, spoil) for file in files)
        deployed = self.account.deploy(files, url)
        watch = Watch(f"the execution {run} of {plan.flow.name} on {url}")
        ended = self.account.run(deployed.machine, run, {"parameters": dict(parameters)}, lambda: watch.look(len(self._events)))
        kept = f"{run_prefix(plan.flow)}{run}"
        Bucket(self.account, deployed).download(open_store(str(store)), Keys(plan.flow.name, kept).root)
        mine = [event for event in self._events if event["event"] == "ended" and url in event["command"]]
        jobs = tuple((task(event), event["exit"]) for event in mine)
        return Outcome(
            ended, jobs, "".join(event["output"] for event in mine), plan, str(store), kept, self._events_of(deployed.machine, run)
        )

    def _events_of(self, machine: str, run: str) -> int:
        """How many events the history of an execution has."""
        pages = self.account.client("stepfunctions").get_paginator("get_execution_history")
        execution = f"{machine.replace(':stateMachine:', ':execution:')}:{run}"
        return sum(len(page["events"]) for page in pages.paginate(executionArn=execution))

    def files(self, plan: Plan, **profile: Any) -> tuple[tuple[File, ...], str]:
        """The emitted files of a plan, for a machine, a queue and a store that no other test has."""
        number = next(self._numbers)
        url = f"s3://flows/{self.name}/{number}"
        named = {} if plan.flow.project else {"machine": f"machine-{number}"}
        settings = {"store": url, "image": "python", "job_queue": "flows", **named, **profile}
        errors = [found for found in problems_of(target, plan, settings) if found.severity == "error"]
        assert not errors, errors
        return files_of(target, plan, settings, package(plan)), url


def _spoiled(file: File, spoil: Spoiler) -> File:
    if not file.path.endswith("state-machine.json"):
        return file
    machine = json.loads(file.data)
    spoil(machine)
    return File(file.path, json.dumps(machine).encode())


def plan_of(path: str | Path) -> Plan:
    """The plan of a flow that must have no errors, with its secrets."""
    loaded = load(str(path))
    assert loaded.plan is not None, loaded.diagnostics
    return delivered(loaded.plan, Path(path).parent)


@contextmanager
def engine_a() -> Iterator[Engine]:
    """The emulator of dry runs."""
    engine = Engine("a")
    with Emulator(LIMIT, engine.hear) as engine.account:
        engine.account.bucket("flows")
        yield engine


@contextmanager
def engine_b(python: Path) -> Iterator[Engine]:
    """ministack, run by the Python of its environment."""
    engine = Engine("b")
    command = [
        str(python),
        str(Path(__file__).with_name("ministack_server.py")),
        str(_free_port()),
        str(LIMIT),
        sys.executable,
        str(EMULATOR),
    ]
    server = subprocess.Popen(command, cwd=os.sep, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    assert server.stdin is not None
    assert server.stdout is not None
    line = server.stdout.readline()
    assert line, "ministack did not start"
    engine.account = Account(json.loads(line)["endpoint"])
    listener = threading.Thread(target=lambda: [engine.hear(json.loads(line)) for line in server.stdout or ()], daemon=True)
    listener.start()
    engine.account.bucket("flows")
    try:
        yield engine
    finally:
        server.stdin.close()
        until(lambda: server.poll() is not None, "ministack to end", processes=[server.pid])
        listener.join()
        server.stdout.close()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
