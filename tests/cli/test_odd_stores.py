"""A store that others write to: whatever stands in it, each odd thing is a line that names it, and everything else is shown."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from desk import Desk, Ended


@pytest.fixture
def ran(desk: Desk) -> Desk:
    """A desk where `tiny.py` ran, as run `good`."""
    assert desk("run", "tiny.py", "--run-id", "good", "--quiet").status == 0
    return desk


def document(desk: Desk, **change: Any) -> str:
    """The document of the run, with other fields; NaN and Infinity as JSON has them in JavaScript."""
    whole = json.loads((desk.folder / ".flowport/flows/Tiny/runs/good/run.json").read_text())
    return json.dumps({**whole, **change})


def is_sound(ended: Ended) -> bool:
    """Whether a command said what there is to say without failing itself."""
    return "Traceback" not in ended.err and "\x1b" not in ended.out + ended.err


ODD_DOCUMENTS: dict[str, Callable[[Desk], str]] = {
    "tags": lambda desk: document(desk, run="odd", tags=[1, None]),
    "no tags": lambda desk: document(desk, run="odd", tags={}),
    "not a number": lambda desk: document(desk, run="odd", started=float("nan")),
    "for ever": lambda desk: document(desk, run="odd", started=float("inf")),
    "too large": lambda desk: document(desk, run="odd", started=0).replace('"started": 0', '"started": 1e400'),
    "before": lambda desk: document(desk, run="odd", started=-5),
    "a text": lambda desk: document(desk, run="odd", started="now"),
    "true": lambda desk: document(desk, run="odd", started=True),
    "another version": lambda desk: document(desk, run="odd", v=7),
    "a way out": lambda desk: document(desk, run="odd", code="../../../etc"),
    "an absolute path": lambda desk: document(desk, run="odd", code="/etc"),
    "capitals": lambda desk: document(desk, run="odd", code="A" * 64),
    "too short": lambda desk: document(desk, run="odd", code="a" * 63),
    "another run": lambda desk: document(desk),
    "another flow": lambda desk: document(desk, flow="Other", run="odd"),
    "parameters": lambda desk: document(desk, run="odd", parameters={"n": 3}),
    "an entry": lambda desk: document(desk, run="odd", parameters={"n": {"entry": "zz"}}),
    "an origin": lambda desk: document(desk, run="odd", origin=3),
    "a list": lambda desk: "[]",
    "nothing": lambda desk: "",
    "half": lambda desk: document(desk)[:40],
    "null": lambda desk: "null",
    "very deep": lambda desk: "[" * 100_000,
}


@pytest.mark.parametrize("kind", ODD_DOCUMENTS)
def test_an_odd_document_is_a_row_and_a_line_that_says_why(ran: Desk, kind: str) -> None:
    ran.write(".flowport/flows/Tiny/runs/odd/run.json", ODD_DOCUMENTS[kind](ran))
    listed = ran("runs")
    assert (listed.status, is_sound(listed)) == (0, True)
    assert [line.split()[1:3] for line in listed.out.splitlines()[1:-1]] == [["good", "done"], ["odd", "damaged"]]
    (line,) = listed.err.splitlines()
    how = "cannot be read" if kind == "another version" else "is damaged"
    assert line.startswith(f"`flows/Tiny/runs/odd/run.json` in DESK/.flowport {how}: ")
    assert [json.loads(line)["status"] for line in ran("runs", "--json").out.splitlines()] == ["done", "damaged"]
    assert "the total is 6" in ran("logs", "Tiny").out
    assert "total  6" in ran("artifacts", "Tiny").out
    for words in (("logs", "Tiny/odd"), ("artifacts", "Tiny/odd"), ("resume", "tiny.py", "odd")):
        ended = ran(*words)
        assert (ended.status, is_sound(ended)) == (1, True)
        assert how in ended.err


def test_a_document_of_any_bytes_is_damaged(ran: Desk) -> None:
    ran.write(".flowport/flows/Tiny/runs/odd/run.json", "").write_bytes(bytes(range(256)))
    listed = ran("runs")
    assert (listed.status, is_sound(listed)) == (0, True)
    assert "good" in listed.out


@pytest.mark.parametrize("name", ["50%", "%zz", "%FF", "%1b", "my data", "ü"])
@pytest.mark.parametrize("where", ["flows/", "flows/Tiny/runs/"])
def test_a_folder_that_flowport_would_not_make_is_a_line(ran: Desk, where: str, name: str) -> None:
    ran.write(f".flowport/{where}{name}/run.json", document(ran))
    for words in (("runs",), ("runs", "--json"), ("resume",)):
        ended = ran(*words)
        assert is_sound(ended)
        assert f"`{where}{name}/` in DESK/.flowport was not written by flowport\n" in ended.err
    assert "good" in ran("runs").out
    assert ran("logs", "Tiny").status == 0


def test_links_folders_and_pipes_in_the_place_of_documents_break_nothing(ran: Desk) -> None:
    store = ran.folder / ".flowport/flows"
    for name, target in {"Tiny/runs/round": "round", "Tiny/runs/nowhere": "not there", "round": "round", "Tiny/runs/again": "good"}.items():
        os.symlink(target, store / name)
    (store / "Tiny/runs/folder/run.json").mkdir(parents=True)
    (store / "Tiny/runs/pipe").mkdir()
    os.mkfifo(store / "Tiny/runs/pipe/run.json")
    (store / "stray").write_text("")
    listed = ran("runs")
    assert (listed.status, is_sound(listed)) == (0, True)
    assert "Tiny good done" in " ".join(listed.out.split())
    for name in ("folder", "pipe", "again", "round"):
        assert f"Tiny/runs/{name}/run.json" in listed.err
    assert "cannot list `flows/round/runs/`" in listed.err
    assert "the total is 6" in ran("logs", "Tiny").out


def test_a_folder_that_cannot_be_listed_is_a_line(
    ran: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from flowport.cli.group import run
    from flowport.runtime.store.errors import StoreError
    from flowport.runtime.store.folder import FolderStore

    ran.write(".flowport/flows/Other/runs/1/run.json", "")
    folders, message = FolderStore.folders, "cannot list `flows/Other/runs/` in `store`: permission is denied"

    def refuse(store: FolderStore, prefix: str) -> list[str]:
        if prefix == "flows/Other/runs/":
            raise StoreError(message)
        return folders(store, prefix)

    monkeypatch.setattr(FolderStore, "folders", refuse)
    monkeypatch.chdir(ran.folder)
    assert run(["runs"]) == 0
    listed = capsys.readouterr()
    assert listed.err == f"{message}\n"
    assert " good " in listed.out
    assert run(["resume"]) == 2
    assert "every run in " in capsys.readouterr().err
    assert run(["status", "Other"]) == 1
    assert capsys.readouterr().err == f"flowport status: {message}\n"


def test_names_with_escapes_are_shown_escaped(ran: Desk) -> None:
    ran.write(
        ".flowport/flows/%1B%5B31m/runs/r%0Ax/run.json", document(ran, flow="\x1b[31m", run="r\nx", tags=["\x1b[2J", "a\nb", "\u202e"])
    )
    listed = ran("runs")
    assert (listed.status, is_sound(listed)) == (0, True)
    row = next(line for line in listed.out.splitlines() if "r\\nx" in line)
    assert row.startswith("\\x1b[31m")
    assert "\\x1b[2J a\\nb \\u202e" in row
    assert is_sound(ran("runs", "--json"))
    for words in (("logs", "\x1b[31m/r\nx"), ("artifacts", "\x1b[31m/none"), ("resume", "\x1b[31m/r\nx")):
        assert is_sound(ran(*words))


def manifest(desk: Desk, **change: Any) -> str:
    """The manifest of an item, with other fields."""
    return json.dumps({**json.loads((desk.folder / ".flowport/flows/Tiny/runs/good/steps/double/s.0@0.json").read_text()), **change})


COLUMN = {"pack": "0" * 64, "at": 0, "size": 5, "sha": "0" * 64, "n": 1, "items": [[0, 1]]}
ODD_MANIFESTS: dict[str, Callable[[Desk], str]] = {
    "a list": lambda desk: "[]",
    "nothing in it": lambda desk: "{}",
    "half": lambda desk: manifest(desk)[:50],
    "more items than can be": lambda desk: manifest(desk, arrived=[[0, 10**18]]),
    "items": lambda desk: manifest(desk, arrived=0),
    "artifacts": lambda desk: manifest(desk, own=[]),
    "artifacts that are nowhere": lambda desk: manifest(desk, own={"\x1b[31m": COLUMN}),
    "classes": lambda desk: manifest(desk, classes=[1]),
    "ways": lambda desk: manifest(desk, to={"add": 1}),
    "a way out": lambda desk: manifest(desk, code="../../x"),
    "what it was made from": lambda desk: manifest(desk, after=[1]),
    "a fan": lambda desk: manifest(desk, fan={"n": 10**12, "g": 1, "k": 10**12, "share": 1, "counts": [[10**12, 1]], "values": {}}),
}


@pytest.mark.parametrize("kind", ODD_MANIFESTS)
def test_an_odd_manifest_is_a_line_and_the_other_items_are_shown(ran: Desk, kind: str) -> None:
    ran.write(".flowport/flows/Tiny/runs/good/steps/double/s.1@0.json", ODD_MANIFESTS[kind](ran))
    for words in (("artifacts", "Tiny/good/double"), ("artifacts", "Tiny/good/double", "--json")):
        ended = ran(*words)
        assert is_sound(ended)
        assert "double/r.0" in ended.out
        assert "double/r.2" in ended.out
        if kind != "what it was made from":  # nobody asks, unless something ran again
            assert ended.status == 1
            assert "double/s.1" in ended.err or "double/r.1" in ended.err
    assert json.loads(ran("artifacts", "Tiny/good/double", "--json").out)["double/r.2"]["doubled"] == 4
    assert "the total is 6" in ran("logs", "Tiny/good").out
    assert is_sound(ran("artifacts", "Tiny/good/double/r.1"))
    assert "Tiny good done" in " ".join(ran("runs").out.split())


@pytest.mark.parametrize("key", ["s.x@0.json", "@0.json", "s.1@00.json", "s.1@x.json", "s.1@1.json.part", "s.01@0.json", "s.1@٣.json"])
def test_a_key_that_no_manifest_has_is_a_line(ran: Desk, key: str) -> None:
    ran.write(f".flowport/flows/Tiny/runs/good/steps/double/{key}", "{}")
    shown = ran("artifacts", "Tiny/good/double")
    assert (shown.status, shown.err) == (0, f"`flows/Tiny/runs/good/steps/double/{key}` was not written by flowport\n")
    assert [f"double/r.{number}" in shown.out for number in range(3)] == [True] * 3


@pytest.mark.parametrize("name", ["junk/x", "junk/inner/x", "junk/q.log/0-0", "junk%/x"])
def test_a_folder_in_a_run_that_is_no_step_is_a_line(ran: Desk, name: str) -> None:
    ran.write(f".flowport/flows/Tiny/runs/good/steps/{name}", "{}")
    for words in (("logs", "Tiny/good"), ("artifacts", "Tiny/good")):
        shown = ran(*words)
        assert (shown.status, shown.err) == (0, f"`flows/Tiny/runs/good/steps/{name.partition('/')[0]}/` was not written by flowport\n")


@pytest.mark.parametrize("folder", ["s.attempt", "s.log"])
def test_a_step_that_the_first_code_lacks_is_shown_by_what_its_tasks_left(ran: Desk, folder: str) -> None:
    ran.write(f".flowport/flows/Tiny/runs/good/steps/added/{folder}/0-0", "")
    shown = ran("status", "Tiny/good", "--json")
    assert "steps/added/` was not written by flowport" not in shown.err
    assert [step["status"] for step in json.loads(shown.out)["steps"] if step["step"] == "added"] == ["unfinished"]


def test_logs_with_odd_keys_are_lines_and_the_others_are_printed(ran: Desk) -> None:
    for name in ("s.0.log/x", "s.0.log/0-x", "s.0.log/0-01", "q.log/0-0", "s.x.log/0-0"):
        ran.write(f".flowport/flows/Tiny/runs/good/steps/double/{name}", "odd\n")
    (ran.folder / ".flowport/flows/Tiny/runs/good/steps/double/s.1.log/0-7").mkdir()
    printed = ran("logs", "Tiny/good/double")
    assert (printed.status, is_sound(printed)) == (0, True)
    assert "odd" not in printed.out
    assert [f"{number} makes {2 * number}\n" in printed.out for number in range(3)] == [True] * 3
    for name in ("s.0.log/x", "s.0.log/0-x", "s.0.log/0-01", "q.log/", "s.x.log/"):
        assert f"`flows/Tiny/runs/good/steps/double/{name}` was not written by flowport\n" in printed.err


ODD_ATTEMPTS = [
    "",
    "[]",
    "{}",
    json.dumps({"digest": "", "key": "k", "began": [[0, 10**18]], "done": [], "packs": [], "errors": {}}),
    json.dumps({"digest": "", "key": "k", "began": [], "done": [], "packs": [["../x", 1]], "errors": {}}),
    json.dumps({"digest": "", "key": "k", "began": [], "done": [], "packs": [], "errors": {"0": {"item": 1}}}),
    json.dumps({"digest": "", "key": "k", "began": [], "done": [], "packs": [], "errors": {"x": 1}}),
]


@pytest.mark.parametrize("odd", ODD_ATTEMPTS)
def test_an_odd_attempt_is_a_line_and_a_run_that_is_resumed_goes_on(desk: Desk, odd: str) -> None:
    assert desk("run", "failing.py", "--run-id", "bad", "--quiet").status == 1
    desk.write(".flowport/flows/Failing/runs/bad/steps/divide/s.0.attempt/0-1", odd)
    listed = desk("runs")
    assert (listed.status, is_sound(listed)) == (0, True)
    assert "bad  failed" in listed.out
    told = desk("status", "Failing/bad")
    assert is_sound(told)
    assert "`flows/Failing/runs/bad/steps/divide/s.0.attempt/0-1` was not written by flowport" in told.err
    assert desk("resume", "Failing/bad", INSTEAD_OF_ZERO="1").status == 0


@pytest.mark.parametrize("odd", ["[]", "", "{}", '{"flow": 3}', '{"flow": "\\u001b"}'])
def test_an_odd_note_of_where_a_flow_is_says_what_to_type(desk: Desk, odd: str) -> None:
    assert desk("run", "failing.py", "--run-id", "bad", "--quiet").status == 1
    desk.write(".flowport/flows/Failing/runs/bad/local.json", odd)
    ended = desk("resume", "Failing/bad")
    assert (ended.status, is_sound(ended)) == (2, True)
    assert "flowport resume FILE.py bad" in ended.err


def test_a_value_that_is_damaged_is_said_and_the_others_are_shown(ran: Desk) -> None:
    step = json.loads((ran.folder / ".flowport/flows/Tiny/runs/good/steps/double/s.1@0.json").read_text())
    pack = step["own"]["doubled"]["pack"]
    blob = ran.folder / f".flowport/blobs/{pack[:2]}/{pack}"
    blob.write_bytes(bytes(len(blob.read_bytes())))
    shown = ran("artifacts", "Tiny/good/double", "--json")
    assert (shown.status, is_sound(shown)) == (1, True)
    found = json.loads(shown.out)
    assert (found["double/r.0"]["doubled"], found["double/r.2"]["doubled"]) == (0, 4)
    assert "does not match the digest" in found["double/r.1"]["doubled"]["unreadable"]
    assert "artifact `doubled` of double/r.1 is corrupt" in shown.err


def test_a_run_whose_code_is_gone_or_damaged_is_listed_and_reading_it_says_so(ran: Desk) -> None:
    for package in (ran.folder / ".flowport/code").iterdir():
        package.write_bytes(b"PK")
    listed = ran("runs", FLOWPORT_CACHE=str(ran.folder / "empty"))
    assert (listed.status, is_sound(listed)) == (0, True)
    assert "good  done" in listed.out
    for command in ("status", "logs", "artifacts"):
        told = ran(command, "Tiny/good", FLOWPORT_CACHE=str(ran.folder / "empty"))
        assert (told.status, is_sound(told)) == (1, True)
        assert f"flowport {command}: the code package `code/DIGEST.zip` does not match its digest" in told.err
