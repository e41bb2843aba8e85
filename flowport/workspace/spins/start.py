"""Starts a spin on this machine: its documents in a store, then its task in a process of its own, again as often as `@retry` says."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, NamedTuple

from flowport.compiler.ir.plan import Plan
from flowport.compiler.ir.settings import UNDECORATED
from flowport.compiler.lower.delivery import whereabouts
from flowport.compiler.record import replace
from flowport.runtime.environments.enter import inside
from flowport.runtime.local.run_spec import TOTAL, WIDTH
from flowport.runtime.local.source import note
from flowport.runtime.package.code_package import SOURCE, CodePackage
from flowport.runtime.process.lifeline import STARTER
from flowport.runtime.protocol import DONE, ENDED, SECRETS, STOP, Invocation
from flowport.runtime.records.life import write_end
from flowport.runtime.store.keys import SPIN, Keys, code_key
from flowport.runtime.store.open import open_store
from flowport.workspace.branch import on_branch_of_user
from flowport.workspace.environments.here import pythons
from flowport.workspace.errors import StepMoved
from flowport.workspace.parameters import ParameterText, parameter_values
from flowport.workspace.run import processors, run_id, source_of, write_id
from flowport.workspace.secrets.file import place_here
from flowport.workspace.spins.choose import Past
from flowport.workspace.stores import FOLDER, is_folder, store_to_write

if TYPE_CHECKING:
    from flowport.runtime.store.interface import Store
    from flowport.workspace.flow_file import FlowFile

FINE, FAILED, INTERRUPTED = 0, 1, 130
"""The exit statuses of a spin."""


class SpinRequest(NamedTuple):
    """A spin: the flow as it is now, the item that runs again, and what is different.

    `artifacts` is the path of a file with artifacts that replace those of the run. With `skip_decorators` the step runs without its
    decorators. The output of the task goes to the standard output stream, or with `output_to_stderr` to the standard error stream.
    """

    flow: FlowFile
    past: Past
    parameters: tuple[ParameterText, ...] = ()
    artifacts: str | None = None
    skip_decorators: bool = False
    run_id_file: str | None = None
    output_to_stderr: bool = False


class Spun(NamedTuple):
    """A spin that is over: where its results are, the digest of its code package, its exit status, and how long its attempts took."""

    store: Store
    flow: str
    run: str
    code: str
    status: int
    attempts: int
    seconds: float


def start(request: SpinRequest, say: Callable[[str], object]) -> Spun:
    """Run the item again; raises WorkspaceError, and EnvironmentProblem. `say` gets a sentence before each attempt after the first."""
    past = request.past
    flow = request.flow._replace(plan=on_branch_of_user(request.flow.plan))
    if request.skip_decorators:
        flow = flow._replace(plan=_undecorated(flow.plan, past.item.step))
    values = parameter_values(flow.parameters, request.parameters, True)
    package = flow.package()
    store = open_store(_place(past, flow))
    if not store.exists(code_key(package.digest)):
        store.create(code_key(package.digest), package.data)
    program = CodePackage.fetched(store, package.digest)
    _check_place(past, program)
    run = SPIN + run_id(None)
    _write_documents(store, Keys(flow.name, run), past, {"parameters": values, "spin": _described(past, request.artifacts)})
    note(store, flow.name, run, flow.argument)
    if request.run_id_file:
        write_id(request.run_id_file, run)
    asked = Invocation(
        flow.name, run, past.item.step, past.item.slice, store.url, package.digest, width=WIDTH, total=TOTAL, engine=f"local/{run}"
    )
    task = _Task(_command(flow, program, asked, say), sys.stderr.fileno() if request.output_to_stderr else None)
    began = time.monotonic()
    granted = program.plan["retries"].get(past.item.step, 0)
    while (code := task.run()) not in (DONE, STOP) and not task.is_stopped and task.runs <= granted:
        say(f"attempt {task.runs} failed, attempt {task.runs + 1} of {granted + 1} begins")
    status = FINE if code == DONE else INTERRUPTED if task.is_stopped or code == ENDED else FAILED
    write_end(store, Keys(flow.name, run), "done" if status == FINE else "stopped" if status == INTERRUPTED else "failed")
    return Spun(store, flow.name, run, package.digest, status, task.runs, time.monotonic() - began)


def _undecorated(plan: Plan, name: str) -> Plan:
    """The plan in which one step has no decorators; a gang stays one."""
    steps = [
        replace(step, settings=replace(UNDECORATED, gang=step.settings.gang), wrappers=(), unwrapped=True) if step.name == name else step
        for step in plan.flow.steps
    ]
    return replace(plan, flow=replace(plan.flow, steps=tuple(steps)))


def _place(past: Past, flow: FlowFile) -> str:
    """The store of the spin: that of the run if it is a folder, else a folder of this machine."""
    if is_folder(past.run.store.url):
        return past.run.store.url
    url = store_to_write(None, flow.config)
    return url if is_folder(url) else os.path.abspath(FOLDER)


def _check_place(past: Past, program: CodePackage) -> None:
    """Raise StepMoved if the step gets its item by other foreaches, loops or branches than it did: it could not be given what it reads."""
    step, store = past.item.step, past.run.store
    before = CodePackage.fetched(store, past.run.code_of(step, past.item.slice)).step(step)
    now = program.step(step)
    if _surroundings(before) != _surroundings(now):
        raise StepMoved(step, past.run.doc["run"], _words(before), _words(now))


def _surroundings(plan: dict[str, Any]) -> list[Any]:
    site = plan["sites"][plan["step"]]
    return [site["scopes"], "origin" in site, site.get("foreach"), "gang" in plan]


def _words(plan: dict[str, Any]) -> str:
    """Where a step is in its flow."""
    site = plan["sites"][plan["step"]]
    names = {"foreach": "the foreach of", "loop": "the loop that begins with"}
    joins = "the join of " + ("a foreach" if site["foreach"] else "branches") if "origin" in site else "no join"
    around = " in ".join(f"{names[kind]} `{name}`" for kind, name in reversed(site["scopes"])) or "no foreach or loop"
    return f"{joins}, in {around}"


def _described(past: Past, artifacts: str | None) -> dict[str, Any]:
    """What the task of the spin has to know of the item."""
    item = past.item
    where = {"store": past.run.store.url, "run": past.run.doc["run"], "step": item.step, "item": item.address}
    replaced = {"artifacts": os.path.abspath(artifacts)} if artifacts else {}
    return {**where, "slice": item.slice, "row": item.row, "code": past.run.code_of(item.step, item.slice), **replaced}


def _write_documents(store: Store, keys: Keys, past: Past, document: dict[str, Any]) -> None:
    """The input of the spin, and copies of the splits around its item, by which readers know its place."""
    for frame in past.item.lineage.frames:
        split = frame.split
        data = past.run.store.read(past.run.keys.manifest(split.step, split.slice, split.generation))
        store.create(keys.manifest(split.step, split.slice, 0), data)
    store.create(keys.input(), json.dumps(document).encode())


def _command(flow: FlowFile, program: CodePackage, asked: Invocation, say: Callable[[str], object]) -> tuple[list[str], dict[str, str]]:
    """The command of the task as in a container, and its environment."""
    plan = program.step(asked.step)
    found = pythons([step for step in flow.plan.flow.steps if step.name == asked.step], say)
    told = whereabouts(flow.plan, flow.config.provisions, place_here(flow))
    variables = {
        **os.environ,
        **plan["environment"],
        **({SECRETS: told} if told else {}),
        "FLOWPORT_MAX_WORKERS": str(processors()),
        "PYTHONSAFEPATH": "1",
        SOURCE: source_of(flow),
    }
    for name, python in found.items():
        return [python, "-m", "flowport.runtime", *asked.argv()], inside(python, name, variables)
    return [sys.executable, "-m", "flowport.runtime", *asked.argv()], variables


class _Task:
    """The task of a spin, one attempt after the other. A signal to this process ends the task, and then no other attempt begins.

    The task also ends if this process is killed: the pipe whose other end it holds ends with it.
    """

    def __init__(self, command: tuple[list[str], dict[str, str]], output: int | None) -> None:
        self._command, self._variables = command
        self._output = output
        self._process: subprocess.Popen[bytes] | None = None
        self.runs, self.is_stopped = 0, False

    def run(self) -> int:
        """Run one attempt; its exit code."""
        self.runs += 1
        sys.stdout.flush()
        watched, held = os.pipe()
        variables = {**self._variables, STARTER: str(watched)}
        try:
            with self._attentive():
                self._process = subprocess.Popen(
                    self._command, env=variables, stdin=subprocess.DEVNULL, stdout=self._output, pass_fds=[watched]
                )
                return self._process.wait()
        finally:
            os.close(watched)
            os.close(held)

    @contextmanager
    def _attentive(self) -> Iterator[None]:
        numbers = [number for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP) if signal.getsignal(number) != signal.SIG_IGN]
        before = {number: signal.signal(number, self._stop) for number in numbers}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    def _stop(self, number: int, frame: object) -> None:
        self.is_stopped = True
        if self._process is not None and self._process.poll() is None:
            self._process.send_signal(signal.SIGTERM)
