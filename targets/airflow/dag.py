"""Plan -> the source of a DAG file.

    Task(start) Map(start, [Task(train)]) Task(join)

becomes `start = step("start", ...)`, a mapped group with `train` in it, `join`, and the line `start >> [train, join]`. What `step` makes
of these depends on where tasks run (`compute`); the structure is that of `groups`, and `body` writes it.
"""

from __future__ import annotations

from collections.abc import Iterator

import flowport
from flowport.compiler.ir import Step
from flowport.compiler.ir.outline import outline
from flowport.compiler.ir.plan import Plan
from flowport.compiler.lower.fuse import fuse_loops
from flowport.compiler.lower.gate import first_step
from flowport.compiler.lower.run_ids import run_prefix
from flowport.compiler.lower.time_limits import time_limits
from flowport.runtime.protocol import Invocation, variable
from flowport.targets.airflow.body import INDENT, Body, first_line
from flowport.targets.airflow.compute import COMPUTE
from flowport.targets.airflow.events.assets import STARTED_BY, asset, asset_name, events_by_uri, flows_before, macros, schedule
from flowport.targets.airflow.form import params
from flowport.targets.airflow.groups import Listing, groups, inside, jobs
from flowport.targets.airflow.hooks.at_the_end import SNIPPET, callbacks, hooks_call
from flowport.targets.airflow.names import Names
from flowport.targets.airflow.python import Call, Code, Unpacked, Value, docstring, names, statement
from flowport.targets.airflow.settings import Settings
from flowport.targets.airflow.snippet_source import Snippet, import_lines, merged, snippet
from flowport.targets.containers.needs import tempdir
from flowport.targets.hooks.receivers import receivers
from flowport.targets.sizes import VARIABLE
from flowport.targets.texts import seen

EPOCH = "{{ ti.max_tries - task.retries }}"
"""How often a task was cleared, or more: Airflow raises `max_tries` to what was tried, and `retries` more, when it clears one."""

BEGAN = "airflow/{{ dag_run.start_date }}"
"""What tells a DAG run from another one of the same id."""

SCHEDULED = "{{ dag_run.logical_date.isoformat() if dag_run.run_type in ('scheduled', 'backfill') else '' }}"
"""The time for which the schedule started a DAG run: the logical date, with `CronTriggerTimetable`. A manual run has none on Airflow 3."""

FILES = (".sh", ".bash", ".env", ".json", ".yaml", ".yml", ".j2")
"""What ends in one of these Airflow takes for the path of a template (`template_ext` of the operators)."""

KNOWN = {
    "datetime": ("datetime", "datetime"),
    "timezone": ("datetime", "timezone"),
    "timedelta": ("datetime", "timedelta"),
    "k8s": ("kubernetes.client", "models as k8s"),
    "DeviceRequest": ("docker.types", "DeviceRequest"),
    "Mount": ("docker.types", "Mount"),
    "Secret": ("airflow.providers.cncf.kubernetes.secret", "Secret"),
    "CronTriggerTimetable": ("airflow.timetables.trigger", "CronTriggerTimetable"),
}
"""Where the names come from that statements use."""

OURS = {
    "DAG": ("airflow.sdk", "airflow"),
    "Param": ("airflow.sdk.definitions.param", "airflow.models.param"),
    "TaskGroup": ("airflow.sdk", "airflow.utils.task_group"),
    "task_group": ("airflow.sdk", "airflow.decorators"),
    "Asset": ("airflow.sdk", "airflow.datasets"),
}
"""Where Airflow 3 and Airflow 2 have what a DAG file itself uses."""

OLD_NAMES = {"Asset": "Dataset as Asset"}
"""What Airflow 2 calls otherwise."""


def dag_file(plan: Plan, settings: Settings, code: str) -> str:
    """The source of the DAG file of a plan whose loops have no turns; `code` is the digest of the code package."""
    return _File(plan, settings, code).text()


def first_words(deployment: str) -> str:
    """What the DAG file of a deployment of a flow begins with, and no other file."""
    return seen(f"# {deployment}, compiled by flowport ")


