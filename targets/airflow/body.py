"""Pieces -> the statements of a DAG: one for each task, functions for mapped groups, and at the end the dependencies."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from flowport.compiler.ir import Foreach, Step, Switch
from flowport.targets.airflow.groups import Branch, Each, Job, Listing, Member, inside, jobs
from flowport.targets.airflow.names import Names
from flowport.targets.airflow.python import Call, Code, Value, chained, duration, names, quoted, statement

INDENT = "    "
ANYWAY = "none_failed_min_one_success"
"""The trigger rule of a task before which something may have been skipped, though not all."""


def first_line(doc: str) -> str:
    """The first line of a docstring."""
    return doc.strip().partition("\n")[0].strip()


class Body:
    """The body of a DAG. `arguments` are those of a step's task that depend on where it runs.

    `used` has the names that the statements read, as soon as they are made.
    """

    def __init__(
        self, members: tuple[Member, ...], steps: Mapping[str, Step], called: Names, arguments: Callable[[Step], Mapping[str, Value]]
    ) -> None:
        self._members, self._steps, self._called, self._arguments = members, steps, called, arguments
        self._listings = {member.origin: called.new(f"{member.origin}_slices") for member in inside(members) if isinstance(member, Listing)}
        self._eaches = [member for member in inside(members) if isinstance(member, Each)]
        self._nested = {job.step: each.origin for each in self._eaches if each.nested for job in jobs(each.members)}
        self.used: set[str] = set()

    def lines(self) -> Iterator[str]:
        """The statements, indented once."""
        yield from self._written(self._members, INDENT)
        if outer := self._edges_outside():
            yield ""
            yield from (f"{INDENT}{line}" for line in chained(outer))

    def _statement(self, before: str, value: Value, indent: str, after: str = "") -> str:
        self.used.update(names(value))
        return statement(before, value, indent, after)

    def _written(self, members: tuple[Member, ...], indent: str, each: Each | None = None) -> Iterator[str]:
        """The statements that make tasks and groups; `each` is the mapped group around them."""
        for member in members:
            match member:
                case Job(step):
                    yield self._statement(f"{self._called[step].variable} = ", self._call(member, each), indent)
                case Listing(origin):
                    listing, around = self._listings[origin], next(each for each in self._eaches if origin in steps_of(each))
                    arguments = (self._called[origin].id, Code(self._over(around)))
                    call = Call(f"slices.override(task_id={quoted(listing.id)})", arguments)
                    yield self._statement(f"{listing.variable} = ", call, indent)
                case Branch(first, inner):
                    name = self._called.new(f"{first}_branch")
                    yield self._statement("with ", Call("TaskGroup", (name.id,), {"prefix_group_id": False}), indent, ":")
                    yield from self._written(inner, indent + INDENT, each)
                case Each():
                    yield from self._mapped(member, indent)

    def _mapped(self, each: Each, indent: str) -> Iterator[str]:
        """A mapped group: a function that makes its tasks, and gives back those that wait for others or that others wait for."""
        group = self._called.new(each.over if each.number == 1 else f"{each.over}_{each.number}")
        named: dict[str, Value] = {"prefix_group_id": False}
        if each.nested:
            # What an instance works on says its slice: of an inner foreach the index says nothing.
            listed = self._listings[each.origin].id
            named["default_args"] = {"map_index_template": f"{{{{ ti.xcom_pull(task_ids='{listed}')[ti.map_index] }}}}"}
        if group.id != group.variable:
            named["group_id"] = group.id
        back = ", ".join(self._called[step].variable for step in self._known_outside(each))
        yield ""
        yield self._statement("@", Call("task_group", (), named), indent)
        yield f"{indent}def {group.variable}(slice):"
        match each.members:
            case (Job() as job,):
                yield self._statement("return ", self._call(job, each), indent + INDENT)
            case _:
                yield from self._written(each.members, indent + INDENT, each)
                yield from (f"{indent}{INDENT}{line}" for line in chained(self._edges_inside(each)))
                yield f"{indent}{INDENT}return {back}"
        yield ""
        yield self._statement(f"{back} = ", Call(f"{group.variable}.expand", (), {"slice": Code(self._over(each))}), indent)

    def _over(self, each: Each) -> str:
        """The list of slices that a group is mapped over."""
        return self._listings[each.origin].variable if each.nested else f"{self._called[each.origin].variable}.output"

    def _known_outside(self, each: Each) -> list[str]:
        """The steps of a group that have to do with others."""
        mine = steps_of(each)
        back = {other for job in jobs(self._members) if job.step not in mine for other in job.after}
        return [job.step for job in jobs(each.members) if job.step in back or not mine.issuperset(job.after)]

    def _edges_inside(self, each: Each) -> list[tuple[str, str]]:
        """Who waits for whom in a group, as variables."""
        mine = steps_of(each)
        return [self._edge(other, job.step) for job in jobs(each.members) for other in job.after if other in mine]

    def _edges_outside(self) -> list[tuple[str, str]]:
        """Who waits for whom beyond that; what an inner foreach begins with waits for its list, and that for all instances of the split."""
        inner = {edge for each in self._eaches for edge in self._edges_inside(each)}
        found = []
        for job in jobs(self._members):
            for other in job.after:
                if self._nested.get(job.step) == other:
                    listing = self._listings[other].variable
                    found += [(self._called[other].variable, listing), (listing, self._called[job.step].variable)]
                elif (edge := self._edge(other, job.step)) not in inner:
                    found.append(edge)
        return found

    def _edge(self, other: str, step: str) -> tuple[str, str]:
        return self._called[other].variable, self._called[step].variable

    def _call(self, job: Job, each: Each | None) -> Call:
        """The call that makes the task of a step."""
        step, name = self._steps[job.step], self._called[job.step]
        named: dict[str, Value] = {}
        if step.name != name.id:
            named["name"] = step.name
            named |= {"command": "block"} if step.name in self._called.loops else {"task_display_name": step.name}
        if isinstance(step.transition, Foreach | Switch):
            named["answers"] = True
        if job.anyway:
            named["trigger_rule"] = ANYWAY
        if job.ways:
            named["pre_execute"] = Call("when", tuple((self._called[way.source].id, way.target) for way in job.ways))
        if step.settings.retries:
            named |= {"retries": step.settings.retries, "retry_delay": duration(step.settings.minutes * 60)}
        named |= self._arguments(step)
        if step.doc.strip():
            named["doc_md"] = first_line(step.doc)
        return Call("step", (name.id, *((Code("slice"),) if each else ())), named)


def steps_of(each: Each) -> set[str]:
    """The steps that have a task in a group."""
    return {job.step for job in jobs(each.members)}
