"""The components of `metaflow.cards`: what they take, what they become, and what is wrong with what is given to them."""

from __future__ import annotations

import json
from typing import Any

import pytest

from flowport.cards import (
    Artifact,
    Error,
    EventsTimeline,
    Image,
    JSONViewer,
    Markdown,
    MetaflowCardComponent,
    PageComponent,
    ProgressBar,
    PythonCode,
    Table,
    ValueBox,
    VegaChart,
    YAMLViewer,
)
from flowport.runtime.cards.component import rendered
from flowport.runtime.cards.payload import pack, pack_all, unpack, unpack_all
from flowport.runtime.store.errors import Corrupt

DOT = bytes.fromhex(
    "89504e470d0a1a0a0000000d4948445200000001000000010802000000907753de0000000c49444154789c63f8cfc000000301010018dd8db0"
    "0000000049454e44ae426082"
)


class Altair:
    """A chart of Altair, as far as cards look at it."""

    def to_dict(self) -> dict[str, Any]:
        return {"mark": "bar"}


Altair.__module__, Altair.__qualname__ = "altair.vegalite.v5.api", "Chart"


class Figure:
    """A figure of matplotlib, as far as cards look at it."""

    def savefig(self, sink: Any, **named: Any) -> None:
        sink.write(DOT)


class Axes:
    """What has a figure."""

    def get_figure(self) -> Figure:
        return Figure()


class Picture:
    """An image of Pillow, as far as cards look at it."""

    def save(self, sink: Any, format: str) -> None:
        sink.write(DOT)


Picture.__module__ = "PIL.Image"


class Odd(MetaflowCardComponent):
    """A component that renders to whatever it is given."""

    def __init__(self, value: Any) -> None:
        self.value = value

    def render(self) -> Any:
        if isinstance(self.value, Exception):
            raise self.value
        return self.value


@pytest.mark.parametrize(
    ("component", "expected"),
    [
        (Markdown("  a\n  b"), {"type": "markdown", "source": "a\nb"}),
        (Markdown(), {"type": "markdown", "source": ""}),
        (PythonCode(code_string="x"), {"type": "pythonCode", "data": "x"}),
        (ProgressBar(max=3, label="l", value=1, unit="u", metadata="m"),
         {"type": "progressBar", "max": 3, "value": 1, "label": "l", "unit": "u", "details": "m"}),
        (ValueBox("t", 3, "s", "success", "c"),
         {"type": "valueBox", "value": 3, "title": "t", "subtitle": "s", "theme": "success", "change_indicator": "c"}),
        (VegaChart({"mark": "bar"}), {"type": "vegaChart", "spec": {"mark": "bar"}, "options": {"actions": False}}),
        (VegaChart('{"mark": "bar"}', show_controls=True), {"type": "vegaChart", "spec": {"mark": "bar"}}),
        (VegaChart.from_altair_chart(Altair()), {"type": "vegaChart", "spec": {"mark": "bar"}, "options": {"actions": False}}),
        (Table([["a", 1, None, 2.5, True]], headers=["h"]),
         {"type": "table", "columns": ["h"], "data": [["a", 1, None, 2.5, True]], "vertical": False}),
        (Table([[Markdown("x")]]),
         {"type": "table", "columns": [], "data": [[{"type": "markdown", "source": "x"}]], "vertical": False}),
        (Table(), {"type": "table", "columns": [], "data": [], "vertical": False}),
        (Table("no", "lists"), {"type": "table", "columns": [], "data": [], "vertical": False}),  # type: ignore[arg-type]
        (Artifact({"a": 1}, "n"), {"type": "artifacts", "data": [{"name": "n", "type": "dict", "data": "{'a': 1}"}]}),
        (PageComponent("t", contents=[Markdown("x"), "y"]),
         {"type": "page", "title": "t", "contents": [{"type": "markdown", "source": "x"}, "y"]}),
        (YAMLViewer({"a": [1]}, title="t"), {
            "type": "yamlViewer", "yaml_string": "a:\n- 1\n", "title": "t", "collapsible": True, "show_copy_button": True}),
        (JSONViewer('{"a": 1}', collapsible=False, max_height="3rem"), {
            "type": "jsonViewer", "json_string": '{\n  "a": 1\n}', "title": "JSON", "collapsible": False, "show_copy_button": True,
            "max_height": "3rem"}),
    ],
)  # fmt: skip
def test_a_component_becomes_what_metaflow_makes_of_it(component: Any, expected: dict[str, Any]) -> None:
    assert rendered(component) == expected


@pytest.mark.parametrize(
    "image", [Image(DOT), Image.from_matplotlib(Figure()), Image.from_matplotlib(Axes()), Image.from_pil_image(Picture())]
)
def test_an_image_has_its_bytes_in_it(image: Image) -> None:
    assert image.render()["src"].startswith("data:image/png;base64,iVBORw0KGgo")


@pytest.mark.parametrize(
    "image",
    [Image(None), Image(b"no image"), Image("https://example.com/a.png"), Image(3), Image.from_matplotlib(None), Image.from_pil_image("x")],  # type: ignore[arg-type]
)
def test_what_is_no_image_is_shown_as_an_error(image: Image) -> None:
    shown = image.render()
    assert (shown["type"], shown["isError"], shown["title"][:19]) == ("section", True, "[IMAGE_RENDER FAIL]")


