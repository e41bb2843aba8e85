"""Plan -> the JSON that travels in the code package and that the runtime reads.

    .flowport/flow.json          the flow itself: its file and class, its parameters
    .flowport/plan.json          its structure: the body, in nested blocks, and the retries of its steps
    .flowport/definitions.json   a digest for each class and function of its modules, which values may be of
    .flowport/included.json      the files that travel with the flow, when there are any
    .flowport/plan/<step>.json   what one task needs: its transition, its settings and its `sites`

A site says, for a step, inside which `scopes` it stands, how items `enter` its block, and `from` where they come:

    enter  ["root"]                          the run's one item
           ["split", origin]                 all items of the slice that the foreach of `origin` made
           ["turn", header]                  who arrived at the header in this turn
           ["again", header, outer, sources] the header itself: `outer` in turn 0, then who was sent back
           ["edges", [[source, target], ..]] who took one of these edges
    source ["step", name]                    a step in the same scopes
           ["loop", header]                  a loop that is left; its own sources stand in `exits`

`from` is a list of sources; a join has one list for each branch, the `origin` that opened them, and whether it was a `foreach`. The plan
of a step has only the sites that the replay of that step can reach, so a flow of 10,000 steps starts as fast as one of two.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import TypeAlias

from flowport.compiler.ir import JSON, Branch, Computed, Constant, End, Flow, Foreach, Next, NoDefault, Parameter, Step, Switch, targets
from flowport.compiler.plan import Block, Choice, Edge, Loop, Map, Node, Parallel, Plan, Task, steps
from flowport.compiler.record import field, record
from flowport.runtime.protocol import CONTRACT, DEFINITIONS, FLOW, INCLUDED, PLAN, STEP_PLANS

Document: TypeAlias = dict[str, JSON]


def documents(plan: Plan, further: Iterable[str] = ()) -> Iterator[tuple[str, bytes]]:
    """Every document of the plan with its path in the code package; `further` are the paths of files that the flow includes."""
    yield FLOW, _bytes(flow_document(plan.flow))
    yield PLAN, _bytes(plan_document(plan))
    yield DEFINITIONS, _bytes({"v": CONTRACT, "modules": {name: dict(found) for name, found in sorted(plan.flow.definitions.items())}})
    if included := sorted(further):
        yield INCLUDED, _bytes({"v": CONTRACT, "files": [*included]})
    survey = _Survey(plan)
    for step in plan.flow.steps:
        if step.name in survey.sites:
            yield f"{STEP_PLANS}{step.name}.json", _bytes(survey.document(step))


def _bytes(document: Document) -> bytes:
    return json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "surrogatepass")


def flow_document(flow: Flow) -> Document:
    """What every task reads: which class it is, and what its parameters are."""
    document: Document = {
        "v": CONTRACT,
        "flow": flow.name,
        "file": flow.file,
        "class": flow.class_name,
        "roots": list(flow.roots),
        "start": flow.start,
        "end": flow.end,
        "parameters": [_parameter(parameter) for parameter in flow.parameters],
    }
    if flow.unused:
        document["unused"] = [*flow.unused]
    return document


def plan_document(plan: Plan) -> Document:
    """What the local runner and a fused block read: the order of all the steps."""
    granted: Document = {}
    minutes: Document = {}
    for step in plan.flow.steps:
        if step.settings.granted:
            granted[step.name] = step.settings.granted
            minutes[step.name] = step.settings.minutes
    return {
        "v": CONTRACT,
        "steps": list(steps(plan.body)),
        "retries": granted,
        "minutes": minutes,
        "body": _block(plan.body),
    }


def _parameter(parameter: Parameter) -> Document:
    document: Document = {
        "attribute": parameter.attribute,
        "name": parameter.name,
        "kind": parameter.kind,
        "required": parameter.required,
        "help": parameter.help,
        "choices": [plain(choice) for choice in parameter.choices],
        "computed": isinstance(parameter.default, Computed),
    }
    if not isinstance(parameter.default, Computed | NoDefault):
        document["default"] = plain(parameter.default)
    if parameter.kind == "file":
        document.update(text=parameter.text, encoding=parameter.encoding)
    return document


def plain(value: Constant) -> JSON:
    """A constant as JSON: tuples and sets become lists, keys become text; raises TypeError for bytes and complex numbers."""
    match value:
        case None | bool() | int() | float() | str():
            return value
        case list() | tuple():
            return [plain(item) for item in value]
        case set() | frozenset():
            return [plain(item) for item in sorted(value, key=repr)]
        case dict():
            return {str(key): plain(item) for key, item in value.items()}
        case _:
            raise TypeError(f"{type(value).__name__} has no JSON form")


def _block(block: Block) -> list[JSON]:
    return [_node(node) for node in block]


def _node(node: Node) -> Document:
    match node:
        case Task(step):
            return {"task": step}
        case Parallel(origin, branches):
            return {"parallel": origin, "branches": [_block(branch) for branch in branches]}
        case Map(origin=origin, body=body):
            return {"map": origin, "body": _block(body)}
        case Choice(origin, arms):
            return {"choice": origin, "arms": [{"edges": _edges(arm.edges), "body": _block(arm.body)} for arm in arms]}
        case Loop(header, body, again, exits):
            return {"loop": header, "body": _block(body), "again": list(again), "exits": _edges(exits)}


def _edges(edges: Iterable[Edge]) -> list[JSON]:
    return [[edge.source, edge.target] for edge in edges]


Source: TypeAlias = tuple[str, str]
"""("step", name) or ("loop", header)."""


@record
class _Place:
    """Where a block stands: its scopes, outermost first, and how items enter it."""

    scopes: tuple[tuple[str, str], ...] = ()
    enter: tuple[JSON, ...] = ("root",)
    workers: int = 1


@record(frozen=False)
class _Site:
    place: _Place
    enter: tuple[JSON, ...]
    branches: list[list[Source]] = field(default_factory=list)
    """The sources, one list for each branch of a join; one list for any other step."""


class _Survey:
    """The site of every step, found in one walk over the plan."""

    def __init__(self, plan: Plan) -> None:
        self.flow: Flow = plan.flow
        self.step: Mapping[str, Step] = {step.name: step for step in plan.flow.steps}
        self.sites: dict[str, _Site] = {}
        self.loops: dict[str, Loop] = {}
        self.splits: dict[str, list[list[str]]] = {}
        self.origin: dict[str, str] = {}
        self.before: dict[str, list[str]] = {}
        for step in plan.flow.steps:
            for target in targets(step.transition):
                self.before.setdefault(target, []).append(step.name)
        self.visit(plan.body, _Place())
        self.ends = {name for loop in self.loops.values() for name in (*loop.again, *(edge.source for edge in loop.exits))}
        for name in self.sites:
            self.connect(name)

    def visit(self, block: Block, place: _Place) -> None:
        """Record every step of a block, and for a join what was opened in front of it."""
        opened: tuple[str, list[tuple[str, ...]]] | None = None
        for node in block:
            match node:
                case Task(step):
                    self.sites.setdefault(step, _Site(place, place.enter))
                    if opened is not None and self.step[step].join:
                        self.origin[step] = opened[0]
                        self.splits[step] = [list(names) for names in opened[1]]
                    opened = None
                case Parallel(origin, branches):
                    for branch in branches:
                        self.visit(branch, place)
                    opened = (origin, [steps(branch) for branch in branches])
                case Map(origin=origin, body=body):
                    self.visit(body, self._mapped(origin, place))
                    opened = (origin, [steps(body)])
                case Choice(arms=arms):
                    for arm in arms:
                        self.visit(arm.body, _Place(place.scopes, ("edges", _edges(arm.edges)), place.workers))
                case Loop(header=header, body=body):
                    self.loops[header] = node
                    inner = _Place((*place.scopes, ("loop", header)), ("turn", header), place.workers)
                    self.sites[header] = _Site(inner, ("again", header, list(place.enter)))
                    self.visit(body, inner)

    def _mapped(self, origin: str, place: _Place) -> _Place:
        transition = self.step[origin].transition
        assert isinstance(transition, Foreach)
        workers = transition.workers if transition.workers > 1 else place.workers
        return _Place((*place.scopes, ("foreach", origin)), ("split", origin), workers)

    def connect(self, name: str) -> None:
        """Where the items of a step come from: steps beside it, or loops that are left."""
        site = self.sites[name]
        if name in self.splits:
            sources = [source for source in self.before.get(name, ()) if source in self.sites]
            for branch in self.splits[name]:
                inside = set(branch)
                site.branches.append(self._sources([source for source in sources if source in inside], self._outermost(branch)))
        else:
            depth = site.place.scopes[:-1] if name in self.loops else site.place.scopes
            header = self.loops.get(name)
            outer = [source for source in self.before.get(name, ()) if source in self.sites and not (header and self._inside(source, name))]
            site.branches = [self._sources(outer, depth)]

    def _outermost(self, branch: list[str]) -> tuple[tuple[str, str], ...]:
        """The scopes in which a branch itself stands; its first step may be a loop's header."""
        first = self.sites[branch[0]]
        return first.place.scopes[:-1] if branch[0] in self.loops else first.place.scopes

    def _inside(self, step: str, header: str) -> bool:
        return ("loop", header) in self.sites[step].place.scopes

    def _sources(self, names: Iterable[str], scopes: tuple[tuple[str, str], ...]) -> list[Source]:
        """The steps as seen from `scopes`: one that stands in a loop inside them is seen as that loop, the split of a foreach as itself."""
        found: dict[Source, None] = {}
        for name in names:
            own = self.sites[name].place.scopes
            found[("step", name) if len(own) <= len(scopes) else ("loop", own[len(scopes)][1])] = None
        return list(found)

    def again(self, header: str) -> list[Source]:
        """Who sends items back to a header, seen from inside its loop."""
        return self._sources(self.loops[header].again, self.sites[header].place.scopes)

    def exits(self, header: str) -> dict[str, list[Source]]:
        """Who sends items out of a loop, by target."""
        found: dict[str, list[str]] = {}
        for edge in self.loops[header].exits:
            found.setdefault(edge.target, []).append(edge.source)
        return {target: self._sources(names, self.sites[header].place.scopes) for target, names in found.items()}

    def document(self, step: Step) -> Document:
        """What a task of the step reads."""
        site = self.sites[step.name]
        retry, catch, environment = step.settings.retry, step.settings.catch, step.settings.environment
        document: Document = {
            "v": CONTRACT,
            "step": step.name,
            "digest": step.digest,
            "join": step.join,
            "transition": _transition(step),
            "times": retry.times if retry else 0,
            "catch": {"var": catch.var, "print": catch.print_exception} if catch else None,
            "timeout": step.settings.timeout,
            "workers": site.place.workers,
            "environment": dict(environment),
            "routed": self._routed(step),
            "left": [*sorted(self._ways_out(step.name))],
            "sites": {name: self._site(name) for name in self._reach(step.name)},
        }
        return document

    def _routed(self, step: Step) -> bool:
        """Whether an engine reads where the items of a step went: of a switch, and of what goes back in a loop or leaves it."""
        return isinstance(step.transition, Switch) or step.name in self.ends

    def _ways_out(self, header: str) -> set[str]:
        """Where a loop with several ways out is left to; an engine then asks its header who left before."""
        found = {edge.target for edge in self.loops[header].exits} if header in self.loops else set()
        return found if len(found) > 1 else set()

    def _site(self, name: str) -> Document:
        site = self.sites[name]
        scopes = site.place.scopes
        document: Document = {"scopes": [list(scope) for scope in scopes], "enter": self._enter(list(site.enter), scopes)}
        if name in self.loops:
            document["exits"] = {target: [list(source) for source in sources] for target, sources in self.exits(name).items()}
        lists: list[JSON] = [[list(source) for source in branch] for branch in site.branches]
        document["from"] = lists if name in self.origin else lists[0]
        if name in self.origin:
            document["origin"] = self.origin[name]
            document["foreach"] = isinstance(self.step[self.origin[name]].transition, Foreach)
        return document

    def _enter(self, enter: list[JSON], scopes: tuple[tuple[str, str], ...]) -> list[JSON]:
        """How items enter a block, with every source as it is seen from there."""
        match enter:
            case ["edges", list() as edges]:
                return ["edges", self._seen(edges, scopes)]
            case ["again", str() as header, list() as outer]:
                return ["again", header, self._enter(outer, scopes[:-1]), [list(source) for source in self.again(header)]]
        return enter

    def _seen(self, edges: list[JSON], scopes: tuple[tuple[str, str], ...]) -> list[JSON]:
        """Edges as pairs of a source, seen from `scopes`, and a target."""
        found: list[JSON] = []
        for edge in edges:
            assert isinstance(edge, list)
            pair: JSON = [list(self._sources([str(edge[0])], scopes)[0]), edge[1]]
            if pair not in found:
                found.append(pair)
        return found

    def _reach(self, name: str) -> list[str]:
        """The steps whose sites the replay of a step may visit."""
        found: dict[str, None] = {}
        waiting = [name]
        sources = [source for branch in self.sites[name].branches for source in branch]
        waiting += self._named(sources)
        while waiting:
            current = waiting.pop()
            if current not in found:
                found[current] = None
                waiting += self._named(self._entering(current))
        return list(found)

    def _entering(self, name: str) -> Iterator[Source]:
        """The sources that decide who enters the block of a step."""
        site = self.sites[name]
        yield from self._of(list(site.enter), site.place.scopes)
        if name in self.loops:
            yield from self.again(name)
            for sources in self.exits(name).values():
                yield from sources

    def _of(self, enter: list[JSON], scopes: tuple[tuple[str, str], ...]) -> Iterator[Source]:
        match enter:
            case ["edges", list() as edges]:
                yield from self._sources((str(edge[0]) for edge in edges if isinstance(edge, list)), scopes)
            case ["turn", str() as header]:
                yield "loop", header
            case ["again", _, list() as outer]:
                yield from self._of(outer, scopes[:-1])

    def _named(self, sources: Iterable[Source]) -> list[str]:
        return [name for _, name in sources]


def _transition(step: Step) -> Document:
    match step.transition:
        case Next(target):
            return {"next": target}
        case Branch(names):
            return {"branch": list(names)}
        case Foreach(target, over, batch):
            return {"foreach": target, "over": over, "batch": batch}
        case Switch(condition, cases):
            return {"switch": condition, "cases": [[case.value, case.target] for case in cases]}
        case End():
            return {"end": True}
