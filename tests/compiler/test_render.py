"""Diagnostics as text, JSON, GitHub annotations and SARIF."""

from __future__ import annotations

import json
from pathlib import Path

import jsonschema
import pytest

import sarif
from flowport.compiler.diagnostics.diagnostic import Diagnostic
from flowport.compiler.diagnostics.render import FORMATS, render, summary
from flowport.compiler.ir import Span

SOURCE = {"train.py": "one\n        self.next(self.jion)\n\tself.next(\tself.a)\n名前 = 漢字(1)\n" + "x" * 500 + "\n"}
UNKNOWN = Diagnostic("FP201", "step `train` goes to `jion`", Span("train.py", 2, 9, 2, 29), ("a note",), ("did you mean `join`?",))
PLAIN = Diagnostic("FP100", "there is no file `x.py`", help=("name another",))
DOUBT = Diagnostic("FP230", "100% odd: a, b\nand more", Span("a,b:c.py", 1, 2, 3, 4), severity="warning")


def carets(line: int, column: int, end: int, source: dict[str, str] = SOURCE) -> list[str]:
    text = render([Diagnostic("FP201", "x", Span("train.py", line, column, line, end))], "text", source)
    return [row.partition("| ")[2] for row in text.split("\n")[3:5]]


def test_text_shows_the_line_the_place_and_the_way_out() -> None:
    assert render([UNKNOWN, PLAIN], "text", SOURCE) == (
        "error[FP100]: there is no file `x.py`\n"
        "   = help: name another\n"
        "\n"
        "error[FP201]: step `train` goes to `jion`\n"
        " --> train.py:2:9\n"
        "  |\n"
        "2 |         self.next(self.jion)\n"
        "  |         ^^^^^^^^^^^^^^^^^^^^\n"
        "  = note: a note\n"
        "  = help: did you mean `join`?\n"
    )


def test_carets_stand_under_text_behind_tabs() -> None:
    assert carets(3, 13, 19) == ["    self.next(    self.a)", "                  ^^^^^^"]


def test_carets_stand_under_wide_characters() -> None:
    assert carets(4, 6, 11) == ["名前 = 漢字(1)", "       ^^^^^^^"]


def test_a_long_line_is_cut_around_the_place() -> None:
    shown, marks = carets(5, 301, 305)
    assert (len(shown), marks) == (200, " " * 40 + "^^^^")


def test_a_place_over_several_lines_is_marked_to_the_end_of_the_first() -> None:
    text = render([Diagnostic("FP201", "x", Span("train.py", 2, 9, 4, 1))], "text", SOURCE)
    assert text.split("\n")[4] == "  |         ^^^^^^^^^^^^^^^^^^^^"


def test_a_file_that_is_gone_is_named_without_its_line() -> None:
    assert render([DOUBT], "text").split("\n")[1] == " --> a,b:c.py:1:2"


def test_lines_are_read_from_the_disk_when_they_are_not_given(tmp_path: Path) -> None:
    path = tmp_path / "flow.py"
    path.write_text("first\nsecond\n")
    assert "2 | second\n" in render([Diagnostic("FP201", "x", Span(str(path), 2, 1, 2, 7))], "text")


def test_control_characters_never_reach_the_terminal() -> None:
    text = render([Diagnostic("FP201", "a\x1b[31mb", Span("t.py", 1, 1, 1, 2))], "text", {"t.py": "x\x1b]0;y\x07"})
    assert "\x1b" not in text
    assert "\x07" not in text


def test_colour_changes_nothing_but_the_colour() -> None:
    import re

    coloured = render([UNKNOWN, DOUBT, PLAIN], "text", SOURCE, colour=True)
    assert coloured != render([UNKNOWN, DOUBT, PLAIN], "text", SOURCE)
    assert re.sub("\033\\[[0-9;]*m", "", coloured) == render([UNKNOWN, DOUBT, PLAIN], "text", SOURCE)


def test_json_has_every_field() -> None:
    place = {"file": "train.py", "line": 2, "column": 9, "end_line": 2, "end_column": 29}
    entry = {"code": "FP201", "severity": "error", "message": "step `train` goes to `jion`", "span": place}
    assert json.loads(render([UNKNOWN, PLAIN], "json")) == [
        {"code": "FP100", "severity": "error", "message": "there is no file `x.py`", "span": None, "notes": [], "help": ["name another"]},
        {**entry, "notes": ["a note"], "help": ["did you mean `join`?"]},
    ]


def test_annotations_are_escaped() -> None:
    assert render([UNKNOWN, DOUBT], "github") == (
        "::error file=train.py,line=2,endLine=2,col=9,endColumn=29,title=FP201::"
        "step `train` goes to `jion`%0Anote: a note%0Ahelp: did you mean `join`?\n"
        "::warning file=a%2Cb%3Ac.py,line=1,endLine=3,title=FP230::100%25 odd: a, b%0Aand more\n"
    )


def test_sarif_has_what_its_readers_need() -> None:
    document = json.loads(render([UNKNOWN, DOUBT, PLAIN], "sarif"))
    jsonschema.validate(document, sarif.LOG)
    run = document["runs"][0]
    assert (document["version"], run["tool"]["driver"]["name"], run["columnKind"]) == ("2.1.0", "flowport", "unicodeCodePoints")
    rules = run["tool"]["driver"]["rules"]
    assert [rule["id"] for rule in rules] == ["FP100", "FP201", "FP230"]
    assert all(rule["shortDescription"]["text"] and rule["fullDescription"]["text"] for rule in rules)
    assert [(result["ruleId"], rules[result["ruleIndex"]]["id"], result["level"]) for result in run["results"]] == [
        ("FP100", "FP100", "error"),
        ("FP201", "FP201", "error"),
        ("FP230", "FP230", "warning"),
    ]
    place = run["results"][1]["locations"][0]["physicalLocation"]
    assert place["artifactLocation"]["uri"] == "train.py"
    assert place["region"] == {"startLine": 2, "startColumn": 9, "endLine": 2, "endColumn": 29}
    assert run["results"][2]["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] == "a%2Cb%3Ac.py"


def test_sarif_names_a_file_whose_name_is_not_utf_8() -> None:
    [result] = json.loads(render([Diagnostic("FP201", "x", Span("caf\udce9.py", 1, 1, 1, 2))], "sarif"))["runs"][0]["results"]
    assert result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] == "caf%E9.py"


@pytest.mark.parametrize("name", FORMATS)
def test_every_format_takes_nothing_and_is_stable(name: str) -> None:
    for found in ([], [UNKNOWN, DOUBT, PLAIN]):
        assert render(found, name, SOURCE) == render(found, name, SOURCE)  # type: ignore[arg-type]


def test_a_summary_counts() -> None:
    assert summary([UNKNOWN, PLAIN, DOUBT]) == "2 errors, 1 warning"
    assert summary([DOUBT]) == "1 warning"
    assert summary([]) == ""
