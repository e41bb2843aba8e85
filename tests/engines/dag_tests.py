"""Airflow without its scheduler: an environment of some version of it, and the corpus run there by `dag.test()`."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from engines.airflow_runs import RUN, Ended, deployed_in, typed
from engines.corpus_runs import given
from engines.engine import plan_of
from flowport.compiler.plan import Plan
from flows.expected import Expected

DRIVER = Path(__file__).with_name("dag_test.py")


class DagTests:
    """Airflow in a folder of its own, run by `python`; `environment` are further variables of it and of the tasks."""

    def __init__(self, folder: Path, python: Path, **environment: str) -> None:
        self.folder, self.python = folder, python
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("AIRFLOW", "FLOWPORT"))}
        own = {
            "CORE__DAGS_FOLDER": str(folder / "dags"),
            "CORE__LOAD_EXAMPLES": "False",
            "DATABASE__SQL_ALCHEMY_CONN": f"sqlite:///{folder}/airflow.db",
            "DATABASE__LOAD_DEFAULT_CONNECTIONS": "False",
            "LOGGING__LOGGING_LEVEL": "WARNING",
        }
        named = {f"AIRFLOW__{name}": value for name, value in own.items()}
        self.environment = {**kept, **named, "AIRFLOW_HOME": str(folder), "FLOWPORT_CACHE": str(folder / "cache"), **environment}
        (folder / "dags").mkdir(parents=True)
        self._run([str(python), "-m", "airflow", "db", "migrate"])

    def run(self, cases: Iterable[Expected], compute: str = "local", store: str = "", **profile: Any) -> list[Ended]:
        """Run cases of the corpus one after the other; with `store`, below that address."""
        flows = [(plan_of(expected.path), expected) for expected in cases]
        return self.run_plans([(plan, typed(plan, given(expected)), profile) for plan, expected in flows], compute, store)

    def run_plans(
        self, flows: Iterable[tuple[Plan, dict[str, Any], dict[str, Any]]], compute: str = "local", store: str = ""
    ) -> list[Ended]:
        """Run plans, each with its form and its settings."""
        asked, put = [], []
        for number, (plan, form, profile) in enumerate(flows):
            dag = f"{compute}_{number}"
            place = f"{store}/{dag}" if store else str(self.folder / dag)
            settings = {"compute": compute, "store": place, "dag_id": dag, "python": sys.executable, **profile}
            put.append(deployed_in(self.folder / "dags", plan, settings))
            asked.append({"file": str(self.folder / "dags" / f"{dag}.py"), "run": RUN, "form": form})
        done = self._run([str(self.python), str(DRIVER), json.dumps(asked), sys.executable, compute])
        results = [json.loads(line) for line in done.stdout.splitlines()]
        ended = zip(results, put, strict=True)
        return [Ended(result["state"], result["tasks"], done.stderr, each.plan, each.store, RUN) for result, each in ended]

    def _run(self, command: Sequence[str]) -> subprocess.CompletedProcess[str]:
        done = subprocess.run(command, env=self.environment, cwd=self.folder, capture_output=True, text=True)
        assert done.returncode == 0, (done.stdout + done.stderr)[-6000:]
        return done
