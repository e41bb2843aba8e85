"""Airflow in an environment of some version of it: the corpus run there by `dag.test()`, and the scheduler of Airflow 2."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import progress
from engines.airflow.runs import RUN, Ended, deployed_in, typed
from engines.corpus_runs import given
from engines.engine import plan_of
from flowport.compiler.ir.plan import Plan
from flowport.compiler.lower.run_ids import run_prefix
from flowport.runtime.protocol import PYTHONS
from flows.expected import Expected

PROCESSES = os.cpu_count() or 1
MANY = 8
"""Flows for which another process pays, as Airflow takes seconds to be imported."""

DRIVER, SCHEDULER = (Path(__file__).with_name(name) for name in ("dag_test.py", "scheduler_2.py"))
DATABASE = "airflow.db"

_databases: dict[Path, Path] = {}
"""The empty database of the Airflow of each Python; to make one takes Airflow ten seconds."""


class DagTests:
    """Airflow in a folder of its own, run by `python`; `environment` are further variables of it and of the tasks."""

    def __init__(self, folder: Path, python: Path, **environment: str) -> None:
        self.folder, self.dags, self.python = folder, folder / "dags", python
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("AIRFLOW", "FLOWPORT")) or name == PYTHONS}
        own = {
            "CORE__DAGS_FOLDER": str(self.dags),
            "CORE__LOAD_EXAMPLES": "False",
            "DATABASE__LOAD_DEFAULT_CONNECTIONS": "False",
            "LOGGING__LOGGING_LEVEL": "WARNING",
        }
        named = {f"AIRFLOW__{name}": value for name, value in own.items()}
        self._environment = {**kept, **named, "FLOWPORT_CACHE": str(folder / "cache"), **environment}
        self.dags.mkdir(parents=True)
        if python not in _databases:
            self._run(folder / "new", [str(python), "-m", "airflow", "db", "migrate"])
            _databases[python] = folder / "new" / DATABASE

    def run(self, cases: Iterable[Expected], compute: str = "local", store: str = "", **profile: Any) -> list[Ended]:
        """Run cases of the corpus; with `store`, below that address."""
        flows = [(plan_of(expected.path), expected) for expected in cases]
        return self.run_plans([(plan, typed(plan, given(expected)), profile) for plan, expected in flows], compute, store)

    def run_plans(
        self, flows: Iterable[tuple[Plan, dict[str, Any], dict[str, Any]]], compute: str = "local", store: str = "", scheduled: str = ""
    ) -> list[Ended]:
        """Run plans, each with its form and its settings; many of them in as many processes as there are processors.

        With `scheduled` they are runs that the scheduler made for this time.
        """
        asked, put = [], []
        for number, (plan, form, profile) in enumerate(flows):
            dag = f"{compute}_{number}"
            place = f"{store}/{dag}" if store else str(self.folder / dag)
            settings = {"compute": compute, "store": place, "python": sys.executable, **profile}
            put.append(deployed_in(self.dags, dag, plan, settings))
            asked.append({"file": put[-1].file, "run": RUN, "form": form, **({"scheduled": scheduled} if scheduled else {})})
        count = min(PROCESSES, 1 + len(asked) // MANY)
        with ThreadPoolExecutor(count) as pool:
            shares = list(pool.map(lambda share: self._drive(share, compute), [asked[start::count] for start in range(count)]))
        results = [shares[number % count][number // count] for number in range(len(asked))]
        ended = zip(results, put, strict=True)
        return [
            Ended(result["state"], result["tasks"], said, each.plan, each.store, run_prefix(each.plan.flow) + RUN)
            for (result, said), each in ended
        ]

    def _drive(self, asked: Sequence[dict[str, Any]], compute: str) -> list[tuple[dict[str, Any], str]]:
        """What became of runs, one after the other, in an Airflow of their own."""
        done = self._driven(DRIVER, json.dumps(asked), sys.executable, compute)
        return [(json.loads(line), done.stderr) for line in done.stdout.splitlines()]

    def scheduled(self, *asked: dict[str, Any]) -> dict[str, Any]:
        """What the scheduler of Airflow 2 makes of what is asked of it, in the form of `scheduler_2.py`."""
        found: dict[str, Any] = json.loads(self._driven(SCHEDULER, json.dumps(asked)).stdout)
        return found

    def _driven(self, driver: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run a driver in an Airflow of its own."""
        with tempfile.TemporaryDirectory(dir=self.folder) as home:
            shutil.copy(_databases[self.python], home)
            return self._run(Path(home), [str(self.python), str(driver), *arguments])

    def _run(self, home: Path, command: Sequence[str]) -> subprocess.CompletedProcess[str]:
        home.mkdir(exist_ok=True)
        own = {"AIRFLOW_HOME": str(home), "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": f"sqlite:///{home / DATABASE}"}
        done = progress.run(command, env={**self._environment, **own}, cwd=home, capture_output=True, text=True)
        assert done.returncode == 0, (done.stdout + done.stderr)[-6000:]
        return done
