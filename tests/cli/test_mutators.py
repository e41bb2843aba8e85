"""`--run-mutators`: what mutators change, as Metaflow 2.19.39 does for the same flows, and what they cannot change."""

from __future__ import annotations

import json
from textwrap import dedent, indent

import pytest

from desk import Desk, Ended

HEAD = """
import os

from metaflow import (
    FlowMutator, FlowSpec, Parameter, StepMutator, current, environment, resources, retry, schedule, step, user_step_decorator,
)


@user_step_decorator
def traced(step_name, flow, inputs=None, attributes=None):
    flow.log = getattr(flow, "log", []) + [step_name + str(attributes)]
    yield


"""
FLOW = """

class MutatedFlow(FlowSpec):
    old = Parameter("old", default=1)
{above}
    @step
    def start(self):
        self.value = os.environ.get("VALUE")
        self.has = [hasattr(self, "old"), hasattr(self, "rate")]
        self.rate_value = getattr(self, "rate", None)
        self.next(self.end)

    @retry(times=1)
    @step
    def end(self):
        pass


if __name__ == "__main__":
    MutatedFlow()
"""


def flow(desk: Desk, pre: str = "", mutate: str = "", above: str = "", class_mutator: str = "@Change") -> None:
    """A flow whose mutator has these bodies; `f` is the flow."""
    body = "".join(
        f"    def {name}(self, f):\n{indent(dedent(lines), ' ' * 8)}\n"
        for name, lines in (("pre_mutate", pre), ("mutate", mutate))
        if lines
    )
    mutator = f"class Change(FlowMutator):\n{body or '    pass'}\n\n\n{class_mutator}"
    desk.write("flow.py", HEAD + mutator + FLOW.format(above=indent(dedent(above), " " * 4)))


def run(desk: Desk, *words: str) -> Ended:
    return desk("run", "flow.py", "--run-mutators", *words)


def end(desk: Desk, *words: str) -> dict[str, object]:
    ended = run(desk, *words)
    assert ended.status == 0, ended.err
    found: dict[str, object] = json.loads(desk("artifacts", "MutatedFlow/latest/end", "--json").out)["end/r"]
    return found


def test_decorators_are_added_to_steps(desk: Desk) -> None:
    flow(
        desk,
        mutate="""
            for name, one in f.steps:
                one.add_decorator(environment, deco_kwargs={"vars": {"VALUE": "added"}})
                one.add_decorator(traced, deco_kwargs={"level": 2})
            """,
    )
    found = end(desk)
    assert (found["value"], found["log"]) == ("added", ["start{'level': 2}", "end{'level': 2}"])


def test_a_decorator_may_be_named_by_text(desk: Desk) -> None:
    flow(desk, mutate="""f.start.add_decorator('environment:vars={"VALUE": "text"}')\nf.start.add_decorator("traced")""")
    found = end(desk)
    assert (found["value"], found["log"]) == ("text", ["start{}"])


@pytest.mark.parametrize(("how", "value"), [("IGNORE", "source"), ("OVERRIDE", "added")])
def test_a_decorator_that_is_there_is_kept_or_replaced(desk: Desk, how: str, value: str) -> None:
    flow(
        desk,
        mutate=f"f.start.add_decorator('environment', deco_kwargs={{'vars': {{'VALUE': 'added'}}}}, duplicates=f.{how})",
        above="@environment(vars={'VALUE': 'source'})",
    )
    assert end(desk)["value"] == value


def test_decorators_are_removed_from_steps(desk: Desk) -> None:
    flow(
        desk,
        mutate="assert f.start.remove_decorator('environment')\nassert f.start.remove_decorator('traced')\n"
        "assert not f.start.remove_decorator('retry')",
        above="@traced\n@environment(vars={'VALUE': 'source'})",
    )
    found = end(desk)
    assert found["value"] is None
    assert "log" not in found


def test_parameters_are_added_and_removed(desk: Desk) -> None:
    flow(desk, pre="f.add_parameter('rate', Parameter('rate', type=int, default=3, help='how much'))\nassert f.remove_parameter('old')")
    found = end(desk, "--rate", "7")
    assert (found["has"], found["rate_value"]) == ([False, True], 7)


