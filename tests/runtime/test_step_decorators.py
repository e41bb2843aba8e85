"""Decorators of steps that a flow defines itself; what Metaflow 2.19.39 does with the same flows stands in the tests."""

from __future__ import annotations

from pathlib import Path

import pytest

from flowport.runtime.names.step_decorators import UserStepDecorator, user_step_decorator
from solo import Broken, Solo

FLOW = """
from flowport import USER_SKIP_STEP, UserStepDecorator, user_step_decorator

{decorators}


class Decorated(FlowSpec):
    @step
    def start(self):
        self.values = [1, 2]
        self.next(self.work)

    {use}
    @step
    def work(self):
        self.ran = True
        {body}
        self.next(self.end)

    @step
    def end(self):
        pass
"""


def flow(folder: Path, decorators: str, use: str, body: str = "pass") -> Solo:
    return Solo(folder, FLOW.format(decorators=decorators, use=use, body=body))


def end(solo: Solo) -> dict[str, object]:
    solo.run()
    return dict(solo.reader().artifacts("end"))


def generator(body: str, arguments: str = "step_name, flow, inputs, attributes") -> str:
    lines = "\n".join(f"    {line}" for line in body.split("\n"))
    return f"@user_step_decorator\ndef deco({arguments}):\n{lines}"


def test_a_generator_runs_around_the_step(tmp_path: Path) -> None:
    found = end(flow(tmp_path, generator("flow.before = hasattr(flow, 'ran')\nyield\nflow.after = flow.ran"), "@deco"))
    assert (found["before"], found["after"]) == (False, True)


def test_the_arguments_of_a_decorator_are_the_attributes_of_its_generator(tmp_path: Path) -> None:
    found = end(flow(tmp_path, generator("flow.given = attributes\nyield"), "@deco(level=2, name='x')"))
    assert found["given"] == {"level": 2, "name": "x"}


def test_a_generator_with_three_arguments_gets_no_attributes(tmp_path: Path) -> None:
    found = end(flow(tmp_path, generator("flow.given = step_name\nyield", "step_name, flow, inputs"), "@deco"))
    assert found["given"] == "work"


def test_a_decorator_may_stand_below_step(tmp_path: Path) -> None:
    source = FLOW.format(decorators=generator("yield\nflow.after = flow.ran"), use="", body="pass")
    below = Solo(tmp_path / "below", source.replace("@step\n    def work", "@step\n    @deco\n    def work"))
    assert end(below)["after"] is True


def test_the_outermost_decorator_begins_first_and_ends_last(tmp_path: Path) -> None:
    body = "flow.log = getattr(flow, 'log', []) + ['+' + attributes['n']]\nyield\nflow.log = flow.log + ['-' + attributes['n']]"
    found = end(flow(tmp_path, generator(body), "@deco(n='a')\n    @deco(n='b')"))
    assert found["log"] == ["+a", "+b", "-b", "-a"]


def test_a_plain_decorator_above_hides_none(tmp_path: Path) -> None:
    plain = "\n\n\ndef plain(function):\n    return lambda self: function(self)"
    found = end(flow(tmp_path, generator("yield\nflow.after = flow.ran") + plain, "@plain\n    @deco"))
    assert found["after"] is True


def test_a_skipped_step_goes_on_as_it_would_have(tmp_path: Path) -> None:
    found = end(flow(tmp_path, generator("yield USER_SKIP_STEP"), "@deco"))
    assert "ran" not in found


def test_an_exception_that_a_decorator_catches_does_not_fail_the_step(tmp_path: Path) -> None:
    catching = "try:\n    yield\nexcept ValueError as error:\n    flow.error = str(error)"
    found = end(flow(tmp_path, generator(catching), "@deco", "raise ValueError('mended')"))
    assert (found["error"], found["ran"]) == ("mended", True)


def test_a_function_that_is_yielded_runs_in_the_place_of_the_step(tmp_path: Path) -> None:
    found = end(flow(tmp_path, generator("def other(flow):\n    flow.hop = 2\n    flow.next(flow.end)\nyield other"), "@deco"))
    assert found["hop"] == 2
    assert "ran" not in found


