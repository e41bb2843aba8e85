"""The command line itself: wrong use, help, and what each command says."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from inspect import signature
from pathlib import Path
from xml.etree import ElementTree

import pytest

from desk import Desk
from flowport.cli.changes import OPTIONS as CHANGES
from flowport.cli.group import COMMANDS, OF_A_FLOW, load, module_of
from flowport.cli.parameter_options import FlowChoice, FlowCommand

GOLDEN = Path(__file__).parent / "golden"
Golden = Callable[[Path, str], None]

WORDS = """
from flowport import FlowSpec, Parameter, step


class Words(FlowSpec):
    alpha = Parameter("alpha", type=int, default=0)
    beta = Parameter("beta", default="")
    gamma = Parameter("gamma", type=bool, default=False)
    tag = Parameter("tag", default="")

    @step
    def start(self):
        self.seen = [self.alpha, self.beta, self.gamma, self.tag]
        self.next(self.end)

    @step
    def end(self):
        pass
"""


@pytest.mark.parametrize(
    ("words", "seen"),
    [
        ("words.py", [0, "", False, ""]),
        ("--quiet words.py --tag one --tag=two", [0, "", False, ""]),
        ("words.py --alpha 3 --beta=4 --gamma", [3, "4", True, ""]),
        ("--alpha 3 words.py", [3, "", False, ""]),
        ("words.py --alpha -3 --beta -q", [-3, "-q", False, ""]),
        ("words.py --gamma --alpha 3", [3, "", True, ""]),
        ("words.py --gamma no --beta=--tag", [0, "--tag", False, ""]),
        ("words.py --tag a -- --tag b --alpha=7", [7, "", False, "b"]),
        ("words.py -- --gamma", [0, "", True, ""]),
    ],
)
def test_parameters_of_a_flow_are_options(desk: Desk, words: str, seen: list[object]) -> None:
    desk.write("words.py", WORDS)
    ended = desk("run", *words.split())
    assert (ended.status, "Traceback" in ended.err) == (0, False), ended.err
    assert json.loads(desk("artifacts", "Words/latest/start", "--json", "--name", "seen").out) == {"start/r": {"seen": seen}}


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ("run", "FLOW is missing"),
        ("runs a b", "`b` is one argument too many"),
        ("show tiny.py --format", "option `--format` needs a value"),
        ("run tiny.py --max-workers many", "option `--max-workers`: `many` is not a whole number of at least 1"),
        (
            "run tiny.py --with retry:5",
            "option `--with`: `retry:5`: `5` is no argument: write `retry:argument=value`, with commas between arguments",
        ),
        ("show tiny.py --format png", "option `--format`: `png` is not one of `text`, `svg`, `html`"),
        ("show tiny.py --format svg --format=html", "option `--format` is given twice, and takes one value"),
        ("show tiny.py --plan=yes", "option `--plan` takes no value"),
        ("run tiny.py -- word", "`word` stands behind `--` without the name of a parameter"),
        ("run tiny.py --from start", "a step to run again is named, and no run whose results are reused"),
    ],
)
def test_wrong_use_says_what_is_wrong(desk: Desk, words: str, message: str) -> None:
    ended = desk(*words.split())
    assert (ended.status, ended.out) == (2, "")
    assert ended.err.splitlines()[0] == f"flowport {words.split()[0]}: {message}"
    assert not (desk.folder / ".flowport").exists()


@pytest.mark.parametrize("name", list(COMMANDS))
def test_every_command_has_a_page_of_help(desk: Desk, name: str, golden: Golden) -> None:
    command = load(name)
    assert (command.name, command.summary) == (name, COMMANDS[name])
    ended = desk(name, "--help")
    assert (ended.status, ended.err) == (0, "")
    golden(GOLDEN / "help" / f"{name}.txt", ended.out)
    assert desk("help", name).out == desk(name, "-h").out == ended.out


def test_the_commands_are_listed(desk: Desk, golden: Golden) -> None:
    ended = desk("--help")
    assert (ended.status, ended.err) == (0, "")
    golden(GOLDEN / "help" / "flowport.txt", ended.out)
    assert (desk().status, desk().out, desk("help").out) == (2, ended.out, ended.out)


@pytest.mark.parametrize("name", list(COMMANDS))
def test_every_option_goes_into_the_request_of_its_command(name: str) -> None:
    command = load(name)
    known = {param.name for param in command.params if param.expose_value}
    fields = set(signature(command.request).parameters)
    if isinstance(command, FlowCommand):
        # What the flow is opened with goes no further.
        assert fields - {"parameters", "origin_run", "past", "scheduled_time", "trigger_from", "events"} <= known
        assert known - fields <= {*FlowChoice._fields, *CHANGES}
    else:
        assert known == fields - {"changes"} | (set(CHANGES) if "changes" in fields else set())


@pytest.mark.parametrize("name", [*COMMANDS, ""])
def test_a_command_imports_no_other(desk: Desk, name: str) -> None:
    """Each of them costs time, and so does what it imports."""
    code = "import sys; from flowport.cli import execute; execute(sys.argv[1:]); print(*sys.modules, file=sys.stderr)"
    loaded = desk.run(sys.executable, "-c", code, *filter(None, [name]), "--help").err.split()
    modules = {module_of(one): one for one in COMMANDS}
    assert [modules[module] for module in loaded if module in modules] == [*filter(None, [name])]


def test_a_flows_own_file_has_the_commands_about_flows(desk: Desk) -> None:
    for name in OF_A_FLOW:
        assert load(name).params[0].name == "flow"


def test_the_compiler_knows_the_options_that_hide_a_parameter() -> None:
    from flowport.compiler.check.parameters import OF_A_PROJECT, OF_CONFIGS, OF_TRIGGERS, OPTIONS

    commands = [load(name) for name in ("run", "resume", "dry-run")]
    shown = {name[2:] for command in commands for param in command.params for name in param.opts if name.startswith("--")}
    assert shown == OPTIONS | OF_CONFIGS | OF_TRIGGERS | OF_A_PROJECT


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
    assert "the file `nowhere.py` does not exist" in ended.err


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
    way_out = "run `flowport compile tiny.py --target sfn -o build`, and commit the files"
    assert (found.status, found.out) == (1, f"build/Tiny/code/DIGEST.zip is left over\n{way_out}\n")
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
    assert (desk.folder / "of_project" / "flows" / "Tiny").is_dir()


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
    assert "kept new/first_flow.py" in desk("init", "new").out


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


def rectangles(picture: ElementTree.Element, kind: str) -> list[tuple[float, ...]]:
    """The left, top, width and height of the rectangles of a class."""
    found = [one for one in picture.iter("{http://www.w3.org/2000/svg}rect") if one.get("class") == kind]
    return [tuple(float(one.attrib[name]) for name in ("x", "y", "width", "height")) for one in found]


LONG = """
from flowport import FlowSpec, step


