"""Runs of emitted templates on the local engine, with a store in a folder."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from flowport.compiler.package import package
from flowport.compiler.plan import Plan
from flowport.runtime.address import Keys
from flowport.runtime.program import code_key
from flowport.runtime.store import open_store
from flowport.targets.argo import target
from flowport.targets.argo.engine.controller import Workflow
from flowport.targets.argo.engine.pods import Finished
from flowport.targets.verify import Task, losses

RUN = "a-workflow"
PODS = 2
"""Pods that run at a time."""


@dataclass
class Ended:
    """What became of a workflow: the phases of its nodes by name, every pod with its exit code, and the store."""

    phase: str
    nodes: dict[str, str]
    pods: list[tuple[Task, int]]
    output: str
    plan: Plan
    store: str
    run: str = RUN

    @property
    def succeeded(self) -> bool:
        return self.phase == "Succeeded"

    @property
    def said(self) -> str:
        return f"{self.phase} {self.nodes}\n{self.output[-4000:]}"

    @property
    def lost(self) -> list[str]:
        """What the store lacks, or has too much, for the pods that succeeded."""
        done = {task for task, code in self.pods if code == 0}
        return list(losses(self.plan, Keys(self.plan.flow.name, self.run), open_store(self.store), done))


def run(
    plan: Plan, form: Mapping[str, str], store: Path, spoil: Callable[[dict[str, Any]], None] = lambda document: None, **profile: Any
) -> Ended:
    """Compile a plan, `spoil` its document, and run that."""
    made, lowered = package(plan), target.lower(plan)
    settings = {"image": "python", "store": str(store), **profile}
    errors = [found for found in target.fits(lowered, {**settings, "store": "s3://bucket"}) if found.severity == "error"]
    assert not errors, errors
    open_store(str(store)).create(code_key(made.digest), made.data)
    document = yaml.safe_load(target.emit(lowered, settings, made)[0].data)
    spoil(document)
    pods: list[tuple[Task, int]] = []
    output: list[str] = []

    def heard(environment: Mapping[str, str], command: list[str], finished: Finished) -> None:
        task = Task(environment["FLOWPORT_STEP"], environment["FLOWPORT_SLICE"], rest=command[-1] == "block")
        pods.append((task, finished.exit_code))
        output.append(finished.printed)

    workflow = Workflow(document, RUN, form, PODS, heard)
    top = workflow.run()
    nodes = {node.name.removeprefix(f"{RUN}."): node.phase for node in workflow.nodes}
    return Ended(top.phase, nodes, pods, "".join(output), plan, str(store))
