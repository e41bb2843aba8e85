"""The graph of a run: the drawing of `flowport show`, where each step has its status, the number of its items and a bar."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple
from xml.sax.saxutils import escape, quoteattr

from flowport.drawing.layout import layout
from flowport.drawing.stored import stored_plan
from flowport.drawing.svg import TIP, edges, frame_of, kind_of
from flowport.runtime.run.reader import UNREADABLE

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from flowport.drawing.layout import Box
    from flowport.runtime.package.code_package import CodePackage

WIDTH, HEIGHT, MARGIN, BAR = 148.0, 58.0, 12.0, 6.0


class Mark(NamedTuple):
    """What is drawn of a step: its status, its numbers in words, where it leads, and the parts of its bar, by status, out of 1."""

    state: str
    words: str
    url: str
    parts: tuple[tuple[str, float], ...]


class Drawing(NamedTuple):
    """The graph as an SVG element, and its width in pixels."""

    svg: str
    width: float


def graph(program: CodePackage, marks: Mapping[str, Mark]) -> Drawing | None:
    """The graph of a run; None where there is no plan of the flow."""
    try:
        plan = stored_plan(program)
    except UNREADABLE:
        return None
    picture = layout(plan, WIDTH, HEIGHT).moved(MARGIN, MARGIN)
    width, height = picture.width + 2 * MARGIN, picture.height + 2 * MARGIN
    steps = {step.name: step for step in plan.flow.steps}
    size = f'width="{width:.0f}" height="{height:.0f}" viewBox="0 0 {width:.0f} {height:.0f}"'
    svg = "\n".join(
        [
            f'<svg class="graph" {size} role="group" aria-label={quoteattr("The graph of " + plan.flow.name)}>',
            f"<defs>{TIP}</defs>",
            *map(frame_of, picture.frames),
            *edges(picture, steps),
            *("\n".join(_box(box, kind_of(steps[box.step]), marks[box.step])) for box in picture.boxes if box.step in marks),
            "</svg>",
        ]
    )
    return Drawing(svg, width)


def _class(state: str) -> str:
    """The class of a status in the style."""
    return state if state not in ("", "not taken") else "waiting"


def _box(box: Box, kind: str, mark: Mark) -> Iterator[str]:
    left, width = box.x - box.width / 2, box.width
    label = quoteattr(f"{box.step}: {mark.words}")
    yield f'<a href={quoteattr(mark.url)} class="node {kind} is-{_class(mark.state)}" aria-label={label}>'
    yield f'<rect class="box" x="{left:.1f}" y="{box.y:.1f}" width="{width:.1f}" height="{box.height:.1f}" rx="8"/>'
    yield f'<text class="name" x="{box.x:.1f}" y="{box.y + 22:.1f}">{escape(box.step)}</text>'
    yield f'<text class="words" x="{box.x:.1f}" y="{box.y + 39:.1f}">{escape(mark.words)}</text>'
    inner, x, y = width - 20, left + 10, box.bottom - BAR - 6
    yield f'<rect class="bar" x="{x:.1f}" y="{y:.1f}" width="{inner:.1f}" height="{BAR:.1f}" rx="3"/>'
    for state, part in mark.parts:
        if part > 0:
            # What is a millionth of the whole can be seen, too.
            shown = min(max(part * inner, 2.0), left + 10 + inner - x)
            yield f'<rect class="part is-{state}" x="{x:.1f}" y="{y:.1f}" width="{shown:.1f}" height="{BAR:.1f}" rx="3"/>'
            x += shown
    yield "</a>"