class Long(FlowSpec):
    @step
    def start(self):
        self.next(self.train)

    @step
    def train(self):
        self.verdict = "the accuracy is good enough"
        self.next({"train once more with other values": self.train, "the accuracy is good enough": self.keep,
                   "give up after ten rounds": self.drop}, condition="verdict")

    @step
    def keep(self):
        self.next(self.end)

    @step
    def drop(self):
        self.next(self.end)

    @step
    def end(self):
        pass
"""


def test_long_labels_of_a_loop_hide_no_box_and_no_other_label(tmp_path: Path) -> None:
    path = tmp_path / "long.py"
    path.write_text(LONG)
    test_every_flow_of_the_corpus_has_a_drawing_without_overlaps(path)


FLOWS = sorted((Path(__file__).parents[1] / "flows").glob("[a-z]*.py"))


@pytest.mark.parametrize("path", [path for path in FLOWS if path.name != "expected.py"], ids=lambda path: path.stem)
def test_every_flow_of_the_corpus_has_a_drawing_without_overlaps(path: Path) -> None:
    from flowport.compiler.compile import load as flow
    from flowport.drawing.layout import BOX, layout
    from flowport.drawing.svg import svg

    plan = flow(str(path)).plan
    assert plan is not None
    boxes = layout(plan).boxes
    assert sorted(box.step for box in boxes) == sorted(step.name for step in plan.flow.steps)
    for number, one in enumerate(boxes):
        for other in boxes[number + 1 :]:
            assert abs(one.y - other.y) >= BOX or abs(one.x - other.x) >= (one.width + other.width) / 2, (one, other)
    picture = ElementTree.fromstring(svg(plan))
    labels = rectangles(picture, "behind")
    for number, (x, y, width, height) in enumerate(labels):
        assert min(x, y) >= 0
        assert x + width <= float(picture.attrib["width"])
        for left, top, across, down in [*rectangles(picture, "box"), *labels[number + 1 :]]:
            assert x >= left + across or left >= x + width or y >= top + down or top >= y + height, (x, y, left, top)
