"""`flowport run`, and what stands in the store afterwards: runs, logs, artifacts, resume."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from textwrap import dedent

from desk import Desk

GOLDEN = Path(__file__).parent / "golden"
Golden = Callable[[Path, str], None]


def test_a_run_shows_what_its_tasks_print_and_how_it_ended(desk: Desk, golden: Golden) -> None:
    ended = desk("run", "tiny.py", "--max-workers", "1")
    assert ended.status == 0
    golden(GOLDEN / "run.out", ended.out)
    golden(GOLDEN / "run.err", ended.err)


def test_a_quiet_run_says_nothing(desk: Desk) -> None:
    ended = desk("run", "tiny.py", "--quiet")
    assert (ended.status, ended.out, ended.err) == (0, "", "")


def test_a_flow_file_is_a_command_itself(desk: Desk) -> None:
    import sys

    ended = desk.run(sys.executable, "tiny.py", "run", "--n", "2")
    assert ended.status == 0
    assert "the total is 2" in ended.out


def test_a_flow_file_without_a_command_lists_them(desk: Desk, golden: Golden) -> None:
    import sys

    ended = desk.run(sys.executable, "tiny.py")
    assert ended.status == 2
    golden(GOLDEN / "flow_file.out", ended.out)


def test_the_help_of_a_flow_file_names_no_flow(desk: Desk) -> None:
    import sys

    ended = desk.run(sys.executable, "tiny.py", "run", "--help")
    assert ended.status == 0
    assert ended.out.startswith("Usage: python DESK/tiny.py run [OPTION]... [--PARAMETER VALUE]...\n")
    assert "Arguments:" not in ended.out
    assert "--shape TEXT" in ended.out


def test_help_of_a_run_shows_the_parameters_of_the_flow(desk: Desk, golden: Golden) -> None:
    ended = desk("run", "tiny.py", "--help")
    assert ended.status == 0
    golden(GOLDEN / "run_help.out", ended.out)


def test_wrong_parameters_stop_before_anything_runs(desk: Desk, golden: Golden) -> None:
    ended = desk("run", "tiny.py", "--n", "many", "--shape", "round", "--nn", "3", "--note")
    assert ended.status == 2
    golden(GOLDEN / "wrong_parameters.err", ended.err)
    assert not (desk.folder / ".flowport" / "flows" / "Tiny").exists()


def test_a_text_that_is_json_is_read_once(desk: Desk) -> None:
    source = (desk.folder / "tiny.py").read_text().replace('"note", help="anything"', '"note", type=JSONType, default=\'"5"\'')
    desk.write("tiny.py", source.replace("import FlowSpec", "import FlowSpec, JSONType"))
    for given, note in (((), "5"), (("--note", '"6"'), "6"), (("--note", "7"), 7)):
        assert desk("run", "tiny.py", "--quiet", *given).status == 0
        assert json.loads(desk("artifacts", "Tiny", "--json").out)["end/r"]["note"] == note


def test_a_missing_parameter_is_named(desk: Desk) -> None:
    desk.write("needy.py", (desk.folder / "tiny.py").read_text().replace('help="anything"', "required=True"))
    ended = desk("run", "needy.py")
    assert ended.status == 2
    assert "parameter `note` is missing" in ended.err


def test_a_parameter_named_like_an_option_stands_behind_two_dashes(desk: Desk) -> None:
    desk.write("like.py", (desk.folder / "tiny.py").read_text().replace('"note"', '"tag"'))
    assert desk("run", "like.py", "--", "--tag", "a parameter", "--n=1").status == 0
    assert "'a parameter'" in desk("artifacts", "Tiny", "--name", "note").out


def test_a_value_with_an_equals_sign_and_dashes_reaches_the_flow_unchanged(desk: Desk) -> None:
    nasty = "--$(rm -rf /) `x` {{y}} \"'=\n🙂"
    assert desk("run", "tiny.py", f"--note={nasty}").status == 0
    assert json.loads(desk("artifacts", "Tiny", "--json").out)["end/r"]["note"] == nasty


def test_a_parameter_that_has_several_names_has_its_value_under_each(desk: Desk) -> None:
    text = """
        from flowport import FlowSpec, step
        from shared import RATE


        class Work(FlowSpec):
            rate = again = RATE
            other = 7

            @step
            def start(self):
                self.next(self.left, self.right)

            @step
            def left(self):
                self.next(self.end_of_both)

            @step
            def right(self):
                self.next(self.end_of_both)

            @step
            def end_of_both(self, inputs):
                self.seen = [self.rate, self.again, inputs[0].rate, inputs[0].again]
                self.next(self.end)

            @step
            def end(self):
                pass


        class Another(FlowSpec):
            other = RATE

            @step
            def start(self):
                self.next(self.end)

            @step
            def end(self):
                pass
        """
    desk.write("work.py", dedent(text))
    desk.write("shared.py", "from flowport import Parameter\n\nRATE = Parameter('rate', type=int, default=lambda context: 3)\n")
    assert desk("run", "work.py:Work").status == 0
    assert json.loads(desk("artifacts", "Work", "--json").out)["end/r"]["seen"] == [3, 3, 3, 3]
    assert desk("run", "work.py:Work", "--rate", "4").status == 0
    assert json.loads(desk("artifacts", "Work", "--json").out)["end/r"]["seen"] == [4, 4, 4, 4]


def test_a_parameter_that_the_compiler_could_not_see_is_a_sentence(desk: Desk) -> None:
    text = (desk.folder / "tiny.py").read_text().replace('note = Parameter("note"', 'note = globals()["Parameter"]("note"')
    desk.write("unseen.py", text.replace("self.numbers = list", "print(self.note)\n        self.numbers = list"))
    ended = desk("run", "unseen.py")
    assert ended.status == 1
    assert "the run has no value for the parameter `note`, which was not seen when the flow was compiled" in ended.err
    assert "KeyError" not in ended.err


def test_a_file_parameter_is_read_when_the_run_starts(desk: Desk) -> None:
    text = (desk.folder / "tiny.py").read_text()
    desk.write(
        "filed.py", text.replace("Parameter, step", "IncludeFile, Parameter, step").replace('Parameter("note"', 'IncludeFile("note"')
    )
    desk.write("note.txt", "written down")
    assert desk("run", "filed.py", "--note", "note.txt").status == 0
    assert json.loads(desk("artifacts", "Tiny", "--json").out)["end/r"]["note"] == "written down"
    ended = desk("run", "filed.py", "--note", "nowhere.txt")
    assert ended.status == 2
    assert "`nowhere.txt`, which cannot be read" in ended.err


def test_two_runs_with_one_id_cannot_mix(desk: Desk) -> None:
    assert desk("run", "tiny.py", "--run-id", "mine").status == 0
    ended = desk("run", "tiny.py", "--run-id", "mine")
    assert ended.status == 2
    assert "there is a run `mine` of Tiny already" in ended.err


def test_a_run_id_that_cannot_be_a_name_is_refused(desk: Desk) -> None:
    ended = desk("run", "tiny.py", "--run-id", "../mine")
    assert ended.status == 2
    assert "a run id cannot be `../mine`" in ended.err


def test_a_flow_with_errors_does_not_run(desk: Desk) -> None:
    ended = desk("run", "mistaken.py")
    assert ended.status == 1
    assert "did you mean `middle`?" in ended.err


def test_a_flow_that_cannot_be_imported_does_not_run(desk: Desk) -> None:
    desk.write("lost.py", "import nothing_like_this\n" + (desk.folder / "tiny.py").read_text())
    ended = desk("run", "lost.py")
    assert ended.status == 1
    assert "Tiny cannot be imported" in ended.err
    assert "ModuleNotFoundError" in ended.err
    assert "flowport/runtime" not in ended.err
    assert not (desk.folder / ".flowport" / "flows" / "Tiny").exists()


def test_a_failing_run_shows_the_users_own_lines(desk: Desk, golden: Golden) -> None:
    ended = desk("run", "failing.py", "--max-workers", "4")
    assert ended.status == 1
    golden(GOLDEN / "failing.err", ended.err)


def test_the_process_of_a_command_follows_the_run(desk: Desk, golden: Golden) -> None:
    assert desk("run", "failing.py", "--tag", "try", "--max-workers", "4").status == 1
    assert desk("resume", INSTEAD_OF_ZERO="2").status == 0
    golden(GOLDEN / "runs.out", desk("runs").out)
    golden(GOLDEN / "logs.out", desk("logs", "Failing").out)
    golden(GOLDEN / "artifacts.out", desk("artifacts", "Failing").out)


def test_resume_runs_what_is_missing_and_no_more(desk: Desk) -> None:
    assert desk("run", "failing.py", "--max-workers", "4").status == 1
    ended = desk("resume", "failing.py", INSTEAD_OF_ZERO="2")
    assert ended.status == 0
    assert ended.out == "divide/r.0 | dividing by 0\n"
    assert json.loads(desk("artifacts", "Failing", "--json").out)["end/r"]["total"] == 3 + 6 + 3 + 2


def test_resume_from_a_step_runs_it_again(desk: Desk) -> None:
    assert desk("run", "failing.py", "--max-workers", "4").status == 1
    ended = desk("resume", "failing.py", "--from", "divide", "--max-workers", "1", INSTEAD_OF_ZERO="2")
    assert ended.out.splitlines() == [f"divide/r.{number} | dividing by {number}" for number in range(4)]


def test_resume_has_nothing_to_do_when_every_run_ended(desk: Desk) -> None:
    assert desk("run", "tiny.py").status == 0
    ended = desk("resume")
    assert ended.status == 2
    assert "nothing to resume" in ended.err


def test_retries_are_added_by_an_option(desk: Desk) -> None:
    ended = desk("run", "failing.py", "--with", "retry:times=2", "--max-workers", "1")
    assert ended.status == 1
    assert ended.out.count("dividing by 0") == 3
    assert "it is tried again, 1 more time at most" in ended.err


def test_without_a_fork_a_run_comes_to_the_same(desk: Desk) -> None:
    assert desk("run", "tiny.py", "--run-id", "forked").status == 0
    assert desk("run", "tiny.py", "--run-id", "spawned", "--no-fork").status == 0
    for step in ("start", "double", "add", "end"):
        assert desk("artifacts", f"Tiny/forked/{step}").out == desk("artifacts", f"Tiny/spawned/{step}").out
        assert desk("logs", f"Tiny/forked/{step}").out == desk("logs", f"Tiny/spawned/{step}").out


def test_the_store_is_the_option_then_the_environment_then_the_profile(desk: Desk) -> None:
    desk.write("flowport.toml", 'store = "shared"\n[profiles.other]\nstore = "of_profile"\n')
    assert desk("run", "tiny.py").status == 0
    assert desk("run", "tiny.py", "--profile", "other").status == 0
    assert desk("run", "tiny.py", FLOWPORT_STORE="of_environment").status == 0
    assert desk("run", "tiny.py", "--store", "of_option", FLOWPORT_STORE="of_environment").status == 0
    for store in ("shared", "of_profile", "of_environment", "of_option"):
        assert len(list((desk.folder / store / "flows/Tiny/runs").iterdir())) == 1


def test_the_profile_is_the_option_then_the_environment(desk: Desk) -> None:
    desk.write("flowport.toml", '[profiles.first]\nstore = "of_first"\n[profiles.second]\nstore = "of_second"\n')
    assert desk("run", "tiny.py", "--run-id", "one", FLOWPORT_PROFILE="first").status == 0
    assert desk("run", "tiny.py", "--run-id", "two", "--profile", "second", FLOWPORT_PROFILE="first").status == 0
    assert "Tiny/one: done" in desk("status", "Tiny/one", FLOWPORT_PROFILE="first").out
    assert "Tiny/two: done" in desk("status", "Tiny/two", FLOWPORT_PROFILE="second").out
    unknown = desk("check", "tiny.py", FLOWPORT_PROFILE="frist")
    assert unknown.status == 1
    assert "there is no profile `frist`" in unknown.err + unknown.out


def test_logs_of_one_item_are_its_own(desk: Desk) -> None:
    assert desk("run", "tiny.py", "--run-id", "one").status == 0
    assert desk("logs", "Tiny/one/double/r.2").out == "2 makes 4\n"
    assert desk("logs", "Tiny/one/double/s.2").out == "2 makes 4\n"
    assert desk("logs", "Tiny/one/double/r.7").status == 2
    assert "did you mean `double`?" in desk("logs", "Tiny/one/doubel").err


BATCHED = """
from flowport import FlowSpec, step