def test_an_image_changes_if_it_was_made_so(capfd: pytest.CaptureFixture[str]) -> None:
    still, moving = Image(DOT), Image(DOT, disable_updates=False)
    for image in (still, moving):
        image.update(b"no image")
    assert (still.render()["type"], moving.render()["type"]) == ("image", "section")
    assert capfd.readouterr().err == "flowport: card: this `Image` does not change: make it with `disable_updates=False`\n"


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (3, "`render` returned a value of type `int`"),
        ({"a": {1}}, "has no JSON form"),
        (ValueError("no way"), "ValueError: no way"),
    ],
)
def test_a_component_that_cannot_be_rendered_is_shown_as_an_error(value: Any, message: str) -> None:
    shown = rendered(Odd(value))
    assert shown["isError"]
    assert message in json.dumps(shown)


@pytest.mark.parametrize(
    ("given", "kind"),
    [
        ({"value": None}, ValueError), ({"value": []}, TypeError), ({"value": ""}, ValueError), ({"value": "x" * 101}, ValueError),
        ({"value": 1e16}, ValueError), ({"value": 1, "title": 3}, TypeError), ({"value": 1, "title": " "}, ValueError),
        ({"value": 1, "title": "x" * 201}, ValueError), ({"value": 1, "subtitle": "x" * 301}, ValueError),
        ({"value": 1, "theme": "a b"}, ValueError), ({"value": 1, "change_indicator": 3}, TypeError),
    ],
)  # fmt: skip
def test_a_box_raises_what_metaflow_raises(given: dict[str, Any], kind: type[Exception]) -> None:
    with pytest.raises(kind):
        ValueBox(**given)


def test_a_chart_of_another_library_is_an_error() -> None:
    with pytest.raises(ValueError, match="is not an altair chart"):
        VegaChart.from_altair_chart(3)


def test_an_exception_is_shown_with_its_traceback() -> None:
    try:
        raise ValueError("no way")
    except ValueError as error:
        shown = Error(error, "Oh").render()
    assert (shown["title"], shown["contents"][0]["data"].splitlines()[-1]) == ("Oh", "ValueError: no way")
    assert Error(ValueError("x")).render()["contents"][0]["data"] == "ValueError('x')"


def test_a_function_is_shown_by_its_source() -> None:
    assert PythonCode(test_a_function_is_shown_by_its_source).render()["data"].startswith("def test_a_function")
    assert PythonCode().render()["isError"]


def test_a_data_frame_of_pandas_is_a_table_of_its_first_rows() -> None:
    import pandas as pd

    frame = pd.DataFrame({"a": range(300), "when": pd.Timestamp("2026-01-02"), "t": ["x", None, 3.5] * 100})
    shown = rendered(Table.from_dataframe(frame))
    assert (shown["columns"], shown["data"][1], len(shown["data"]), shown["total"]) == (
        ["", "a", "when", "t"], [1, 1, "2026-01-02 00:00:00", None], 100, 300,
    )  # fmt: skip
    assert len(rendered(Table.from_dataframe(frame, truncate=False))["data"]) == 300
    both = rendered(Table.from_dataframe(frame.head(4).groupby(["a", "t"], dropna=False).count()))
    assert (both["columns"][0], both["data"][0][0]) == ("a, t", "0, x")
    assert frame.columns.tolist() == ["a", "when", "t"]


def test_what_is_no_data_frame_says_so() -> None:
    assert rendered(Table.from_dataframe([1]))["columns"] == ["Object type list not supported"]


def test_numbers_of_numpy_are_numbers_in_a_table() -> None:
    import numpy as np

    row = [np.float32(0.5), np.int64(3), np.bool_(True), np.datetime64("2026-01-02"), np.zeros(3), object]
    assert rendered(Table([row]))["data"][0] == [0.5, 3, True, "2026-01-02", "[0. 0. 0.]", "<class 'object'>"]
    assert rendered(VegaChart({"data": {"values": [{"a": np.float64(0.5), "b": np.arange(2)}]}}))["spec"]["data"]["values"] == [
        {"a": 0.5, "b": [0, 1]}
    ]


def test_a_timeline_counts_what_it_leaves_out() -> None:
    timeline = EventsTimeline("t", max_events=2)
    for number in range(3):
        timeline.update({"n": number}, style_theme="info", payloads={"m": Markdown("x")}, finished=number == 2)
    shown = rendered(timeline)
    assert [event["metadata"]["n"] for event in shown["events"]] == [2, 1]
    assert (shown["stats"]["total_events"], shown["stats"]["finished"]) == (3, True)
    with pytest.raises(TypeError, match="Payload 'c' must be one of"):
        timeline.update({}, payloads={"c": VegaChart({})})
    with pytest.raises(ValueError, match="CSS class"):
        timeline.update({}, style_theme="a b")


def test_a_component_id_is_a_text() -> None:
    with pytest.raises(TypeError):
        Markdown("x").component_id = 3  # type: ignore[assignment]


def test_a_stored_card_is_read_as_it_was() -> None:
    image = Image(DOT, "dot").render()
    card = {"type": "blank", "id": None, "options": {"a": [1]}, "components": [image, {"type": "table", "data": [[image, 1]]}, "text"]}
    data = pack(card)
    assert data.count(DOT) == 1
    assert unpack(data) == {name: value for name, value in card.items() if value is not None}
    assert unpack_all(pack_all({"a": data, "b": b""})) == {"a": data, "b": b""}


@pytest.mark.parametrize(
    "data", [b"", b"[]\n", b'{"v":99,"components":[],"images":[]}\n', b"\xff", b'{"v":1,"images":3,"components":[]}\n']
)
def test_a_damaged_card_is_said(data: bytes) -> None:
    with pytest.raises(Corrupt):
        unpack(data)
