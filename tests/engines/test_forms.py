"""The parameters of a run mean the same on every engine: what a form can say is typed into it, all else goes through the store."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from flowport.runtime.run.reader import find
from flowport.runtime.store.open import open_store

FLOW = """
from flowport import FlowSpec, IncludeFile, JSONType, Parameter, step


class Table(FlowSpec):
{parameters}

    @step
    def start(self):
        self.found = {{name: getattr(self, name) for name in {names!r}}}
        self.next(self.end)

    @step
    def end(self):
        pass
"""

TARGETS = ("argo", "sfn", "airflow")

PLAIN: dict[str, tuple[str, str | None, Any]] = {
    "text_left_out": ('Parameter("{}", type=str)', None, None),
    "text_of_blanks": ('Parameter("{}", type=str)', "  ", "  "),
    "text_null": ('Parameter("{}", default="a")', "null", "null"),
    "text_emptied": ('Parameter("{}", default="a")', "", ""),
    "text_required": ('Parameter("{}", required=True, type=str)', "", ""),
    "text_as_it_is": ('Parameter("{}", default="a")', "a", "a"),
    "text_chosen": ('Parameter("{}", default="a", choices=["a", "None"])', "None", "None"),
    "whole_left_out": ('Parameter("{}", default=3)', None, 3),
    "whole_as_it_is": ('Parameter("{}", default=3)', "3", 3),
    "whole_with_blanks": ('Parameter("{}", type=int)', " 4 ", 4),
    "part_of_zero": ('Parameter("{}", default=0.5)', "0", 0.0),
    "sure_off": ('Parameter("{}", default=True)', "no", False),
    "json_left_out": ('Parameter("{}", type=JSONType, default="[1]")', None, [1]),
    "json_null": ('Parameter("{}", type=JSONType, default="[1]")', "null", None),
    "json_text": ('Parameter("{}", type=JSONType, default="[1]")', '"null"', "null"),
    "json_empty_text": ('Parameter("{}", type=JSONType, default="[1]")', '""', ""),
    "json_with_blanks": ('Parameter("{}", type=JSONType)', " {} ", {}),
    "list_empty": ('Parameter("{}", default=[1])', "[]", []),
    "list_of_null": ('Parameter("{}", type=list)', '[null, "", "None"]', [None, "", "None"]),
    "mapping_empty": ('Parameter("{}", default={{"a": 1}})', "{}", {}),
    "file_left_out": ('IncludeFile("{}", default="words.txt")', None, "a\n"),
    "file_of_words": ('IncludeFile("{}")', "lines.txt", "a\nb\nc\n"),
    "file_of_bytes": ('IncludeFile("{}", is_text=False)', "lines.txt", b"a\r\nb\rc\n"),
}
"""Parameters whose values every form can say: how each is declared, what it is given, and what a step reads."""

ODD: dict[str, tuple[str, str | None, Any]] = {
    "text_empty": ('Parameter("{}", type=str)', "", ""),
    "text_braces": ('Parameter("{}", type=str)', "{{=2+2}} {% x %} $HOME", "{{=2+2}} {% x %} $HOME"),
    "part_infinite": ('Parameter("{}", default=0.5)', "inf", float("inf")),
    "json_computed": ('Parameter("{}", type=JSONType, default=lambda context: [2])', "null", None),
    "json_nothing": ('Parameter("{}", type=JSONType)', "null", None),
    "file_empty": ('IncludeFile("{}", default="words.txt")', "empty.txt", ""),
    "text_long_1": ('Parameter("{}", type=str)', "x" * 50_000, "x" * 50_000),
    "text_long_2": ('Parameter("{}", type=str)', "y" * 50_000, "y" * 50_000),
    "text_long_3": ('Parameter("{}", type=str)', "z" * 50_000, "z" * 50_000),
    "file_long": ('IncludeFile("{}", encoding="latin-1")', "long.txt", "grüße\n" * 60_000),
    "file_long_bytes": ('IncludeFile("{}", is_text=False)', "long.txt", "grüße\r\n".encode("latin-1") * 60_000),
}
"""Parameters of which some form cannot say the value, or not in so much text."""


class Desk:
    """A folder with the flow of some parameters, and the command on it."""

    def __init__(self, folder: Path, table: dict[str, tuple[str, str | None, Any]]) -> None:
        self.folder, self.table = folder, table
        lines = [f"    {name} = {declared.format(name)}" for name, (declared, _, _) in table.items()]
        (folder / "table.py").write_text(FLOW.format(parameters="\n".join(lines), names=list(table)))
        (folder / "words.txt").write_bytes(b"a\r\n")
        (folder / "lines.txt").write_bytes(b"a\r\nb\rc\n")
        (folder / "empty.txt").write_bytes(b"")
        (folder / "long.txt").write_bytes("grüße\r\n".encode("latin-1") * 60_000)

    def command(self, *words: str) -> subprocess.CompletedProcess[str]:
        given = [word for name, (_, text, _) in self.table.items() if text is not None for word in (f"--{name}={text}",)]
        command = [sys.executable, "-m", "flowport", *words, *given]
        return subprocess.run(command, cwd=self.folder, capture_output=True, text=True)

    @property
    def through_store(self) -> bool:
        """Whether the input of a run is among the blobs."""
        blobs = (self.folder / ".flowport" / "blobs").glob("*/*")
        return any(blob.read_bytes().startswith(b'{"parameters":') for blob in blobs)

    def read(self, run: str) -> dict[str, Any]:
        found: dict[str, Any] = find(open_store(str(self.folder / ".flowport")), "Table", run).artifacts("start")["found"]
        return found


@pytest.mark.parametrize("target", [None, *TARGETS])
@pytest.mark.parametrize("odd", [False, True], ids=["typed into the form", "through the store"])
def test_a_value_means_the_same_on_every_engine(odd: bool, target: str | None, tmp_path: Path) -> None:
    table = {**PLAIN, **ODD} if odd else PLAIN
    desk = Desk(tmp_path, table)
    done = desk.command(*(["dry-run", "--target", target] if target else ["run"]), "table.py", "--run-id", "one")
    assert done.returncode == 0, done.stdout + done.stderr
    assert desk.through_store == (odd and target is not None)
    found = desk.read("one")
    assert found == {name: value for name, (_, _, value) in table.items()}
    assert [type(value) for value in found.values()] == [type(value) for _, _, value in table.values()]


@pytest.mark.parametrize("target", [None, *TARGETS])
@pytest.mark.parametrize("text", ["", "null", "None", " "])
def test_a_text_that_no_value_has_is_refused_alike(text: str, target: str | None, tmp_path: Path) -> None:
    defaults = ("3", "0.5", "True", "[1]", '{{"a": 1}}')
    table: dict[str, Any] = {f"x{number}": (f'Parameter("{{}}", default={default})', text, None) for number, default in enumerate(defaults)}
    done = Desk(tmp_path, table).command(*(["dry-run", "--target", target] if target else ["run"]), "table.py")
    assert done.returncode == 2
    for name in table:
        assert f"parameter `{name}` is {text!r}, which is not" in done.stderr
    assert not (tmp_path / ".flowport").exists()


RESUMED = {
    "far": ('Parameter("{}", default=2)', "2", 2),
    "near": ('Parameter("{}", required=True, type=int)', None, 7),
    "kept": ('Parameter("{}", default="a")', None, "b"),
}
"""What is given to a run that goes on from one that had 5, 7 and "b"."""


@pytest.mark.parametrize("target", [None, *TARGETS])
def test_a_default_on_purpose_and_what_the_origin_had_are_told_apart(target: str | None, tmp_path: Path) -> None:
    first = Desk(tmp_path, {name: (declared, given, None) for (name, (declared, _, _)), given in zip(RESUMED.items(), ("5", "7", "b"))})
    assert first.command("run", "table.py", "--run-id", "first", "--quiet").returncode == 0
    desk = Desk(tmp_path, RESUMED)
    command = ["dry-run", "--target", target] if target else ["run"]
    done = desk.command(*command, "table.py", "--origin-run", "first", "--run-id", "second")
    assert done.returncode == 0, done.stdout + done.stderr
    assert desk.read("second") == {name: value for name, (_, _, value) in RESUMED.items()}


TYPED = "import flowport.targets.run_input as way; way.in_store = lambda *given, **named: None; from flowport.cli import main; main()"
"""The command when somebody types everything into the engine's own form."""


@pytest.mark.parametrize("target", ["argo", "airflow"])
def test_what_is_too_long_for_a_form_is_said_by_the_first_task(target: str, tmp_path: Path) -> None:
    table: dict[str, Any] = {name: ODD[name] for name in ("text_long_1", "text_long_2", "text_long_3")}
    desk = Desk(tmp_path, table)
    given = [f"--{name}={text}" for name, (_, text, _) in table.items()]
    command = [sys.executable, "-c", TYPED, "dry-run", "table.py", "--target", target, *given]
    done = subprocess.run(command, cwd=desk.folder, capture_output=True, text=True)
    assert done.returncode == 1
    assert "start failed with exit status 78" in done.stderr
    assert "flowport: the form comes to" in done.stderr
    assert "characters, more than a task can be handed: put long text into a file of the flow (`IncludeFile`)" in done.stderr
