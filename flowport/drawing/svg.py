"""A plan as SVG: boxes, frames, and curves between them. Nothing outside the document is referred to."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from typing import NamedTuple
from xml.sax.saxutils import escape

from flowport.compiler.ir import Foreach, Step, Switch, targets
from flowport.compiler.ir.outline import cases
from flowport.compiler.ir.plan import Plan
from flowport.drawing.layout import HEADING, Box, Frame, Picture, Point, label_width, layout
from flowport.drawing.step_settings import step_settings

MARGIN = 16.0


class Rectangle(NamedTuple):
    """A place on paper: its upper left corner and its size."""

    x: float
    y: float
    width: float
    height: float

    def meets(self, other: Rectangle) -> bool:
        """Whether they overlap."""
        across = self.x < other.x + other.width and other.x < self.x + self.width
        return across and self.y < other.y + other.height and other.y < self.y + self.height


STYLE = """
text { font: 13px ui-sans-serif, system-ui, "Segoe UI", Helvetica, Arial, sans-serif; fill: #1c2733; text-anchor: middle }
.box { fill: #ffffff; stroke: #4a6785; stroke-width: 1.3 }
.switch .box { fill: #fff6e3; stroke: #b7791f }
.split .box { fill: #eaf3ff }
.join .box { fill: #eefaf1; stroke: #3c7d57 }
.frame { fill: #7f9bb8; fill-opacity: .1; stroke: #7f9bb8; stroke-dasharray: 5 4 }
.loop .frame { stroke: #b07cc6; fill: #b07cc6 }
.heading { font-size: 11px; text-anchor: start; fill: #5d7790 }
.edge { fill: none; stroke: #7b8ea3; stroke-width: 1.4; marker-end: url(#tip) }
.case { font-size: 11px; fill: #8a5a12 }
.behind { fill: #ffffff; fill-opacity: .85 }
#tip path { fill: #7b8ea3 }
""".strip()

TIP = (
    '<marker id="tip" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" orient="auto"><path d="M0 0 8 4 0 8z"/></marker>'
)


def fragment(plan: Plan, here: str) -> str:
    """The drawing as a part of a page of HTML, which has its colours; the step `here` has the class `here` beside that of its kind."""
    picture = layout(plan).moved(MARGIN, MARGIN)
    width, height = picture.width + 2 * MARGIN, picture.height + 2 * MARGIN
    steps = {step.name: step for step in plan.flow.steps}
    return "\n".join([
        f'<svg class="graph" {_size(width, height)} viewBox="0 0 {width:.0f} {height:.0f}" role="img">',
        f"<title>{escape(plan.flow.name)}</title>",
        f"<defs>{TIP}</defs>",
        *map(frame_of, picture.frames),
        *edges(picture, steps),
        *(_box(box, steps[box.step], box.step == here) for box in picture.boxes),
        "</svg>",
    ])  # fmt: skip


def svg(plan: Plan) -> str:
    """The drawing as a document."""
    picture = layout(plan).moved(MARGIN, MARGIN)
    width, height = picture.width + 2 * MARGIN, picture.height + 2 * MARGIN
    steps = {step.name: step for step in plan.flow.steps}
    return "\n".join([
        f'<svg xmlns="http://www.w3.org/2000/svg" {_size(width, height)} viewBox="0 0 {width:.0f} {height:.0f}" role="img">',
        f"<title>{escape(plan.flow.name)}</title>",
        f"<style>{STYLE}</style>",
        f"<defs>{TIP}</defs>",
        f'<rect {_size(width, height)} rx="8" fill="#fbfcfd"/>',
        *map(frame_of, picture.frames),
        *edges(picture, steps),
        *(_box(box, steps[box.step]) for box in picture.boxes),
        "</svg>",
        "",
    ])  # fmt: skip


def _size(width: float, height: float) -> str:
    return f'width="{width:.0f}" height="{height:.0f}"'


def frame_of(frame: Frame) -> str:
    """The frame of a foreach or of a loop, with its heading."""
    return (
        f'<g class="{frame.kind}"><rect class="frame" x="{frame.x:.1f}" y="{frame.y:.1f}" width="{frame.width:.1f}" '
        f'height="{frame.height:.1f}" rx="10"/><text class="heading" x="{frame.x + 10:.1f}" y="{frame.y + HEADING - 3:.1f}">'
        f"{escape(frame.heading)}</text></g>"
    )


def _box(box: Box, step: Step, here: bool = False) -> str:
    note = "\n".join(filter(None, [step.doc, ", ".join(step_settings(step))]))
    doc = f"<title>{escape(note)}</title>" if note else ""
    kind = f"{kind_of(step)} here" if here else kind_of(step)
    return (
        f'<g class="{kind}">{doc}<rect class="box" x="{box.x - box.width / 2:.1f}" y="{box.y:.1f}" width="{box.width:.1f}" '
        f'height="{box.height:.1f}" rx="7"/><text x="{box.x:.1f}" y="{box.middle + 4.5:.1f}">{escape(step.name)}</text></g>'
    )


def kind_of(step: Step) -> str:
    """What a step does to the flow, as a class of the style."""
    if isinstance(step.transition, Switch):
        return "switch"
    if step.join:
        return "join"
    return "split" if isinstance(step.transition, Foreach) or len(targets(step.transition)) > 1 else "step"


def edges(picture: Picture, steps: dict[str, Step]) -> Iterator[str]:
    """The curves between boxes, and the labels on them. They end in the marker `TIP`."""
    place = {box.step: box for box in picture.boxes}
    taken = [Rectangle(box.x - box.width / 2, box.y, box.width, box.height) for box in picture.boxes]
    labels = []
    for step in steps.values():
        for target in targets(step.transition) if step.name in place else ():
            points = _points(place[step.name], place[target], picture.lanes.get((step.name, target), ()))
            yield f'<path class="edge" d="{_curve(points)}"/>'
            if values := cases(step, target):
                places = _places(points, values)
                free = next((one for one in places if not any(one.meets(other) for other in taken)), places[0])
                taken.append(free)
                labels.append(_label(free, values))
    yield from labels


def _points(source: Box, target: Box, lane: tuple[Point, ...]) -> list[Point]:
    """From the lower side of one box to the upper side of the other; a lane may begin or end at the side of a box itself."""
    start, end = (source.x, source.bottom), (target.x, target.y)
    begins = bool(lane) and _beside(source, lane[0])
    ends = bool(lane) and _beside(target, lane[-1])
    return [*([] if begins else [start]), *lane, *([] if ends else [end])]


def _beside(box: Box, point: Point) -> bool:
    return abs(abs(point[0] - box.x) - box.width / 2) < 0.5 and box.y <= point[1] <= box.bottom


def _curve(points: list[Point]) -> str:
    """Straight lines where two points share a line, curves that leave and arrive upright elsewhere."""
    words = [f"M{points[0][0]:.1f} {points[0][1]:.1f}"]
    for (x, y), (to_x, to_y) in pairwise(points):
        if x == to_x or y == to_y:
            words.append(f"L{to_x:.1f} {to_y:.1f}")
        else:
            middle = (y + to_y) / 2
            words.append(f"C{x:.1f} {middle:.1f} {to_x:.1f} {middle:.1f} {to_x:.1f} {to_y:.1f}")
    return " ".join(words)


def _places(points: list[Point], text: str) -> list[Rectangle]:
    """Where the value of a case may stand on its edge, the best place first.

    That is nearer to where the edge leads, as the edges of a switch begin at one point; an edge from the side of a box has it on its lane.
    """
    (x, y), (to_x, to_y) = points[1:3] if len(points) > 2 and points[0][1] == points[1][1] else points[:2]
    width = label_width(text)
    middles = [(x + part * (to_x - x), y + part * (to_y - y)) for part in (0.7, 0.3, 0.5, 0.9)]
    return [Rectangle(middle - width / 2, line - 11, width, 14) for middle, line in middles]


def _label(place: Rectangle, text: str) -> str:
    return (
        f'<rect class="behind" x="{place.x:.1f}" y="{place.y:.1f}" width="{place.width:.1f}" height="{place.height:.0f}" rx="3"/>'
        f'<text class="case" x="{place.x + place.width / 2:.1f}" y="{place.y + 11:.1f}">{escape(text)}</text>'
    )