class Batched(FlowSpec):
    @step
    def start(self):
        self.rows = ["a", "b"]
        self.next(self.row, foreach="rows")

    @step
    def row(self):
        self.cells = list(range(5))
        self.next(self.cell, foreach="cells", batch=2)

    @step
    def cell(self):
        print(self.input)
        self.next(self.cells_done)

    @step
    def cells_done(self, inputs):
        self.next(self.rows_done)

    @step
    def rows_done(self, inputs):
        self.next(self.end)

    @step
    def end(self):
        print("the end")
"""


def test_a_task_of_several_items_is_called_by_the_first_and_the_last(desk: Desk) -> None:
    desk.write("batched.py", BATCHED)
    ended = desk("run", "batched.py", "--run-id", "one")
    assert ended.status == 0
    names = ["r.0.0..r.0.1", "r.0.2..r.0.3", "r.0.4", "r.1.0..r.1.1", "r.1.2..r.1.3", "r.1.4"]
    assert list(dict.fromkeys(sorted(line.split(" | ")[0] for line in ended.out.splitlines()))) == [
        *(f"cell/{name}" for name in names),
        "end",
    ]
    titles = [line for line in desk("logs", "Batched").out.splitlines() if line.startswith("===")]
    assert titles == [*(f"=== cell/{name}, SECONDS" for name in names), "=== end, SECONDS"]
    assert desk("logs", "Batched/one/cell/r.0.2..r.0.3").out == desk("logs", "Batched/one/cell/r.0.3").out == "2\n3\n"


def test_an_artifact_of_the_users_own_class_is_shown_with_the_code_of_the_run(desk: Desk) -> None:
    text = (desk.folder / "tiny.py").read_text()
    desk.write(
        "own.py", text.replace("class Tiny", "class Pair(tuple):\n    pass\n\n\nclass Tiny").replace("= sum(", "= Pair([1, 2]) and sum(")
    )
    desk.write(
        "own.py", (desk.folder / "own.py").read_text().replace('print("the total is"', 'self.pair = Pair([1, 2]); print("the total is"')
    )
    assert desk("run", "own.py").status == 0
    (desk.folder / "own.py").unlink()
    assert "(1, 2)" in desk("artifacts", "Tiny", "--name", "pair").out


def test_the_id_of_a_run_is_written_before_it_begins(desk: Desk) -> None:
    assert desk("run", "failing.py", "--run-id-file", "run.txt", "--run-id", "one", "--quiet").status == 1
    assert (desk.folder / "run.txt").read_text(encoding="utf-8") == "one"
    assert desk("resume", "failing.py", "one", "--run-id-file", "run.txt", "--quiet").status == 1
    assert (desk.folder / "run.txt").read_text(encoding="utf-8") not in ("", "one")


def test_a_file_for_the_id_that_cannot_be_written_stops_the_run(desk: Desk) -> None:
    ended = desk("run", "tiny.py", "--run-id-file", "nowhere/run.txt")
    assert (ended.status, ended.out) == (2, "")
    assert "flowport run: `nowhere/run.txt` cannot be written: No such file or directory" in ended.err
    assert not (desk.folder / ".flowport/flows").exists()
