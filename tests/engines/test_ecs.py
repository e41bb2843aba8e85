"""Tasks of ECS in place of jobs of AWS Batch: the same artifacts, attempts and errors."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from engines.corpus_runs import Engines
from engines.engine import Outcome
from engines.figures import agree_with_execution, figures_of
from flowport.runtime.run.reader import find
from flowport.runtime.store.open import open_store
from flowport.targets.stepfunctions import target

FLOW = """
import os

from flowport import FlowSpec, environment, retry, step


class OnEcs(FlowSpec):
    @step
    def start(self):
        self.numbers = [1, 2, 3]
        self.next(self.square, foreach="numbers")

    @environment(vars={{"SHAPE": "square"}})
    @retry(times=2, minutes_between_retries=0)
    @step
    def square(self):
        assert os.environ["SHAPE"] == "square"
        assert "AWS_BATCH_JOB_ID" not in os.environ
        if self.input in {codes}:
            os._exit({codes}[self.input])
        self.area = self.input**2
        self.next(self.join)

    @step
    def join(self, inputs):
        self.areas = [each.area for each in inputs]
        self.kind = "few" if len(self.areas) < 5 else "many"
        self.next({{"few": self.end, "many": self.big}}, condition="kind")

    @step
    def big(self):
        self.next(self.end)

    @step
    def end(self):
        pass
"""
ECS = {"compute": "ecs", "cluster": "flows", "region": "us-east-1", "account": "123456789012"}
FARGATE = {
    **ECS,
    "platform": "FARGATE",
    "subnets": ["subnet-0123456789abcdef0"],
    "capacity_provider": "FARGATE_SPOT",
    "execution_role": "arn:aws:iam::123456789012:role/ecs",
    "tags": {"team": "vision"},
}


def run(engines: Engines, engine: str, folder: Path, codes: dict[int, int], **profile: Any) -> Outcome:
    """Run the flow; the task of a number in `codes` ends with that exit code."""
    file = folder / "on_ecs.py"
    file.write_text(FLOW.format(codes=codes))
    return engines[engine].run(file, {}, folder / "store", **profile)


@pytest.mark.parametrize("profile", [ECS, FARGATE], ids=["EC2", "FARGATE"])
@pytest.mark.parametrize("engine", ["a", "b"])
def test_a_flow_runs_as_tasks_of_ecs(engines: Engines, engine: str, tmp_path: Path, profile: dict[str, Any]) -> None:
    outcome = run(engines, engine, tmp_path, {}, **profile)
    assert outcome.succeeded, outcome.said
    assert outcome.lost == []
    assert find(open_store(outcome.store), "OnEcs", outcome.run).artifacts("end", "r")["areas"] == [1, 4, 9]
    if engine == "a":
        agree_with_execution(figures_of(target, outcome, **profile), outcome.events, len(outcome.jobs), called="tasks")


@pytest.mark.parametrize("engine", ["a", "b"])
def test_a_task_is_tried_again_unless_it_says_that_trying_is_useless(engines: Engines, engine: str, tmp_path: Path) -> None:
    outcome = run(engines, engine, tmp_path, {1: 78, 3: 1}, **ECS)
    assert outcome.ended.error == "States.ExceedToleratedFailureThreshold"
    tried = {slice: [code for job, code in outcome.jobs if (job.step, job.slice) == ("square", slice)] for slice in ("s.0", "s.2")}
    assert tried["s.0"] == [78]
    assert set(tried["s.2"]) <= {1}, "the map may end before its last attempt"
