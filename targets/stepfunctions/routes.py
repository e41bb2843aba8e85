"""Where in a machine's document the routes of steps are, and which of them let an arm run or a loop go round again.

The document is `{run, code, slice, routes, loops}`. Inside a loop its scope `loops.<header>` has a `slice`, `routes` and `loops`
of its own; it is replaced at every turn, so no route outlives its turn. `routes.<step>.route` is what the step's task wrote.
"""

from __future__ import annotations

from collections.abc import Iterator

from flowport.compiler.ir import Switch
from flowport.compiler.ir.plan import Arm, Block, Choice, Edge, Loop, Map, Parallel, Plan, Task
from flowport.compiler.lower.names import legal
from flowport.compiler.record import record
from flowport.targets.stepfunctions.states import State, is_true


@record
class Place:
    """Where a step stands: the path of its scope, the loops around it since the last foreach, and the arm that it is in."""

    scope: str = "$"
    loops: tuple[Loop, ...] = ()
    arm: Arm | None = None


def field(name: str) -> str:
    """A user's name as a field of a JSONPath."""
    return legal(name, "A-Za-z0-9_", 80)


def quoted(name: str) -> str:
    """The last part of a path, for a key that the runtime wrote and that may be any identifier."""
    return f".{name}" if name.isascii() else f"['{name}']"


def several_ways_out(loop: Loop) -> bool:
    """Whether the machine must read which exit of the loop was taken: they lead to more than one step."""
    return len({edge.target for edge in loop.exits}) > 1


class Routes:
    """What the tasks of a plan say about where items go."""

    def __init__(self, plan: Plan) -> None:
        self.places: dict[str, Place] = {}
        self.read = {step.name for step in plan.flow.steps if isinstance(step.transition, Switch)}
        """The steps whose route the machine reads."""
        self._visit(plan.body, Place())

    def _visit(self, block: Block, place: Place) -> None:
        for node in block:
            match node:
                case Task(step):
                    self.places[step] = place
                case Parallel(branches=branches):
                    for branch in branches:
                        self._visit(branch, place)
                case Map(body=body):
                    self._visit(body, Place())
                case Choice(arms=arms):
                    for arm in arms:
                        self._visit(arm.body, Place(place.scope, place.loops, arm))
                case Loop(header=header, body=body, again=again, exits=exits):
                    self._visit(body, Place(self.inside(header, place.scope), (*place.loops, node), place.arm))
                    self.read.update(again)
                    if several_ways_out(node):
                        self.read.update((header, *(edge.source for edge in exits)))

    def inside(self, header: str, scope: str) -> str:
        """The path of the scope of a loop that stands in `scope`."""
        return f"{scope}.loops.{field(header)}"

    def path(self, step: str) -> str:
        """Where the route of a step is put."""
        return f"{self.places[step].scope}.routes.{field(step)}"

    def entering(self, arm: Arm, seen: Place) -> list[State]:
        """The conditions, one of which holds when an item enters the arm, seen from where its Choice stands."""
        found = {path: certain for edge in arm.edges for path, certain in self._taken(edge, seen)}
        return [is_true(path, certain) for path, certain in found.items()]

    def returning(self, loop: Loop) -> list[State]:
        """The conditions, one of which holds when an item goes round the loop again."""
        seen = self.places[loop.header]
        found = {path: certain for step in loop.again for path, certain in self._taken(Edge(step, loop.header), seen)}
        return [is_true(path, certain) for path, certain in found.items()]

    def _taken(self, edge: Edge, seen: Place) -> Iterator[tuple[str, bool]]:
        """The booleans that say whether an item took the edge, and whether they are certain to be in the document."""
        source = self.places[edge.source]
        left = source.loops[len(seen.loops) :]
        certain = source.arm is seen.arm and not left
        for loop in left:
            header = self.places[loop.header]
            if several_ways_out(loop):
                yield f"{header.scope}.routes.{field(loop.header)}.route.left{quoted(edge.target)}", False
                if loop.cap is not None:
                    yield f"{header.scope}.rest.route.left{quoted(edge.target)}", False
            else:
                yield from self._ran(header, seen)
        if edge.source in self.read:
            yield f"{self.path(edge.source)}.route.to{quoted(edge.target)}", certain
        else:
            yield from self._ran(source, seen)

    def _ran(self, place: Place, seen: Place) -> Iterator[tuple[str, bool]]:
        """The booleans that say whether what stands at `place` ran: its arm was entered."""
        if place.arm is not None and place.arm is not seen.arm:
            for edge in place.arm.edges:
                yield from self._taken(edge, Place(seen.scope, seen.loops[: len(place.loops)], seen.arm))
