"""Plan -> the source of a DAG file.

    Task(start) Map(start, [Task(train)]) Task(join)

becomes `start = step("start", ...)`, a mapped group with `train` in it, `join`, and the line `start >> [train, join]`. What `step` makes
of these depends on where tasks run (`compute`); the structure is that of `pieces`.
"""

from __future__ import annotations

import keyword
from collections.abc import Iterator, Mapping

import flowport
from flowport.compiler.fuse import fused, loops
from flowport.compiler.ir import Foreach, Resources, Settings, Step, Switch
from flowport.compiler.names import Namer
from flowport.compiler.outline import outline
from flowport.compiler.plan import Plan, steps
from flowport.compiler.record import record
from flowport.runtime.contract import Invocation, variable
from flowport.targets.airflow import settings as our
from flowport.targets.airflow.compute import COMPUTE
from flowport.targets.airflow.form import params
from flowport.targets.airflow.pieces import Branch, Each, Job, Listing, Member, jobs, pieces
from flowport.targets.airflow.python import Call, Code, Value, chained, docstring, names, quoted, statement
from flowport.targets.airflow.sources import Part, import_lines, merged, part

INDENT = "    "
EPOCH = "{{ ti.max_tries - task.retries }}"
"""How often a task was cleared, or more: Airflow raises `max_tries` to what was tried, and `retries` more, when it clears one."""

START = "{{ dag_run.start_date }}"
"""What tells a DAG run from another one of the same id."""

ANYWAY = "none_failed_min_one_success"
SLACK = 300
"""Seconds that a task gets beyond `@timeout`, for loading and committing; the runtime itself is exact."""

LONGEST = 99_999_999
"""Seconds in the longest time that is asked for; more does not fit everywhere."""

FILES = (".sh", ".bash", ".env", ".json", ".yaml", ".yml", ".j2")
"""What ends in one of these Airflow takes for the path of a template (`template_ext` of the operators)."""

KNOWN = {
    "datetime": ("datetime", "datetime"),
    "timezone": ("datetime", "timezone"),
    "timedelta": ("datetime", "timedelta"),
    "k8s": ("kubernetes.client", "models as k8s"),
    "DeviceRequest": ("docker.types", "DeviceRequest"),
}
"""Where the names come from that values use."""

OURS = {
    "DAG": ("airflow.sdk", "airflow"),
    "Param": ("airflow.sdk", "airflow.models.param"),
    "TaskGroup": ("airflow.sdk", "airflow.utils.task_group"),
    "task_group": ("airflow.sdk", "airflow.decorators"),
}
"""Where Airflow 3 and Airflow 2 have what a DAG file itself uses."""


def dag_file(plan: Plan, settings: our.Settings, code: str) -> str:
    """The source of the DAG file of a plan whose loops have no turns; `code` is the digest of the code package."""
    return _File(plan, settings, code).text()


def literal(text: str) -> str:
    """A text for a field that Airflow renders as a template, so that nothing but the text comes of it."""
    if not any(mark in text for mark in ("{{", "{%", "{#")) and not text.endswith(("\n", *FILES)):
        return text
    inner = text.encode("unicode_escape").decode().replace('"', '\\"')
    return f'{{{{ "{inner}" }}}}'


@record
class Names:
    """What a task is called in Airflow, and in the file."""

    id: str
    variable: str


class Namespace:
    """The names of a plan's tasks and groups: a step's own wherever Airflow takes it."""

    def __init__(self, plan: Plan, taken: set[str]) -> None:
        self._id, self._taken = Namer("A-Za-z0-9_", our.ID[1]), taken
        self.tasks: dict[str, Names] = {}
        rests = loops(plan)
        inside = {step: loop.header for loop in rests.values() for step in steps(loop.body)}
        for step in steps(plan.body):
            if step not in inside:
                self.tasks[step] = self.new(step)
        for header in rests:
            self.tasks[header] = self.new(f"{header}_loop")

    def new(self, text: str) -> Names:
        """Names for something called `text`, which nothing else has."""
        id = self._id(text).replace("-", "_")
        variable = id if id.isidentifier() else f"_{id}"
        while variable in self._taken or keyword.iskeyword(variable):
            variable += "_"
        self._taken.add(variable)
        return Names(id, variable)


