"""Argo's own controller does what the local engine does: the same artifacts, addresses of items, and nodes with their phases."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import pytest

from cluster.cluster import Cluster
from engines.argo.cases import CASES, FLOWS, Case, check
from engines.argo.collisions import COUNT, collisions
from engines.argo.runs import Ended, run
from engines.corpus_runs import Here, agree, agree_with_reference, equal, given
from engines.engine import plan_of
from flowport.runtime.run.reader import find
from flowport.runtime.store.open import open_store
from flowport.targets.argo.form import typed
from flows.expected import EXAMPLES, FOLDER, RUNS, Expected
from properties.trial import Trial

LOW: dict[str, Any] = {"width": 3, "total": 6, "turns": 2}


def same(one: Ended, other: Ended) -> None:
    """Assert that two engines did the same."""
    assert one.phase == other.phase, one.said
    assert one.shape == other.shape
    left, right = (find(open_store(ended.store), ended.plan.flow.name, ended.run) for ended in (one, other))
    assert left.all_items() == right.all_items()
    last = one.plan.flow.end
    if one.succeeded:
        assert one.lost == other.lost == []
        assert equal(left.artifacts(last), right.artifacts(last))


@pytest.mark.parametrize("expected", [*RUNS, *EXAMPLES], ids=lambda expected: str(expected.id))
def test_the_corpus(expected: Expected, cluster: Cluster, here: Here, tmp_path: Path) -> None:
    plan, form = plan_of(expected.path), {name: typed(value) for name, value in given(expected).items()}
    there = cluster.run(plan, form, **LOW)
    agree(expected, there, here(expected).result())
    assert there.shape == run(plan, form, tmp_path / "store", **LOW).shape


@pytest.mark.parametrize("seed", range(4000, 4008))
def test_random_flows(seed: int, cluster: Cluster, tmp_path: Path) -> None:
    trial = Trial(seed, tmp_path, largest=20)
    there = cluster.run(trial.plan(), {}, **LOW)
    agree_with_reference(trial, there)
    assert there.shape == run(trial.plan(), {}, tmp_path / "store", **LOW).shape


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.id)
def test_what_is_out_of_the_ordinary(case: Case, cluster: Cluster, tmp_path: Path) -> None:
    there = cluster.run(plan_of(case.path), case.form, **case.profile)
    check(case, there)
    same(there, run(plan_of(case.path), case.form, tmp_path / "store", **case.profile))


@pytest.mark.parametrize("last", [40, 60])
def test_a_loop_of_many_turns(last: int, cluster: Cluster, tmp_path: Path) -> None:
    plan, form = plan_of(FLOWS / "ways.py"), {"last": str(last)}
    there = cluster.run(plan, form)
    assert there.succeeded, there.said
    assert sum(task.step == "guess" and not task.rest for task, _ in there.pods) == min(last, 50)
    same(there, run(plan, form, tmp_path / "store"))


def test_two_thousand_slices(cluster: Cluster, tmp_path: Path) -> None:
    plan, form = plan_of(FLOWS / "wide.py"), {"count": "2000"}
    there = cluster.run(plan, form)
    assert there.succeeded, there.said
    assert sum(task.step == "double" for task, _ in there.pods) == 2000
    same(there, run(plan, form, tmp_path / "store"))


def test_a_pod_that_is_taken_away_is_tried_again(cluster: Cluster) -> None:
    def away(name: str) -> None:
        pod = cluster.running(name, "wait")
        # A pod that goes away within ten seconds Argo makes anew, as the same try (`RECENTLY_STARTED_POD_DURATION`).
        time.sleep(12)
        cluster.delete_pod(pod)

    there = cluster.run(plan_of(FLOWS / "slow.py"), {"seconds": "20"}, meanwhile=away)
    assert there.succeeded, there.said
    assert (there.nodes["wait(0)"], there.nodes["wait(1)"]) == ("Error", "Succeeded")
    assert there.lost == []


def test_a_controller_that_goes_and_comes_changes_nothing(cluster: Cluster, tmp_path: Path) -> None:
    def restart(name: str) -> None:
        cluster.running(name, "wait")
        cluster.restart_controller()

    plan, form = plan_of(FLOWS / "slow.py"), {"seconds": "5"}
    there = cluster.run(plan, form, meanwhile=restart)
    assert there.succeeded, there.said
    same(there, run(plan, form, tmp_path / "store"))


def test_a_slice_that_argo_takes_for_another_one_is_missed_by_the_join(cluster: Cluster, tmp_path: Path) -> None:
    """Up to 4.1.2 one of two nodes with the same number is never run, and Argo says nothing."""
    plan, form = plan_of(FLOWS / "wide.py"), {"count": str(COUNT)}
    name = next(collisions())
    there = cluster.run(plan, form, name=name)
    assert (there.phase, there.nodes["add"]) == ("Failed", "Failed"), "a slice is lost, and nobody noticed"
    assert sum(task.step == "double" for task, _ in there.pods) == COUNT - 1
    assert run(plan, form, tmp_path / "store", name=name).shape == there.shape


def test_a_workflow_with_a_task_too_few_is_no_success(cluster: Cluster) -> None:
    """A canary: Argo calls it one."""

    def spoil(document: dict[str, Any]) -> None:
        document["spec"]["templates"][0]["dag"]["tasks"].pop()

    there = cluster.run(plan_of(FOLDER / "linear.py"), {}, spoil)
    assert there.succeeded
    assert there.lost == ["step end has no manifest"]