def test_a_class_may_skip_a_step_without_a_word_about_what_follows(tmp_path: Path) -> None:
    skipping = "class deco(UserStepDecorator):\n    def pre_step(self, step_name, flow, inputs=None):\n        self.skip_step = True"
    assert "ran" not in end(flow(tmp_path, skipping, "@deco"))


def test_each_item_of_a_task_has_a_decorator_of_its_own(tmp_path: Path) -> None:
    source = """
from flowport import UserStepDecorator


class Count(UserStepDecorator):
    def init(self):
        self.count = 0

    def pre_step(self, step_name, flow, inputs=None):
        self.count += 1
        flow.count = self.count


class Fan(FlowSpec):
    @step
    def start(self):
        self.values = [1, 2, 3]
        self.next(self.each, foreach="values")

    @Count
    @step
    def each(self):
        self.next(self.join)

    @step
    def join(self, inputs):
        self.counts = [one.count for one in inputs]
        self.next(self.end)

    @step
    def end(self):
        pass
"""
    assert end(Solo(tmp_path, source))["counts"] == [1, 1, 1]


def test_a_step_runs_again_when_its_decorator_was_changed(tmp_path: Path) -> None:
    one = flow(tmp_path / "1", generator("yield\nflow.mark = 1"), "@deco")
    one.run("1")
    other = Solo(tmp_path / "2", FLOW.format(decorators=generator("yield\nflow.mark = 2"), use="@deco", body="pass"), one.store)
    other.run("2", origin_run="1")
    assert other.reader("2").artifacts("end")["mark"] == 2


WRONG = {
    "no yield": (generator("return\nyield"), "the decorator `deco` of step `work` ended without a `yield`"),
    "two yields": (generator("yield\nyield"), "the decorator `deco` of step `work` has more than one `yield`"),
    "a number": (generator("yield 3"), "the decorator `deco` of step `work` gives 3 in the place of the step"),
    "a foreach": (
        generator("yield {'foreach': 'values'}"),
        "`self.next(foreach='values')` of step `work` is called for a step",
    ),
    "a target": (generator("yield {'target': 'end'}"), "its `self.next` takes `foreach`, `condition` and `num_parallel` only"),
    "an answer": (generator("yield\nreturn 5"), "the decorator `deco` returns 5 after step `work`"),
}


@pytest.mark.parametrize("case", WRONG)
def test_a_decorator_that_does_something_else_fails_the_step(case: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    decorators, message = WRONG[case]
    with pytest.raises(Broken):
        flow(tmp_path, decorators, "@deco").run()
    assert message in capfd.readouterr().err


def test_a_traceback_begins_at_the_step(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(Broken):
        flow(tmp_path, generator("yield"), "@deco", "1 / 0").run()
    lines = capfd.readouterr().err.splitlines()
    assert "step_decorators.py" not in "".join(line for line in lines if "in call" in line)
    assert [line.rpartition(" ")[2] for line in lines if line.startswith("  File")] == ["work"]


def test_a_generator_takes_three_or_four_arguments() -> None:
    def two(step_name: str, flow: object) -> object:
        yield

    with pytest.raises(TypeError, match="the decorator `two` must take `step_name, flow, inputs`"):
        user_step_decorator(two)


def test_a_function_without_a_yield_is_no_decorator() -> None:
    with pytest.raises(TypeError, match="`plain` is no generator: `@user_step_decorator` needs a function with a `yield`"):

        @user_step_decorator
        def plain(step_name: str, flow: object, inputs: object) -> None: ...


def test_arguments_without_a_name_are_refused() -> None:
    class Deco(UserStepDecorator): ...

    with pytest.raises(TypeError, match="`@Deco` takes its arguments by name, not `3`"):
        Deco(3)


def test_arguments_need_an_init() -> None:
    class Deco(UserStepDecorator): ...

    with pytest.raises(TypeError, match="`@Deco` has no method `init` that takes its arguments: level"):
        Deco(level=3)
