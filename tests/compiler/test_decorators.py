"""The registry of decorators: all that the compiler knows of one comes from its row."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from flowport.compiler.check.flow import check
from flowport.compiler.decorators.arguments import Arguments
from flowport.compiler.decorators.decorator import Decorator
from flowport.compiler.decorators.registry import ARGUMENTS, FLOW_DECORATORS, STEP_DECORATORS
from flowport.compiler.imports import public_names
from flowport.compiler.ir import Settings
from flowport.compiler.ir.features import Feature
from flowport.compiler.ir.plan import Plan
from flowport.compiler.lower.capabilities import Limit, missing
from flowport.compiler.lower.fuse import merge_settings
from flowport.compiler.package.documents import documents
from flowport.compiler.record import replace
from flowport.compiler.structure.build import structure
from flowport.runtime.protocol import STEP_PLANS
from sources import END, class_of, codes, read, write

QUIET = Feature("@quiet")


def _read(arguments: Arguments, so_far: Settings) -> Settings:
    hours = arguments.number("hours", 1, 1, whole=True)
    return replace(so_far, environment=(("QUIET", str(hours)),))


NEW = Decorator(
    "quiet",
    ("hours",),
    _read,
    {QUIET: lambda settings: dict(settings.environment).get("QUIET") is not None},
    merge=lambda held, so_far: replace(so_far, timeout=len(held)),
    to_plan=lambda settings: {"quiet": dict(settings.environment).get("QUIET")},
)


@pytest.fixture
def added(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(STEP_DECORATORS, "quiet", NEW)
    monkeypatch.setitem(ARGUMENTS, "quiet", NEW.arguments)
    monkeypatch.setattr(public_names, "PUBLIC_NAMES", public_names.PUBLIC_NAMES | {"quiet"})


def plan_of(folder: Path, decorator: str) -> tuple[Plan, list[str]]:
    body = f"{decorator}\n@step\ndef start(self):\n    self.next(self.end)\n" + END
    flow, found = read(write(folder, {"flow.py": class_of(body, "from flowport import quiet\n")}))
    return structure(flow), codes((*found, *check(flow)))


@pytest.mark.usefixtures("added")
def test_a_row_of_the_registry_is_all_that_the_compiler_needs(tmp_path: Path) -> None:
    plan, found = plan_of(tmp_path, "@quiet(hours=3)")
    assert found == []
    (problem,) = missing(plan, "none", {QUIET: Limit("never", "it is loud there", "leave it out")}, {QUIET: "FP399"})
    assert problem.message == "step `start` uses @quiet, which target none does not support"
    assert json.loads(dict(documents(plan))[f"{STEP_PLANS}start.json"])["quiet"] == "3"
    assert merge_settings([Settings(), Settings()]).timeout == 2


@pytest.mark.usefixtures("added")
def test_the_arguments_of_a_new_decorator_are_checked_like_those_of_others(tmp_path: Path) -> None:
    assert plan_of(tmp_path, "@quiet(hour=3)")[1] == ["FP131"]
    assert plan_of(tmp_path, "@quiet(hours=0)")[1] == ["FP133"]


def test_a_decorator_without_arguments_is_written_without_them(tmp_path: Path) -> None:
    _, found = read(write(tmp_path, {"flow.py": class_of("@parallel(nodes=2)\n@step\ndef start(self):\n    pass\n" + END)}))
    assert ("write `@parallel`: it has no arguments",) in [problem.help for problem in found]


def test_decorators_are_listed_under_their_own_names() -> None:
    for registry in (STEP_DECORATORS, FLOW_DECORATORS):
        assert [decorator.name for decorator in registry.values()] == list(registry)
