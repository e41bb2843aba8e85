"""Pages of cards: what users give is escaped, nothing is loaded and no script is run, and without the extra they say what to install."""

from __future__ import annotations

import re
import sys
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from flowport.card_pages import charts, markdown
from flowport.card_pages.components import KINDS, Components
from flowport.card_pages.page import page
from flowport.card_pages.render import card_html
from flowport.card_pages.source import python
from flowport.card_pages.texts import number, size
from flowport.runtime.cards.read import cards_of
from flowport.runtime.run.items import item
from solo import Broken, Solo

ATTACKS = (
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "' onmouseover='alert(1)",
    "javascript:alert(1)",
    "[a](javascript:alert(1)) ![b](https://evil.example/x.png) [c](data:text/html,x) <https://evil.example>",
    "</style><script>alert(1)</script>",
    "]]></svg><script>alert(1)</script>",
    "\x00\x1b[31m\ud800",
)


class Seen(HTMLParser):
    """The elements and attributes of a page."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str, str]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += [(tag, name, value or "") for name, value in attrs]


def seen(text: str) -> Seen:
    """What a browser would see of a page."""
    found = Seen()
    found.feed(text)
    return found


def check(text: str) -> None:
    """A page that runs nothing, and loads nothing."""
    found = seen(text)
    assert not {"script", "object", "embed", "link", "base", "form", "audio", "video"} & {*found.tags}
    for tag, name, value in found.attributes:
        assert not name.startswith("on"), (tag, name, value)
        if name in ("src", "href", "xlink:href", "data", "action", "srcset"):
            allowed = value.startswith("data:image/") if tag in ("img", "image") else value.startswith(("http://", "https://"))
            assert allowed, (tag, name, value)
        if name == "style":
            assert "url(" not in value
    text.encode("utf-8")


def spec(text: str) -> dict[str, Any]:
    """A chart with a text wherever one can stand."""
    return {
        "title": text,
        "data": {"values": [{"a": text, "b": 1, "u": "javascript:alert(1)", "i": "https://evil.example/x.png"}]},
        "layer": [
            {"mark": "bar", "encoding": {"href": {"field": "u"}, "tooltip": {"field": "a"}}},
            {"mark": "image", "encoding": {"url": {"field": "i"}}},
        ],
        "encoding": {"x": {"field": "a", "type": "nominal", "title": text}, "y": {"field": "b", "type": "quantitative"}},
    }


def everything(text: str) -> list[dict[str, Any]]:
    """One component of each type, with a text in each of its fields."""
    markup = {"type": "markdown", "source": text}
    return [
        {"type": "artifacts", "data": [{"name": text, "type": text, "data": text}, {"name": None, "data": {text: [text]}}]},
        {
            "type": "eventsTimeline",
            "title": text,
            "events": [{"metadata": {text: text, "timestamp": text}, "payloads": {text: markup}, "style_theme": text, "priority": text}],
            "stats": {"total_events": 3},
        },
        {"type": "image", "src": text, "label": text},
        {"type": "image", "src": "data:image/png;base64,AA" + text, "label": text},
        {"type": "jsonViewer", "json_string": text, "title": text, "max_height": text},
        {"type": "log", "data": text},
        markup,
        {"type": "page", "title": text, "contents": [markup, text]},
        {"type": "progressBar", "value": text, "max": text, "label": text, "unit": text, "details": text},
        {"type": "pythonCode", "data": f"def f():\n    return {text}"},
        {"type": "section", "title": text, "subtitle": text, "contents": [text]},
        {"type": "section", "title": text, "isError": True, "contents": [{"type": "log", "data": text}]},
        {"type": "subtitle", "text": text},
        {"type": "table", "columns": [text], "data": [[text, markup, {"type": text, "a": text}, [text], None]], "total": 7},
        {"type": "table", "columns": [text], "data": [[text]], "vertical": True},
        {"type": "text", "text": text},
        {"type": "title", "text": text},
        {"type": "valueBox", "value": text, "title": text, "subtitle": text, "theme": text, "change_indicator": text},
        {"type": "vegaChart", "spec": spec(text)},
        {"type": "vegaChart", "spec": text},
        {"type": "yamlViewer", "yaml_string": f"{text}: {text}", "title": text, "collapsible": False},
        {"type": text, "value": text},
    ]


@pytest.mark.parametrize("text", ATTACKS)
def test_nothing_that_a_user_gives_runs_or_loads_anything(text: str) -> None:
    check(page(text, Components().all(everything(text))))


def test_every_type_of_components_is_attacked() -> None:
    assert {one["type"] for one in everything("x")} - {"x"} == KINDS.keys() - {"html"}


def test_html_of_a_component_stands_in_a_frame_that_runs_nothing() -> None:
    found = seen(Components().one({"type": "html", "data": "<script>alert(1)</script>"}))
    assert (found.tags, ("iframe", "sandbox", "") in found.attributes) == (["iframe"], True)


def test_a_page_is_the_same_each_time() -> None:
    assert Components().all(everything("x")) == Components().all(everything("x"))


FLOW = """
from flowport import card
from flowport.cards import *


