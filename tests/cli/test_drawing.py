"""The drawing of a flow: labels that can be read."""

from __future__ import annotations

from pathlib import Path
from xml.etree import ElementTree

from desk import Desk

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"


def test_no_label_of_a_case_lies_on_a_box(desk: Desk) -> None:
    root = ElementTree.fromstring(desk("show", str(EXAMPLES / "converge.py"), "--format", "svg").out)
    boxes = [_rectangle(each) for each in root.iter() if each.get("class") == "box"]
    labels = [_rectangle(each) for each in root.iter() if each.get("class") == "behind"]
    assert len(labels) == 3
    for left, top, right, bottom in labels:
        assert not [box for box in boxes if left < box[2] and box[0] < right and top < box[3] and box[1] < bottom]


def _rectangle(element: ElementTree.Element) -> tuple[float, float, float, float]:
    x, y, width, height = (float(element.get(name) or 0) for name in ("x", "y", "width", "height"))
    return x, y, x + width, y + height