def test_a_parameter_is_replaced(desk: Desk) -> None:
    flow(desk, pre="f.add_parameter('old', Parameter('old', default='text'), overwrite=True)")
    assert run(desk, "--old", "word").status == 0


def test_a_step_mutator_changes_its_step(desk: Desk) -> None:
    mutator = dedent(
        """
        class Louder(StepMutator):
            def init(self, value):
                self.value = value

            def mutate(self, one):
                assert one.has_decorator("Louder") and one.flow.end.has_decorator("retry")
                one.add_decorator("environment", deco_kwargs={"vars": {"VALUE": self.value}})


        class Nothing(FlowMutator):
            pass


        @Nothing
        """
    )
    flow(desk, above="@Louder('loud')", class_mutator=mutator.rstrip())
    assert end(desk)["value"] == "loud"


def test_mutators_see_what_is_there(desk: Desk) -> None:
    flow(
        desk,
        mutate="""
            import sys
            print(sorted(spec[0] for spec in f.decorator_specs), file=sys.stderr)
            print([(name, spec[0], spec[3]) for name, one in f.steps for spec in one.decorator_specs], file=sys.stderr)
            print([(name, parameter.name) for name, parameter in f.parameters], file=sys.stderr)
            """,
        above="@traced(level=1)",
        class_mutator="@Change\n@schedule(daily=True)",
    )
    ended = run(desk)
    assert ended.err.splitlines()[:3] == [
        "['Change', 'schedule']",
        "[('end', 'retry', {'times': 1}), ('start', 'traced', {'level': 1})]",
        "[('old', 'old')]",
    ]


def test_a_mutator_sees_the_decorators_of_the_command_line_late(desk: Desk) -> None:
    flow(
        desk,
        pre="assert not f.start.has_decorator('timeout')",
        mutate="assert f.start.has_decorator('timeout')\nf.start.add_decorator('environment', deco_kwargs={'vars': {'VALUE': 'late'}})",
    )
    assert end(desk, "--with", "timeout:seconds=60")["value"] == "late"


def test_a_mutator_of_a_base_class_runs(desk: Desk) -> None:
    flow(desk, mutate="f.start.add_decorator('environment', deco_kwargs={'vars': {'VALUE': 'inherited'}})")
    desk.write("child.py", "from flow import MutatedFlow\n\n\nclass ChildFlow(MutatedFlow):\n    pass\n")
    assert desk("run", "child.py", "--run-mutators").status == 0
    assert json.loads(desk("artifacts", "ChildFlow/latest/end", "--json").out)["end/r"]["value"] == "inherited"


def test_decorators_of_the_flow_are_changed_before_steps(desk: Desk) -> None:
    flow(
        desk,
        pre="assert f.remove_decorator('schedule')\nf.add_decorator('schedule', deco_kwargs={'cron': '5 6 * * *'})",
        class_mutator="@Change\n@schedule(daily=True)",
    )
    desk.write("flowport.toml", '[argo]\nimage = "flows:1"\nstore = "s3://bucket"\n')
    assert desk("compile", "flow.py", "--target", "argo", "--run-mutators").status == 0
    assert "5 6 * * *" in "".join(path.read_text() for path in (desk.folder / "build").rglob("*.yaml"))


def test_mutators_read_configs(desk: Desk) -> None:
    flow(
        desk,
        mutate="""
            assert [name for name, _ in f.configs] == ["settings"]
            assert "settings" not in dict(f.parameters)
            f.start.add_decorator("environment", deco_kwargs={"vars": f.settings.variables})
            """,
    )
    text = (desk.folder / "flow.py").read_text().replace("import os\n", "import os\n\nfrom metaflow import Config\n")
    config = 'settings = Config("settings", default_value={"variables": {"VALUE": "default"}})'
    desk.write("flow.py", text.replace("    old = Parameter", f"    {config}\n    old = Parameter"))
    assert end(desk)["value"] == "default"
    assert end(desk, "--config-value", "settings", '{"variables": {"VALUE": "given"}}')["value"] == "given"


def test_a_flow_mutator_adds_another_by_its_name(desk: Desk) -> None:
    other = dedent(
        """
        class Other(FlowMutator):
            def init(self, value):
                self.value = value

            def mutate(self, f):
                f.start.add_decorator("environment", deco_kwargs={"vars": {"VALUE": self.value}})


        @Change
        """
    )
    flow(desk, pre="f.add_decorator('Other:value=other')\nassert f.has_decorator('Other')", class_mutator=other.rstrip())
    assert end(desk)["value"] == "other"


