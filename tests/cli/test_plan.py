"""`flowport plan`: what a run needs of its engine, and what it would take over from an earlier run."""

from __future__ import annotations

import json
import re
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from engines.figures import figures
from flowport.cli.group import run as flowport
from flowport.compiler.compile import load
from flowport.compiler.estimate import Range, Shape
from flowport.runtime.run.items import items
from flowport.runtime.store.folder import FolderStore
from flowport.targets.registry import targets
from flowport.targets.stepfunctions import target as stepfunctions
from flowport.targets.stepfunctions.figures import prices
from flows.expected import FOLDER
from solo import OPENING, Broken, Solo
from test_readme import blocks

FAN = """
RATE = 1


class Fan(FlowSpec):
    numbers = Parameter("numbers", type=JSONType, default=[1, 2, 3])
    factor = Parameter("factor", type=int, default=2)

    @step
    def start(self):
        self.items = list(self.numbers)
        self.next(self.other, self.each)

    @step
    def other(self):
        self.next(self.both)

    @step
    def each(self):
        self.next(self.one, foreach="items")

    @step
    def one(self):
        self.times = self.input * RATE
        pass
        self.next(self.gather)

    @step
    def gather(self, inputs):
        self.total = sum(one.times for one in inputs)
        self.next(self.both)

    @step
    def both(self, inputs):
        self.scaled = inputs.gather.total * self.factor
        self.next(self.end)

    @step
    def end(self):
        print(self.scaled)
"""


