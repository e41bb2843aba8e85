"""The units of one region -> a block: paths that split and meet again become a choice with arms.

    pick -> {x: a, y: m};  a -> m        Task(pick) Choice(pick, [pick>a: a]) Task(m)

A unit is a step with everything that it opens and closes, or a whole loop, so here the graph has neither splits nor ways back, and every
way through it nests: a step that several arms lead to becomes an arm of its own, behind them. So does what would nest too deeply.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping

from flowport.compiler.ir.plan import Arm, Block, Choice, Edge, Node
from flowport.compiler.record import record
from flowport.compiler.structure.graph import LEAVES, meeting_points


@record
class Unit:
    """What begins at a step and is left as a whole.

    `edges` lead to other units of the region, and `leaves` says that others lead outside. Where there is a choice of ways, `choice` is the
    step that it belongs to.
    """

    nodes: tuple[Node, ...]
    edges: tuple[Edge, ...]
    leaves: bool = False
    choice: str | None = None

    @property
    def ahead(self) -> tuple[str, ...]:
        """The units that may come next, LEAVES for those outside."""
        outside = (LEAVES,) if self.leaves or not self.edges else ()
        return (*dict.fromkeys(edge.target for edge in self.edges), *outside)


DEEPEST = 50
"""How far choices nest; the arms of one further inside become arms of the one around it, which means the same."""


def nest(entry: str, units: Mapping[str, Unit], order: Mapping[str, int]) -> Block:
    """The block of a region that is entered at `entry` only."""
    return _Nest(units, order).chain(entry, frozenset(), 0)[0]


class _Nest:
    def __init__(self, units: Mapping[str, Unit], order: Mapping[str, int]) -> None:
        self.units, self.order = units, order
        names = sorted(units, key=order.__getitem__)
        self.meets = meeting_points(names, {name: units[name].ahead for name in names})
        self.before: dict[str, list[str]] = {name: [] for name in names}
        for name in names:
            for edge in units[name].edges:
                self.before[edge.target].append(name)

    def chain(self, entry: str, stops: frozenset[str], depth: int) -> tuple[Block, set[str]]:
        """Units one after the other, and which they are: up to one of `stops`, and in an arm up to where another one comes in."""
        nodes: list[Node] = []
        held: set[str] = set()
        current = entry
        while True:
            unit = self.units[current]
            nodes += unit.nodes
            held.add(current)
            following = self.meets[current]
            if unit.choice is not None:
                between = self._between(current, following, stops)
                if depth > DEEPEST or not self._alone(between, {current, *between}):
                    return tuple(nodes), held
                nodes.append(Choice(unit.choice, self._arms(unit, stops | {following}, depth + 1)))
                held |= between
            if following == LEAVES or following in stops or (depth and not self._alone([following], held)):
                return tuple(nodes), held
            current = following

    def _between(self, name: str, meeting: str, stops: frozenset[str]) -> set[str]:
        """The units on the ways from one to where they meet."""
        found: set[str] = set()
        waiting = [edge.target for edge in self.units[name].edges]
        while waiting:
            target = waiting.pop()
            if target != meeting and target not in stops and target not in found:
                found.add(target)
                waiting += [edge.target for edge in self.units[target].edges]
        return found

    def _alone(self, names: Collection[str], around: Collection[str]) -> bool:
        """Whether `names` are entered from the units `around` them only."""
        return all(source in around for name in names for source in self.before[name])

    def _arms(self, unit: Unit, stops: frozenset[str], depth: int) -> tuple[Arm, ...]:
        """The arms in topological order; what leaves one of them may enter a later one."""
        waiting: dict[str, list[Edge]] = {}
        arms: list[Arm] = []
        edges = list(unit.edges)
        while True:
            for edge in edges:
                if edge.target not in stops:
                    waiting.setdefault(edge.target, []).append(edge)
            if not waiting:
                return tuple(arms)
            target = min(waiting, key=self.order.__getitem__)
            body, held = self.chain(target, stops, depth)
            arms.append(Arm(tuple(waiting.pop(target)), body))
            inside = sorted(held, key=self.order.__getitem__)
            edges = [edge for name in inside for edge in self.units[name].edges if edge.target not in held]
