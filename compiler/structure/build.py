"""Flow -> Plan: the graph becomes blocks inside blocks.

    start -> a, b;  a -> join;  b -> join            Task(start) Parallel(start, [a], [b]) Task(join)
    pick -> {x: a, y: m};  a -> m                    Task(pick) Choice(pick, [pick>a: a]) Task(m)
    h -> s -> {more: h, done: end}                   Loop(h, Task(h) Task(s)) Task(end)

A region is the body of a foreach, of a branch or of a loop, or the whole flow. Each is cut into units, inner regions first, and `nest`
puts the units of one in their place. Splits meet their joins here, once: no target searches a graph. What cannot be nested is an
error, FP240 to FP249.
"""

from __future__ import annotations

from flowport.compiler.diagnostics.diagnostic import CompileError, Diagnostic
from flowport.compiler.ir import Branch, End, Flow, Foreach, Next, Switch, targets
from flowport.compiler.ir.plan import Block, Edge, Loop, Map, Parallel, Plan, Task, blocks
from flowport.compiler.record import record
from flowport.compiler.structure.graph import Graph, Ring, graph
from flowport.compiler.structure.nest import Unit, nest

DEEPEST = 100
"""The deepest nesting; the limits of engines are far below."""


def structure(flow: Flow) -> Plan:
    """The plan of a flow whose transitions all name steps; raises CompileError with everything that cannot be nested."""
    builder = _Builder(flow, graph(flow))
    builder.check_loops()
    body = () if builder.found else builder.whole()
    if not builder.found:
        builder.check_depth(body)
    if builder.found:
        raise CompileError(tuple(builder.found))
    return Plan(flow, body)


@record
class _Region:
    """What is cut into units: the body of the loop `ring`, or what the step `split` opens, or, with neither, the flow."""

    number: int
    depth: int
    ring: Ring | None = None
    split: str | None = None


