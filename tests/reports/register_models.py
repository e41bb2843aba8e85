"""Registers models with a server of MLflow by the step of examples/retrain, for a Python that has MLflow; prints what became of them.

`MLFLOW_REGISTRY_URI` names the server.
"""

from __future__ import annotations

import json
import os

from loans import outcomes
from mlflow_registry import MlflowRegistry
from model import error, fit
from retrain import RetrainFlow

from flowport.testing import run_step

KNOWN = outcomes(14) + outcomes(15)
HOLDOUT = [(row, lost) for row, lost in KNOWN if row["id"] % 4 == 0]
GOOD = fit([(row, lost) for row, lost in KNOWN if row["id"] % 4])
FAIR, BAD = [GOOD[0], 0.0, 0.0, 0.0, 0.0, 0.0], [0.0] * 6


class Late(MlflowRegistry):
    """The registry as an attempt sees it that looks for its version just before another attempt registers it."""

    has_looked = False

    def _of(self, retraining):
        has_looked, self.has_looked = self.has_looked, True
        return super()._of(retraining) if has_looked else []


def register(retraining, week, weights):
    """Run the step, and return the version, whether it is the champion, and what the step says."""
    candidate = {"weights": weights, "error": error(weights, HOLDOUT), "week": week, "until": week - 3, "profile": {}}
    result = run_step(RetrainFlow.register, inputs={"retraining": retraining, "candidate": candidate, "holdout": HOLDOUT})
    return [result.version, result.promoted, result.reason]


def main():
    address = os.environ["MLFLOW_REGISTRY_URI"]
    registry = MlflowRegistry(address)
    found = {"before": registry.champion()}
    found["first"] = register("r-1", 6, FAIR)
    found["worse"] = register("r-2", 12, BAD)
    found["better"] = register("r-3", 15, GOOD)
    found["again"] = register("r-3", 15, GOOD)
    found["twice"] = Late(address).register("r-3", {"error": 0.5, "week": 15}).name
    third, _, first = registry.versions()
    found["promoted"] = [registry.promote(first, first), registry.promote(first, third), registry.promote(third, third)]
    found["champion"], found["latest"] = registry.champion().name, registry.latest().name
    print(json.dumps(found))


if __name__ == "__main__":
    main()
