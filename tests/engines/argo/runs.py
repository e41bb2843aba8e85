"""Runs of emitted templates on the local engine, with a store in a folder."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from compiled import files_of, problems_of
from flowport.compiler.ir.plan import Plan
from flowport.compiler.lower.run_ids import run_prefix
from flowport.compiler.package.archive import package
from flowport.runtime.store.keys import Keys, code_key
from flowport.runtime.store.open import open_store
from flowport.targets.argo import target
from flowport.targets.argo.engine.controller import Workflow
from flowport.targets.argo.engine.pods import Finished
from flowport.targets.verify import Task, losses

RUN = "a-workflow"
PODS = 2
"""Pods that run at a time."""


@dataclass
class Ended:
    """What became of a workflow: its nodes (name, type, phase), every pod with its exit code, and the store."""

    phase: str
    found: list[tuple[str, str, str]]
    pods: list[tuple[Task, int]]
    output: str
    plan: Plan
    store: str
    workflow: str = RUN

    @property
    def run(self) -> str:
        """The id of the run in the store."""
        return run_prefix(self.plan.flow) + self.workflow

    @property
    def succeeded(self) -> bool:
        return self.phase == "Succeeded"

    @property
    def nodes(self) -> dict[str, str]:
        """The phases of nodes by their names, without that of the workflow."""
        return {name.removeprefix(f"{self.workflow}."): phase for name, _, phase in self.found}

    @property
    def shape(self) -> Counter[tuple[str, str, str]]:
        """What must be equal on every engine."""
        return Counter((name.removeprefix(self.workflow), type, phase) for name, type, phase in self.found)

    @property
    def said(self) -> str:
        return f"{self.phase} {self.nodes}\n{self.output[-4000:]}"

    @property
    def lost(self) -> list[str]:
        """What the store lacks, or has too much, for the pods that succeeded."""
        done = {task for task, code in self.pods if code == 0}
        return list(losses(self.plan, Keys(self.plan.flow.name, self.run), open_store(self.store), done))


def nothing(document: dict[str, Any]) -> None:
    """Spoils nothing."""


def compiled(plan: Plan, profile: Mapping[str, Any]) -> dict[str, Any]:
    """The document of a plan, with the code package in the store."""
    made = package(plan)
    errors = [found for found in problems_of(target, plan, {**profile, "store": "s3://bucket"}) if found.severity == "error"]
    assert not errors, errors
    open_store(profile["store"]).create(code_key(made.digest), made.data)
    document: dict[str, Any] = next(yaml.safe_load_all(files_of(target, plan, profile, made)[0].data))
    return document


def run(
    plan: Plan,
    form: Mapping[str, str],
    store: Path,
    spoil: Callable[[dict[str, Any]], None] = nothing,
    name: str = RUN,
    **profile: Any,
) -> Ended:
    """Compile a plan, `spoil` its document, and run that."""
    document = compiled(plan, {"image": "python", **profile, "store": str(store)})
    spoil(document)
    pods: list[tuple[Task, int]] = []
    output: list[str] = []

    def heard(environment: Mapping[str, str], command: list[str], finished: Finished) -> None:
        output.append(finished.printed)
        if command[-1] != "hooks":
            task = Task(environment["FLOWPORT_STEP"], environment["FLOWPORT_SLICE"], rest=command[-1] == "block")
            pods.append((task, finished.exit_code))

    workflow = Workflow(document, name, form, PODS, heard)
    phase = workflow.run()
    return Ended(phase, [(node.name, node.type, node.phase) for node in workflow.nodes], pods, "".join(output), plan, str(store), name)
