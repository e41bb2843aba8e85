"""`flowport tag`: what it prints, what it changes, and what is wrong use."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from desk import Desk

TINY = """
from flowport import FlowSpec, step


class Tiny(FlowSpec):
    @step
    def start(self):
        self.next(self.end)

    @step
    def end(self):
        pass
"""


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Desk:
    """A folder with run `one` of Tiny, which has the tag `old`."""
    found = Desk(Path(tmp_path_factory.mktemp("desk")))
    found.write("tiny.py", TINY)
    assert found("run", "tiny.py", "--run-id", "one", "--tag", "old", "-q", METAFLOW_USER="tester").status == 0
    return found


def test_tags_are_changed_and_shown_by_all_commands(desk: Desk) -> None:
    assert desk("tag", "add", "Tiny/one", "new", "more").out == "Tiny/one: more, new, old\n"
    assert desk("tag", "remove", "Tiny", "more").out == "Tiny/one: new, old\n"
    assert desk("tag", "replace", "Tiny/latest", "old", "fresh").out == "Tiny/one: fresh, new\n"
    listed = desk("tag", "list", "Tiny/one").out
    assert listed.startswith("Tiny/one: fresh, new\nsystem tags, which do not change: user:tester, runtime:dev, ")
    found = json.loads(desk("tag", "list", "Tiny/one", "--json").out)
    assert (found["flow"], found["run"], found["tags"], found["system_tags"][0]) == ("Tiny", "one", ["fresh", "new"], "user:tester")
    assert json.loads(desk("runs", "Tiny", "--tag", "fresh", "--json").out)["tags"] == ["fresh", "new"]
    assert "no run of Tiny" in desk("runs", "Tiny", "--tag", "old").out
    assert json.loads(desk("status", "Tiny/one", "--json").out)["tags"] == ["fresh", "new"]
    assert desk("tag", "remove", "Tiny", "fresh", "new").out == "Tiny/one: no tags\n"


@pytest.mark.parametrize(
    ("tags", "found"),
    [
        (["user:tester"], ["one"]),
        (["runtime:dev", "user:tester", "old"], ["one"]),
        (["user:other"], []),
        (["user:tester", "fresh"], []),
        ([""], []),
    ],
)
def test_runs_are_found_by_system_tags_too(tmp_path: Path, tags: list[str], found: list[str]) -> None:
    desk = Desk(tmp_path)
    desk.write("tiny.py", TINY)
    assert desk("run", "tiny.py", "--run-id", "one", "--tag", "old", "-q", METAFLOW_USER="tester").status == 0
    listed = desk("runs", "Tiny", "--json", *(word for tag in tags for word in ("--tag", tag)))
    assert [json.loads(line)["run"] for line in listed.out.splitlines()] == found
    assert listed.status == 0


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("list", "Tiny", "x"), "flowport tag: `x` is one argument too many: `list` takes no tags\n  flowport tag list Tiny\n"),
        (("replace", "Tiny", "x"), "flowport tag: `replace` takes two tags, and 1 is given\n  flowport tag replace Tiny OLD NEW\n"),
        (("add", "Tiny"), "flowport tag: `add` takes at least one tag\n  flowport tag add Tiny TAG\n"),
        (("add", "Tiny/one/end", "x"), "flowport tag: `Tiny/one/end` names a step, but a whole run has tags\n  Tiny/one\n"),
        (("add", "Tiny/two", "x"), "flowport tag: there is no run `two` of Tiny in DESK/.flowport\n  flowport runs Tiny\n"),
        (("remove", "Tiny", "runtime:dev"), "flowport tag: `runtime:dev` is a system tag, which cannot be removed\n"),
        (("add", "Tiny", ""), "flowport tag: a tag is a text that is not empty\n"),
    ],
)
def test_wrong_use_says_what_to_type(desk: Desk, words: tuple[str, ...], message: str) -> None:
    ended = desk("tag", *words)
    assert (ended.status, ended.out, ended.err) == (2, "", message)
