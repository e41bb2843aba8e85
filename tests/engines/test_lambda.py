"""Functions of Lambda in place of jobs of AWS Batch: the same artifacts, attempts and errors."""

from __future__ import annotations

from pathlib import Path

import pytest

from engines.corpus_runs import Engines
from engines.figures import agree_with_execution, figures_of
from engines.test_ecs import run
from flowport.runtime.run.reader import find
from flowport.runtime.store.open import open_store
from flowport.targets.stepfunctions import target

LAMBDA = {"compute": "lambda", "job_role": "arn:aws:iam::123456789012:role/job", "region": "us-east-1", "account": "123456789012"}


@pytest.mark.parametrize("engine", ["a", "b"])
def test_a_flow_runs_as_functions_of_lambda(engines: Engines, engine: str, tmp_path: Path) -> None:
    outcome = run(engines, engine, tmp_path, {}, **LAMBDA)
    assert outcome.succeeded, outcome.said
    assert outcome.lost == []
    assert find(open_store(outcome.store), "OnEcs", outcome.run).artifacts("end", "r")["areas"] == [1, 4, 9]
    if engine == "a":
        agree_with_execution(figures_of(target, outcome, **LAMBDA), outcome.events, len(outcome.jobs), called="invocations")


@pytest.mark.parametrize("engine", ["a", "b"])
@pytest.mark.parametrize(("code", "tried"), [(1, [1, 1, 1]), (78, [78])])
def test_an_invocation_is_tried_again_unless_it_says_that_trying_is_useless(
    engines: Engines, engine: str, tmp_path: Path, code: int, tried: list[int]
) -> None:
    outcome = run(engines, engine, tmp_path, {2: code}, **LAMBDA)
    assert outcome.ended.error == "States.ExceedToleratedFailureThreshold"
    assert [code for job, code in outcome.jobs if (job.step, job.slice) == ("square", "s.1")] == tried
