"""Charts of Vega-Lite and Vega as SVG, by vl-convert: nothing is fetched, and of the SVG only what draws is kept.

Colours of axes and texts are those of the page, so that a chart is readable on light and on dark ground.
"""

from __future__ import annotations

import json
import re
from functools import cache
from types import ModuleType
from typing import Any
from xml.etree import ElementTree

from flowport.card_pages.texts import error, escape, note

MISSING = "this is the specification of a chart: `pip install 'flowport[cards]'` has what draws it"

SVG = "http://www.w3.org/2000/svg"
HREF = "{http://www.w3.org/1999/xlink}href"

TAGS = frozenset({
    "a", "circle", "clipPath", "defs", "ellipse", "g", "image", "line", "linearGradient", "path", "polygon", "polyline", "radialGradient",
    "rect", "stop", "svg", "text", "title", "tspan",
})  # fmt: skip
"""The elements that are kept. A link becomes a group, and an image stays if the document itself has it."""

WIDTH = 640
"""The width in pixels of a chart that asks for that of the page."""

FONT = "ui-sans-serif, system-ui, sans-serif"
_AXIS = {
    "labelColor": "currentColor",
    "titleColor": "currentColor",
    "labelOpacity": 0.75,
    "titleFontWeight": 500,
    "domainColor": "currentColor",
    "domainOpacity": 0.35,
    "tickColor": "currentColor",
    "tickOpacity": 0.35,
    "gridColor": "currentColor",
    "gridOpacity": 0.12,
    "labelFontSize": 11,
    "titleFontSize": 12,
}
CONFIG: dict[str, Any] = {
    "background": None,
    "font": FONT,
    "view": {"stroke": None},
    "axis": _AXIS,
    "legend": {"labelColor": "currentColor", "titleColor": "currentColor", "labelOpacity": 0.75, "titleFontWeight": 500},
    "title": {"color": "currentColor", "subtitleColor": "currentColor", "fontWeight": 600, "fontSize": 14, "anchor": "start", "offset": 12},
    "header": {"labelColor": "currentColor", "titleColor": "currentColor"},
    "text": {"color": "currentColor"},
    "rule": {"color": "currentColor"},
    "mark": {"color": "#3f74c9"},
    "bar": {"cornerRadiusEnd": 2},
    "line": {"strokeWidth": 2},
    "range": {"category": ["#3f74c9", "#e0873d", "#3f9a70", "#c9505b", "#8a67c7", "#b98b2b", "#4aa5b5", "#b45d94", "#7f8a97", "#94a83c"]},
}
"""How a chart looks where its specification says nothing."""


def chart(component: dict[str, Any], number: int) -> str:
    """The chart of a component; `number` tells its ids from those of other charts on the page."""
    spec = component.get("spec")
    if not isinstance(spec, dict):
        return error("this is no specification of a chart", spec)
    library = _library()
    text = json.dumps(spec, indent=2, ensure_ascii=False)
    if library is None:
        return f'<details class="viewer"><summary>Chart</summary><pre>{escape(text)}</pre></details>{note(MISSING)}'
    try:
        drawn = _tried(library, spec)
    except (ValueError, RuntimeError) as failed:
        reason = " ".join(_REMARK.sub("", str(failed)).split())
        said = f'<details class="viewer"><summary>Specification</summary><pre>{escape(text)}</pre></details>'
        return error("this chart cannot be drawn", reason[:600]) + said
    return f'<figure class="chart">{_kept(drawn, number)}</figure>'


@cache
def _library() -> ModuleType | None:
    try:
        import vl_convert
    except ImportError:
        return None
    library: ModuleType = vl_convert
    return library


_REMARK = re.compile(r"\s+at [^\n]*")
"""A line of a stack of the library, which differs from time to time."""


def _tried(library: ModuleType, spec: dict[str, Any]) -> str:
    """The SVG of a specification; raises ValueError.

    The library may report what went wrong with a chart when the next one is drawn, so what fails is tried once more.
    """
    try:
        return _drawn(library, spec)
    except (ValueError, RuntimeError):
        return _drawn(library, spec)


def _drawn(library: ModuleType, spec: dict[str, Any]) -> str:
    """The SVG of a specification; raises ValueError."""
    schema = str(spec.get("$schema", ""))
    if "/vega/" in schema:
        return str(library.vega_to_svg({"background": None, **spec, "config": {**CONFIG, **_table(spec, "config")}}, allowed_base_urls=[]))
    own = {name: value for name, value in spec.items() if name != "$schema"}
    if own.get("width", "container") == "container" and _is_single(own):
        own["width"] = WIDTH
    if own.get("height") == "container":
        own.pop("height")
    found = re.search(r"/vega-lite/v(\d+)", schema)
    newest = str(library.get_vegalite_versions()[-1])
    version = next((one for one in reversed(library.get_vegalite_versions()) if found and one.startswith(f"{found[1]}.")), newest)
    return str(library.vegalite_to_svg(own, vl_version=version, config=CONFIG, allowed_base_urls=[], show_warnings=False))


def _is_single(spec: dict[str, Any]) -> bool:
    """Whether a specification is one chart, which takes a width: rows and columns of charts do not."""
    return spec.keys().isdisjoint(("hconcat", "vconcat", "concat", "facet", "repeat")) and not (
        {"row", "column", "facet"} & _table(spec, "encoding").keys()
    )


def _table(spec: dict[str, Any], name: str) -> dict[str, Any]:
    found = spec.get(name)
    return found if isinstance(found, dict) else {}


def _kept(drawn: str, number: int) -> str:
    """The parts of an SVG that draw, with ids of its own."""
    ElementTree.register_namespace("", SVG)
    root = ElementTree.fromstring(drawn)
    _clean(root, f"chart{number}-")
    root.set("style", f"max-width:{root.get('width', '')}px")
    for name in ("width", "height"):
        root.attrib.pop(name, None)
    root.set("width", "100%")
    return ElementTree.tostring(root, encoding="unicode")


def _clean(element: ElementTree.Element, prefix: str) -> None:
    """Remove what does not draw from an element, and from all below it."""
    waiting = [element]
    while waiting:
        one = waiting.pop()
        for inner in list(one):
            if _name(inner) not in TAGS or (_name(inner) == "image" and not _source(inner).startswith("data:image/")):
                one.remove(inner)
            else:
                waiting.append(inner)
        if _name(one) == "a":
            one.tag = f"{{{SVG}}}g"
        for name, value in list(one.attrib.items()):
            if not _is_harmless(one, name, value):
                del one.attrib[name]
            elif name == "id":
                one.set(name, prefix + value)
            elif "url(#" in value:
                one.set(name, value.replace("url(#", f"url(#{prefix}"))


def _is_harmless(element: ElementTree.Element, name: str, value: str) -> bool:
    """Whether an attribute only draws: it calls nothing, and refers to nothing outside of the document."""
    if name in (HREF, "href"):
        return _name(element) == "image"
    if name.startswith("on") or name in ("target", "aria-hidden"):
        return False
    return "url(" not in value or value.startswith("url(#")


def _name(element: ElementTree.Element) -> str:
    return element.tag.rpartition("}")[2]


def _source(element: ElementTree.Element) -> str:
    return element.get(HREF, element.get("href", ""))
