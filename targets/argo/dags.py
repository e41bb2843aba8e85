"""The graph of a workflow -> its DAG templates: one for the flow, one for every foreach of several steps, and one for a turn of every loop.

A loop's template calls itself for the next turn. A DAG that has more tasks than Argo takes is cut into parts, one after the other.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Protocol

from flowport.compiler.ir import JSON, Settings
from flowport.targets.argo.gangs import NODE, NODES, node_counts
from flowport.targets.argo.graph import After, Each, Job, Member, Turns, jobs
from flowport.targets.argo.names import Names
from flowport.targets.argo.split import split

MAIN = "main"
SLICE, TURN = "{{inputs.parameters.slice}}", "{{inputs.parameters.turn}}"
OF_TURN = f"{SLICE}.t{TURN}"


class Pods(Protocol):
    """Gives the name of the pod template of a step, or of the rest of the loop with that header."""

    def __call__(self, step: str, *, rest: bool = False) -> str: ...


class Dags:
    """Makes the templates of `members`; `pods` has those of pods, and `gangs` the steps whose nodes have a pod each."""

    def __init__(self, members: tuple[Member, ...], template: Names, pods: Pods, gangs: Mapping[str, Settings]) -> None:
        self.made: list[JSON] = []
        self._template, self._pods, self._gangs = template, pods, gangs
        self._task = Names()
        for job in jobs(members):
            self._task(job.step)
        self._dag(MAIN, members, "s")

    def _dag(self, name: str, members: tuple[Member, ...], slice: str, *inputs: str) -> None:
        """Add a template, and behind it those that it calls."""
        tasks: list[JSON] = []
        self._add(name, tasks, inputs)
        cut = split(members)
        if len(cut) == 1:
            tasks += self._tasks(members, slice)
            return
        previous: dict[str, JSON] = {}
        for number, part in enumerate(cut, 1):
            task = self._task(f"part {number} of {name}", f"part-{number}")
            body = self._template(f"part {number} of {name}", f"{name}-part-{number}")
            handed = {each: f"{{{{inputs.parameters.{each}}}}}" for each in inputs}
            tasks.append({"name": task, **previous, **_called(body, handed)})
            self._dag(body, part, slice, *inputs)
            previous = {"depends": f"{task}.Succeeded"}

    def _add(self, name: str, tasks: list[JSON], inputs: tuple[str, ...], outputs: dict[str, JSON] | None = None) -> None:
        declared: dict[str, JSON] = {"inputs": {"parameters": [{"name": each} for each in inputs]}} if inputs else {}
        self.made.append({"name": name, **declared, **(outputs or {}), "dag": {"tasks": tasks}})

    def _tasks(self, members: tuple[Member, ...], slice: str) -> Iterator[JSON]:
        for member in members:
            match member:
                case Job(step):
                    yield {**self._begun(member), **self._pod(step, slice)}
                case Each():
                    yield self._each(member, slice)
                case Turns():
                    yield self._loop(member, slice)

    def _begun(self, job: Job, name: str = "", also: str = "") -> dict[str, JSON]:
        """The part of a task that says when it begins; `also` is a further condition."""
        made: dict[str, JSON] = {"name": name or self._task(job.step)}
        if job.after:
            made["depends"] = " && ".join(self._depends(after) for after in job.after)
        if job.ways:
            way = " || ".join(self._way(way.source, way.target, way.source in job.unsure) for way in job.ways)
            made["when"] = f"{{{{= {f'({way})' if also and len(job.ways) > 1 else way}{also} }}}}"
        return made

    def _depends(self, after: After) -> str:
        name = self._over(after.step) if after.each else self._task(after.step)
        skipped = [f"{name}.Skipped"] if after.each else [f"{self._task(step)}.Skipped" for step in after.unless]
        return f"({' || '.join([f'{name}.Succeeded', *skipped])})" if skipped else f"{name}.Succeeded"

    def _way(self, source: str, target: str, unsure: bool) -> str:
        """Whether an item went from one step to another: a route is a JSON list of the steps that items were sent to."""
        name = self._task(source)
        if not unsure:
            return f"'{target}' in fromJSON(tasks['{name}'].outputs.parameters.route)"
        # Argo (4.1) tries expressions when a DAG begins, where no task is known yet: one of `?.` and `??` alone would come to false there.
        return f"tasks['{name}'].status == 'Succeeded' && '{target}' in fromJSON(tasks['{name}']?.outputs?.parameters?.route ?? '[]')"

    def _pod(self, step: str, slice: str, *, rest: bool = False) -> dict[str, JSON]:
        return _called(self._pods(step, rest=rest), {"step": step, "slice": slice})

    def _over(self, origin: str, over: str = "") -> str:
        """The name of the task that stands for a foreach."""
        return self._task(f"foreach {origin}", over)

    def _each(self, each: Each, slice: str) -> JSON:
        origin = self._task(each.origin)
        inner = f"{slice}.{{{{item}}}}"
        count = f"{{{{= len(fromJSON(tasks['{origin}'].outputs.parameters.route)) }}}}"
        made: dict[str, JSON] = {"name": self._over(each.origin, each.over), "depends": f"{origin}.Succeeded"}
        match each.members:
            case (Job(step),) if step in self._gangs:
                number, count = node_counts(self._gangs[step], origin)
                made |= _called(self._pods(step), {"step": step, "slice": f"{slice}.0", NODE: "{{item}}", NODES: number})
            case (Job(step),):
                made |= self._pod(step, inner)
            case _:
                body = self._template(f"foreach {each.origin}", each.over)
                made |= _called(body, {"slice": inner})
                self._dag(body, each.members, SLICE, "slice")
        return {**made, "withSequence": {"count": count}}

    def _loop(self, loop: Turns, slice: str) -> JSON:
        header = loop.job.step
        name = self._template(f"loop {header}", f"{header}-loop")
        more, rest = self._task(f"again {header}", "again"), self._task(f"rest {header}", "rest")
        last = f" && asInt(inputs.parameters.turn) {{}} {loop.cap - 1}"
        next_turn = _called(name, {"slice": SLICE, "turn": "{{= asInt(inputs.parameters.turn) + 1 }}"})
        tasks: list[JSON] = []
        self._add(name, tasks, ("slice", "turn"), self._left(loop, more, rest))
        tasks += self._tasks(loop.members, OF_TURN)
        tasks.append({**self._begun(loop.again, more, last.format("<") if loop.rest else ""), **next_turn})
        if loop.rest:
            tasks.append({**self._begun(loop.again, rest, last.format("==")), **self._pod(header, SLICE, rest=True)})
        return {**self._begun(loop.job), **_called(name, {"slice": slice, "turn": "0"})}

    def _left(self, loop: Turns, *after: str) -> dict[str, JSON]:
        """Where the item left a loop with several ways out: what comes after this turn knows, else the last of its steps that ran."""
        if not loop.ways_out:
            return {}
        names = [*(after if loop.rest else after[:1]), *map(self._task, loop.ways_out)]
        expression = " ?? ".join([*(f"tasks['{name}']?.outputs?.parameters?.route" for name in names), "'[]'"])
        return {"outputs": {"parameters": [{"name": "route", "valueFrom": {"expression": expression}}]}}


def _called(template: str, parameters: dict[str, str]) -> dict[str, JSON]:
    """The part of a task that says what it runs."""
    made: dict[str, JSON] = {"template": template}
    if parameters:
        made["arguments"] = {"parameters": [{"name": name, "value": value} for name, value in parameters.items()]}
    return made