class Lab:
    """A flow in a file, its runs, and the command that plans another one."""

    def __init__(self, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self.folder, self.store, self._capsys = folder, FolderStore(str(folder / "store")), capsys

    def ran(self, source: str = FAN, run: str = "1") -> Solo:
        """A run of a flow, which may fail."""
        flow = Solo(self.folder / run, source, self.store)
        with suppress(Broken):
            flow.run(run)
        return flow

    def plan(self, *words: str, source: str = FAN, status: int = 0) -> str:
        """What the command prints of a flow."""
        file = self.folder / "fan.py"
        file.write_text(OPENING + source, encoding="utf-8")
        self._capsys.readouterr()
        assert flowport(["plan", str(file), "--store", self.store.url, *words]) == status
        return self._capsys.readouterr().out.replace(str(self.folder), "LAB")

    def table(self, *words: str, source: str = FAN) -> list[list[str]]:
        """The table of the earlier run, in columns."""
        text = self.plan("--target", "argo", "--run", "1", *words, source=source)
        lines = text.partition("if it resumes run 1\n")[2].partition("\n\n")[0].splitlines()
        return [re.split(r" {2,}", line.strip()) for line in lines]


@pytest.fixture
def lab(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Lab:
    monkeypatch.setenv("FLOWPORT_CACHE", str(tmp_path / "cache"))
    return Lab(tmp_path, capsys)


def test_the_figures_of_step_functions_stand_beside_its_limits(lab: Lab) -> None:
    lab.ran()
    text = lab.plan("--target", "sfn", "--run", "1")
    definition = re.search(r"definition +([\d,]+) bytes  of 1,048,576\n", text)
    assert definition is not None
    assert text.splitlines()[2:8] == [
        "  transitions                             13",
        "  events                                  55  of 25,000",
        "  events of the longest history           55  of 25,000",
        "  jobs                                     9",
        "  executions                               4",
        "  cost of transitions                $0.0003",
    ]
    assert "what deploying changes: flowport deploy LAB/fan.py --target stepfunctions --diff" in text


def test_what_nobody_knows_is_a_range_and_says_what_to_add(lab: Lab) -> None:
    text = lab.plan("--target", "airflow")
    assert "  task instances          7 to 506\n" in text
    assert "the number of elements of `items` is not known: add --items each=N, or --run RUN\n" in text
    known = lab.plan("--target", "airflow", "--items", "each=40")
    assert "  task instances                46\n" in known
    assert "--items" not in known


def test_a_step_that_the_earlier_run_did_not_know_is_a_range(lab: Lab) -> None:
    lab.ran()
    more = FAN.replace(
        "        self.next(self.both)\n\n    @step\n    def each",
        """        self.parts = self.numbers
        self.next(self.part, foreach="parts")

    @step
    def part(self):
        self.next(self.parted)

    @step
    def parted(self, inputs):
        self.next(self.both)

    @step
    def each""",
        1,
    )
    text = lab.plan("--target", "argo", "--run", "1", source=more)
    assert re.search(r"\n  pods +10 to 1,510\n", text)
    assert "the number of elements of `parts` is not known: add --items other=N, or --run RUN\n" in text


def test_a_wrong_step_of_items_is_named(lab: Lab, capsys: pytest.CaptureFixture[str]) -> None:
    lab.plan("--target", "sfn", "--items", "eahc=3", status=2)
    lab.plan("--target", "sfn", "--items", "each", status=2)
    lab.plan("--target", "sfn", "--items", "each=3", "--items", "each=4", status=2)
    lab.plan("--target", "sfn", "--run", "9", status=2)
    lab.plan(status=2)


def test_an_unchanged_flow_keeps_everything(lab: Lab) -> None:
    lab.ran()
    assert lab.table() == [["STEP", "VALID"], *([step, "3" if step == "one" else "1"] for step in _steps())]


def _steps() -> list[str]:
    return ["start", "other", "each", "one", "gather", "both", "end"]


def test_a_parameter_that_changes_runs_who_read_it_and_perhaps_what_follows(lab: Lab) -> None:
    lab.ran()
    table = lab.table("--factor", "5")
    assert table[0] == ["STEP", "VALID", "RUNS AGAIN", "MAY RUN AGAIN", "WHY"]
    assert table[-2:] == [["both", "1", "parameter `factor` changed, 2 -> 5"], ["end", "1", "reads `scaled` of `both`"]]
    assert all(row[1:] == ["3" if row[0] == "one" else "1"] for row in table[1:-2])
    assert lab.table("--factor", "2")[0] == ["STEP", "VALID"], "it has this value"


def test_a_change_of_the_source_is_named(lab: Lab) -> None:
    lab.ran()
    table = lab.table(source=FAN.replace("RATE = 1", "RATE = 2"))
    assert ["one", "3", "`RATE` changed (fan.py:3)"] in table
    assert ["gather", "1", "reads `times` of `one`"] in table


def test_items_are_told_apart(lab: Lab) -> None:
    failing = FAN.replace("        pass\n", "        assert self.input != 2\n")
    lab.ran(failing)
    assert lab.table(source=failing) == [
        ["STEP", "VALID", "NOT DONE"],
        ["start", "1"],
        ["other", "1"],
        ["each", "1"],
        ["one", "1", "1"],
    ]
    found = json.loads(lab.plan("--target", "argo", "--run", "1", "--json", source=failing))
    assert found["steps"][-1] == {"step": "one", "valid": 1, "runs_again": [], "may_run_again": [], "unfinished": 1, "removed": False}


NESTED = """
class Nested(FlowSpec):
    factor = Parameter("factor", type=int, default=2)

    @step
    def start(self):
        self.groups, self.turn = [[1, 2], [3], []], 0
        self.next(self.group, foreach="groups")

    @step
    def group(self):
        self.numbers = self.input
        self.next(self.number, foreach="numbers")

    @step
    def number(self):
        self.found = self.input * 10
        self.next(self.add)

    @step
    def add(self, inputs):
        self.total = sum(one.found for one in inputs)
        self.next(self.gather)

    @step
    def gather(self, inputs):
        self.totals = [one.total for one in inputs]
        self.turn = 0
        self.next(self.again)

    @step
    def again(self):
        self.turn += 1
        self.more = self.turn < 3
        self.next({True: self.again, False: self.end}, condition="more")

    @step
    def end(self):
        self.result = self.totals[0] * self.factor
"""

SWITCHED = """
class Switched(FlowSpec):
    kind = Parameter("kind", default="a")

    @step
    def start(self):
        self.kept = 1
        self.next({"a": self.left, "b": self.right}, condition="kind")

    @step
    def left(self):
        self.value = 1
        self.next(self.mid)

    @step
    def right(self):
        self.value = 2
        self.next(self.mid)

    @step
    def mid(self):
        self.seen = self.value
        self.next(self.late)

    @step
    def late(self):
        self.found = self.kept
        self.next(self.end)

    @step
    def end(self):
        self.result = self.seen
"""

SORTED = """
class Sorted(FlowSpec):
    limit = Parameter("limit", type=int, default=2)

    @step
    def start(self):
        self.value, self.numbers = 0, [1, 2, 3]
        self.next(self.sort, foreach="numbers")

    @step
    def sort(self):
        self.kind = "small" if self.input < self.limit else "large"
        self.next({"small": self.small, "large": self.large}, condition="kind")

    @step
    def small(self):
        self.next(self.meet)

    @step
    def large(self):
        self.value = 5
        self.next(self.meet)

    @step
    def meet(self):
        self.seen = self.value
        self.next(self.one, self.two)

    @step
    def one(self):
        self.next(self.both)

    @step
    def two(self):
        self.next(self.both)

    @step
    def both(self, inputs):
        self.merge_artifacts(inputs)
        self.next(self.join)

    @step
    def join(self, inputs):
        self.total = sum(one.seen for one in inputs)
        self.next(self.end)

    @step
    def end(self):
        self.result = self.total
"""

FLOWS_WITH_CHANGES = {"nested": NESTED, "switched": SWITCHED, "sorted": SORTED}

CHANGES = [
    ("nested", [("* 10", "* self.factor * 5")], {}),
    ("nested", [("* 10", "* (7 if self.input == 3 else 10)")], {}),
    ("nested", [("[3], []", "[4], []")], {}),
    ("nested", [("[3], []", "[]")], {}),
    ("nested", [("self.turn = 0\n", "self.turn = 1\n")], {}),
    ("nested", [("self.turn < 3", "self.turn < 4")], {}),
    ("nested", [("", "")], {"factor": 5}),
    ("nested", [("self.group,", "self.part,"), ("def group(", "def part(")], {}),
    ("nested", [("self.gather)", "self.collect)"), ("def gather(", "def collect(")], {}),
    ("switched", [("", "")], {"kind": "b"}),
    ("switched", [("def mid(self):", "def mid(self):\n        self.kept = 3")], {}),
    (
        "switched",
        [
            ('{"a": self.left, "b": self.right}, condition="kind"', "self.left"),
            ("    @step\n    def right(self):\n        self.value = 2\n        self.next(self.mid)\n\n", ""),
        ],
        {},
    ),
    (
        "switched",
        [
            ("self.mid)", "self.more)"),
            ("    def mid(", "    def more(self):\n        self.value = 3\n        self.next(self.mid)\n\n    @step\n    def mid("),
        ],
        {},
    ),
    ("switched", [("self.left,", "self.other,"), ("def left(", "def other(")], {}),
    ("sorted", [("", "")], {"limit": 3}),
    ("sorted", [("self.value = 5", "self.value = 6")], {}),
    ("sorted", [("self.both)", "self.merge)"), ("def both(", "def merge(")], {}),
]


@pytest.mark.parametrize(("flow", "changes", "given"), CHANGES)
def test_what_stays_valid_is_taken_over_and_what_runs_again_is_not(
    lab: Lab, flow: str, changes: list[tuple[str, str]], given: dict[str, Any]
) -> None:
    lab.ran(FLOWS_WITH_CHANGES[flow])
    source = FLOWS_WITH_CHANGES[flow]
    for before, now in changes:
        source = source.replace(before, now)
    words = [word for name, value in given.items() for word in (f"--{name}", str(value))]
    found = json.loads(lab.plan("--target", "argo", "--run", "1", "--json", *words, source=source))
    resumed = Solo(lab.folder / "resumed", source, lab.store)
    resumed.run("2", parameters=given, origin_run="1")
    reader = resumed.reader("2")
    for step in found["steps"]:
        taken = sum(item.taken_from() is not None for item in items(reader, step["step"]))
        may = sum(cause["items"] for cause in step["may_run_again"])
        assert step["valid"] <= taken <= step["valid"] + may, step


def test_a_switch_that_runs_again_may_change_its_arms_and_what_follows(lab: Lab) -> None:
    lab.ran(SWITCHED)
    assert lab.table("--kind", "b", source=SWITCHED) == [
        ["STEP", "VALID", "RUNS AGAIN", "MAY RUN AGAIN", "WHY"],
        ["start", "1", "parameter `kind` changed, 'a' -> 'b'"],
        ["left", "1", "may not run: `start` may go another way"],
        ["mid", "1", "reads `value` of `left`"],
        ["late", "1", "reads `kept` of `start`"],
        ["end", "1", "reads `seen` of `mid`"],
    ]


def test_who_read_what_a_removed_step_set_may_run_again_and_others_stay_valid(lab: Lab) -> None:
    lab.ran(SORTED)
    table = lab.table(source=SORTED.replace("self.both)", "self.merge)").replace("def both(", "def merge("))
    assert table[3:5] == [["small", "1"], ["large", "2"]]
    assert table[-3:] == [
        ["both", "the flow has no such step any more"],
        ["join", "1", "reads `seen` of `both`"],
        ["end", "1", "reads `total` of `join`"],
    ]


def test_the_page_shows_what_the_command_prints(lab: Lab) -> None:
    docs = Path(__file__).parents[2] / "docs"
    (source,) = blocks("python", (docs / "why.md").read_text(encoding="utf-8"))
    lab.ran(source.partition("\n")[2])
    figures, table = blocks("console", (docs / "plan.md").read_text(encoding="utf-8"))
    command, _, figures = figures.partition("\n")
    text = lab.plan(*command.removeprefix("$ flowport plan fan.py ").split(), source=source.partition("\n")[2])
    assert [line for line in text.splitlines() if "definition" not in line][: figures.count("\n") - 1] == [
        line for line in figures.splitlines() if "definition" not in line
    ]
    assert f"\n\n{table}\n" in text


def test_a_limit_that_is_passed_ends_with_1(lab: Lab) -> None:
    (lab.folder / "flowport.toml").write_text("[argo]\nwidth = 20000\ntotal = 20000\n")
    text = lab.plan("--target", "argo", "--items", "each=20000", status=1)
    assert re.search(r"workflow with its status +1,1\d\d,\d{3} bytes  of 1,048,576  above the limit\n", text)
    found = json.loads(lab.plan("--target", "argo", "--items", "each=10", "--json"))
    assert {figure["passes"] for figure in found["figures"]} == {False}
    assert found["figures"][0] == {"name": "pods", "least": 16, "most": 16, "limit": None, "unit": "", "passes": False}


def test_a_container_on_fargate_costs_a_minute_at_least() -> None:
    plan = load(str(FOLDER / "linear.py")).plan
    assert plan is not None
    steps = [step.name for step in plan.flow.steps]
    profile: dict[str, Any] = {"platform": "FARGATE", "execution_role": "arn:aws:iam::123456789012:role/x"}
    short, long = (
        figures(stepfunctions, plan, profile, Shape(seconds=dict.fromkeys(steps, seconds)))["cost of compute"] for seconds in (1, 3600)
    )
    second = prices.VCPU_SECOND + 4 * prices.GIB_SECOND
    assert short == Range(pytest.approx(len(steps) * 60 * second), pytest.approx(len(steps) * 61 * second))
    assert long.low == pytest.approx(60 * short.low)


FLOWS = ["foreach_in_foreach", "loop_in_switch", "switch_in_foreach", "foreach_in_loop", "gang", "loop_exits", "batches"]


@pytest.mark.parametrize("name", FLOWS)
@pytest.mark.parametrize("target", ["airflow", "argo", "stepfunctions"])
def test_what_is_not_known_lies_in_a_range(name: str, target: str) -> None:
    plan = load(str(FOLDER / f"{name}.py")).plan
    assert plan is not None
    found = figures(targets()[target], plan, {}, Shape())
    assert all(0 <= figure.value.low <= figure.value.high for figure in found.figures)
    assert any(figure.value.high > 0 for figure in found.figures)
