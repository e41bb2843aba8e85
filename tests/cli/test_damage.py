"""What the command line says when runs are damaged, places cannot be written to, and names mean nothing."""

from __future__ import annotations

import pytest

from desk import Desk


@pytest.mark.parametrize("content", ["", '{"v": 1, "fl', "garbage", "[]", '{"started": "now"}'])
def test_a_damaged_run_is_one_row_and_the_others_stay_usable(desk: Desk, content: str) -> None:
    assert desk("run", "tiny.py", "--run-id", "whole").status == 0
    desk.write(".flowport/flows/Tiny/runs/broken/run.json", content)
    listed = desk("runs")
    assert listed.status == 0
    assert "damaged" in next(line for line in listed.out.splitlines() if "broken" in line)
    assert "the total is" in desk("logs", "Tiny").out
    for words in (("logs", "Tiny/broken"), ("resume", "tiny.py", "broken")):
        ended = desk(*words)
        assert (ended.status, ended.err.count("\n")) == (1, 1)
        assert "is damaged" in ended.err


@pytest.mark.parametrize(
    "words",
    [
        "show tiny.py --format svg -o /proc/x",
        "init /proc/x",
    ],
)
def test_what_cannot_be_written_is_said_in_a_line(desk: Desk, words: str) -> None:
    desk.write("flowport.toml", '[stepfunctions]\nstore = "s3://b/p"\nimage = "i:1"\njob_queue = "q"\n')
    ended = desk(*words.split())
    assert (ended.status, "cannot be written: " in ended.err) == (2, True)
    assert "Traceback" not in ended.err


def test_a_file_in_place_of_a_flow_or_a_folder_is_explained(desk: Desk) -> None:
    assert desk("run", "tiny.py").status == 0
    for word in ("tiny.py", "tiny.py:Tiny"):
        ended = desk("status", word)
        assert (ended.status, ended.err.splitlines()[1]) == (2, "  name the flow, and not its file: Tiny")
    for more in ((), ("--check",)):
        ended = desk("compile", "tiny.py", "-t", "sfn", "-o", "tiny.py", *more)
        assert (ended.status, ended.err) == (2, "flowport compile: `tiny.py` is no folder\n  -o DIR\n")


def test_nothing_found_says_why(desk: Desk) -> None:
    assert "there are no runs in" in desk("resume").err
    assert desk("run", "tiny.py").status == 0
    assert "no run in" in desk("runs", "--tag", "other").out


@pytest.mark.parametrize("words", ["run tiny.py", "dry-run tiny.py -t stepfunctions"])
def test_an_origin_that_is_not_there_starts_nothing(desk: Desk, words: str) -> None:
    ended = desk(*words.split(), "--origin-run", "nope")
    assert ended.status == 2
    assert "there is no run `nope` of Tiny in" in ended.err


@pytest.mark.parametrize("name", ["-x", ".", ".."])
def test_a_run_id_says_what_may_stand_in_it(desk: Desk, name: str) -> None:
    ended = desk("run", "tiny.py", f"--run-id={name}")
    assert ended.status == 2
    assert "cannot begin with `-`" in ended.err
