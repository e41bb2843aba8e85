"""The figures of `flowport plan`, compared with what runs on the engines really used."""

from __future__ import annotations

from typing import Any, Protocol

from flowport.compiler.estimate import Estimate, Range, Shape
from flowport.compiler.ir.plan import Plan
from flowport.compiler.package.archive import package
from flowport.compiler.target import Target
from flowport.runtime.run.reader import find
from flowport.runtime.store.open import open_store
from flowport.targets.prepare import prepare
from flowport.targets.stepfunctions.history import FAILED
from flowport.workspace.estimates.shape import RunShape


class Ended(Protocol):
    """A run on an engine, and its copy in a store."""

    plan: Plan
    store: str

    @property
    def run(self) -> str: ...


def figures(target: Target[Any], plan: Plan, profile: dict[str, Any], shape: Shape) -> Estimate:
    """The figures of a plan on a target."""
    ready = prepare(target, plan, {**target.dry_run_defaults, **profile})
    files = target.compiler.emit(ready.plan, ready.settings, package(plan))
    assert target.estimator is not None
    return target.estimator.estimate(ready.plan, ready.settings, files, shape)


def figures_of(target: Target[Any], ended: Ended, **profile: Any) -> Estimate:
    """The figures of a run like one that ended."""
    run = find(open_store(ended.store), ended.plan.flow.name, ended.run)
    return figures(target, ended.plan, profile, RunShape(run).shape({}))


def agree_with_execution(found: Estimate, events: int, jobs: int, repeated: int = 0, called: str = "jobs") -> None:
    """Assert that an execution had these events and jobs, however they are `called`, of which so many were attempts that were repeated.

    Each of these adds its events to one of the histories, of which only the first is known.
    """
    assert found[called] == Range(jobs - repeated, jobs - repeated)
    assert found["events"].is_known
    assert 0 <= events - found["events"].low <= FAILED * repeated


def agree_with_workflow(found: Estimate, nodes: int, pods: int, repeated: int) -> None:
    """Assert that a workflow had these nodes and pods; each attempt that was repeated has one of both."""
    assert found["pods"] == Range(pods - repeated, pods - repeated)
    assert found["nodes"] == Range(nodes - repeated, nodes - repeated)
