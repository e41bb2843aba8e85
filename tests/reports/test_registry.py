"""The models of examples/retrain in the registry of a real server of MLflow."""

from __future__ import annotations

import json
import os
import subprocess
import urllib.request
from pathlib import Path
from typing import Any

from own_environment import own_environment

HERE = Path(__file__).parent
ROOT = HERE.parents[1]


def ask(server: str, path: str) -> Any:
    with urllib.request.urlopen(f"{server}/api/2.0/mlflow/{path}") as answer:
        return json.load(answer)


def test_the_alias_moves_when_drift_leads_to_a_better_model_and_no_retraining_registers_twice(mlflow_server: str, tmp_path: Path) -> None:
    paths = f"{ROOT / 'dev'}:{ROOT / 'examples' / 'retrain'}"
    variables = {**os.environ, "PYTHONPATH": paths, "MLFLOW_REGISTRY_URI": mlflow_server}
    command = [own_environment(HERE / "mlflow.txt"), HERE / "register_models.py"]
    done = subprocess.run(command, cwd=tmp_path, env=variables, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout.splitlines()[-1])
    assert found["before"] is None
    assert found["first"] == ["1", True, "version 1 is the champion"]
    assert found["worse"] == ["2", False, "version 2 is not better by 1% than 1, the errors are 0.700 and 0.512"]
    assert found["better"][:2] == ["3", True]
    assert found["better"][2].startswith("version 3 is better than 1, the errors are 0.5")
    [week] = [line for line in done.stdout.splitlines() if line.startswith("week 15  stale")]  # the demo prints it
    assert week.endswith(found["better"][2])
    assert found["no better"][:2] == ["4", False]
    assert found["no better"][2].startswith("version 4 is not better by 1% than 3, the errors are 0.5")
    assert found["again"] == ["3", True, "version 3 is the champion"]
    assert found["twice"] == "3"
    assert found["promoted"] == [False, True, False]  # only where the champion is the one that it was compared with
    assert (found["champion"], found["latest"]) == ("1", "4")
    [model] = ask(mlflow_server, "registered-models/search")["registered_models"]
    assert model["aliases"] == [{"alias": "champion", "version": "1"}]
    versions = ask(mlflow_server, "model-versions/search?filter=name%3D'loans'")["model_versions"]
    tags = [{tag["key"]: tag["value"] for tag in version["tags"]} for version in versions]
    weeks = [("no-better", "15"), ("r-1", "6"), ("r-2", "12"), ("week-15", "15")]
    assert sorted((tag["flowport.retraining"], tag["week"]) for tag in tags) == weeks