class Attacked(FlowSpec):
    text = Parameter("text", default=ATTACK)

    @card
    @step
    def start(self):
        '''ATTACK'''
        # ATTACK
        self.stored = {self.text: [self.text] * 200}
        setattr(self, "plain", self.text)
        current.card.append(Table([[self.text]], headers=[self.text]))
        print(self.text)
        self.next(self.end)

    @card
    @step
    def end(self):
        raise ValueError(self.text)
"""


@pytest.mark.parametrize("text", ATTACKS[:-1])
def test_the_default_card_of_a_run_full_of_markup_runs_and_loads_nothing(tmp_path: Path, text: str) -> None:
    solo = Solo(tmp_path, FLOW.replace("=ATTACK", f"={text!r}").replace("ATTACK", text.replace("'", '"')))
    with pytest.raises(Broken):
        solo.run()
    for step in ("start", "end"):
        found = item(solo.reader(), step, "r")
        assert found is not None
        shown = card_html(cards_of(found)[0])
        check(shown)
        assert ("failed" if step == "end" else "done") in shown


def test_a_policy_forbids_scripts_and_addresses() -> None:
    assert "default-src 'none'; style-src 'unsafe-inline'; img-src data:" in page("x", "")
    assert not re.findall(r"https?://", page("x", ""))


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("a **b** `c`", "<strong>b</strong> <code>c</code>"),
        ("| a |\n|---|\n| 1 |", "<td>1</td>"),
        ("~~a~~", "<s>a</s>"),
        ("[a](https://example.com)", '<a href="https://example.com" rel="noopener noreferrer">a</a>'),
        ("![a](https://example.com/a.png)", '<a href="https://example.com/a.png" rel="noopener noreferrer">a</a>'),
        ("[a](javascript:b)", "[a](javascript:b)"),
        ("<b>a</b>", "&lt;b&gt;a&lt;/b&gt;"),
    ],
)
def test_markdown_is_rendered_without_html(source: str, expected: str) -> None:
    assert expected in markdown.markdown(source)


def test_a_chart_has_the_colours_of_the_page_and_ids_of_its_own() -> None:
    chart = {
        "data": {"values": [{"a": 1, "b": 2}]},
        "mark": {"type": "line", "clip": True},
        "encoding": {"x": {"field": "a", "type": "quantitative"}},
    }
    shown = Components().all([{"type": "vegaChart", "spec": chart}, {"type": "vegaChart", "spec": chart}])
    assert "currentColor" in shown
    ids = re.findall(r' id="([^"]+)"', shown)
    assert len(ids) == len({*ids}) > 0
    assert {*re.findall(r"url\(#([^)]+)\)", shown)} <= {*ids}


def test_a_chart_whose_data_are_elsewhere_says_that_it_cannot_be_drawn() -> None:
    elsewhere = {"data": {"url": "https://example.com/cars.json"}, "mark": "point", "encoding": {"x": {"field": "a", "type": "nominal"}}}
    shown = charts.chart({"spec": elsewhere}, 1)
    assert "this chart cannot be drawn" in shown
    assert "https://example.com/cars.json" in shown


def test_without_the_extra_the_text_and_the_specification_are_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "markdown_it", None)
    monkeypatch.setitem(sys.modules, "vl_convert", None)
    for module in (markdown._parser, charts._library):
        module.cache_clear()
    try:
        shown = Components().all([{"type": "markdown", "source": "# <b>"}, {"type": "vegaChart", "spec": {"mark": "bar"}}])
    finally:
        for module in (markdown._parser, charts._library):
            module.cache_clear()
    assert shown.count("pip install &#x27;flowport[cards]&#x27;") == 2
    assert "# &lt;b&gt;" in shown
    assert "&quot;mark&quot;: &quot;bar&quot;" in shown


@pytest.mark.parametrize(
    "source",
    ["def f(x):\n    return 'a' + f'{x}'  # c\n", "@a.b(3)\nclass C: pass", "if x\n  (", "'''unclosed", "\tx = 1\n y", "é = '🙂'", ""],
)
def test_python_source_keeps_every_character(source: str) -> None:
    import html

    assert html.unescape(re.sub(r"<[^>]+>", "", python(source))) == source.rstrip()


def test_words_of_python_have_colours() -> None:
    shown = python("@retry\ndef f(x):\n    return 'a' # c")
    for part in ('<span class="d">retry</span>', '<span class="k">def</span>', '<span class="f">f</span>', '<span class="c"># c</span>'):
        assert part in shown


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (3, "3"),
        (0.1 + 0.2, "0.3"),
        (1e-9, "1e-09"),
        (-2.5, "−2.5"),
        (float("nan"), "NaN"),
        (float("-inf"), "−∞"),
        (True, "True"),
        ("x", "x"),
    ],
)
def test_numbers_are_short(value: Any, text: str) -> None:
    assert number(value) == text


@pytest.mark.parametrize(("count", "text"), [(0, "0 bytes"), (1, "1 byte"), (999, "999 bytes"), (1_500, "1.5 kB"), (23_456_789, "23.5 MB")])
def test_sizes_have_units(count: int, text: str) -> None:
    assert size(count) == text


def test_a_large_table_says_how_much_is_left_out() -> None:
    from flowport.cards import Table

    shown = Components().one(Table([[number] for number in range(5000)]).render())
    assert (shown.count("<tr>"), "the first 1,000 of 5,000 rows" in shown) == (1000, True)
