"""The registry of MLflow: versions of one registered model, of which an alias names the champion."""

import json
import tempfile
from pathlib import Path

from mlflow import MlflowClient
from mlflow.exceptions import MlflowException
from registry import Version

NAME, CHAMPION = "loans", "champion"
RETRAINING = "flowport.retraining"
"""The tag by which the version of a retraining is found again."""


class MlflowRegistry:
    """What `registry.RunRegistry` does, on a server of MLflow."""

    def __init__(self, address):
        self.client = MlflowClient(tracking_uri=address, registry_uri=address)

    def champion(self):
        """The version that is live, or None."""
        found = self._champion()
        return None if found is None else self._version(found)

    def latest(self):
        """The version that was registered last, or None."""
        return next(self.versions(), None)

    def versions(self):
        """All versions, the latest first."""
        found = self.client.search_model_versions(f"name = '{NAME}'")
        return map(self._version, sorted(found, key=_number, reverse=True))

    def register(self, retraining, model):
        """The version of a retraining, which is made once. Of two that are made at the same time, the earlier one stays."""
        found = self._of(retraining)
        if not found:
            made = self._made(retraining, model)
            found = self._of(retraining)
            if found[0].version != made.version:
                self.client.delete_model_version(NAME, made.version)
        return Version(str(found[0].version), model)

    def promote(self, version, instead_of):
        """Move the alias to a version, and return True; False where the champion is not `instead_of` any more."""
        found = self._champion()
        if (found and str(found.version)) != (instead_of and instead_of.name):
            return False
        self.client.set_registered_model_alias(NAME, CHAMPION, version.name)
        return True

    def _champion(self):
        try:
            return self.client.get_model_version_by_alias(NAME, CHAMPION)
        except MlflowException as error:
            if error.error_code in ("RESOURCE_DOES_NOT_EXIST", "INVALID_PARAMETER_VALUE"):
                return None
            raise

    def _of(self, retraining):
        found = self.client.search_model_versions(f"name = '{NAME}' and tag.`{RETRAINING}` = '{retraining}'")
        return sorted(found, key=_number)

    def _made(self, retraining, model):
        """A version with the model as a file of a run of MLflow."""
        experiment = self.client.get_experiment_by_name(NAME)
        id = experiment.experiment_id if experiment else self.client.create_experiment(NAME)
        run = self.client.create_run(id, tags={RETRAINING: retraining}, run_name=retraining).info.run_id
        self.client.log_dict(run, model, "model/model.json")
        self.client.log_metric(run, "holdout_error", model["error"])
        self.client.set_terminated(run)
        try:
            self.client.create_registered_model(NAME)
        except MlflowException as error:
            if error.error_code != "RESOURCE_ALREADY_EXISTS":
                raise
        tags = {RETRAINING: retraining, "week": str(model["week"])}
        return self.client.create_model_version(NAME, f"runs:/{run}/model", run, tags=tags)

    def _version(self, found):
        with tempfile.TemporaryDirectory() as folder:
            path = self.client.download_artifacts(found.run_id, "model/model.json", folder)
            return Version(str(found.version), json.loads(Path(path).read_text()))


def _number(found):
    return int(found.version)