class _Builder:
    def __init__(self, flow: Flow, facts: Graph) -> None:
        self.flow, self.facts = flow, facts
        self.step = {step.name: step for step in flow.steps}
        self.found: list[Diagnostic] = []
        self.regions = 0
        self.placed: dict[str, int] = {}
        self.closed: dict[str, str] = {}

    def refuse(self, code: str, step: str, message: str, way_out: str, *notes: str) -> None:
        where = self.step[step]
        self.found.append(Diagnostic(code, message, where.transition_span or where.span, notes, (way_out,)))

    def check_loops(self) -> None:
        """What is wrong with a loop by itself."""
        for ring in self.facts.rings.values():
            name = ring.header
            for source, middle in sorted(self._beside(ring)):
                self.refuse(
                    "FP240",
                    source,
                    f"step `{source}` enters the loop of `{name}` in the middle, at `{middle}`",
                    f"enter the loop at `{name}`",
                    f"`{ring.again[0]}` goes back to `{name}`, so the loop begins there",
                )
            if self.step[name].join or name == self.flow.start:
                kind = "a join" if self.step[name].join else "the start"
                way_out = f"add a step after `{name}` and go back to that step"
                self.refuse("FP242", ring.again[0], f"step `{ring.again[0]}` goes back to `{name}`, which is {kind}", way_out)
            if not self._exits(ring):
                way_out = f'leave it with a switch: `self.next({{"again": self.{name}, "done": self.{self.flow.end}}}, condition="...")`'
                self.refuse("FP244", ring.again[-1], f"the loop of `{name}` never ends", way_out)

    def _beside(self, ring: Ring) -> list[tuple[str, str]]:
        """The edges into a loop beside its header."""
        middle = ring.steps - {ring.header}
        return [(source, name) for name in middle for source in self.facts.before[name] if source not in ring.steps]

    def _exits(self, ring: Ring) -> tuple[Edge, ...]:
        """The edges out of a loop."""
        inside = sorted(ring.steps, key=self.facts.order.__getitem__)
        return tuple(Edge(name, target) for name in inside for target in self.facts.after[name] if target not in ring.steps)

    def check_depth(self, body: Block) -> None:
        """Refuse what nests too deeply, at the first step that does."""
        waiting = [(body, 0)]
        while waiting:
            block, depth = waiting.pop()
            if depth > DEEPEST and block and isinstance(block[0], Task):
                return self.too_deep(block[0].step)
            waiting += [(inner, depth + 1) for node in reversed(block) for inner in blocks(node)]
        return None

    def too_deep(self, name: str) -> None:
        self.refuse("FP246", name, f"step `{name}` is nested deeper than {DEEPEST} levels", "move the inner part to a flow of its own")

    def whole(self) -> Block:
        """The block of the flow."""
        body, joins = self.block(self.flow.start, _Region(0, 0))
        for leaving in () if self.found else joins:
            self.refuse(
                "FP241",
                leaving,
                f"step `{leaving}` is a join, but there is no branch or foreach to join",
                "write one join for each `self.next(self.a, self.b)` or `self.next(self.a, foreach=...)`",
            )
        return body

    def inner(self, around: _Region, ring: Ring | None = None, split: str | None = None) -> _Region:
        self.regions += 1
        return _Region(self.regions, around.depth + 1, ring, split)

    def block(self, entry: str, region: _Region) -> tuple[Block, tuple[str, ...]]:
        """The block of a region, and the joins at which it ends; both may be wrong once something is refused."""
        units: dict[str, Unit] = {}
        joins: dict[str, None] = {}
        if region.depth > DEEPEST:
            self.too_deep(entry)
        waiting = [entry]
        while waiting and not self.found:
            name = waiting.pop()
            if name in units:
                continue
            if self.placed.setdefault(name, region.number) != region.number:
                self.elsewhere(name, region)
                break
            unit = self.unit(name, region)
            inside = tuple(edge for edge in unit.edges if not self.leaves(unit, edge, region, joins))
            units[name] = Unit(unit.nodes, inside, len(inside) < len(unit.edges), unit.choice)
            waiting += [edge.target for edge in inside]
        return () if self.found else nest(entry, units, self.facts.order), tuple(joins)

    def leaves(self, unit: Unit, edge: Edge, region: _Region, joins: dict[str, None]) -> bool:
        """Whether an edge leads out of a region: to the loop's header or its outside, or to the join of what is open."""
        if region.ring is not None and (edge.target == region.ring.header or edge.target not in region.ring.steps):
            return True
        if self.step[edge.target].join and not isinstance(unit.nodes[-1], Parallel | Map):
            joins[edge.target] = None
            return True
        if self.facts.back(edge.source, edge.target):
            self.refuse(
                "FP248",
                edge.source,
                f"step `{edge.source}` goes back to `{edge.target}`, out of the split of `{region.split}`",
                f"go back after the join of `{region.split}`",
            )
        return False

    def elsewhere(self, name: str, region: _Region) -> None:
        """Report a step that belongs to another region."""
        origin = region.split or (region.ring.header if region.ring else self.flow.start)
        self.refuse(
            "FP247",
            origin,
            f"step `{name}` can be reached both inside and outside of what `{origin}` starts",
            "let one of the paths go to another step, and end the split in its join",
        )

    def unit(self, name: str, region: _Region) -> Unit:
        """A step with what it opens, or the loop that begins with it."""
        ring = self.facts.rings.get(name)
        if ring is not None and ring is not region.ring:
            return self.loop(ring, region)
        edges = tuple(Edge(name, target) for target in targets(self.step[name].transition))
        match self.step[name].transition:
            case Next():
                return Unit((Task(name),), edges)
            case Switch():
                return Unit((Task(name),), edges, choice=name)
            case Foreach(target, over):
                bodies, join = self.opened(name, (target,), region)
                return Unit((Task(name), Map(name, over, bodies[0])), join)
            case Branch(names):
                bodies, join = self.opened(name, names, region)
                return Unit((Task(name), Parallel(name, bodies)), join)
            case End():
                if region.split is not None:
                    self.unjoined(region.split, name)
                return Unit((Task(name),), ())

    def loop(self, ring: Ring, region: _Region) -> Unit:
        """A loop with the edges that leave it; several ways out make a choice behind it."""
        del self.placed[ring.header]
        body, joins = self.block(ring.header, self.inner(region, ring=ring))
        self.placed[ring.header] = region.number
        for join in joins:
            way_out = f"leave the loop with a switch before `{join}`"
            self.refuse("FP245", ring.header, f"the loop of `{ring.header}` goes to the join `{join}`", way_out)
        exits = self._exits(ring)
        several = len({edge.target for edge in exits}) > 1
        if several and isinstance(self.step[ring.header].transition, Foreach):
            self.refuse(
                "FP249",
                ring.header,
                f"the loop of `{ring.header}`, which has several exits, starts with a foreach",
                f"add a step before `{ring.header}` and go back to that step",
            )
        return Unit((Loop(ring.header, body, ring.again, exits),), exits, choice=ring.header if several else None)

    def opened(self, origin: str, entries: tuple[str, ...], region: _Region) -> tuple[tuple[Block, ...], tuple[Edge, ...]]:
        """The blocks that a split opens, and the edge to their join."""
        bodies: list[Block] = []
        joins: dict[str, None] = {}
        for entry in entries:
            body, ends = ((), ()) if self.step[entry].join else self.block(entry, self.inner(region, split=origin))
            if not ends and not self.found:
                self.unjoined(origin, entry)
            bodies.append(body)
            joins.update(dict.fromkeys(ends))
        if not self.found:
            self.close(origin, list(joins))
        return tuple(bodies), tuple(Edge(origin, join) for join in joins)

    def close(self, origin: str, joins: list[str]) -> None:
        """Close what a split opened: it has one join, and that join is its own."""
        if len(joins) > 1:
            names = ", ".join(f"`{join}`" for join in joins)
            way_out = f"let all paths from `{origin}` go to one join"
            self.refuse("FP243", origin, f"the paths from `{origin}` end in different joins: {names}", way_out)
        for join in joins:
            other = self.closed.setdefault(join, origin)
            if other != origin:
                message = f"the splits of `{origin}` and `{other}` both end in the join `{join}`"
                self.refuse("FP243", origin, message, "write a separate join for each of them")

    def unjoined(self, origin: str, target: str) -> None:
        self.refuse(
            "FP245",
            origin,
            f"the path from `{origin}` to `{target}` never reaches a join",
            "end it in a join; go back to an earlier step, or leave a loop, only after that join",
        )