def literal(text: str) -> str:
    """A text for a field that Airflow renders as a template, so that nothing but the text comes of it."""
    if not any(mark in text for mark in ("{{", "{%", "{#", "\r")) and not text.endswith(("\n", *FILES)):
        return text
    inner = text.encode("unicode_escape").decode().replace('"', '\\"')
    return f'{{{{ "{inner}" }}}}'


class _File:
    def __init__(self, plan: Plan, settings: Settings, code: str) -> None:
        self.plan, self.settings, self.code = plan, settings, code
        self.compute = COMPUTE[settings.compute]
        whole = fuse_loops(plan)
        members = groups(whole)
        needed = [*self.compute.snippets]
        needed += ["arms"] if any(job.ways for job in jobs(members)) else []
        needed += [SNIPPET] if receivers(settings) else []
        needed += ["started_by"] if plan.flow.is_triggered else []
        needed += ["either"] if plan.flow.is_triggered and plan.flow.schedules else []
        needed += ["lists"] if any(isinstance(member, Listing) for member in inside(members)) else []
        self.snippets = [snippet(name) for name in needed]
        taken = {"dag", "slice", "RUN", "FORM", "FLOWS", "EVENTS", *OURS, *KNOWN, *self.compute.constants(settings)}
        called = Names(plan, taken | {name for each in self.snippets for name in _bound(each)})
        self._limits = time_limits(whole, settings.width, settings.total)
        self.hooks = called.new("exit_hooks")
        self.body = Body(members, {step.name: step for step in whole.flow.steps}, called, self._of_task)

    def text(self) -> str:
        arguments = self._arguments()
        dag = "\n".join([statement("with ", arguments, after=" as dag:"), *self.body.lines(), *self._hooks()])
        head = "\n".join([*self._head(), *self._imports(self.body.used | set(names(arguments))), "", *self._constants()])
        definitions = [text for each in self.snippets for text in each.definitions.values()]
        main = f'if __name__ == "__main__":\n{INDENT}dag.test()'
        return "\n\n\n".join([head, *definitions, dag, main]) + "\n"

    def _head(self) -> Iterator[str]:
        flow = self.plan.flow
        yield seen(f"{first_words(flow.deployment)}{flowport.__version__} from {flow.file}: change that, and compile it again.")
        graph = "\n".join(f"{INDENT}{line}" for line in outline(self.plan, docs=False).splitlines())
        yield docstring(f"{flow.doc.strip() or flow.name}\n\n{graph}")
        yield ""

    def _imports(self, used: set[str]) -> Iterator[str]:
        known = [{KNOWN[name][0]: {KNOWN[name][1]}} for name in KNOWN if name in used]
        own = [name for name in OURS if name in used]
        return import_lines(
            merged([*(each.always for each in self.snippets), *known]),
            merged([*(each.new for each in self.snippets), *({OURS[name][0]: {name}} for name in own)]),
            merged([*(each.old for each in self.snippets), *({OURS[name][1]: {OLD_NAMES.get(name, name)}} for name in own)]),
        )

    def _constants(self) -> Iterator[str]:
        settings = self.settings
        for name, value in self.compute.constants(settings).items():
            yield statement(f"{name} = ", value)
        flow, store = self._value(self.plan.flow.name), self._value(settings.store)
        run = f"{run_prefix(self.plan.flow)}{{{{ run_id }}}}"
        said = Invocation(flow, run, "", "", store, self.code, width=settings.width, total=settings.total, last=-1).variables()
        shown = "f | replace('$', '$$')" if self.compute.expands else "f"
        form = f"{{% set f = params | tojson %}}{{{{ {shown} if f | length < {VARIABLE} else f | length }}}}"
        yield "# What every task is told. The epoch grows when a task is cleared: then it runs again, and what follows sees it."
        yield statement("RUN = ", {**{name: value for name, value in said.items() if value}, variable("epoch"): EPOCH})
        yield "# What the first task is told besides: the trigger form (when it is too long, its length), and whose run it is."
        yield statement("FORM = ", {variable("form"): form, variable("engine"): BEGAN, **self._starts()})
        if self.plan.flow.is_triggered:
            yield "# The flows that start this one: of each its asset, its name, and what stands before the ids of its runs."
            yield statement("FLOWS = ", flows_before(self.plan.flow, settings))
            yield "# The events that start it, by what Airflow makes of their names."
            yield statement("EVENTS = ", events_by_uri(self.plan.flow))

    def _starts(self) -> dict[str, Value]:
        """What the first task is told of what started the run."""
        found: dict[str, Value] = {variable("scheduled"): SCHEDULED} if self.plan.flow.schedules else {}
        if self.plan.flow.is_triggered:
            quoted = " | replace('$', '$$')" if self.compute.expands else ""
            found[variable("trigger")] = f"{{{{ {STARTED_BY}{quoted} }}}}"
        if self.settings.cooldown:
            found[variable("cooldown")] = str(self.settings.cooldown)
        return found

    def _arguments(self) -> Call:
        """The arguments of the DAG itself."""
        flow, settings = self.plan.flow, self.settings
        named: dict[str, Value] = {"dag_id": settings.dag_id}
        if settings.dag_id != flow.deployment:
            named["dag_display_name"] = flow.deployment
        if flow.doc.strip():
            named["description"] = first_line(flow.doc)
        named |= {"doc_md": Code("__doc__"), "schedule": schedule(flow, settings)}
        since = settings.catch_up if flow.schedules else None
        named["catchup"] = since is not None
        first = (2024, 1, 1) if since is None else (since.year, since.month, since.day)
        named["start_date"] = Call("datetime", first, {"tzinfo": Code("timezone.utc")})
        if settings.schedule:
            named["is_paused_upon_creation"] = settings.schedule == "paused"
        if settings.max_concurrency is not None:
            named["max_active_tasks"] = settings.max_concurrency
        if settings.max_active_runs is not None or (flow.schedules and settings.overlap == "wait"):
            named["max_active_runs"] = settings.max_active_runs or 1
        if settings.run_timeout is not None:
            named["dagrun_timeout"] = Call("timedelta", (), {"seconds": settings.run_timeout})
        named |= dict(callbacks(flow, settings))
        named["default_args"] = {"owner": settings.owner, "retries": 0, **self.compute.defaults(settings), **settings.default_args}
        if self.plan.flow.is_triggered:
            named["user_defined_macros"] = macros()
        return Call("DAG", (), {**named, "params": params(flow), "tags": ["flowport", *settings.tags]})

    def _hooks(self) -> Iterator[str]:
        """The task of the exit hooks, which waits for all others."""
        if self.plan.flow.has_exit_hooks:
            name, first = self.hooks, first_step(self.plan.flow).settings
            own = {name: self._value(value) for name, value in (*tempdir(self.compute.tmpfs(first.execution)), *first.variables)}
            call = hooks_call(name.id, self.plan.flow, self.settings, own)
            self.body.used.update(names(call))
            yield ""
            yield statement(f"{name.variable} = ", call, INDENT, ".as_teardown()")
            yield f"{INDENT}{name.variable}.set_upstream([each for each in dag.tasks if each is not {name.variable}])"

    def _of_task(self, step: Step) -> dict[str, Value]:
        """The arguments of a step's task that depend on where it runs."""
        limit = self._limits.get(step.name)
        named: dict[str, Value] = {} if limit is None else self.compute.limit(limit, self.settings)
        files = tempdir(self.compute.tmpfs(step.settings.execution))
        own: dict[str, Value] = {name: self._value(value) for name, value in (*files, *step.settings.variables)}
        if step.name == self.plan.flow.start:
            named["environment"] = Unpacked(Code("FORM"), own) if own else Code("FORM")
        elif own:
            named["environment"] = own
        if step.name == self.plan.flow.end:
            named["outlets"] = [asset(asset_name(self.settings))]
            named |= dict(callbacks(self.plan.flow, self.settings, last_task=True))
        return named | self.compute.arguments(step.settings, self.settings)

    def _value(self, text: str) -> str:
        """A text as the value of a variable of the environment, on its way through Airflow's templates and the engine behind."""
        return literal(text.replace("$", "$$") if self.compute.expands else text)


def _bound(each: Snippet) -> Iterator[str]:
    """The names that a snippet brings into a file."""
    yield from each.definitions
    for imports in (each.always, each.new, each.old):
        for module, imported in imports.items():
            yield from (name.rpartition(" ")[2] for name in imported or {module.partition(".")[0]})
