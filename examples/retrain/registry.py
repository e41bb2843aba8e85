"""The models that were trained, and which of them is the champion: in the registry of MLflow, or without one in the runs themselves."""

import os
from typing import Any, NamedTuple

from runs import runs_of

from flowport import Run, current


class Version(NamedTuple):
    """A model in a registry."""

    name: str
    model: dict[str, Any]


def open_registry():
    """The registry of MLflow if a variable names one; its client takes seconds to load, so call this where you need it."""
    address = os.environ.get("MLFLOW_REGISTRY_URI") or os.environ.get("MLFLOW_TRACKING_URI")
    if not address:
        return RunRegistry()
    from mlflow_registry import MlflowRegistry

    return MlflowRegistry(address)


def contest(registry, challenger, is_better):
    """Make a version the champion if it is better than the one that is the champion now. Returns whether it is, and the other one.

    If another retraining promotes its version meanwhile, that one is the champion to be compared with.
    """
    while True:
        champion = registry.champion()
        if champion is not None and champion.name != challenger.name and not is_better(champion):
            return False, champion
        if registry.promote(challenger, champion):
            return True, champion


class RunRegistry:
    """Runs of RetrainFlow as versions: tags say which have trained a model, and which one is the champion."""

    def champion(self):
        """The version that is live, or None."""
        return next(map(self._version, runs_of("RetrainFlow", "champion")), None)

    def latest(self):
        """The version that was registered last, or None."""
        return next(map(self._version, runs_of("RetrainFlow", "model")), None)

    def register(self, retraining, model):
        """The version of a retraining: the run, or an earlier one that was resumed and has registered it."""
        run = next(runs_of("RetrainFlow", "model", f"retraining:{retraining}"), None)
        if run is None:
            run = Run(f"RetrainFlow/{current.run_id}")
            run.add_tags(["model", f"retraining:{retraining}"])
        return Version(run.id, model)

    def promote(self, version, instead_of):
        """Make a version the champion, and return True; False where the champion is not `instead_of` any more."""
        runs = list(runs_of("RetrainFlow", "champion"))
        if [run.id for run in runs[:1]] != ([instead_of.name] if instead_of else []):
            return False
        Run(f"RetrainFlow/{version.name}").add_tag("champion")
        for run in runs:
            if run.id != version.name:
                run.remove_tag("champion")
        return True

    def _version(self, run):
        return Version(run.id, run["train"].task.data.candidate)
