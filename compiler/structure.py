"""Flow -> Plan: the graph becomes blocks inside blocks.

    start -> a, b;  a -> join;  b -> join            Task(start) Parallel(start, [a], [b]) Task(join)
    pick -> {x: a, y: m};  a -> m                    Task(pick) Choice(pick, [pick>a: a]) Task(m)
    h -> s -> {more: h, done: end}                   Loop(h, Task(h) Task(s)) Task(end)

Splits meet their joins here, once: no target searches a graph. What cannot be nested is refused with codes FP240 to FP249.
"""

from __future__ import annotations

from collections.abc import Iterator

from flowport.compiler.diagnostics import Diagnostic, Refused
from flowport.compiler.graph import LEAVES, Graph, Ring, graph, meeting_point, meeting_points
from flowport.compiler.ir import Branch, End, Flow, Foreach, Next, Switch, targets
from flowport.compiler.plan import Arm, Block, Choice, Edge, Loop, Map, Node, Parallel, Plan, Task, steps
from flowport.compiler.record import record

DEEPEST = 100
"""How far constructs may nest; engines give up long before."""


def structure(flow: Flow) -> Plan:
    """The plan of a flow whose transitions all name steps; raises Refused with everything that cannot be nested."""
    builder = _Builder(flow, graph(flow))
    builder.check_loops()
    if not builder.found:
        block, leaving = builder.block(flow.start, _Region())
        if leaving is not None:
            builder.refuse("FP241", leaving, f"step `{leaving}` is a join, but no branch or foreach is open there",
                           "a join follows `self.next(self.a, self.b)` or `self.next(self.a, foreach=...)`, once for each")
    if builder.found:
        raise Refused(tuple(builder.found))
    return Plan(flow, block)


@record
class _Region:
    """Where a block is being built: inside which loop, up to which steps, and how deep."""

    ring: Ring | None = None
    stops: frozenset[str] = frozenset()
    shared: bool = False
    depth: int = 0

    def inner(self, ring: Ring | None, stops: frozenset[str] = frozenset(), shared: bool = False) -> _Region:
        return _Region(ring, stops, shared, self.depth + 1)


