"""DAG files of Airflow: how long one is compiled, and how long Airflow reads it.

Peer: a file of as many `BashOperator`s in a row, as somebody would write it by hand. What both import from Airflow has been imported
before, as it has been in the process that reads a scheduler's files.
"""

from __future__ import annotations

import os
import sys
import tempfile
from pathlib import Path

from measure import flows
from measure.process import least, output

STEPS = 500
SETTINGS = '[airflow]\nstore = "s3://bench/store"\ncompute = "local"\n'

BY_HAND = f"""
from datetime import datetime, timezone

from airflow.providers.standard.operators.bash import BashOperator
from airflow.sdk import DAG

with DAG(dag_id="by_hand", schedule=None, start_date=datetime(2024, 1, 1, tzinfo=timezone.utc), catchup=False) as dag:
    before = None
    for number in range({STEPS}):
        made = BashOperator(task_id=f"step_{{number}}", bash_command="true", env={{"FLOWPORT_RUN": "{{{{ run_id }}}}"}}, doc_md="a step")
        if before is not None:
            before >> made
        before = made
"""

READ = """
import importlib.util, sys, time
import airflow.sdk, airflow.providers.standard.operators.bash
best = 1e9
for _ in range(5):
    began = time.process_time()
    spec = importlib.util.spec_from_file_location("dag_file", sys.argv[1])
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    best = min(best, time.process_time() - began)
print(len(module.dag.tasks), best)
"""


def read(path: Path) -> float:
    """Seconds of CPU that reading a DAG file takes; it must have all its tasks."""
    tasks, best = output([sys.executable, "-c", READ, str(path)]).split()[-2:]
    assert int(tasks) == STEPS, tasks
    return float(best)


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        os.environ.update(AIRFLOW_HOME=folder, AIRFLOW__CORE__LOAD_EXAMPLES="False")
        Path("flowport.toml").write_text(SETTINGS)
        flow = flows.written(folder, "linear", flows.linear(STEPS))
        command = [sys.executable, "-m", "flowport", "compile", flow, "-o", "build", "--target"]
        Path("flowport.toml").write_text(SETTINGS + '[stepfunctions]\nstore = "s3://bench/store"\nimage = "i"\njob_queue = "q"\n')
        mine, other = least(5, [*command, "airflow"], [*command, "stepfunctions"])
        print(f"compile {STEPS} steps for Airflow | {mine:.2f} s | for Step Functions {other:.2f} s | {mine / other:.2f} | 1")
        Path("by_hand.py").write_text(BY_HAND)
        mine, hand = read(Path("build", "Linear.py")), read(Path("by_hand.py"))
        peer = f"{STEPS} BashOperators by hand {hand:.2f} s"
        print(f"read a DAG file of {STEPS} steps, CPU | {mine:.2f} s | {peer} | {mine / hand:.2f} | under 1 s")


if __name__ == "__main__":
    main()
