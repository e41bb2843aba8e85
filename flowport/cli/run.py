"""`flowport run FLOW`: a flow on this machine."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any, NamedTuple

from flowport.cli.flow_file import FLOW, PROFILE, FlowFile, open_flow
from flowport.cli.given import parameters, section
from flowport.cli.options import Command, Option, Values, WrongUse, closest, page
from flowport.cli.place import STORE, local_store_url, run_id
from flowport.compiler.ir import Retry, Step
from flowport.compiler.ir.plan import Plan
from flowport.compiler.package.documents import flow_document
from flowport.compiler.record import replace
from flowport.runtime.run.parameters import ParameterError
from flowport.runtime.run.run_input import tags
from flowport.runtime.store.keys import Keys

if TYPE_CHECKING:
    from flowport.runtime.store.interface import Store


def _count(text: str) -> int:
    number = int(text)
    if number < 1:
        raise ValueError("it is at least 1")
    return number


def _retry(text: str) -> Retry:
    """`retry`, or `retry:times=5`."""
    name, _, settings = text.partition(":")
    key, equals, times = settings.partition("=")
    if name != "retry" or (settings and (key != "times" or not equals or not times.isdigit())):
        raise ValueError("what can be added is `retry` or `retry:times=5`")
    return Retry(times=int(times)) if settings else Retry()


OPTIONS = (
    Option("run-id", "the id of the new run", "ID"),
    Option("tag", "a word to find the run by", "TAG", many=True),
    Option("max-workers", "how many tasks run at once (the number of processors)", "N", convert=_count),
    Option("with", "add a decorator to every step that lacks it: retry, retry:times=5", "DECORATOR", many=True, convert=_retry),
    STORE,
    PROFILE,
)
"""What `run`, `resume` and `dry-run` share."""

HERE = (
    Option("no-fork", "start every task as a process of its own from the beginning, as a container does"),
    Option("quiet", "show neither what tasks print nor how far the run is", short="q"),
)

NOTES = (
    "What stands behind `--` are parameters of the flow, for those that are named like an option.",
    "Exit status: 0 done, 1 the flow or the run failed, 2 wrong use, 130 interrupted.",
)


class Origin(NamedTuple):
    """The run whose results are taken over, and the step from which everything runs again."""

    run: str
    step: str | None = None


def run(values: Values) -> int:
    """Run the flow of a command line; the exit status."""
    return execute(COMMAND, values, named_origin(values))


def named_origin(values: Values) -> Origin | None:
    """The origin that the options name."""
    if values["from"] and not values["origin_run"]:
        raise WrongUse("`--from` goes with `--origin-run`: it says which results of that run are not taken over")
    return Origin(values["origin_run"], values["from"]) if values["origin_run"] else None


def execute(command: Command, values: Values, origin: Origin | None) -> int:
    """Compile a flow and run it, taking over what `origin` finished."""
    flow = open_flow(values)
    if values["help"]:
        print(page(command, [section(specs(flow.plan))]))
        return 0
    return start(flow, values, run_input(flow.plan, values, origin))


def specs(plan: Plan) -> list[dict[str, Any]]:
    """The parameters of a flow, as its package has them."""
    found: Any = flow_document(plan.flow)["parameters"]
    return list(found)


def run_input(plan: Plan, values: Values, origin: Origin | None) -> dict[str, Any]:
    """The document that a run starts with; raises WrongUse."""
    document: dict[str, Any] = {"parameters": parameters(specs(plan), values["parameters"], origin is not None)}
    if origin is not None:
        document["origin_run"] = origin.run
        if origin.step is not None:
            document["from"] = _known(plan, origin.step)
    if values["tag"]:
        try:
            document["tags"] = tags(values["tag"])
        except ParameterError as error:
            raise WrongUse(str(error)) from None
    return document


def _known(plan: Plan, step: str) -> str:
    names = [step.name for step in plan.flow.steps]
    if step not in names:
        raise WrongUse(f"`{step}` is not a step of {plan.flow.name}", closest(step, names) or "its steps are " + ", ".join(names))
    return step


def equipped(plan: Plan, decorators: tuple[Retry, ...]) -> Plan:
    """The plan with retries for the steps that have none."""
    if not decorators:
        return plan

    def mended(step: Step) -> Step:
        return step if step.settings.retry else replace(step, settings=replace(step.settings, retry=decorators[-1]))

    return replace(plan, flow=replace(plan.flow, steps=tuple(mended(step) for step in plan.flow.steps)))


def start(flow: FlowFile, values: Values, document: dict[str, Any]) -> int:
    """Put the code where tasks find it, and run it."""
    from shlex import quote

    from flowport.runtime.local.run import Request
    from flowport.runtime.local.run import run as run_here
    from flowport.runtime.package.code_package import CodePackage
    from flowport.runtime.store.keys import code_key
    from flowport.runtime.store.open import open_store

    run = run_id(values["run_id"])
    package = flow._replace(plan=equipped(flow.plan, values["with"])).package()
    url = local_store_url(values, flow.config)
    store = open_store(url)
    need_origin(store, flow, document)
    if not store.exists(code_key(package.digest)):
        store.create(code_key(package.digest), package.data)
    return run_here(
        Request(
            folder=CodePackage.fetched(store, package.digest).folder,
            code=package.digest,
            source=_source(flow),
            store=url,
            run=run,
            document=document,
            argument=flow.argument,
            workers=values["max_workers"] or _processors(),
            fork=not values["no_fork"],
            quiet=values["quiet"],
            again=f" --store {quote(values['store'])}" if values["store"] else "",
        )
    )


def need_origin(store: Store, flow: FlowFile, document: dict[str, Any]) -> None:
    """Look whether the run to take over from is there; raises WrongUse."""
    origin, name = document.get("origin_run"), flow.plan.flow.name
    if origin is not None and not store.exists(Keys(name, origin).run()):
        raise WrongUse(f"there is no run `{origin}` of {name} in {store.url}", f"flowport runs {name}")


def _source(flow: FlowFile) -> str:
    """The flow's own folder, so that tracebacks name the user's files; not when modules come from beside it: only the package has them."""
    beside = any(root.startswith(".flowport/") for root in flow.plan.flow.roots)
    return "" if beside else flow.folder


def _processors() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


COMMAND = Command(
    "run", "run a flow on this machine", run, (FLOW,),
    (
        *OPTIONS,
        *HERE,
        Option("origin-run", "take over what this run finished and what did not change since", "RUN"),
        Option("from", "with --origin-run: this step and what comes after it run again in any case", "STEP"),
    ),
    parameters=True,
    notes=NOTES,
)  # fmt: skip
