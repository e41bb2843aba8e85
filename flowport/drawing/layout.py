"""A plan -> places on paper: boxes for steps, frames for foreaches and loops, and points on the way of each edge.

As the plan is nested, so is the picture: a block is a column, branches and arms stand side by side. No edge crosses a box: what
passes a row of arms, or goes back or out of a loop, has a lane of its own there.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeAlias

from flowport.compiler.ir import Flow, targets
from flowport.compiler.ir.outline import cases
from flowport.compiler.ir.plan import Arm, Block, Choice, Edge, Loop, Map, Node, Parallel, Plan, Task, steps
from flowport.compiler.record import field, record, replace

BOX = 34.0
"""The height of a step's box, unless a drawing asks for another one."""

NARROWEST = 64.0
"""The width of the box of a step with a short name, unless a drawing asks for another one."""

DOWN, ASIDE, LANE, EDGE = 40.0, 24.0, 22.0, 16.0
"""Room between rows, between columns, for a lane, and inside a frame."""

HEADING = 18.0
"""The height of a frame's heading."""

LETTER = 7.6
"""The width of a letter of a step's name, on average."""

SMALL_LETTER = 6.2
"""The width of a letter of a label, on average."""

Point: TypeAlias = tuple[float, float]
Way: TypeAlias = tuple[str, str]


@record
class Box:
    """A step's place: the middle of its upper side, and its size."""

    step: str
    x: float
    y: float
    width: float
    height: float = BOX

    @property
    def middle(self) -> float:
        """Half way down."""
        return self.y + self.height / 2

    @property
    def bottom(self) -> float:
        """Its lower side."""
        return self.y + self.height


@record
class Frame:
    """The outline of a foreach or of a loop."""

    kind: str
    heading: str
    x: float
    y: float
    width: float
    height: float


@record
class Picture:
    """A piece of the drawing, `width` by `height`; its blocks hang on a line at `spine`. `lanes` are the points that an edge passes."""

    width: float = 0
    height: float = 0
    spine: float = 0
    boxes: tuple[Box, ...] = ()
    frames: tuple[Frame, ...] = ()
    lanes: dict[Way, tuple[Point, ...]] = field(default_factory=dict)

    def moved(self, x: float, y: float) -> Picture:
        """The same piece at another place."""
        return replace(
            self,
            spine=self.spine + x,
            boxes=tuple(replace(box, x=box.x + x, y=box.y + y) for box in self.boxes),
            frames=tuple(replace(frame, x=frame.x + x, y=frame.y + y) for frame in self.frames),
            lanes={way: tuple((px + x, py + y) for px, py in points) for way, points in self.lanes.items()},
        )


def layout(plan: Plan, narrowest: float = NARROWEST, height: float = BOX) -> Picture:
    """The whole drawing, with boxes that are at least so wide and all so high."""
    return _Layout(plan.flow, narrowest, height).block(plan.body)


