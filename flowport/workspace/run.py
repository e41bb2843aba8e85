"""A new run on this machine: what a request says of it, and how it is started."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

from flowport.compiler.lower.delivery import whereabouts
from flowport.runtime.atomic_file import write_file
from flowport.runtime.records.validation import NAME
from flowport.runtime.run.parameters import ParameterError
from flowport.runtime.run.run_input import tags
from flowport.runtime.store.keys import Keys, is_spin, part
from flowport.workspace.branch import on_branch_of_user
from flowport.workspace.chains.started_by import StartedBy, sent_by, trigger_options, triggers_of
from flowport.workspace.environments.here import pythons
from flowport.workspace.errors import BadRunId, BadScheduledTime, BadTags, IsSpin, NoOrigin, NotWritable, UnknownRun, UnknownStep
from flowport.workspace.flow_file import FlowFile
from flowport.workspace.parameters import ParameterText, named, parameter_values
from flowport.workspace.secrets.file import place_here
from flowport.workspace.stores import store_to_write

if TYPE_CHECKING:
    from flowport.compiler.ir import JSON
    from flowport.runtime.store.interface import Store


class RunRequest(NamedTuple):
    """A run of a flow: with `origin_run` it reuses the results of that run, with `from_step` none of that step and those after it.

    A `scheduled_time` makes it a run as a schedule starts it for that time, `trigger_from` and `events` one as triggers do (`StartedBy`).
    `max_workers` is the number of tasks at once: by default that of the processors.
    `run_id_file` is where the id of the run is written before it begins.
    Tasks are forked from one process, or with `fork` false started anew as in a container. A `quiet` run shows neither output nor progress.
    """

    flow: FlowFile
    parameters: tuple[ParameterText, ...] = ()
    run_id: str | None = None
    run_id_file: str | None = None
    tags: tuple[str, ...] = ()
    max_workers: int | None = None
    store: str | None = None
    fork: bool = True
    quiet: bool = False
    origin_run: str | None = None
    from_step: str | None = None
    scheduled_time: str | None = None
    trigger_from: tuple[str, ...] = ()
    events: tuple[str, ...] = ()


class Asked(Protocol):
    """What requests for a new run have in common; see `RunRequest`."""

    @property
    def parameters(self) -> tuple[ParameterText, ...]: ...

    @property
    def tags(self) -> tuple[str, ...]: ...

    @property
    def origin_run(self) -> str | None: ...

    @property
    def from_step(self) -> str | None: ...

    @property
    def scheduled_time(self) -> str | None: ...

    @property
    def trigger_from(self) -> tuple[str, ...]: ...

    @property
    def events(self) -> tuple[str, ...]: ...


class RunInput(NamedTuple):
    """The document that a run starts with, checked against its flow."""

    parameters: dict[str, Any]
    tags: tuple[str, ...] = ()
    origin_run: str | None = None
    from_step: str | None = None
    scheduled_time: str | None = None
    triggers: tuple[dict[str, JSON], ...] = ()

    def document(self) -> dict[str, Any]:
        """The input as the first task reads it."""
        rest = {
            "origin_run": self.origin_run,
            "from": self.from_step,
            "tags": list(self.tags) or None,
            "scheduled_time": self.scheduled_time,
            "triggers": list(self.triggers) or None,
            "forced": True if self.triggers else None,
        }
        return {"parameters": self.parameters, **{name: value for name, value in rest.items() if value is not None}}


def run_id(chosen: str | None) -> str:
    """The id of a new run: the chosen one, or the time (UTC) and three random bytes; raises BadRunId."""
    if chosen is None:
        now = time.time()
        return time.strftime("%Y%m%d-%H%M%S-", time.gmtime(now)) + f"{int(now % 1 * 65536):04x}{os.urandom(1).hex()}"
    if not chosen or is_spin(chosen) or part(chosen) != chosen or chosen.startswith("-") or len(chosen) > NAME:
        raise BadRunId(chosen)
    return chosen


def run_input(flow: FlowFile, asked: Asked) -> RunInput:
    """The input of a new run, but for what triggers it, which a store has; raises WorkspaceError."""
    if asked.from_step and not asked.origin_run:
        raise NoOrigin
    written = {name for name, _ in named(flow.parameters, asked.parameters)}
    sent = sent_by(flow, StartedBy(asked.trigger_from, asked.events), written)
    specs = [{**spec, "required": spec["required"] and spec["name"] not in sent} for spec in flow.parameters]
    values = parameter_values(specs, asked.parameters, asked.origin_run is not None)
    steps = [step.name for step in flow.plan.flow.steps]
    if asked.from_step is not None and asked.from_step not in steps:
        raise UnknownStep(asked.from_step, flow.name, steps)
    try:
        run_tags = tuple(tags(list(asked.tags))) if asked.tags else ()
    except ParameterError as error:
        raise BadTags(str(error)) from None
    return RunInput(values, run_tags, asked.origin_run, asked.from_step, _in_utc(asked))


def _in_utc(asked: Asked) -> str | None:
    """The time for which a schedule would start the run; raises BadScheduledTime."""
    if asked.scheduled_time is None:
        return None
    from flowport.runtime.run.scheduled_time import in_utc

    if asked.origin_run:
        raise BadScheduledTime(f"the run has the scheduled time of run `{asked.origin_run}`, whose results it reuses")
    try:
        return in_utc(asked.scheduled_time)
    except ValueError as error:
        raise BadScheduledTime(str(error)) from None


def start(request: RunRequest, say: Callable[[str], object]) -> int:
    """Compile a flow, put the code where tasks find it, and run it; the exit status.

    `say` gets a sentence before an environment is made, unless the run is quiet. Raises EnvironmentProblem.
    """
    from shlex import quote

    from flowport.runtime.local.run import Request
    from flowport.runtime.local.run import run as run_here
    from flowport.runtime.package.code_package import CodePackage
    from flowport.runtime.store.keys import code_key
    from flowport.runtime.store.open import open_store

    flow = request.flow._replace(plan=on_branch_of_user(request.flow.plan))
    inputs = run_input(flow, request)
    run = run_id(request.run_id)
    package = flow.package()
    url = store_to_write(request.store, flow.config)
    store = open_store(url)
    check_origin(store, flow, inputs.origin_run)
    started_by = StartedBy(request.trigger_from, request.events)
    inputs = inputs._replace(triggers=triggers_of(flow, started_by, inputs.parameters, inputs.origin_run, store))
    if is_untriggered(flow, inputs) and not request.quiet:
        say(f"nothing triggers this run, so `current.trigger` is None: {trigger_options(flow)} starts it as a trigger does")
    if not store.exists(code_key(package.digest)):
        store.create(code_key(package.digest), package.data)
    found = pythons(flow.plan.flow.steps, (lambda text: None) if request.quiet else say)
    if request.run_id_file:
        write_id(request.run_id_file, run)
    return run_here(
        Request(
            folder=CodePackage.fetched(store, package.digest).folder,
            code=package.digest,
            source=source_of(flow),
            store=url,
            run=run,
            document=inputs.document(),
            argument=flow.argument,
            workers=request.max_workers or processors(),
            fork=request.fork,
            quiet=request.quiet,
            secrets=whereabouts(flow.plan, flow.config.provisions, place_here(flow)),
            pythons=found,
            again=f" --store {quote(request.store)}" if request.store else "",
        )
    )


def is_untriggered(flow: FlowFile, inputs: RunInput) -> bool:
    """Whether a new run lacks what triggers its flow, and no schedule would start it either."""
    own = flow.plan.flow
    return own.is_triggered and not (own.schedules or inputs.triggers or inputs.origin_run)


def write_id(path: str, run: str) -> None:
    """Write the id of a run for programs that started it; raises NotWritable."""
    try:
        write_file(path, run.encode())
    except OSError as error:
        raise NotWritable(path, error.strerror) from None


def check_origin(store: Store, flow: FlowFile, origin_run: str | None) -> None:
    """Look whether the run to reuse is there; raises UnknownRun, or IsSpin for what is none."""
    if origin_run is not None and is_spin(origin_run):
        raise IsSpin(origin_run, "")
    if origin_run is not None and not store.exists(Keys(flow.name, origin_run).run()):
        raise UnknownRun(origin_run, flow.name, store.url)


def source_of(flow: FlowFile) -> str:
    """The flow's own folder, so that tracebacks name the user's files; not when modules come from beside it: only the package has them."""
    beside = any(root.startswith(".flowport/") for root in flow.plan.flow.roots)
    return "" if beside else flow.folder


def processors() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
