"""Keeps models in the registry of MLflow as examples/retrain does, for a Python that has MLflow; prints what became of them.

`MLFLOW_REGISTRY_URI` names the server. What needs no run is done by single steps, as each task takes seconds to load the client.
"""

from __future__ import annotations

import json
import os
from datetime import timedelta
from pathlib import Path

import demo
from loans import FIRST_MONDAY, outcomes
from mlflow_registry import MlflowRegistry
from retrain import RetrainFlow

from flowport import Run
from flowport.testing import run_step


class Late(MlflowRegistry):
    """The registry as an attempt sees it that looks for its version just before another attempt registers it."""

    has_looked = False

    def _of(self, retraining):
        has_looked, self.has_looked = self.has_looked, True
        return super()._of(retraining) if has_looked else []


def trained(week, known):
    """What the step leaves that trains a model with outcomes."""
    result = run_step(RetrainFlow.train, inputs={"week": week, "known": known})
    return {"candidate": result.candidate, "holdout": result.holdout}


def registered(retraining, inputs):
    """Run the step that registers a model, and return the version, whether it is the champion, and what the step says."""
    result = run_step(RetrainFlow.register, inputs={"retraining": retraining, **inputs})
    return [result.version, result.promoted, result.reason]


def outcome(run):
    """What a run of RetrainFlow says: the same."""
    data = Run(f"RetrainFlow/{run}").data
    return [data.version, data.promoted, data.reason]


def main():
    demo.STORE = Path.cwd() / "store"
    address = os.environ["MLFLOW_REGISTRY_URI"]
    registry = MlflowRegistry(address)
    found = {"before": registry.champion()}
    first = trained(6, [outcomes(week) for week in (4, 5, 6)])
    found["first"] = registered("r-1", first)
    worse = {**first["candidate"], "weights": [0.0] * 6, "error": 0.7, "week": 12}
    found["worse"] = registered("r-2", {**first, "candidate": worse})
    for week in (5, 6, 14):
        time = FIRST_MONDAY + timedelta(weeks=week - 1)
        demo.flowport(["run", "--quiet"], "features.py", "--run-id", f"week-{week:02}", "--scheduled-time", time.isoformat())
    demo.go_by(15, ["run", "--quiet"])
    found["better"] = outcome("week-15")
    retrain = ["retrain.py", "--run-id", "no-better", "--trigger-from", "MonitorFlow/week-15", "--cooldown", "0"]
    demo.flowport(["run", "--quiet"], *retrain)
    found["no better"] = outcome("no-better")
    end = Run("RetrainFlow/week-15").data
    found["again"] = registered(end.retraining, {"candidate": end.candidate, "holdout": end.holdout})
    found["twice"] = Late(address).register("week-15", end.candidate).name
    _, live, _, oldest = registry.versions()
    found["promoted"] = [registry.promote(oldest, oldest), registry.promote(oldest, live), registry.promote(live, live)]
    found["champion"], found["latest"] = registry.champion().name, registry.latest().name
    print(json.dumps(found))


if __name__ == "__main__":
    main()
