"""The dictionaries of components as HTML. What has a type that is not known here is shown as JSON."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from itertools import groupby
from typing import Any

from flowport.card_pages.charts import chart
from flowport.card_pages.data import json_viewer, yaml_viewer
from flowport.card_pages.markdown import markdown
from flowport.card_pages.source import python
from flowport.card_pages.tables import table
from flowport.card_pages.texts import error, escape, number, pre
from flowport.card_pages.timeline import timeline

TOGETHER = ("valueBox",)
"""The types of components that stand side by side where several follow each other."""

BOXES = frozenset(("success", "warning", "danger", "bg-gradient-indigo-purple"))


class Components:
    """Makes HTML of components; one object makes all those of a page."""

    def __init__(self) -> None:
        self._charts = 0

    def all(self, components: Any) -> str:
        """Components one below the other; boxes that follow each other stand in a row."""
        if not isinstance(components, list):
            return ""
        return "\n".join(self._rows(components))

    def _rows(self, components: list[Any]) -> Iterator[str]:
        for kind, group in groupby(components, key=lambda one: one.get("type") if isinstance(one, dict) else None):
            shown = [self.one(each) for each in group]
            yield f'<div class="boxes">{"".join(shown)}</div>' if kind in TOGETHER else "\n".join(shown)

    def one(self, component: Any) -> str:
        """One component: a dictionary with a type, or a text."""
        if not isinstance(component, dict):
            return f'<p class="text">{escape(component)}</p>' if str(component).strip() else ""
        make = KINDS.get(str(component.get("type")))
        if make is None:
            return f'<details class="viewer"><summary>{escape(component.get("type"))}</summary>{pre(_json(component))}</details>'
        return make(self, component)

    def chart(self, component: dict[str, Any]) -> str:
        self._charts += 1
        return chart(component, self._charts)

    def section(self, component: dict[str, Any]) -> str:
        """Components below a title; an error is one with the text of a log."""
        contents = component.get("contents")
        if component.get("isError"):
            logs = contents if isinstance(contents, list) else []
            return error(component.get("title", ""), "\n".join(str(log.get("data", "")) for log in logs if isinstance(log, dict)))
        title = f"<h2>{escape(component['title'])}</h2>" if component.get("title") else ""
        subtitle = f'<p class="soft">{escape(component["subtitle"])}</p>' if component.get("subtitle") else ""
        return f"<section>{title}{subtitle}{self.all(contents)}</section>"


def _json(component: Any) -> str:
    return json.dumps(component, indent=2, ensure_ascii=False)


def _image(page: Components, component: dict[str, Any]) -> str:
    source, label = str(component.get("src", "")), component.get("label")
    if not source.startswith("data:image/"):
        return error("this image has no data", "")
    caption = f"<figcaption>{escape(label)}</figcaption>" if label else ""
    return f'<figure class="image"><img src="{escape(source)}" alt="{escape(label or "")}">{caption}</figure>'


def _progress(page: Components, component: dict[str, Any]) -> str:
    value, most = component.get("value"), component.get("max")
    share = value / most if isinstance(value, (int, float)) and isinstance(most, (int, float)) and most else 0
    width = max(0.0, min(100.0, 100 * share))
    label, unit, details = (component.get(name) for name in ("label", "unit", "details"))
    words = f"{escape(number(value))} / {escape(number(most))}" + (f" {escape(unit)}" if unit else "")
    right = f'<span class="num">{words}</span>' + (f' <span class="soft">{escape(details)}</span>' if details else "")
    return (
        f'<div class="progress"><div class="progress-words"><span>{escape(label or "")}</span><span>{right}</span></div>'
        f'<div class="bar" role="progressbar" aria-valuenow="{width:.0f}" aria-valuemin="0" aria-valuemax="100"'
        f' aria-label="{escape(label or "progress")}"><div style="width:{width:.2f}%"></div></div></div>'
    )


def _box(page: Components, component: dict[str, Any]) -> str:
    theme = str(component.get("theme", ""))
    value = component.get("value", "")
    words = {name: component.get(name) for name in ("title", "subtitle", "change_indicator")}
    title, subtitle, change = (
        f'<p class="box-{name.partition("_")[0]}">{escape(text)}</p>' if text is not None else "" for name, text in words.items()
    )
    kind = f" {theme}" if theme in BOXES else ""
    return f'<div class="box{kind}">{title}<p class="box-value">{escape(number(value))}</p>{subtitle}{change}</div>'


def _artifacts(page: Components, component: dict[str, Any]) -> str:
    data = component.get("data")
    shown = data if isinstance(data, list) else list(data.values()) if isinstance(data, dict) else []
    return "".join(_artifact(one) for one in shown if isinstance(one, dict))


def _artifact(one: dict[str, Any]) -> str:
    name = f"<b>{escape(one['name'])}</b> " if one.get("name") else ""
    text = one.get("data")
    body = escape(text if isinstance(text, str) else _json(text))
    return f'<div class="artifact"><p>{name}<span class="faint">{escape(one.get("type", ""))}</span></p><pre>{body}</pre></div>'


def _html(page: Components, component: dict[str, Any]) -> str:
    """HTML of the user's own, in a frame that runs nothing and loads nothing."""
    return f'<iframe class="html" sandbox="" srcdoc="{escape(component.get("data", ""))}"></iframe>'


def _page(page: Components, component: dict[str, Any]) -> str:
    title = f"<h1>{escape(component['title'])}</h1>" if component.get("title") else ""
    return title + page.all(component.get("contents"))


KINDS: Mapping[str, Callable[[Components, dict[str, Any]], str]] = {
    "artifacts": _artifacts,
    "eventsTimeline": lambda page, one: timeline(one, page.one),
    "html": _html,
    "image": _image,
    "jsonViewer": lambda page, one: json_viewer(one),
    "log": lambda page, one: pre(one.get("data", "")),
    "markdown": lambda page, one: markdown(str(one.get("source", ""))),
    "page": _page,
    "progressBar": _progress,
    "pythonCode": lambda page, one: python(str(one.get("data", ""))),
    "section": Components.section,
    "subtitle": lambda page, one: f'<p class="soft">{escape(one.get("text", ""))}</p>',
    "table": lambda page, one: table(one, page.one),
    "text": lambda page, one: f'<p class="text">{escape(one.get("text", ""))}</p>',
    "title": lambda page, one: f"<h2>{escape(one.get('text', ''))}</h2>",
    "valueBox": _box,
    "vegaChart": Components.chart,
    "yamlViewer": lambda page, one: yaml_viewer(one),
}
"""How each type of components is shown."""
