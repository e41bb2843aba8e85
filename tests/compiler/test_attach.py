"""Decorators that a flow gets from outside of its source, as with `--with`."""

from __future__ import annotations

from pathlib import Path

import pytest

from flowport.compiler.compile import load
from flowport.compiler.decorators.spec import parse_spec
from flowport.compiler.ir import Retry, Step, Wrapper
from flowport.compiler.options import CompileOptions
from flowport.runtime.names.decorator_text import parse as parse_decorator
from sources import write

FLOW = """
from flowport import FlowSpec, UserStepDecorator, retry, step, user_step_decorator
from shared import tracing
from shared.tracing import quiet


@user_step_decorator
def traced(step_name, flow, inputs, attributes):
    yield


class Timed(UserStepDecorator):
    pass


def plain(function):
    return function


class TrainFlow(FlowSpec):
    @retry(times=1)
    @step
    def start(self):
        self.next(self.end)

    @traced
    @step
    def end(self):
        pass
"""
TRACING = """
from flowport import user_step_decorator


@user_step_decorator
def quiet(step_name, flow, inputs, attributes):
    yield {after}
"""


def files(folder: Path, after: str = "") -> Path:
    return write(folder, {"train.py": FLOW, "shared/__init__.py": "", "shared/tracing.py": TRACING.format(after=after)})


def steps(folder: Path, *texts: str, after: str = "") -> dict[str, Step]:
    """The steps of the flow with these decorators."""
    loaded = load(str(files(folder, after)), options=CompileOptions(tuple(parse_spec(text, "--with") for text in texts)))
    assert loaded.plan is not None, loaded.diagnostics
    return {step.name: step for step in loaded.plan.flow.steps}


# As `extract_args_kwargs_from_decorator_spec` of Metaflow 2.19.39 reads them.
@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("2", 2),
        ("2.5", 2.5),
        ("007", 7),
        ("1e3", 1000.0),
        ("true", True),
        ("null", None),
        ("True", "True"),
        ("a word", "a word"),
        ('"7"', "7"),
        ("a,b", "a,b"),
        ("[1, 2]", [1, 2]),
        ('{"a": "b,c"}', {"a": "b,c"}),
        ('{\\"a\\": 1}', {"a": 1}),
        ("x=y", "x=y"),
        ("", ""),
    ],
)
def test_values_are_read_as_metaflow_does(text: str, value: object) -> None:
    assert parse_spec(f"environment:first=1,vars={text}", "--with").arguments == {"first": 1, "vars": value}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("retry:3", "`3` is no argument: write `retry:argument=value`, with commas between arguments"),
        ("retry:=3", "`=3` is no argument: write `retry:argument=value`, with commas between arguments"),
        ("retry:times=1,times=2", "`times` is given twice"),
        (":times=1", "it does not begin with the name of a decorator, such as `retry`"),
    ],
)
def test_a_text_that_is_no_decorator_is_refused(text: str, message: str) -> None:
    with pytest.raises(ValueError, match="^" + message.replace("(", r"\(") + "$"):
        parse_spec(text, "--with")


def test_each_step_that_lacks_the_decorator_gets_it(tmp_path: Path) -> None:
    found = steps(tmp_path, "retry:times=5,minutes_between_retries=0")
    assert {name: step.settings.retry for name, step in found.items()} == {"start": Retry(1, 2), "end": Retry(5, 0)}


def test_of_several_with_one_name_the_first_counts(tmp_path: Path) -> None:
    assert steps(tmp_path, "retry:times=5", "retry:times=7")["end"].settings.retry == Retry(5, 2)


def test_a_decorator_of_the_own_files_is_named_with_its_module_or_as_the_file_knows_it(tmp_path: Path) -> None:
    wrappers = (Wrapper("shared.tracing", "quiet", {"level": 2}),)
    assert steps(tmp_path, "shared.tracing.quiet:level=2")["start"].wrappers == wrappers
    assert steps(tmp_path, "quiet:level=2")["start"].wrappers == wrappers
    assert steps(tmp_path, "Timed")["start"].wrappers == (Wrapper("", "Timed"),)


def test_a_step_that_has_a_decorator_of_the_own_files_does_not_get_it_again(tmp_path: Path) -> None:
    found = steps(tmp_path, "traced:level=2")
    assert {name: step.wrappers for name, step in found.items()} == {"start": (Wrapper("", "traced", {"level": 2}),), "end": ()}


def test_only_decorators_that_change_results_change_the_digest(tmp_path: Path) -> None:
    plain = steps(tmp_path)["start"].digest
    assert steps(tmp_path, "retry:times=5", "kubernetes:cpu=2")["start"].digest == plain
    digests = {
        steps(tmp_path, "environment:vars={\"A\": \"1\"}")["start"].digest,
        steps(tmp_path, "environment:vars={\"A\": \"2\"}")["start"].digest,
        steps(tmp_path, "quiet")["start"].digest,
        steps(tmp_path, "quiet:level=1")["start"].digest,
        steps(tmp_path, "quiet", after="{}")["start"].digest,
    }  # fmt: skip
    assert len(digests | {plain}) == 6


@pytest.mark.parametrize(
    ("text", "code", "message", "way_out"),
    [
        ("retyr", "FP122", "there is no decorator `retyr`", "did you mean `retry`?"),
        ("quite", "FP122", "there is no decorator `quite`", "there are `"),
        ("retry:tims=2", "FP131", "`@retry` has no argument `tims`", "did you mean `times`?"),
        ("retry:my times=2", "FP131", "`@retry` has no argument `my times`", ""),
        ("retry:times=-1", "FP133", "`times` of `@retry` must be a whole number of at least 0, not `-1`", "write `times=3`"),
        ("schedule:daily=true", "FP134", "`@schedule` belongs on a flow, not on step `start`", "put it above the class"),
        ("step", "FP122", "there is no decorator `step`", ""),
        ("plain", "FP122", "`plain` is no decorator for a step", "make it one with `@user_step_decorator`"),
        ("tracing.quiet", "FP122", "there is no module `tracing` in the flow's own files", "name a decorator as `module.name`"),
        ("shared.tracing.quite", "FP122", "there is no decorator `shared.tracing.quite`", "did you mean `quiet`?"),
    ],
)
def test_a_mistake_is_reported_once_and_names_the_option(text: str, code: str, message: str, way_out: str, tmp_path: Path) -> None:
    found = load(str(files(tmp_path)), options=CompileOptions((parse_spec(text, "--with"),))).diagnostics
    assert [(one.code, one.message, one.span) for one in found] == [(code, f"`--with {text}`: {message}", None)]
    assert any(line.startswith(way_out) for line in found[0].help) or not way_out


def test_a_value_that_is_nested_too_deeply_for_json_is_text() -> None:
    assert parse_decorator("traced:x=" + "[" * 100_000) == ("traced", {"x": "[" * 100_000})