class _File:
    def __init__(self, plan: Plan, settings: our.Settings, code: str) -> None:
        self.plan, self.settings, self.code = plan, settings, code
        self.compute = COMPUTE[settings.compute]
        whole = fused(plan)
        self.step: Mapping[str, Step] = {step.name: step for step in whole.flow.steps}
        self.loops = loops(plan)
        self.members = pieces(whole)
        self.used: set[str] = set()
        self.parts = [part(name) for name in self._parts()]
        taken = {"dag", "slice", "RUN", "FORM", *OURS, *KNOWN, *self.compute.constants(settings)}
        self.names = Namespace(plan, taken | {name for each in self.parts for name in _bound(each)})
        self.listings = {origin: self.names.new(f"{origin}_slices") for origin in _listed(self.members)}

    def _parts(self) -> Iterator[str]:
        yield from self.compute.parts
        if any(job.ways for job in jobs(self.members)):
            yield "arms"
        if any(isinstance(member, Listing) for member in _inside(self.members)):
            yield "lists"

    def text(self) -> str:
        constants, body = list(self._constants()), list(self._dag())
        definitions = [text for each in self.parts for text in each.definitions.values()]
        head = [*self._head(), *self._imports(), "", *constants]
        main = f'if __name__ == "__main__":\n{INDENT}dag.test()'
        return "\n\n\n".join(["\n".join(head), *definitions, "\n".join(body), main]) + "\n"

    def _head(self) -> Iterator[str]:
        flow = self.plan.flow
        yield _comment(f"# {flow.name}, compiled by flowport {flowport.__version__} from {flow.file}: change that, and compile it again.")
        graph = "\n".join(f"{INDENT}{line}" for line in outline(self.plan, docs=False).splitlines())
        yield docstring(f"{flow.doc.strip() or flow.name}\n\n{graph}")
        yield ""

    def _imports(self) -> Iterator[str]:
        known = [{KNOWN[name][0]: {KNOWN[name][1]}} for name in sorted(self.used & KNOWN.keys())]
        own = sorted({"DAG", "Param", *(self.used & OURS.keys())})
        yield from import_lines(
            merged([*(each.always for each in self.parts), *known]),
            merged([*(each.new for each in self.parts), *({OURS[name][0]: {name}} for name in own)]),
            merged([*(each.old for each in self.parts), *({OURS[name][1]: {name}} for name in own)]),
        )

    def _constants(self) -> Iterator[str]:
        settings, flow = self.settings, self.plan.flow
        for name, value in self.compute.constants(settings).items():
            yield statement(f"{name} = ", value)
        name, store = self._value(flow.name), self._value(settings.store)
        sizes = {"width": settings.width, "total": settings.total}
        said = Invocation(name, "{{ run_id }}", "", "", store, self.code, **sizes, last=-1).variables()
        run = {name: value for name, value in said.items() if value}
        yield "# What every task is told. The epoch grows when a task is cleared: then it runs again, and what follows sees it."
        yield statement("RUN = ", {**run, variable("epoch"): EPOCH})
        yield "# What the first task is told besides: the trigger form as it was filled in, and whose run it is."
        form = "{{ params | tojson | replace('$', '$$') }}" if self.compute.expands else "{{ params | tojson }}"
        yield statement("FORM = ", {variable("form"): form, variable("engine"): START})

    def _dag(self) -> Iterator[str]:
        yield self._written("with ", self._arguments(), "", " as dag:")
        yield from self._members(self.members, INDENT)
        inner = {frozenset(pair) for each in _eaches(self.members) for pair in self._edges(each.members)}
        outer = [pair for pair in self._edges(self.members) if frozenset(pair) not in inner]
        if outer:
            yield ""
        yield from (f"{INDENT}{line}" for line in chained(outer))

    def _arguments(self) -> Call:
        flow, settings = self.plan.flow, self.settings
        named: dict[str, Value] = {"dag_id": settings.dag_id}
        if settings.dag_id != flow.name:
            named["dag_display_name"] = flow.name
        if flow.doc.strip():
            named["description"] = first_line(flow.doc)
        named |= {
            "doc_md": Code("__doc__"),
            "schedule": None,
            "start_date": Code("datetime(2024, 1, 1, tzinfo=timezone.utc)"),
            "catchup": False,
        }
        self.used |= {"datetime", "timezone"}
        if settings.max_concurrency is not None:
            named["max_active_tasks"] = settings.max_concurrency
        named["default_args"] = {"owner": settings.owner, "retries": 0, **self.compute.defaults(settings), **settings.default_args}
        return Call("DAG", (), {**named, "params": params(flow), "tags": ["flowport", *settings.tags]})

    def _written(self, before: str, value: Value, indent: str, after: str = "") -> str:
        """A statement, whose names are from then on used."""
        self.used.update(names(value))
        return statement(before, value, indent, after)

    def _members(self, members: tuple[Member, ...], indent: str, each: Each | None = None) -> Iterator[str]:
        """The statements that make these tasks and groups; `each` is the group around them."""
        for member in members:
            match member:
                case Job():
                    yield self._written(f"{self._variable(member.step)} = ", self._call(member, each), indent)
                case Listing(origin):
                    listing = self.listings[origin]
                    call = Call(f"slices.override(task_id={quoted(listing.id)})", (Code(f"{self._variable(origin)}.output"),))
                    yield self._written(f"{listing.variable} = ", call, indent)
                case Branch(first, inner):
                    name = self.names.new(f"{first}_branch")
                    yield self._written("with ", Call("TaskGroup", (name.id,), {"prefix_group_id": False}), indent, ":")
                    yield from self._members(inner, indent + INDENT, each)
                case Each():
                    yield from self._each(member, indent)

    def _each(self, each: Each, indent: str) -> Iterator[str]:
        """A mapped group: a function that makes its tasks and gives back those that others wait for, or that wait for others."""
        group = self.names.new(each.over if each.number == 1 else f"{each.over}_{each.number}")
        inner = indent + INDENT
        edges = self._edges(each.members)
        mine = {self._variable(job.step) for job in jobs(each.members)}
        outside = {name for pair in self._edges(self.members) if len(mine & set(pair)) == 1 for name in pair}
        back = [name for job in jobs(each.members) if (name := self._variable(job.step)) in outside]
        over = self.listings[each.origin].variable if each.nested else f"{self._variable(each.origin)}.output"
        named: dict[str, Value] = {"prefix_group_id": False}
        if each.nested:
            # The index of an instance says nothing about an inner foreach.
            listed = self.listings[each.origin].id
            named["default_args"] = {"map_index_template": f"{{{{ ti.xcom_pull(task_ids='{listed}')[ti.map_index] }}}}"}
        yield ""
        if group.id != group.variable:
            named["group_id"] = group.id
        yield self._written("@", Call("task_group", (), named), indent)
        yield f"{indent}def {group.variable}(slice):"
        yield from self._members(each.members, inner, each)
        yield from (f"{inner}{line}" for line in chained(edges))
        yield f"{inner}return {', '.join(back)}"
        yield ""
        yield self._written(f"{', '.join(back)} = ", Call(f"{group.variable}.expand", (), {"slice": Code(over)}), indent)

    def _edges(self, members: tuple[Member, ...]) -> list[tuple[str, str]]:
        """What waits for what, by the names of variables: of the tasks in `members` that which concerns no others, of all of them all."""
        made = list(jobs(members))
        whole = members is self.members
        here = {job.step for job in made}
        nested = {job.step: each.origin for each in _eaches(self.members) if each.nested for job in jobs(each.members)}
        found = []
        for job in made:
            for other in job.after:
                if nested.get(job.step) == other:
                    listing = self.listings[other].variable
                    found += [(self._variable(other), listing), (listing, self._variable(job.step))] if whole else []
                elif whole or other in here:
                    found.append((self._variable(other), self._variable(job.step)))
        return found

    def _call(self, job: Job, each: Each | None) -> Call:
        step, name = self.step[job.step], self.names.tasks[job.step]
        asked = step.settings
        named: dict[str, Value] = {}
        if step.name != name.id:
            named["name"] = step.name
        if step.name in self.loops:
            named["command"] = "block"
        elif step.name != name.id:
            named["task_display_name"] = step.name
        if environment := self._environment(step):
            named["environment"] = environment
        if isinstance(step.transition, Foreach | Switch):
            named["answers"] = True
        if job.anyway:
            named["trigger_rule"] = ANYWAY
        if job.ways:
            ways = tuple((self.names.tasks[way.source].id, way.target) for way in job.ways)
            named["pre_execute"] = Call("when", ways)
        named |= self._tries(asked, each)
        if asked.resources:
            named |= self.compute.arguments(asked.resources or Resources(), self.settings)
        if step.doc.strip():
            named["doc_md"] = first_line(step.doc)
        return Call("step", (name.id, *((Code("slice"),) if each else ())), named)

    def _tries(self, asked: Settings, each: Each | None) -> Iterator[tuple[str, Value]]:
        if asked.granted:
            yield "retries", asked.granted
            yield "retry_delay", Call("timedelta", (), _duration(asked.minutes * 60))
        if asked.timeout is not None and each is None:
            # How many items a slice has is not known yet, so in a foreach only the runtime, which times each item, can say when to stop.
            yield "execution_timeout", Call("timedelta", (), _duration(asked.timeout + SLACK))

    def _environment(self, step: Step) -> Value:
        """The variables of a step's task beyond those that all have."""
        own: dict[str, Value] = {name: self._value(value) for name, value in step.settings.environment}
        if step.name != self.plan.flow.start:
            return own
        return {"**": Code("FORM"), **own} if own else Code("FORM")

    def _value(self, text: str) -> str:
        """A text as the value of a variable of the environment, on its way through Airflow's templates and the engine behind."""
        return literal(text.replace("$", "$$") if self.compute.expands else text)

    def _variable(self, step: str) -> str:
        return self.names.tasks[step].variable


def first_line(doc: str) -> str:
    """The first line of a docstring."""
    return doc.strip().partition("\n")[0].strip()


def _duration(seconds: float) -> dict[str, Value]:
    seconds = min(seconds, LONGEST)
    minutes = seconds / 60
    return {"minutes": round(minutes)} if minutes == round(minutes) and minutes else {"seconds": round(seconds, 3)}


def _comment(text: str) -> str:
    return "".join(character if character.isprintable() else " " for character in text)


def _bound(each: Part) -> Iterator[str]:
    """The names that a part brings into a file."""
    yield from each.definitions
    for imports in (each.always, each.new, each.old):
        for module, imported in imports.items():
            yield from (name.rpartition(" ")[2] for name in imported or {module.partition(".")[0]})


def _inside(members: tuple[Member, ...]) -> Iterator[Member]:
    """All members, those in branches and groups too."""
    for member in members:
        yield member
        if isinstance(member, Branch | Each):
            yield from _inside(member.members)


def _listed(members: tuple[Member, ...]) -> list[str]:
    return [member.origin for member in _inside(members) if isinstance(member, Listing)]


def _eaches(members: tuple[Member, ...]) -> list[Each]:
    return [member for member in _inside(members) if isinstance(member, Each)]
