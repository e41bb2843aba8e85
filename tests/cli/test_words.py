"""The command line itself: wrong use, help, and what each command says."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Callable
from pathlib import Path
from xml.etree import ElementTree

import pytest

from desk import Desk
from flowport.cli import COMMANDS, load
from flowport.cli.options import Argument, Command, Option, WrongUse, page, read

GOLDEN = Path(__file__).parent / "golden"
Golden = Callable[[Path, str], None]

SAMPLE = Command(
    "sample",
    "shows how words are read",
    lambda values: 0,
    (Argument("FLOW", "a file"), Argument("MORE", "another", required=False)),
    (
        Option("many", "several", "WORD", many=True),
        Option("count", "a number", "N", short="n", convert=int, default=1),
        Option("kind", "one of two", "KIND", choices=("this", "that")),
        Option("flag", "on or off"),
    ),
    parameters=True,
)


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("f.py", {"flow": "f.py", "more": None, "many": (), "count": 1, "flag": False, "parameters": []}),
        ("--flag f.py g", {"flow": "f.py", "more": "g", "flag": True}),
        ("f.py --many a --many=b -n 3", {"many": ("a", "b"), "count": 3}),
        ("f.py --alpha 3 --beta=4 --gamma", {"parameters": [("alpha", "3"), ("beta", "4"), ("gamma", None)]}),
        ("f.py --alpha -3", {"parameters": [("alpha", "-3")]}),
        ("f.py --gamma --alpha 3", {"parameters": [("gamma", None), ("alpha", "3")]}),
        ("f.py -- --count 7 --flag=x", {"count": 1, "parameters": [("count", "7"), ("flag", "x")]}),
        ("--kind that f.py", {"kind": "that"}),
    ],
)
def test_words_become_values(words: str, expected: dict[str, object]) -> None:
    values = read(SAMPLE, words.split())
    assert {name: values[name] for name in expected} == expected


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ("", "FLOW is missing"),
        ("a b c", "`c` is one argument too many"),
        ("f.py --count", "option `--count` needs a value"),
        ("f.py --count many", "option `--count` cannot be `many`"),
        ("f.py --kind other", "option `--kind` cannot be `other`"),
        ("f.py --count 1 --count=2", "option `--count` is there twice, and takes one value"),
        ("f.py --flag=yes", "option `--flag` takes no value"),
        ("f.py -- word", "`word` stands behind `--` without the name of a parameter"),
    ],
)
def test_wrong_use_says_what_is_wrong(words: str, message: str) -> None:
    with pytest.raises(WrongUse, match=message.replace("`", ".")):
        read(SAMPLE, words.split())


@pytest.mark.parametrize("name", list(COMMANDS))
def test_every_command_has_a_page_of_help(name: str) -> None:
    command = load(name)
    assert command.name == name
    assert page(command).startswith(f"{name}: {command.summary}")


def test_the_compiler_knows_the_options_that_hide_a_parameter() -> None:
    from flowport.compiler.check.parameters import OPTIONS

    shown = {option.name for name in ("run", "resume", "dry-run") for option in load(name).options}
    assert shown | {"help"} == OPTIONS


def test_wrong_use_ends_with_2(desk: Desk) -> None:
    for words in ([], ["chek", "tiny.py"], ["check"], ["check", "tiny.py", "--formt", "json"], ["compile", "tiny.py"]):
        assert desk(*words).status == 2, words
    assert "did you mean `check`?" in desk("chek").err
    assert "did you mean `--format`?" in desk("check", "tiny.py", "--formt", "json").err
    assert "`--target` is missing" in desk("compile", "tiny.py").err


def test_an_unknown_target_names_the_known_ones(desk: Desk) -> None:
    ended = desk("compile", "tiny.py", "--target", "stepfunction")
    assert ended.status == 2
    assert "did you mean `stepfunctions`?" in ended.err


def test_the_version_is_that_of_the_package(desk: Desk) -> None:
    import flowport

    assert desk("--version").out == f"flowport {flowport.__version__}\n"


def test_check_says_nothing_is_wrong(desk: Desk) -> None:
    ended = desk("check", "tiny.py")
    assert (ended.status, ended.out) == (0, "Tiny has nothing wrong with it\n")


def test_check_shows_the_place_and_the_way_out(desk: Desk, golden: Golden) -> None:
    ended = desk("check", "mistaken.py")
    assert ended.status == 1
    golden(GOLDEN / "check.out", ended.out)


def test_check_speaks_json(desk: Desk) -> None:
    ended = desk("check", "mistaken.py", "--format", "json")
    assert ended.status == 1
    assert "FP201" in [entry["code"] for entry in json.loads(ended.out)]


def test_check_asks_the_targets_too(desk: Desk) -> None:
    ended = desk("check", "tiny.py", "--target", "sfn")
    assert ended.status == 1
    assert "needs the setting `image`" in ended.out


def test_a_file_that_is_not_there_is_a_diagnostic(desk: Desk) -> None:
    ended = desk("run", "nowhere.py")
    assert ended.status == 1
    assert "there is no file `nowhere.py`" in ended.err


SETTINGS = """
[stepfunctions]
store = "s3://bucket/prefix"
image = "flows:1"
job_queue = "flows"
"""


def test_compile_writes_files_and_compares_them(desk: Desk) -> None:
    desk.write("flowport.toml", SETTINGS)
    assert desk("compile", "tiny.py", "--target", "sfn", "--check").status == 1
    first = desk("compile", "tiny.py", "--target", "sfn")
    assert first.status == 0
    assert "build/Tiny/state-machine.json" in first.out.splitlines()
    assert desk("compile", "tiny.py", "--target", "sfn", "--check").out == "build is up to date\n"
    desk.write("tiny.py", (desk.folder / "tiny.py").read_text().replace("n = Parameter", "m = Parameter"))
    assert desk("compile", "tiny.py", "--target", "sfn", "--check").status == 1


def test_the_code_package_of_an_earlier_version_is_left_over(desk: Desk) -> None:
    desk.write("flowport.toml", SETTINGS)
    desk("compile", "tiny.py", "--target", "sfn")
    old = desk.folder / "build" / "Tiny" / "code" / ("0" * 64 + ".zip")
    old.write_bytes(b"")
    found = desk("compile", "tiny.py", "--target", "sfn", "--check")
    assert (found.status, found.out) == (1, "build/Tiny/code/DIGEST.zip is left over\n")
    desk("compile", "tiny.py", "--target", "sfn")
    assert not old.exists()


def test_the_profile_decides_what_is_compiled(desk: Desk) -> None:
    desk.write("flowport.toml", SETTINGS + '[profiles.prod.stepfunctions]\njob_queue = "production"\n')
    assert desk("compile", "tiny.py", "--target", "sfn", "--profile", "prod").status == 0
    assert "production" in (desk.folder / "build/prod-Tiny/state-machine.json").read_text()


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ("stroe = 'x'", "nothing reads `stroe`"),
        ("[profiles.prod]\nroot = ['x']", "nothing reads `profiles.prod.root`"),
        ("[stepfunctions]\nimagee = 'x'", "nothing reads `stepfunctions.imagee`"),
        ("store = 3", "`store` is a number, not a text"),
        ("store = ", "this is not TOML"),
        ("profile = 'prod'", "there is no profile `prod`"),
        ("[profiles]\nprod = 3", "`profiles.prod` is not a table"),
    ],
)
def test_a_mistake_in_the_settings_is_a_diagnostic(desk: Desk, settings: str, message: str) -> None:
    desk.write("flowport.toml", settings)
    ended = desk("check", "tiny.py")
    assert ended.status == 1
    assert f"error[FP490]: flowport.toml: {message}" in ended.out


def test_settings_may_stand_in_pyproject(desk: Desk) -> None:
    desk.write("pyproject.toml", '[tool.flowport]\nstore = "of_project"\n')
    desk.write("below/tiny.py", (desk.folder / "tiny.py").read_text())
    assert desk("run", "below/tiny.py").status == 0
    assert (desk.folder / "of_project" / "Tiny").is_dir()


def test_further_files_travel_with_the_code(desk: Desk) -> None:
    desk.write("flowport.toml", 'include = ["sql/*.sql"]\n')
    desk.write("sql/numbers.sql", "select 7")
    text = (desk.folder / "tiny.py").read_text()
    desk.write(
        "tiny.py", text.replace('print("the total is"', 'import os; print(open(os.path.dirname(__file__) + "/sql/numbers.sql").read()')
    )
    assert "select 7 6" in desk("run", "tiny.py", "--no-fork").out


@pytest.mark.parametrize("line", ['include = ["sql/*.sql"]', 'roots = ["lib"]'])
def test_settings_that_name_nothing_are_said(desk: Desk, line: str) -> None:
    desk.write("flowport.toml", line)
    ended = desk("run", "tiny.py")
    assert ended.status == 1
    assert "error[FP490]" in ended.err


def test_a_file_to_include_from_outside_is_refused(desk: Desk) -> None:
    desk.write("flowport.toml", 'include = ["*.txt"]\n')
    desk.write("outside.txt", "")
    desk.write("below/tiny.py", (desk.folder / "tiny.py").read_text())
    ended = desk("run", "below/tiny.py")
    assert ended.status == 1
    assert "error[FP491]" in ended.err


def test_show_draws_the_graph_as_text(desk: Desk, golden: Golden) -> None:
    golden(GOLDEN / "show.out", desk("show", "tiny.py").out)


def test_show_prints_the_plan_and_whether_it_is_well_formed(desk: Desk, golden: Golden) -> None:
    golden(GOLDEN / "show_plan.out", desk("show", "tiny.py", "--plan").out)


def test_show_writes_svg_and_html(desk: Desk, golden: Golden) -> None:
    assert desk("show", "tiny.py", "-o", "tiny.svg").status == 0
    assert desk("show", "tiny.py", "-o", "tiny.html").status == 0
    golden(GOLDEN / "tiny.svg", (desk.folder / "tiny.svg").read_text())
    golden(GOLDEN / "tiny.html", (desk.folder / "tiny.html").read_text())
    assert desk("show", "tiny.py", "--format", "svg").out == (desk.folder / "tiny.svg").read_text()


def test_explain_says_more_about_a_code(desk: Desk) -> None:
    assert desk("explain", "fp201").out.startswith("FP201: ")
    assert desk("explain", "FP2O1").status == 2


def test_the_first_flow_that_init_writes_runs(desk: Desk) -> None:
    assert desk("init", "new").status == 0
    assert "the longest word is 'begins'" in desk("run", "new/first_flow.py").out
    assert "left new/first_flow.py as it is" in desk("init", "new").out


def test_commands_about_runs_say_when_there_are_none(desk: Desk) -> None:
    assert desk("runs").out == "no runs are in DESK/.flowport\n"
    for words in (["runs", "Tiny"], ["logs", "Tiny"], ["artifacts", "Tiny/x/y"], ["logs", "a/b/c/d/e"]):
        assert desk(*words).status == 2


def test_a_reader_that_goes_away_is_no_error(desk: Desk) -> None:
    assert desk("run", "tiny.py").status == 0
    ended = desk.run("sh", "-c", f"{desk.command} logs Tiny | true; {desk.command} explain FP201 | head -1 > /dev/null")
    assert (ended.status, ended.err) == (0, "")


def test_what_a_reader_did_not_wait_for_is_not_taken_for_success(desk: Desk) -> None:
    reader, writer = os.pipe()
    os.close(reader)
    done = subprocess.run([desk.command, "check", "tiny.py"], cwd=desk.folder, env=desk.environment(), stdout=writer, stderr=writer)
    os.close(writer)
    assert done.returncode == 141


FLOWS = sorted((Path(__file__).parents[1] / "flows").glob("[a-z]*.py"))


@pytest.mark.parametrize("path", [path for path in FLOWS if path.name != "expected.py"], ids=lambda path: path.stem)
def test_every_flow_of_the_corpus_has_a_drawing_without_overlaps(path: Path) -> None:
    from flowport.cli.draw.layout import BOX, layout
    from flowport.cli.draw.svg import svg
    from flowport.compiler.compile import load as flow

    plan = flow(str(path)).plan
    assert plan is not None
    boxes = layout(plan).boxes
    assert sorted(box.step for box in boxes) == sorted(step.name for step in plan.flow.steps)
    for number, one in enumerate(boxes):
        for other in boxes[number + 1 :]:
            assert abs(one.y - other.y) >= BOX or abs(one.x - other.x) >= (one.width + other.width) / 2, (one, other)
    ElementTree.fromstring(svg(plan))
