"""Every flow of the corpus, every example and random flows do on the local engine of Argo what they do here."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from choice import constructs, sample
from engines.argo.cases import CASES, FLOWS, Case, check
from engines.argo.collisions import COUNT, collisions
from engines.argo.runs import Ended, run
from engines.corpus_runs import Here, agree, agree_with_reference, given
from engines.engine import plan_of
from engines.figures import agree_with_workflow, figures_of
from flowport.targets.argo import target
from flowport.targets.argo.engine.controller import node_number
from flowport.targets.argo.form import typed
from flows.expected import EXAMPLES, FOLDER, RUNS, Expected
from properties.trial import Trial

LOW: dict[str, Any] = {"width": 3, "total": 6, "turns": 2}
LIMITS: tuple[dict[str, Any], ...] = (LOW, {"width": 2, "total": 2, "turns": 1}, {"width": 10, "total": 40}, {"width": 1, "turns": 0})


@sample(constructs, more=4)
@pytest.mark.parametrize("expected", [*RUNS, *EXAMPLES], ids=lambda expected: str(expected.id))
def test_argo_comes_to_what_this_machine_comes_to(expected: Expected, here: Here, tmp_path: Path) -> None:
    form = {name: typed(value) for name, value in given(expected).items()}
    ended = run(plan_of(expected.path), form, tmp_path / "store", **LOW)
    agree(expected, ended, here(expected).result())
    _agree_with_figures(ended, **LOW)


@sample(lambda seed: {seed % len(LIMITS)}, more=2)
@pytest.mark.parametrize("seed", range(4000, 4016))
def test_random_flows_mean_on_argo_what_their_reference_says(seed: int, tmp_path: Path) -> None:
    trial, limits = Trial(seed, tmp_path, largest=20), LIMITS[seed % len(LIMITS)]
    ended = run(trial.plan(), {}, tmp_path / "store", **limits)
    agree_with_reference(trial, ended)
    _agree_with_figures(ended, **limits)


def _agree_with_figures(ended: Ended, **profile: Any) -> None:
    """Assert that the workflow used what `flowport plan` says."""
    repeated = sum(code != 0 for _, code in ended.pods)
    agree_with_workflow(figures_of(target, ended, **profile), len(ended.found), len(ended.pods), repeated)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.id)
def test_what_is_out_of_the_ordinary_ends_as_it_should(case: Case, tmp_path: Path) -> None:
    check(case, run(plan_of(case.path), case.form, tmp_path / "store", **case.profile))


def test_a_slice_that_argo_takes_for_another_one_is_missed_by_the_join(tmp_path: Path) -> None:
    """Found on the real controller (up to 4.1.2), which says nothing."""
    name = next(collisions())
    numbers = [node_number(f"{name}.numbers({slice}:{slice})") for slice in range(COUNT)]
    assert len(set(numbers)) == COUNT - 1
    wide = plan_of(FLOWS / "wide.py")
    ended = run(wide, {"count": str(COUNT)}, tmp_path / "store", name=name)
    assert (ended.phase, ended.nodes["add"]) == ("Failed", "Failed")
    assert sum(task.step == "double" for task, _ in ended.pods) == COUNT - 1


def test_a_task_that_the_engine_does_not_run_is_missed_by_the_join(tmp_path: Path) -> None:
    """A canary: Argo's ids of nodes may collide, and one of two tasks is then never run."""

    def spoil(document: dict[str, Any]) -> None:
        for template in document["spec"]["templates"]:
            for task in template.get("dag", {}).get("tasks", []):
                if "withSequence" in task:
                    task["withSequence"]["count"] = "1"

    ended = run(plan_of(FOLDER / "foreach_in_foreach.py"), {}, tmp_path / "store", spoil)
    assert ended.phase == "Failed"
    assert any(code != 0 for _, code in ended.pods)


def test_a_workflow_that_leaves_its_last_step_out_has_lost_it(tmp_path: Path) -> None:
    """A canary: Argo calls such a workflow a success."""

    def spoil(document: dict[str, Any]) -> None:
        document["spec"]["templates"][0]["dag"]["tasks"].pop()

    ended = run(plan_of(FOLDER / "linear.py"), {}, tmp_path / "store", spoil)
    assert ended.succeeded
    assert ended.lost == ["step end has no manifest"]
