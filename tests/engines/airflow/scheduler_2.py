"""A real scheduler of Airflow 2, and what is asked of it; run by the Python of that Airflow.

    python scheduler_2.py ASKED

ASKED is a JSON list of {"dag", "run", "form"}, which starts a run, and of {"dataset", "extra"}, which changes a dataset as the REST API
does. Each also has "ended": of these DAGs it waits for so many runs. Prints a JSON object: all runs, and all changes of datasets.
"""

import json
import os
import signal
import subprocess
import sys
import time
from contextlib import contextmanager, suppress

from airflow.api.common.trigger_dag import trigger_dag
from airflow.datasets import Dataset
from airflow.datasets.manager import dataset_manager
from airflow.models.dag import DagModel
from airflow.models.dagrun import DagRun
from airflow.models.dataset import DatasetEvent
from airflow.models.errors import ParseImportError
from airflow.utils.session import create_session


@contextmanager
def scheduler():
    """The process of the scheduler, in a session of its own. It reads the DAG files too."""
    own = {
        "AIRFLOW__CORE__EXECUTOR": "LocalExecutor",
        "AIRFLOW__CORE__PARALLELISM": "2",
        "AIRFLOW__CORE__DAGS_ARE_PAUSED_AT_CREATION": "False",
        "AIRFLOW__SCHEDULER__SCHEDULER_IDLE_SLEEP_TIME": "0.2",
        # Two workers do not lock up SQLite.
        "_AIRFLOW__SKIP_DATABASE_EXECUTOR_COMPATIBILITY_CHECK": "1",
    }
    command = [sys.executable, "-m", "airflow", "scheduler", "--skip-serve-logs"]
    process = subprocess.Popen(command, env={**os.environ, **own}, stdout=sys.stderr, start_new_session=True)
    try:
        yield process
    finally:
        process.terminate()
        with suppress(subprocess.TimeoutExpired):
            process.wait(20)
        with suppress(ProcessLookupError):  # what is left of the session
            os.killpg(process.pid, signal.SIGKILL)


def until(holds, process):
    """Wait until something holds; whoever has started this ends it when there is no progress."""
    while True:
        with create_session() as session:
            if holds(session):
                return
            errors = [error.stacktrace for error in session.query(ParseImportError)]
        assert not errors, errors
        assert process.poll() is None, "the scheduler has ended"
        time.sleep(0.3)


def ask(asked, process):
    for dag in asked["ended"]:  # what changes before Airflow knows who waits for it starts nothing
        until(lambda session, dag=dag: session.get(DagModel, dag), process)
    if "dag" in asked:
        trigger_dag(asked["dag"], run_id=asked["run"], conf=asked["form"])
    else:
        with create_session() as session:
            dataset_manager.register_dataset_change(dataset=Dataset(asked["dataset"]), extra=asked["extra"], session=session)
    for dag, number in asked["ended"].items():
        until(lambda session, dag=dag, number=number: len(ended(session, dag)) >= number, process)


def ended(session, dag):
    return [run for run in session.query(DagRun).filter_by(dag_id=dag) if run.state in ("success", "failed")]


if __name__ == "__main__":
    with scheduler() as process:
        for each in json.loads(sys.argv[1]):
            ask(each, process)
    with create_session() as session:
        runs = [[run.dag_id, run.run_id, run.run_type, run.state] for run in session.query(DagRun).order_by(DagRun.id)]
        changes = [[change.uri, change.source_run_id] for change in session.query(DatasetEvent).order_by(DatasetEvent.id)]
    print(json.dumps({"runs": runs, "changes": changes}))