def test_a_mutator_of_flows_is_no_decorator_of_steps(desk: Desk) -> None:
    flow(desk, pre="f.start.add_decorator('Change')")
    assert "`Change` is no decorator of steps" in run(desk).err


def test_a_resumed_run_repeats_the_steps_that_a_mutator_changes(desk: Desk) -> None:
    added = "f.start.add_decorator('environment', deco_kwargs={{'vars': {{'VALUE': '{0}'}}}})"
    flow(desk, mutate=added.format(1))
    assert end(desk, "--run-id", "1")["value"] == "1"
    assert end(desk, "--run-id", "2", "--origin-run", "1")["value"] == "1"
    flow(desk, mutate=added.format(2))
    assert end(desk, "--run-id", "3", "--origin-run", "1")["value"] == "2"


REFUSED = {
    "in mutate": ("", "f.add_parameter('x', Parameter('x'))", "`add_parameter` can be called in `pre_mutate` only, not in `mutate`"),
    "there already": ("f.add_parameter('old', Parameter('old'))", "", "the flow has the attribute `old` already"),
    "no parameter": ("f.add_parameter('x', 3)", "", "`add_parameter` takes a `Parameter` or an `IncludeFile`, not one of type `int`"),
    "unknown": ("", "f.start.add_decorator('retyr')", "there is no decorator `retyr`; did you mean `retry`?"),
    "twice": ("", "f.end.add_decorator('retry', duplicates=f.ERROR)", "`@retry` is there already, and `duplicates` says that this is an"),
    "by place": ("", "f.start.add_decorator('retry', [3])", "`@retry` takes its arguments by name"),
    "an object": (
        "",
        "f.start.add_decorator('retry', deco_kwargs={'times': object()})",
        "a mutator gives `@retry` the argument `times` of type `object`: give it a number, a text, a list or a dict",
    ),
    "a function": (
        "f.add_parameter('x', Parameter('x', default=lambda: 3))",
        "",
        "a mutator gives the parameter `x` an argument `default` of type `function`",
    ),
    "raised": ("", "raise ValueError('on purpose')", "ValueError: on purpose"),
    "ended": ("", "os._exit(3)", "their process ended with exit status 3"),
    "no step": ("", "f.strat", "the flow has no step, config or parameter `strat`"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_a_mutator_cannot_do_is_an_error(desk: Desk, case: str) -> None:
    pre, mutate, message = REFUSED[case]
    flow(desk, pre, mutate)
    ended = run(desk)
    assert ended.status == 1
    assert "error[FP129]: the mutators of `MutatedFlow` cannot be run: " in ended.err
    assert message in ended.err


def test_a_decorator_with_wrong_arguments_names_the_mutator(desk: Desk) -> None:
    flow(desk, mutate="f.start.add_decorator('retry', deco_kwargs={'tims': 3})")
    ended = run(desk)
    assert ended.status == 1
    assert "error[FP131]: `mutator Change`: `@retry` has no argument `tims`" in ended.err


def test_a_flow_that_cannot_be_imported_says_why(desk: Desk) -> None:
    flow(desk)
    desk.write("flow.py", "import a_package_that_is_missing\n" + (desk.folder / "flow.py").read_text())
    ended = run(desk)
    assert ended.status == 1
    assert "cannot be run: ModuleNotFoundError: No module named 'a_package_that_is_missing'" in ended.err


@pytest.mark.parametrize("command", ["run", "check", "show", "compile --target argo", "dry-run --target argo", "deploy --target argo"])
def test_without_the_option_nothing_runs(desk: Desk, command: str) -> None:
    flow(desk, mutate="open('it-ran', 'w')")
    name, *more = command.split()
    ended = desk(name, "flow.py", *more)
    assert ended.status == 1
    assert (
        "error[FP128]: `@Change` on `MutatedFlow` is a flow mutator, which changes the flow while it is compiled" in ended.out + ended.err
    )
    assert not (desk.folder / "it-ran").exists()
    desk(name, "flow.py", *more, "--run-mutators")
    assert (desk.folder / "it-ran").exists()
