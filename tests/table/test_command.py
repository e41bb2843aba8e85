"""`flowport runs --where ... --columns ... --sort ...`: a table in a terminal, JSON lines, and a table with commas."""

from __future__ import annotations

import json
import math
from pathlib import Path

import pytest

from flowport.cli import execute
from flowport.runtime.store.folder import FolderStore
from table.rows import STARTED, put_row, put_run


@pytest.fixture
def store(tmp_path: Path) -> str:
    """Three runs that are done, and one that failed."""
    store = FolderStore(str(tmp_path / "store"))
    for number, accuracy in enumerate((0.9, 0.98765432, math.nan)):
        parameters = {"max_depth": 4 + number, "kind": "a,b"}
        put_row(
            store, f"r{number}", STARTED + number, parameters=parameters, metrics={"accuracy": accuracy}, tags=["nightly"] * (number < 2)
        )
    put_run(store, "r3", STARTED + 3, "failed", parameters={"max_depth": 7})
    put_run(store, "other", STARTED, "failed", flow="Other", tags=["nightly"])
    return store.url


def out(capsys: pytest.CaptureFixture[str], store: str, *words: str, status: int = 0) -> str:
    """What the command prints."""
    assert execute(["runs", *words, "--store", store]) == status
    found = capsys.readouterr()
    return (found.out if status == 0 else found.err).replace(store, "STORE")


def test_runs_are_a_table(store: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert out(capsys, store, "Train", "--where", "max_depth < 7", "--columns", "run,accuracy,kind,status", "--sort", "-accuracy") == (
        "RUN  accuracy  kind  STATUS\nr1   0.987654  a,b   done\nr0        0.9  a,b   done\nr2        nan  a,b   done\nstore: STORE\n"
    )


def test_without_columns_those_are_shown_that_the_question_names(store: str, capsys: pytest.CaptureFixture[str]) -> None:
    lines = out(capsys, store, "--sort", "max_depth", "-n", "2").splitlines()
    assert lines[0].split() == ["FLOW", "RUN", "STATUS", "STARTED", "(UTC)", "DURATION", "max_depth"]
    assert [line.split()[:2] for line in lines[1:3]] == [["Train", "r0"], ["Train", "r1"]]
    assert lines[4] == "3 more runs: --all"


def test_commas_are_quoted_and_numbers_are_exact(store: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert out(capsys, store, "Train", "--csv", "--columns", "run,accuracy,kind,tags", "--where", "accuracy > 0.95") == (
        'run,accuracy,kind,tags\nr1,0.98765432,"a,b",nightly\n'
    )


def test_json_has_a_document_for_each_run(store: str, capsys: pytest.CaptureFixture[str]) -> None:
    documents = [json.loads(line) for line in out(capsys, store, "Train", "--where", "true", "--json").splitlines()]
    assert [one["run"] for one in documents] == ["r3", "r2", "r1", "r0"]
    assert documents[0]["status"] == "failed"
    assert (documents[1]["metrics"], documents[1]["parameters"]) == ({"accuracy": "nan"}, {"max_depth": 6, "kind": "a,b"})
    assert json.loads(out(capsys, store, "Train", "--columns", "run,accuracy", "--json", "-n", "1")) == {"run": "r3", "accuracy": None}


def test_tags_and_conditions_both_hold(store: str, capsys: pytest.CaptureFixture[str]) -> None:
    words = ("--tag", "nightly", "--tag", "user:jane", "--columns", "run", "--csv")
    assert out(capsys, store, "Train", "--where", "max_depth > 4", *words) == "run\nr1\n"


def test_a_name_may_have_commas_and_whole_numbers_are_exact(store: str, capsys: pytest.CaptureFixture[str]) -> None:
    put_row(FolderStore(store), "odd", STARTED + 9, parameters={"depth": 2**64 - 1}, metrics={"depth": 1, "metric:depth": 2, "a,b": 3})
    words = ("--columns", "depth,metric:depth,metric:metric:depth,`a,b`", "--where", f"depth = {2**64 - 1}")
    assert json.loads(out(capsys, store, "Train", "--json", *words)) == {
        "depth": 2**64 - 1, "metric:depth": 1, "metric:metric:depth": 2, "a,b": 3,
    }  # fmt: skip
    assert out(capsys, store, "Train", "--csv", *words) == ('depth,metric:depth,metric:metric:depth,"a,b"\n18446744073709551615,1,2,3\n')
    assert "18446744073709551615" in out(capsys, store, "Train", *words)


def test_a_terminal_obeys_no_name(store: str, capsys: pytest.CaptureFixture[str]) -> None:
    put_row(FolderStore(store), "odd", STARTED + 9, metrics={"\x1b[31mred": 1})
    assert r"\x1b[31mred" in out(capsys, store, "Train", "--columns", "run,`\x1b[31mred`")
    said = out(capsys, store, "Train", "--where", "nothing_like_it = 1", status=2)
    assert "\x1b" not in said
    assert r"\x1b[31mred" in said


def test_a_damaged_part_of_the_index_is_said_and_the_rest_is_read(store: str, capsys: pytest.CaptureFixture[str]) -> None:
    FolderStore(store).create("flows/Train/table/chunks/00000000-00000000.json", b"{")
    assert execute(["runs", "Train", "--columns", "run", "--csv", "--store", store]) == 0
    found = capsys.readouterr()
    assert found.out == "run\nr3\nr2\nr1\nr0\n"
    assert "delete this document, which is made again" in found.err


def test_a_mistake_is_said_with_its_place(store: str, capsys: pytest.CaptureFixture[str]) -> None:
    said = out(capsys, store, "Train", "--where", "acuracy > 1", status=2)
    assert said.splitlines()[0].endswith("no run has a column `acuracy`")
    assert [line.rpartition(":   ")[2] for line in said.splitlines()[1:3]] == ["acuracy > 1", "^^^^^^^"]
    assert "did you mean `accuracy`?" in said


def test_nothing_matches(store: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert out(capsys, store, "Train", "--where", "accuracy > 5") == "no run in STORE matches\n"


def test_the_plain_list_takes_a_number(store: str, capsys: pytest.CaptureFixture[str]) -> None:
    lines = out(capsys, store, "Train", "-n", "1").splitlines()
    assert (lines[1].split()[:3], lines[-1]) == (["Train", "r3", "failed"], "3 older runs: --all")
