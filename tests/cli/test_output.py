"""What commands print: in any encoding, to anybody or nobody, of any size."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from desk import FLOWPORT, Desk
from flowport.runtime.text import shown

SPEAKING = '''
"""Speaks."""

from flowport import FlowSpec, step

print("loaded: ü")


class Speaking(FlowSpec):
    """Größe → 🙂"""

    @step
    def start(self):
        print("said: ü 🙂 \\udc80")
        self.word = "ü🙂"
        self.next(self.end)

    @step
    def end(self):
        """“ends”"""
'''

ENCODINGS = ("ascii", "latin-1", "cp1252", "utf-8")


def printed(desk: Desk, *words: str, encoding: str) -> tuple[int, bytes, bytes]:
    """The status of a command and the bytes that it printed, on a terminal with an encoding."""
    done = subprocess.run([FLOWPORT, *words], cwd=desk.folder, env=desk.environment(PYTHONIOENCODING=encoding), capture_output=True)
    return done.returncode, done.stdout, done.stderr


@pytest.mark.parametrize("how", [(), ("--no-fork",)], ids=["fork", "no-fork"])
@pytest.mark.parametrize("encoding", ENCODINGS)
def test_what_a_step_prints_does_not_fail_for_the_encoding_of_the_terminal(desk: Desk, encoding: str, how: tuple[str, ...]) -> None:
    desk.write("speaking.py", SPEAKING)
    status, out, err = printed(desk, "run", "speaking.py", "--run-id", "1", "--tag", "ü", *how, encoding=encoding)
    assert (status, b"Traceback" in err) == (0, False)
    assert "said: ü 🙂 \\udc80\n".encode(encoding, "backslashreplace") in out
    assert "said: ü 🙂 \\udc80\n" in desk("logs", "Speaking/1/start").out


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_every_command_prints_on_a_terminal_of_any_encoding(desk: Desk, encoding: str) -> None:
    desk.write("speaking.py", SPEAKING)
    desk.write("größe.py", SPEAKING.replace("self.next(self.end)", "self.next(self.ende)"))
    assert desk("run", "speaking.py", "--run-id", "1", "--tag", "ü → 🙂", "--quiet").status == 0
    for words in (
        "runs",
        "logs Speaking",
        "artifacts Speaking/1/start",
        "show speaking.py",
        "show speaking.py --plan",
        "check speaking.py",
    ):
        status, _, err = printed(desk, *words.split(), encoding=encoding)
        assert (status, err) == (0, b""), words
    for words in ("check größe.py", "check größe.py --format github", "run größe.py", "logs Größe", "logs Speaking/→", "explain ü"):
        status, _, err = printed(desk, *words.split(), encoding=encoding)
        assert (status in (1, 2), b"Traceback" in err) == (True, False), words
    drawn = printed(desk, "show", "speaking.py", encoding=encoding)[1].decode(encoding)
    assert ("→" if encoding == "utf-8" else "->") in drawn


@pytest.mark.parametrize("words", [[], ["--help"], ["ü"], ["show"], ["run", "--help"]])
def test_a_flows_own_file_may_have_any_name(desk: Desk, words: list[str]) -> None:
    quiet = SPEAKING.replace('print("loaded: ü")\n', "")
    desk.write("größe →.py", f"{quiet}\n\nif __name__ == '__main__':\n    Speaking()\n")
    ended = desk.run(sys.executable, "größe →.py", *words, PYTHONIOENCODING="ascii")
    assert "UnicodeEncodeError" not in ended.err
    assert ended.status in (0, 2)


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_what_programs_read_is_the_same_in_any_encoding(desk: Desk, encoding: str) -> None:
    desk.write("speaking.py", SPEAKING)
    desk.write("größe.py", SPEAKING.replace("self.next(self.end)", "self.next(self.ende)"))
    assert desk("run", "speaking.py", "--run-id", "1", "--tag", "ü🙂", "--quiet").status == 0
    assert json.loads(printed(desk, "runs", "--json", encoding=encoding)[1].decode(encoding))["tags"] == ["ü🙂"]
    found = json.loads(printed(desk, "artifacts", "Speaking/1/start", "--json", encoding=encoding)[1].decode(encoding))
    assert found == {"start/r": {"word": "ü🙂"}}
    for words in ("show speaking.py --format svg", "show speaking.py --format html", "check größe.py --format json"):
        assert printed(desk, *words.split(), encoding=encoding)[1] == printed(desk, *words.split(), encoding="utf-8")[1]


@pytest.mark.parametrize("closed", [">&-", "2>&-", ">&- 2>&-", "<&- >&- 2>&-"])
@pytest.mark.parametrize(
    "words", ["runs", "logs Tiny", "artifacts Tiny --json", "show tiny.py", "show tiny.py --format svg", "run tiny.py"]
)
def test_a_closed_stream_changes_no_status(desk: Desk, words: str, closed: str) -> None:
    assert desk("run", "tiny.py", "--run-id", "1", "--quiet").status == 0
    ended = desk.run("sh", "-c", f"{desk.command} {words} {closed}")
    assert ended.status == 0
    assert "Traceback" not in ended.err + ended.out


@pytest.mark.parametrize("words", ["runs", "logs Tiny", "artifacts Tiny --json", "show tiny.py", "explain FP201", "check tiny.py"])
def test_output_that_cannot_be_written_is_said_in_a_line(desk: Desk, words: str) -> None:
    assert desk("run", "tiny.py", "--run-id", "1", "--quiet").status == 0
    ended = desk.run("sh", "-c", f"{desk.command} {words} > /dev/full")
    assert ended.status == 1
    assert ended.err == f"flowport {words.split()[0]}: standard output: No space left on device\n"


@pytest.mark.parametrize(
    "words",
    [
        ["\x1b[31m"],
        ["logs", "\x1b[31m"],
        ["logs", "a/b/c/\x1b[31m/e"],
        ["run", "tiny.py", "--run-id", "\x1b[31m"],
        ["run", "tiny.py", "--n", "\x1b[31m"],
        ["runs", "--store", "s3://\x1b[31m"],
        ["check", "tiny.py", "--target", "\x1b[31m"],
        ["explain", "\x1b[31m"],
    ],
)
def test_what_a_user_typed_is_shown_with_its_escapes(desk: Desk, words: list[str]) -> None:
    ended = desk(*words)
    assert ended.status in (1, 2)
    assert "\x1b" not in ended.out + ended.err
    assert "\\x1b" in ended.out + ended.err


@pytest.mark.parametrize("run", ["x" * 256, "ü", "a/b", "a b", "a\x00b"[:1] + "\n", "\udcff"])
def test_a_run_id_that_cannot_be_kept_is_refused_before_anything_starts(desk: Desk, run: str) -> None:
    ended = desk("run", "tiny.py", f"--run-id={run}")
    assert ended.status == 2
    assert "a run id cannot be" in ended.err
    assert not (desk.folder / ".flowport").exists()


@pytest.mark.parametrize("tags", [["--tag", "x" * 257], [word for n in range(101) for word in ("--tag", str(n))]])
def test_tags_have_bounds(desk: Desk, tags: list[str]) -> None:
    ended = desk("run", "tiny.py", *tags)
    assert (ended.status, "Traceback" in ended.err) == (2, False)
    assert "tag" in ended.err
    assert not (desk.folder / ".flowport").exists()


@pytest.mark.parametrize(
    "place", ["tiny.py", "tiny.py/x", "/dev/null", "/proc/nothing", "s3:///x", "s3://", "ftp://x", "file://host/x", "x" * 300]
)
@pytest.mark.parametrize("words", [["runs"], ["logs", "Tiny"], ["artifacts", "Tiny"], ["resume"], ["run", "tiny.py"]])
def test_a_store_that_cannot_be_is_said_in_a_line(desk: Desk, words: list[str], place: str) -> None:
    ended = desk(*words, "--store", place)
    assert "Traceback" not in ended.err
    nowhere = words == ["runs"] and place in ("/proc/nothing", "x" * 300)
    assert ended.status in ((0, 1) if nowhere else (1, 2))


def test_a_parameter_that_is_nested_too_deeply_is_not_json(desk: Desk) -> None:
    desk.write("deep.py", (desk.folder / "tiny.py").read_text().replace('"note", help', '"note", type=dict, help'))
    ended = desk("run", "deep.py", "--note", "[" * 100_000)
    assert (ended.status, "Traceback" in ended.err) == (2, False)
    assert "which is not JSON" in ended.err


@pytest.mark.parametrize("tag", ["\x1b[31mred", "a\nb", "\u202e", "ü 🙂", "\udcff"])
def test_a_tag_of_any_characters_finds_its_run_and_is_shown_with_its_escapes(desk: Desk, tag: str) -> None:
    assert desk("run", "tiny.py", "--run-id", "1", "--tag", tag, "--quiet").status == 0
    listed = desk("runs", "--tag", tag)
    assert listed.status == 0
    assert shown(tag) in listed.out.splitlines()[1]
    assert "\x1b" not in listed.out + desk("runs", "--tag", f"{tag}?").out
    assert json.loads(desk("runs", "--json").out)["tags"] == [tag]


def peak(desk: Desk, *words: str) -> int:
    """The most memory that a command needs, in kilobytes; what it prints goes nowhere."""
    with open(os.devnull, "w") as nowhere:
        process = subprocess.Popen([FLOWPORT, *words], cwd=desk.folder, env=desk.environment(), stdout=nowhere)
        _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    assert process.returncode == 0
    return used.ru_maxrss // (1024 if sys.platform == "darwin" else 1)


LOUD = """
from flowport import FlowSpec, step


