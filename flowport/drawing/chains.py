"""The graph of several flows as SVG: what starts which, from left to right. Nothing outside the document is referred to."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise
from unicodedata import east_asian_width
from xml.sax.saxutils import escape

from flowport.compiler.chains.circles import circles
from flowport.compiler.chains.graph import STARTS, Edge, FlowGraph, Node
from flowport.compiler.chains.impact import Follower
from flowport.drawing.layers import Columns, Place, Way, columns
from flowport.drawing.layout import LETTER, SMALL_LETTER, Point

MARGIN, HEIGHT, PADDING = 18.0, 42.0, 32.0
LONGEST = 44
"""Letters of a text in a box; the whole text is in its tooltip."""

BACK = 9.0
"""How far below the middle of a box an edge begins and ends that goes back."""

STYLE = """
svg { color-scheme: light dark }
text { font: 600 13px ui-sans-serif, system-ui, "Segoe UI", Helvetica, Arial, sans-serif; fill: #1c2733; text-anchor: middle }
.note { font-size: 11px; font-weight: 400; fill: #52677c }
.ground { fill: #fbfcfd }
.box { fill: #ffffff; stroke: #4a6785; stroke-width: 1.3 }
.event .box { fill: #fff6e3; stroke: #b7791f }
.schedule .box { fill: #eefaf1; stroke: #3c7d57 }
.elsewhere .box { fill: none; stroke-dasharray: 5 4 }
.unread .box { fill: #fdecea; stroke: #b3261e; stroke-dasharray: 5 4 }
.twin .box { stroke: #b3261e }
.edge { fill: none; stroke: #7b8ea3; stroke-width: 1.4; marker-end: url(#tip) }
.sends { stroke-dasharray: 5 4 }
#tip path { fill: #7b8ea3 }
.circle { stroke: #b3261e; marker-end: url(#tip-circle) }
#tip-circle path { fill: #b3261e }
.follows .box { stroke: #6d3fc4; stroke-width: 2.4 }
.first .box { fill: #6d3fc4; stroke: #6d3fc4 }
.first text, .first .note { fill: #ffffff }
.way { stroke: #6d3fc4; stroke-width: 2.2; marker-end: url(#tip-way) }
#tip-way path { fill: #6d3fc4 }
.apart { opacity: .4 }
@media (prefers-color-scheme: dark) {
text { fill: #e6edf3 }
.note { fill: #a3b3c4 }
.ground { fill: #11161c }
.box { fill: #1a222b; stroke: #7f9bb8 }
.event .box { fill: #33270f; stroke: #d29a3a }
.schedule .box { fill: #14291d; stroke: #5fae7f }
.unread .box { fill: #3a1715; stroke: #f2b8b5 }
.twin .box { stroke: #f28b82 }
.edge { stroke: #8b9eb3 }
#tip path { fill: #8b9eb3 }
.circle { stroke: #f28b82 }
#tip-circle path { fill: #f28b82 }
.follows .box, .way { stroke: #b69df8 }
.first .box { fill: #6d3fc4; stroke: #b69df8 }
#tip-way path { fill: #b69df8 }
}
""".strip()

TIPS = "".join(
    f'<marker id="{name}" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="9" markerHeight="9" markerUnits="userSpaceOnUse" orient="auto">'
    '<path d="M0 0 8 4 0 8z"/></marker>'
    for name in ("tip", "tip-circle", "tip-way")
)


def chain_svg(graph: FlowGraph, first: str | None = None, followers: Sequence[Follower] = ()) -> str:
    """The drawing as a document. With `first`, what follows when this flow runs stands out."""
    notes = _notes(graph)
    sizes = {node.id: (PADDING + max(_width(node.title, LETTER), _width(notes[node.id], SMALL_LETTER)), HEIGHT) for node in graph.nodes}
    drawn = columns(sizes, [(edge.source, edge.target) for edge in graph.edges])
    reached = {first, *(name for one in followers for name in one.way)} if first is not None else set()
    classes = {node.id: _classes(node, first, reached) for node in graph.nodes}
    width, height = drawn.width + 2 * MARGIN, drawn.height + 2 * MARGIN
    size = f'width="{width:.0f}" height="{height:.0f}"'
    return "\n".join([
        f'<svg xmlns="http://www.w3.org/2000/svg" {size} viewBox="0 0 {width:.0f} {height:.0f}" role="img" aria-labelledby="title desc">',
        f'<title id="title">{_title(graph, first)}</title>',
        f'<desc id="desc">{escape(" ".join(_sentences(graph)))}</desc>',
        f"<style>{STYLE}</style>",
        f"<defs>{TIPS}</defs>",
        f'<rect class="ground" {size} rx="8"/>',
        f'<g transform="translate({MARGIN:.0f} {MARGIN:.0f})">',
        *_edges(graph, drawn, reached),
        *(_box(node, drawn.places[node.id], notes[node.id], classes[node.id]) for node in graph.nodes),
        "</g>",
        "</svg>",
        "",
    ])  # fmt: skip


def _notes(graph: FlowGraph) -> dict[str, str]:
    """The second line of each box."""
    nodes = graph.by_id
    waits: dict[str, set[str]] = {id: set() for id in nodes}
    for edge in graph.edges:
        if edge.kind in STARTS:
            waits[edge.target].add(nodes[edge.source].deployment)
    return {id: _note(node, len(waits[id])) for id, node in nodes.items()}


def _note(node: Node, waits: int) -> str:
    if node.kind == "schedule":
        return f"schedule, {node.note}"
    if node.kind == "event":
        return "event"
    where = node.state or (_ending(node.span.file) if node.span else "")
    twin = "name not unique" if node.is_twin else ""
    return ", ".join(filter(None, [node.note, where, twin, f"waits for all {waits}" if waits > 1 else ""]))


def _classes(node: Node, first: str | None, reached: set[str]) -> str:
    state = "" if first is None else "first" if node.id == first else "follows" if node.id in reached else "apart"
    return " ".join(filter(None, [node.kind, "twin" if node.is_twin else "", state]))


def _title(graph: FlowGraph, first: str | None) -> str:
    flows = sum(node.is_flow for node in graph.nodes)
    about = f"{flows} flow{'s' * (flows != 1)} and what starts them"
    return escape(about if first is None else f"{about}; what follows {first} stands out")


def _sentences(graph: FlowGraph) -> Iterator[str]:
    """What the drawing shows, for those who do not see it."""
    nodes = graph.by_id
    for edge in graph.edges:
        yield f"{nodes[edge.source].label} {'sends' if edge.kind == 'sends' else 'starts'} {nodes[edge.target].label}."


def _box(node: Node, place: Place, note: str, classes: str) -> str:
    middle = place.x + place.width / 2
    where = f"\n{node.span.file}:{node.span.line}" if node.span and node.is_flow else ""
    return (
        f'<g class="{classes}"><title>{escape(f"{node.label}{where}")}</title><rect class="box" x="{place.x:.1f}" y="{place.y:.1f}" '
        f'width="{place.width:.1f}" height="{place.height:.1f}" rx="{7 if node.is_flow else HEIGHT / 2:.0f}"/>'
        f'<text x="{middle:.1f}" y="{place.y + 18:.1f}">{escape(_short(node.title))}</text>'
        f'<text class="note" x="{middle:.1f}" y="{place.y + 33:.1f}">{escape(_short(note))}</text></g>'
    )


def _edges(graph: FlowGraph, drawn: Columns, reached: set[str]) -> Iterator[str]:
    """The edges; those that stand out are drawn last, over the others."""
    in_circles = {pair for circle in circles(graph.following()) for pair in zip(circle, (*circle[1:], circle[0]), strict=True)}
    states = {edge: _state(edge, reached, in_circles) for edge in graph.edges}
    for edge in sorted(graph.edges, key=lambda edge: states[edge] in ("way", "circle")):
        classes = " ".join(filter(None, ["edge", "sends" if edge.kind == "sends" else "", states[edge]]))
        yield f'<path class="{classes}" d="{_path(edge, drawn)}"/>'


def _state(edge: Edge, reached: set[str], in_circles: set[Way]) -> str:
    """The class of an edge: where followers are shown, whether it is on the way to one; else whether it is part of a circle."""
    if reached:
        return "way" if {edge.source, edge.target} <= reached else "apart"
    return "circle" if (edge.source, edge.target) in in_circles else ""


def _path(edge: Edge, drawn: Columns) -> str:
    if edge.source == edge.target:
        box = drawn.places[edge.source]
        right, top = box.x + box.width, box.y
        return f"M{right - 30:.1f} {top:.1f} C{right - 30:.1f} {top - 18:.1f} {right + 22:.1f} {top - 12:.1f} {right:.1f} {top + 12:.1f}"
    way = edge.source, edge.target
    return _curve(_moved(drawn.ways[way], BACK) if way in drawn.back else drawn.ways[way])


def _moved(points: Sequence[Point], down: float) -> list[Point]:
    """The points with the ends further down, so that an edge back stands apart from the one there."""
    (x, y), *between, (to_x, to_y) = points
    return [(x, y + down), *between, (to_x, to_y + down)]


def _curve(points: Sequence[Point]) -> str:
    """Level lines inside a column, and curves that leave and arrive level between columns."""
    words = [f"M{points[0][0]:.1f} {points[0][1]:.1f}"]
    for (x, y), (to_x, to_y) in pairwise(points):
        if y == to_y:
            words.append(f"L{to_x:.1f} {to_y:.1f}")
        else:
            middle = (x + to_x) / 2
            words.append(f"C{middle:.1f} {y:.1f} {middle:.1f} {to_y:.1f} {to_x:.1f} {to_y:.1f}")
    return " ".join(words)


def _ending(path: str) -> str:
    """The end of a path, if it is long."""
    return path if len(path) <= LONGEST // 2 else f"…{path[-(LONGEST // 2 - 1) :]}"


def _short(text: str) -> str:
    """A text without its middle if it is long."""
    return text if len(text) <= LONGEST else f"{text[: LONGEST // 2]}…{text[1 - LONGEST // 2 :]}"


def _width(text: str, letter: float) -> float:
    return letter * sum(2 if east_asian_width(one) in "WF" else 1 for one in _short(text))
