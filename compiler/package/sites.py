"""Where the items of each step come from, so that the runtime finds its inputs.

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

from collections.abc import Iterable, Iterator, Mapping
from typing import TypeAlias

from flowport.compiler.ir import JSON, Flow, Foreach, Step, Switch, targets
from flowport.compiler.ir.plan import Block, Choice, Edge, Loop, Map, Parallel, Plan, Task, steps
from flowport.compiler.record import field, record
from flowport.runtime.process.nodes import MOST_NODES

Document: TypeAlias = dict[str, JSON]
Source: TypeAlias = tuple[str, str]
"""("step", name) or ("loop", header)."""


@record
class _Position:
    """Where a block stands: its scopes, outermost first, and how items enter it."""

    scopes: tuple[tuple[str, str], ...] = ()
    enter: tuple[JSON, ...] = ("root",)
    workers: int = 1


@record(frozen=False)
class _Site:
    place: _Position
    enter: tuple[JSON, ...]
    branches: list[list[Source]] = field(default_factory=list)
    """The sources, one list for each branch of a join; one list for any other step."""


class Sites:
    """The site of every step, found in one walk over the plan."""

    def __init__(self, plan: Plan) -> None:
        self.flow: Flow = plan.flow
        self.step: Mapping[str, Step] = {step.name: step for step in plan.flow.steps}
        self.of: dict[str, _Site] = {}
        self.loops: dict[str, Loop] = {}
        self.splits: dict[str, list[list[str]]] = {}
        self.origin: dict[str, str] = {}
        self.before: dict[str, list[str]] = {}
        for step in plan.flow.steps:
            for target in targets(step.transition):
                self.before.setdefault(target, []).append(step.name)
        self.visit(plan.body, _Position())
        self.ends = {name for loop in self.loops.values() for name in (*loop.again, *(edge.source for edge in loop.exits))}
        for name in self.of:
            self.connect(name)

    def visit(self, block: Block, place: _Position) -> None:
        """Record every step of a block, and for a join the split before it."""
        opened: tuple[str, list[tuple[str, ...]]] | None = None
        for node in block:
            match node:
                case Task(step):
                    self.of.setdefault(step, _Site(place, place.enter))
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
                        self.visit(arm.body, _Position(place.scopes, ("edges", edge_pairs(arm.edges)), place.workers))
                case Loop(header=header, body=body):
                    self.loops[header] = node
                    inner = _Position((*place.scopes, ("loop", header)), ("turn", header), place.workers)
                    self.of[header] = _Site(inner, ("again", header, list(place.enter)))
                    self.visit(body, inner)

    def _mapped(self, origin: str, place: _Position) -> _Position:
        transition = self.step[origin].transition
        assert isinstance(transition, Foreach)
        own = (transition.items or MOST_NODES) if transition.gang else transition.workers
        workers = own if own > 1 else place.workers
        most = transition.max_parallel or workers
        return _Position((*place.scopes, ("foreach", origin)), ("split", origin), min(workers, most))

    def connect(self, name: str) -> None:
        """Where the items of a step come from: steps beside it, or loops that are left."""
        site = self.of[name]
        if name in self.splits:
            sources = [source for source in self.before.get(name, ()) if source in self.of]
            for branch in self.splits[name]:
                inside = set(branch)
                site.branches.append(self._sources([source for source in sources if source in inside], self._outermost(branch)))
        else:
            depth = site.place.scopes[:-1] if name in self.loops else site.place.scopes
            header = self.loops.get(name)
            outer = [source for source in self.before.get(name, ()) if source in self.of and not (header and self._inside(source, name))]
            site.branches = [self._sources(outer, depth)]

    def _outermost(self, branch: list[str]) -> tuple[tuple[str, str], ...]:
        """The scopes in which a branch itself stands; its first step may be a loop's header."""
        first = self.of[branch[0]]
        return first.place.scopes[:-1] if branch[0] in self.loops else first.place.scopes

    def _inside(self, step: str, header: str) -> bool:
        return ("loop", header) in self.of[step].place.scopes

    def _sources(self, names: Iterable[str], scopes: tuple[tuple[str, str], ...]) -> list[Source]:
        """The steps as seen from `scopes`: one that stands in a loop inside them is seen as that loop, the split of a foreach as itself."""
        found: dict[Source, None] = {}
        for name in names:
            own = self.of[name].place.scopes
            found[("step", name) if len(own) <= len(scopes) else ("loop", own[len(scopes)][1])] = None
        return list(found)

    def again(self, header: str) -> list[Source]:
        """The steps that send items back to a header, as seen from inside its loop."""
        return self._sources(self.loops[header].again, self.of[header].place.scopes)

    def exits(self, header: str) -> dict[str, list[Source]]:
        """The steps that send items out of a loop, by target."""
        found: dict[str, list[str]] = {}
        for edge in self.loops[header].exits:
            found.setdefault(edge.target, []).append(edge.source)
        return {target: self._sources(names, self.of[header].place.scopes) for target, names in found.items()}

    def is_routed(self, step: Step) -> bool:
        """Whether an engine reads where the items of a step went: of a switch, and of what goes back in a loop or leaves it."""
        return isinstance(step.transition, Switch) or step.name in self.ends

    def ways_out(self, header: str) -> set[str]:
        """The targets of a loop with several exits. The route of its header then says which exits were taken."""
        found = {edge.target for edge in self.loops[header].exits} if header in self.loops else set()
        return found if len(found) > 1 else set()

    def document(self, name: str) -> Document:
        """The site of a step, as the runtime reads it."""
        site = self.of[name]
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

    def reachable(self, name: str) -> list[str]:
        """The steps whose sites the replay of a step may visit."""
        found: dict[str, None] = {}
        waiting = [name]
        sources = [source for branch in self.of[name].branches for source in branch]
        waiting += self._named(sources)
        while waiting:
            current = waiting.pop()
            if current not in found:
                found[current] = None
                waiting += self._named(self._entering(current))
        return list(found)

    def _entering(self, name: str) -> Iterator[Source]:
        """The sources whose items enter the block of a step."""
        site = self.of[name]
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


def edge_pairs(edges: Iterable[Edge]) -> list[JSON]:
    return [[edge.source, edge.target] for edge in edges]