class Loud(FlowSpec):
    @step
    def start(self):
        import sys

        for _ in range({times}):
            sys.stdout.write({what} * 1000)
        self.next(self.end)

    @step
    def end(self):
        pass
"""


@pytest.mark.parametrize("what", ["('x' * 99 + '\\n')", "('x' * 100)"], ids=["lines", "one-line"])
def test_neither_a_run_nor_logs_hold_what_a_task_printed(desk: Desk, what: str) -> None:
    desk.write("loud.py", LOUD.replace("{what}", what).replace("{times}", "1000"))
    desk.write("quiet.py", LOUD.replace("{what}", what).replace("{times}", "1").replace("Loud", "Quiet"))
    much = 40_000
    few = peak(desk, "run", "quiet.py", "--run-id", "1")
    assert peak(desk, "run", "loud.py", "--run-id", "1") < few + much
    assert peak(desk, "logs", "Loud") < peak(desk, "logs", "Quiet") + much
    assert (desk.folder / ".flowport/flows/Loud/runs/1/steps/start/s.log/0-0").stat().st_size == 100_000_000


def test_logs_print_what_was_printed_byte_for_byte(desk: Desk) -> None:
    assert desk("run", "tiny.py", "--run-id", "1", "--quiet").status == 0
    text = "ü🙂" * 1_500_001
    path = desk.folder / ".flowport/flows/Tiny/runs/1/steps/start/s.log/0-0"
    path.parent.mkdir(exist_ok=True)
    path.write_text(text)
    assert printed(desk, "logs", "Tiny/1/start", encoding="utf-8")[1] == text.encode()


def test_logs_say_that_earlier_attempts_are_left_out(desk: Desk) -> None:
    assert desk("run", "failing.py", "--run-id", "1", "--quiet", "--with", "retry:times=2").status == 1
    last = desk("logs", "Failing/1/divide/r.0")
    assert (last.out.count("dividing by 0\n"), last.err) == (1, "2 earlier attempts left out: --all\n")
    every = desk("logs", "Failing/1/divide/r.0", "--all")
    assert [line for line in every.out.splitlines() if line.startswith("===")] == [
        f"=== divide/r.0, attempt {number}" for number in (1, 2, 3)
    ]
    assert (every.out.count("dividing by 0\n"), every.err) == (3, "")


def test_runs_say_that_older_ones_are_left_out(desk: Desk) -> None:
    assert desk("run", "tiny.py", "--run-id", "0", "--quiet").status == 0
    document = json.loads((desk.folder / ".flowport/flows/Tiny/runs/0/run.json").read_text())
    for number in range(1, 25):
        desk.write(f".flowport/flows/Tiny/runs/{number}/run.json", json.dumps({**document, "run": str(number)}))
    assert desk("runs").out.endswith("5 older runs: --all\n")
    listed = desk("runs", "--json")
    assert (len(listed.out.splitlines()), listed.err) == (20, "5 older runs: --all\n")
    assert len(desk("runs", "--json", "--all").out.splitlines()) == 25
    tagged = desk("runs", "--json", "--tag", "runtime:dev")
    assert (len(tagged.out.splitlines()), tagged.err) == (20, "older runs: --all\n")
    assert len(desk("runs", "--json", "--tag", "runtime:dev", "--all").out.splitlines()) == 25


def test_artifacts_as_json_have_every_item(desk: Desk) -> None:
    assert desk("run", "tiny.py", "--run-id", "1", "--n", "25", "--quiet").status == 0
    found = desk("artifacts", "Tiny/1/double", "--json")
    assert (found.status, found.err) == (0, "")
    assert {item: held["doubled"] for item, held in json.loads(found.out).items()} == {f"double/r.{n}": 2 * n for n in range(25)}
    one = json.loads(desk("artifacts", "Tiny/1/double", "--json", "--name", "doubled").out)
    assert one["double/r.24"] == {"doubled": 48}
    text = desk("artifacts", "Tiny/1/double")
    assert text.out.count("doubled") == 10
    assert text.out.endswith("15 more items: flowport artifacts Tiny/1/double --json, or name one, Tiny/1/double/r.10\n")
    assert "more items" not in desk("artifacts", "Tiny/1/double/r.3").out
    assert desk("run", "tiny.py", "--run-id", "2", "--n", "10", "--quiet").status == 0
    assert "more items" not in desk("artifacts", "Tiny/2/double").out


def test_an_artifact_that_some_items_have_is_shown_of_those(desk: Desk) -> None:
    source = (
        (desk.folder / "tiny.py")
        .read_text()
        .replace(
            "self.doubled = 2 * self.input", "self.doubled = 2 * self.input\n        if self.input == 2:\n            self.second = True"
        )
    )
    desk.write("tiny.py", source)
    assert desk("run", "tiny.py", "--run-id", "1", "--quiet").status == 0
    assert json.loads(desk("artifacts", "Tiny/1/double", "--json", "--name", "second").out) == {"double/r.2": {"second": True}}
    ended = desk("artifacts", "Tiny/1/double", "--json", "--name", "third")
    assert (ended.status, json.loads(ended.out)["error"]) == (2, "step `double` has no artifact `third`")
    assert "step `double` has no artifact `third`" in ended.err


def test_no_item_that_is_not_there_is_found(desk: Desk, tmp_path: Path) -> None:
    assert desk("run", "tiny.py", "--run-id", "1", "--quiet").status == 0
    for item in ("r.3", "r.-1", "r.00", "r", "r.0.0", "r.t0", "s.9", "s.x", "x", "..", "r." + "9" * 40):
        for command in ("logs", "artifacts"):
            ended = desk(command, f"Tiny/1/double/{item}")
            assert (ended.status, ended.out) == (2, ""), item
            assert f"has no item `{item}`" in ended.err
    assert desk("logs", "Tiny/1/double/s.1").out == desk("logs", "Tiny/1/double/r.1").out == "1 makes 2\n"
