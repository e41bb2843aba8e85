"""The same as `json`, for whatever either can say."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

import pytest

from flowport.runtime import jsontext

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
OPTIONS: list[dict[str, Any]] = [{}, {"ensure_ascii": False}, {"separators": (",", ":")}, {"sort_keys": True}]


@pytest.mark.parametrize("options", OPTIONS)
@pytest.mark.parametrize("value", VALUES, ids=range(len(VALUES)))
def test_text_is_that_of_json(value: object, options: dict[str, Any]) -> None:
    if value == VALUES[13] and options.get("sort_keys"):
        value = {"b": 1, "a": 2}
    text = json.dumps(value, **options)
    assert jsontext.dumps(value, **options) == text
    assert jsontext.loads(text) == json.loads(text)


def test_white_space_and_bytes_are_read() -> None:
    assert jsontext.loads(b' \r\n\t{"a" : [1 , 2]} \n') == {"a": [1, 2]}
    assert jsontext.loads('"é"'.encode()) == "é"


@pytest.mark.parametrize("text", ["", " ", "{", "[1,]", "1 2", "nul", "{'a': 1}", '"\n"', '{"a" 1}', "\ufeff1", "[1"])
def test_what_is_not_json_raises_what_json_raises(text: str) -> None:
    with pytest.raises(json.JSONDecodeError) as theirs:
        json.loads(text)
    with pytest.raises(json.JSONDecodeError) as ours:
        jsontext.loads(text)
    assert str(ours.value) == str(theirs.value)


def test_values_that_json_has_no_text_for_are_errors() -> None:
    with pytest.raises(TypeError, match="Object of type set is not JSON serializable"):
        jsontext.dumps({"a": {1}})
    circle: list[object] = []
    circle.append(circle)
    with pytest.raises(ValueError, match="Circular reference"):
        jsontext.dumps(circle)


ALONE = """
import sys
from flowport.runtime import jsontext
jsontext.loads(jsontext.dumps([1]))
print([name for name in ("json", "re", "enum") if name in sys.modules])
"""


def test_json_itself_is_not_loaded() -> None:
    done = subprocess.run([sys.executable, "-I", "-c", ALONE], cwd="/", capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"
