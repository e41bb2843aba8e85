"""Documents are what `json` would write and read."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from flowport.runtime.store import documents

VALUES: list[object] = [
    None,
    True,
    0,
    -(10**30),
    0.1,
    1e300,
    float("inf"),
    "",
    'quote " slash \\ line \n null \0 é 🙂 \ud800',
    [],
    {},
    [1, [2, {"a": [None]}]],
    {"b": 1, "a": {"é": "é"}, "": ()},
    {2: "a", None: "b", True: "c", 1.5: "d"},
    [[]] * 500,
    {str(number): number for number in range(500)},
]


@pytest.mark.parametrize("value", VALUES, ids=range(len(VALUES)))
def test_a_document_is_what_json_writes_and_reads(value: object) -> None:
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    assert documents.dump(value) == text.encode("utf-8", "surrogatepass")
    assert documents.load(documents.dump(value)) == json.loads(text)


def test_keys_are_sorted_for_a_digest() -> None:
    assert documents.dump({"b": 1, "a": {"d": 2, "c": 3}}, in_order=True) == b'{"a":{"c":3,"d":2},"b":1}'


def test_white_space_and_text_are_read() -> None:
    assert documents.load(b' \r\n\t{"a" : [1 , 2]} \n') == {"a": [1, 2]}
    assert documents.load('"é"') == "é"


@pytest.mark.parametrize("text", ["", " ", "{", "[1,]", "1 2", "nul", "{'a': 1}", '"\n"', '{"a" 1}', "[1", "[" * 100_000])
def test_what_is_not_json_is_an_error(text: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011
        documents.load(text)


def test_values_without_a_json_form_are_errors() -> None:
    with pytest.raises(TypeError, match="a value of type set has no JSON form"):
        documents.dump({"a": {1}})
    circle: list[object] = []
    circle.append(circle)
    with pytest.raises(ValueError, match="Circular reference"):
        documents.dump(circle)


def test_a_refused_value_leaves_nothing_behind() -> None:
    value: dict[str, object] = {"a": {1}}
    with pytest.raises(TypeError):
        documents.dump(value)
    value["a"] = 1
    assert documents.dump(value) == b'{"a":1}'


ALONE = """
import sys
from flowport.runtime.store import documents
documents.load(documents.dump([1]))
print([name for name in ("json", "re", "enum") if name in sys.modules])
"""


def test_json_itself_is_not_loaded() -> None:
    done = subprocess.run([sys.executable, "-I", "-c", ALONE], cwd="/", capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"
