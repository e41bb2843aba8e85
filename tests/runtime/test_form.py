"""What a run is started with through an engine's form, and through an input in the store that the form refers to."""

from __future__ import annotations

import json
from base64 import b64encode
from pathlib import Path
from typing import Any

import pytest

from flowport.runtime.protocol import DONE, STOP
from flowport.runtime.run.form import put_input
from flowport.runtime.run.parameters import ParameterError, convert, text_of
from flowport.runtime.store.open import open_store
from solo import Solo

ONE = """
class One(FlowSpec):
    text = Parameter("text", type=str)
    more = Parameter("more", type=JSONType, default="[1]")

    @step
    def start(self):
        self.found = [self.text, self.more]
"""


@pytest.fixture
def flow(tmp_path: Path) -> Solo:
    return Solo(tmp_path, ONE)


def argos(**typed: str) -> str:
    """A form as Argo hands it over."""
    return b64encode(json.dumps([{"name": name, "value": value} for name, value in typed.items()]).encode()).decode()


@pytest.mark.parametrize(
    ("form", "found"),
    [
        ('{"text": null, "more": null}', [None, None]),
        ('{"text": "", "more": "null"}', ["", None]),
        (argos(text="", more=""), [None, [1]]),
        (argos(text="null", more="null"), ["null", None]),
        (argos(text=" ", more=' "a" '), [" ", "a"]),
    ],
)
def test_a_field_says_empty_text_and_null_as_far_as_it_can(flow: Solo, form: str, found: list[Any]) -> None:
    assert flow.perform("start", form=form) == DONE
    assert flow.artifacts("start")["found"] == found


@pytest.mark.parametrize("way", ["a form", "Argo's form", "an execution's input"])
def test_an_input_in_the_store_stands_in_the_place_of_all_other_fields(flow: Solo, way: str) -> None:
    reference = put_input(flow.store, {"parameters": {"text": "x" * 300_000, "more": None}, "tags": ["a,b"]})
    if way == "an execution's input":
        flow.store.create("flows/One/runs/1/input.json", json.dumps({"input": reference}).encode())
        assert flow.perform("start") == DONE
    else:
        fields = {"text": "not looked at", "more": "[2]", "run_tags": "c", "run_input": reference}
        form = argos(**fields) if way == "Argo's form" else json.dumps({**fields, "run_tags": ["c"]})
        assert flow.perform("start", form=form) == DONE
    assert flow.artifacts("start")["found"] == ["x" * 300_000, None]
    assert flow.reader().doc["tags"] == ["a,b"]


def test_an_input_in_a_bucket_is_found_there(tmp_path: Path, bucket: str) -> None:
    flow = Solo(tmp_path, ONE, open_store(f"s3://{bucket}/runs"))
    reference = put_input(flow.store, {"parameters": {"text": "x" * 300_000}})
    assert flow.perform("start", form=json.dumps({"run_input": reference})) == DONE
    assert flow.artifacts("start")["found"] == ["x" * 300_000, [1]]


def test_a_text_that_looks_like_a_reference_is_a_text(flow: Solo) -> None:
    reference = put_input(flow.store, {"parameters": {"text": "secret"}})
    assert flow.perform("start", form=json.dumps({"text": reference})) == DONE
    assert flow.artifacts("start")["found"] == [reference, [1]]


@pytest.mark.parametrize(
    ("reference", "said"),
    [
        ("words.txt", "`words.txt` is no reference to the input of a run"),
        ("../../etc/passwd:10", "is no reference to the input of a run"),
        ("A" * 64 + ":1", "is no reference to the input of a run"),
        ("a" * 64 + ":", "is no reference to the input of a run"),
        ("a" * 64 + ":-1", "is no reference to the input of a run"),
        ("a" * 64 + ":12", "there is no blob `" + "a" * 64),
        ("a" * 64 + ":99999999999", "the input of the run is to have 99,999,999,999 bytes"),
    ],
)
def test_a_reference_to_nothing_stops_the_run(flow: Solo, reference: str, said: str, capfd: pytest.CaptureFixture[str]) -> None:
    assert flow.perform("start", form=json.dumps({"run_input": reference})) == STOP
    assert said in capfd.readouterr().err


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"{", "is not JSON"),
        (b"[1]", "a run is started with"),
        (b'{"parameters": {"text": "a"}, "input": "again"}', "a run is started with"),
        (b'{"parameters": {"txet": "a"}}', "the flow has no parameter `txet`; did you mean `text`?"),
        (b"\xff\xfe", "is not JSON"),
    ],
)
def test_an_input_in_the_store_is_looked_at_as_any_other(flow: Solo, data: bytes, said: str, capfd: pytest.CaptureFixture[str]) -> None:
    sha, size = flow.store.put_blob([data])
    assert flow.perform("start", form=json.dumps({"run_input": f"{sha}:{size}"})) == STOP
    assert said in capfd.readouterr().err


def test_an_input_that_was_changed_is_not_believed(flow: Solo, capfd: pytest.CaptureFixture[str]) -> None:
    reference = put_input(flow.store, {"parameters": {"text": "ab"}})
    path = flow.path(f"blobs/{reference[:2]}/{reference[:64]}")
    path.chmod(0o600)
    path.write_bytes(path.read_bytes().replace(b"ab", b"ba"))
    assert flow.perform("start", form=json.dumps({"run_input": reference})) == STOP
    assert "the input of the run is damaged" in capfd.readouterr().err


def test_the_length_of_a_form_says_that_it_was_too_long(flow: Solo, capfd: pytest.CaptureFixture[str]) -> None:
    assert flow.perform("start", form="300412") == STOP
    assert "the form comes to 300,412 characters, more than a task can be handed" in capfd.readouterr().err


@pytest.mark.parametrize(
    ("data", "encoding", "text"),
    [
        (b"gr\xfc\xdfe\r\nx", "latin-1", "grüße\nx"),
        (b"a\rb\r\n\r\nc\n", None, "a\nb\n\nc\n"),
        (b"\xef\xbb\xbfa\r\n", None, "\ufeffa\n"),
        (b"\xef\xbb\xbfa\r\n", "utf-8-sig", "a\n"),
        ("a\r\nb".encode("utf-16"), "utf-16", "a\nb"),
        ("a\u2028b\x85c\x0bd".encode(), None, "a\u2028b\x85c\x0bd"),
        (b"", None, ""),
    ],
)
def test_text_is_read_as_python_opens_it(data: bytes, encoding: str | None, text: str, tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(data)
    with open(tmp_path / "file", encoding=encoding or "utf-8") as file:
        assert file.read() == text
    assert text_of(data, encoding) == text


FILE: dict[str, Any] = {"name": "f", "kind": "file", "choices": [], "encoding": None}


def test_text_that_is_typed_in_the_place_of_a_file_has_the_same_newlines() -> None:
    assert convert({**FILE, "text": True}, "a\r\nb\rc") == "a\nb\nc"


@pytest.mark.parametrize("value", [{"base64": "YQ0K"}, '{"base64": "YQ0K"}', {"base64": "YQ\r\n0K\n"}, b"a\r\n"])
def test_bytes_are_as_they_were(value: Any) -> None:
    assert convert({**FILE, "text": False}, value) == b"a\r\n"


@pytest.mark.parametrize("value", ["a", "", 3, None, {"base64": "@@"}, {"base64": "YQ0"}, {"base64": 3}, {}])
def test_what_is_no_base64_is_refused(value: Any) -> None:
    with pytest.raises(ParameterError, match=r"parameter `f` is .*, which is not (JSON|base64|\{.base64.)"):
        convert({**FILE, "text": False}, value)