class _Builder:
    def __init__(self, flow: Flow, facts: Graph) -> None:
        self.flow, self.facts = flow, facts
        self.step = {step.name: step for step in flow.steps}
        self.found: list[Diagnostic] = []
        self.meets: dict[str | None, dict[str, str]] = {}

    def refuse(self, code: str, step: str, message: str, way_out: str, *notes: str) -> None:
        where = self.step[step]
        self.found.append(Diagnostic(code, message, where.transition_span or where.span, notes, (way_out,)))

    def check_loops(self) -> None:
        for ring in self.facts.rings.values():
            header = self.step[ring.header]
            beside = [(source, name) for name in ring.steps - {ring.header} for source in self.facts.before[name] if source not in ring.steps]
            for source, name in sorted(beside):
                self.refuse("FP240", source, f"step `{source}` enters the loop of `{ring.header}` in its middle, at `{name}`",
                            f"enter the loop at `{ring.header}`", f"`{ring.again[0]}` goes back to `{ring.header}`, so the loop begins there")
            if header.join or ring.header == self.flow.start:
                kind = "a join" if header.join else "the start"
                self.refuse("FP242", ring.again[0], f"step `{ring.again[0]}` goes back to `{ring.header}`, which is {kind}",
                            f"put a step of its own behind `{ring.header}` and go back to that")
            if not any(target not in ring.steps for name in ring.steps for target in self.facts.after[name]):
                self.refuse("FP244", ring.again[-1], f"the loop of `{ring.header}` never ends",
                            f'leave it by a switch: `self.next({{"again": self.{ring.header}, "done": self.{self.flow.end}}}, condition="...")`')

    def block(self, entry: str, region: _Region) -> tuple[Block, str | None]:
        """The block that begins at `entry`, and the join, if any, at which it ends."""
        nodes: list[Node] = []
        held: set[str] = set()
        current: str | None = entry
        if region.depth > DEEPEST:
            self.refuse("FP246", entry, f"step `{entry}` is nested deeper than {DEEPEST} constructs", "make a flow of its own of the inner part")
            return (), None
        while current is not None:
            ring = self.facts.rings.get(current)
            if ring is not None and ring is not region.ring:
                made, following = self.loop(ring, region)
            else:
                made, following = self.task(current, region)
            nodes += made
            if region.shared:
                held.update(steps(made))
            if self.found or following is None:
                return tuple(nodes), None
            if self.step[following].join and not isinstance(made[-1], Parallel | Map):
                return tuple(nodes), following
            current = None if self._ends(following, region, held) else following
        return tuple(nodes), None

    def _ends(self, name: str, region: _Region, held: set[str]) -> bool:
        """Whether a block stops in front of the step: at a merge, at the loop's edge, or where another arm comes in."""
        if self._outside(name, region):
            return True
        return region.shared and any(source not in held for source in self.facts.before[name] if self._forward(source, name))

    def _forward(self, source: str, target: str) -> bool:
        return self.facts.order[source] < self.facts.order[target]

    def task(self, name: str, region: _Region) -> tuple[Block, str | None]:
        """A step and what it opens; the step that follows when all of that is closed."""
        node = Task(name)
        match self.step[name].transition:
            case End():
                return (node,), None
            case Next(target):
                return (node,), target
            case Foreach(target, over):
                body, join = self.block(target, region.inner(None))
                self._closed(name, target, join)
                return (node, Map(name, over, body)), join
            case Branch(names):
                built = [self.block(target, region.inner(None)) for target in names]
                for target, (_, join) in zip(names, built):
                    self._closed(name, target, join)
                joins = list(dict.fromkeys(join for _, join in built if join))
                if len(joins) > 1:
                    self.refuse("FP243", name, f"the branches of `{name}` end in different joins: " + ", ".join(f"`{join}`" for join in joins),
                                f"let every branch of `{name}` go to one join")
                return (node, Parallel(name, tuple(body for body, _ in built))), joins[0] if joins else None
            case Switch():
                return self.switch(name, region)

    def _closed(self, origin: str, target: str, join: str | None) -> None:
        if join is None and not self.found:
            self.refuse("FP245", origin, f"what `{origin}` opens with `{target}` never reaches a join of its own",
                        "let each of its ways end in one join; to go back to an earlier step or to leave, do it behind that join")

    def switch(self, name: str, region: _Region) -> tuple[Block, str | None]:
        """A switch with its arms; alone, when its cases lead to arms of a switch around it."""
        edges = [Edge(name, target) for target in targets(self.step[name].transition)]
        return self.opened((Task(name),), name, edges, region)

    def loop(self, ring: Ring, region: _Region) -> tuple[Block, str | None]:
        """A loop and what it is left to; several ways out make a choice behind it."""
        body, join = self.block(ring.header, region.inner(ring))
        if join is not None:
            self.refuse("FP245", ring.header, f"the loop of `{ring.header}` runs into the join `{join}`", f"leave the loop by a switch in front of `{join}`")
        inside = sorted(ring.steps, key=self.facts.order.__getitem__)
        exits = [Edge(name, target) for name in inside for target in self.facts.after[name] if target not in ring.steps]
        node = Loop(ring.header, body, ring.again, tuple(exits))
        if len({edge.target for edge in exits}) == 1:
            return (node,), exits[0].target
        return self.opened((node,), ring.header, exits, region)

    def opened(self, made: Block, origin: str, edges: list[Edge], region: _Region) -> tuple[Block, str | None]:
        """The arms behind a switch or a loop, and the step at which they meet."""
        merge = self._meet([edge.target for edge in edges], region)
        between = self._between(edges, merge, region)
        own = set(steps(made)) | between
        if any(source not in own for name in between for source in self.facts.before[name] if self._forward(source, name)):
            if not region.shared:
                self.refuse("FP247", origin, f"the ways out of `{origin}` lead to steps that are also entered from elsewhere", "give these ways steps of their own")
            return made, None
        arms = self.arms(origin, edges, merge, region)
        return (*made, Choice(origin, arms)), None if merge == LEAVES else merge

    def arms(self, origin: str, edges: list[Edge], merge: str, region: _Region) -> tuple[Arm, ...]:
        """The arms in topological order; what leaves one of them may enter a later one."""
        waiting: dict[str, list[Edge]] = {}
        arms: list[Arm] = []
        while not self.found:
            for edge in edges:
                if edge.target != merge and not self._outside(edge.target, region):
                    waiting.setdefault(edge.target, []).append(edge)
            if not waiting:
                break
            target = min(waiting, key=self.facts.order.__getitem__)
            entering = tuple(waiting.pop(target))
            body, join = ((), target) if self.step[target].join else self.block(target, region.inner(region.ring, region.stops | {merge}, shared=True))
            if join is not None and join != merge and join not in region.stops:
                self.refuse("FP243", origin, f"a way out of `{origin}` ends in the join `{join}` and another one does not",
                            "let the cases meet in one step before the join, or let all of them end in it")
            arms.append(Arm(entering, body))
            edges = list(self._leaving(body))
        return tuple(arms)

    def _leaving(self, block: Block) -> Iterator[Edge]:
        """The edges out of a block, from the steps that are neither in a foreach nor in a branch inside it."""
        held = set(steps(block))
        for name in _own(block):
            if isinstance(self.step[name].transition, Next | Switch):
                yield from (Edge(name, target) for target in self.facts.after[name] if target not in held)

    def _between(self, edges: list[Edge], merge: str, region: _Region) -> set[str]:
        """The steps on the ways from the edges to the merge."""
        found: set[str] = set()
        waiting = [edge.target for edge in edges]
        while waiting:
            name = waiting.pop()
            if name != merge and name not in found and not self._outside(name, region):
                found.add(name)
                waiting += (target for target in self.facts.after[name] if self._forward(name, target))
        return found

    def _outside(self, name: str, region: _Region) -> bool:
        ring = region.ring
        return name in region.stops or ring is not None and (name == ring.header or name not in ring.steps)

    def _meet(self, ways: list[str], region: _Region) -> str:
        """The first step that all the ways pass, LEAVES when they part for good inside this region."""
        ring = region.ring
        key = ring.header if ring else None
        if key not in self.meets:
            inside = ring.steps if ring else frozenset(self.facts.order)
            self.meets[key] = meeting_points(self.facts, inside, inside.__contains__, key)
        return meeting_point(self.facts, self.meets[key], [LEAVES if self._outside(way, region) else way for way in ways])


def _own(block: Block) -> Iterator[str]:
    """The steps of a block that are neither in a foreach nor in a branch inside it."""
    for node in block:
        match node:
            case Task(step):
                yield step
            case Loop(body=body):
                yield from _own(body)
            case Choice(arms=arms):
                for arm in arms:
                    yield from _own(arm.body)
            case Map() | Parallel():
                pass
