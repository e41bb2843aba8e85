"""Tests of flows: `run_step` runs one step like a function, without a store or an engine; `run_flow` runs a whole flow.

from flowport.testing import run_step

def test_a_model_is_trained():
    result = run_step(TrainFlow.train, inputs={"rows": [1, 2]}, parameters={"alpha": 0.5})
    assert result.model == [0.5, 1.0]
    assert result.next == ("end",)
"""

from __future__ import annotations

from flowport.testing.problems import FlowMistakes as FlowMistakes
from flowport.testing.problems import RunFailed as RunFailed
from flowport.testing.result import StepResult as StepResult
from flowport.testing.run_flow import run_flow as run_flow
from flowport.testing.run_step import run_step as run_step

__all__ = ("FlowMistakes", "RunFailed", "StepResult", "run_flow", "run_step")