class _Layout:
    def __init__(self, flow: Flow, narrowest: float, height: float) -> None:
        self.narrowest, self.height = narrowest, height
        self.steps = {step.name: step for step in flow.steps}
        self.goes = {step.name: targets(step.transition) for step in flow.steps}

    def block(self, block: Block) -> Picture:
        before: list[Node | None] = [None, *block]
        return _column([self.node(node, previous) for node, previous in zip(block, before, strict=False)])

    def node(self, node: Node, before: Node | None) -> Picture:
        match node:
            case Task(step):
                width = max(self.narrowest, LETTER * len(step) + 28)
                return Picture(width, self.height, width / 2, (Box(step, width / 2, 0, width, self.height),))
            case Parallel(branches=branches):
                return _row([self.block(branch) for branch in branches], self.goes)
            case Map(over=over, body=body):
                return _framed(self.block(body), "foreach", f"foreach {over}", EDGE, EDGE)
            case Choice(arms=arms):
                ways = before.exits if isinstance(before, Loop) else (Edge(node.origin, target) for target in self.goes[node.origin])
                return self.choice(arms, [(way.source, way.target) for way in ways])
            case Loop():
                return self.loop(node)

    def choice(self, arms: tuple[Arm, ...], ways: list[Way]) -> Picture:
        """Arms in rows: one that is entered from another stands below it. Edges that pass a row have a lane in it."""
        row_of: dict[str, int] = {}
        rows: list[list[Arm]] = []
        for arm in arms:
            row = 1 + max(row_of.get(edge.source, -1) for edge in arm.edges)
            row_of.update(dict.fromkeys(steps(arm.body), row))
            rows += [[]] * (row >= len(rows))
            rows[row] = [*rows[row], arm]
        passing = self._passing(ways, row_of, len(rows))
        return _column(
            [self._arms(row, [way for way, (first, last) in passing.items() if first < number < last]) for number, row in enumerate(rows)]
        )

    def _passing(self, ways: list[Way], row_of: dict[str, int], rows: int) -> dict[Way, tuple[int, int]]:
        """For every edge into the choice or between its arms, the rows that it connects; the merge is the row behind the last."""
        between = [(source, target) for source in row_of for target in self.goes[source] if row_of.get(target) != row_of[source]]
        return {(source, target): (row_of.get(source, -1), row_of.get(target, rows)) for source, target in (*ways, *between)}

    def _arms(self, arms: list[Arm], passing: list[Way]) -> Picture:
        pieces = [self.block(arm.body) for arm in arms]
        height = max((piece.height for piece in pieces), default=0)
        lanes = [Picture(LANE, height, LANE / 2, lanes={way: ((LANE / 2, 0), (LANE / 2, height))}) for way in passing]
        return _row([*pieces, *lanes], self.goes)

    def loop(self, loop: Loop) -> Picture:
        """The body between two lanes: back on its right, and out, from where it is not at the end, on its left."""
        inner = self.block(loop.body)
        place = {box.step: box for box in inner.boxes}
        last = max(box.y for box in inner.boxes)
        lanes = dict(inner.lanes)
        back, out = [(source, loop.header) for source in loop.again], [(edge.source, edge.target) for edge in loop.exits]
        beside_right, beside_left = self._lane(back), self._lane(out)
        right, left = inner.width + beside_right, -beside_left
        for source in loop.again:
            box, header = place[source], place[loop.header]
            y = box.middle + (6 if source == loop.header else 0)
            lanes[source, loop.header] = (
                (box.x + box.width / 2, y),
                (right, y),
                (right, header.middle),
                (header.x + header.width / 2, header.middle),
            )
        for edge in loop.exits:
            box = place[edge.source]
            if box.y < last and (edge.source, edge.target) not in lanes:
                lanes[edge.source, edge.target] = (
                    (box.x - box.width / 2, box.middle),
                    (left, box.middle),
                    (left, inner.height + EDGE),
                )
        return _framed(replace(inner, lanes=lanes), "loop", "loop", 2 * beside_left, 2 * beside_right)

    def _lane(self, ways: list[Way]) -> float:
        """How far a lane is from the boxes and from the frame, so that the labels on it have room."""
        return max([EDGE, *(label_width(text) / 2 + 2 for source, target in ways if (text := cases(self.steps[source], target)))])


def label_width(text: str) -> float:
    """The width of a label."""
    return SMALL_LETTER * len(text) + 6


def _column(pieces: list[Picture]) -> Picture:
    """Pieces below each other, their spines in line."""
    spine = max((piece.spine for piece in pieces), default=0)
    placed, y = [], 0.0
    for piece in pieces:
        placed.append(piece.moved(spine - piece.spine, y))
        y += piece.height + DOWN
    width = max((spine - piece.spine + piece.width for piece in pieces), default=0)
    return _together(placed, width, max(0, y - DOWN), spine)


def _row(pieces: list[Picture], goes: Mapping[str, tuple[str, ...]]) -> Picture:
    """Pieces side by side; the spine is in the middle of the outer spines.

    What leaves a short piece goes straight down beside the longer ones.
    """
    placed, x = [], 0.0
    height = max((piece.height for piece in pieces), default=0)
    for piece in pieces:
        placed.append(_lengthened(piece, height, goes).moved(x, 0))
        x += piece.width + ASIDE
    spine = (placed[0].spine + placed[-1].spine) / 2 if placed else 0
    return _together(placed, max(0, x - ASIDE), height, spine)


def _lengthened(piece: Picture, height: float, goes: Mapping[str, tuple[str, ...]]) -> Picture:
    inside = {box.step for box in piece.boxes}
    lowest = [box for box in piece.boxes if piece.height < height and box.bottom >= piece.height - 1]
    lanes = {(box.step, target): ((box.x, height),) for box in lowest for target in goes[box.step] if target not in inside}
    return replace(piece, lanes={**piece.lanes, **lanes})


def _together(pieces: list[Picture], width: float, height: float, spine: float) -> Picture:
    lanes: dict[Way, tuple[Point, ...]] = {}
    for piece in pieces:
        for way, points in piece.lanes.items():
            lanes[way] = (*lanes.get(way, ()), *points)
    return Picture(
        width,
        height,
        spine,
        tuple(box for piece in pieces for box in piece.boxes),
        tuple(frame for piece in pieces for frame in piece.frames),
        lanes,
    )


def _framed(inner: Picture, kind: str, heading: str, left: float, right: float) -> Picture:
    # The edge that comes in along the spine stays clear of the heading.
    more = max(0, 6 * len(heading) + 20 - left - inner.spine)
    room = inner.width + left + right + 2 * more
    shift = left + more
    moved = inner.moved(shift, EDGE + HEADING)
    height = inner.height + 2 * EDGE + HEADING
    frame = Frame(kind, heading, 0, 0, room, height)
    return replace(moved, width=room, height=height, frames=(frame, *moved.frames))
