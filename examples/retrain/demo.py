"""Twenty weeks of the chain, one after the other: what a schedule and two triggers do on an engine. It takes about a minute.

python examples/retrain/demo.py
python examples/retrain/demo.py --mlflow                      # registers the models with a server of MLflow: pip install mlflow
python examples/retrain/demo.py --target argo --weeks 12      # runs the files that flowport compiles for an engine
"""

import argparse
import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

from loans import FIRST_MONDAY

from flowport import Run, metadata

HERE = Path(__file__).resolve().parent
FOLDER = HERE.parents[1] / "build" / "retrain"
STORE = FOLDER / "store"


def main():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--weeks", type=int, default=20, help="how many weeks go by (default: 20)")
    parser.add_argument("--target", help="make dry runs on this target: airflow, sfn or argo")
    parser.add_argument("--mlflow", nargs="?", const=sys.executable, metavar="PYTHON", help="start a server of MLflow, with this Python")
    options = parser.parse_args()
    shutil.rmtree(FOLDER, ignore_errors=True)
    FOLDER.mkdir(parents=True)
    with mlflow_server(options.mlflow) if options.mlflow else here():
        for week in range(1, options.weeks + 1):
            go_by(week, ["dry-run", "--target", options.target] if options.target else ["run", "--quiet"])
    command = "flowport" if shutil.which("flowport") else f"{sys.executable} -m flowport"
    print(f"\nThe results are in {STORE}. Look at them:")
    print(f"  {command} card view MonitorFlow/week-{options.weeks:02}/measure --store {STORE}")
    print(f"  {command} runs MonitorFlow --columns run,score,drift,error,confidence --store {STORE}")
    print(f"  {command} ui --store {STORE}")


def go_by(week, command):
    """A week: the schedule starts FeaturesFlow, whose end starts MonitorFlow, whose end starts RetrainFlow."""
    run = f"week-{week:02}"
    scheduled = FIRST_MONDAY + timedelta(weeks=week - 1, hours=6)
    flowport(command, "features.py", "--run-id", run, "--scheduled-time", scheduled.isoformat())
    flowport(command, "monitor.py", "--run-id", run, "--trigger-from", f"FeaturesFlow/{run}")
    flowport(command, "retrain.py", "--run-id", run, "--trigger-from", f"MonitorFlow/{run}")
    metadata(str(STORE))
    verdict, outcome = Run(f"MonitorFlow/{run}").data, Run(f"RetrainFlow/{run}").data
    state = "stale" if verdict.is_stale else "fresh"
    print(f"week {week:2}  {state}  score {verdict.score:.2f}  known {verdict.confidence:4.0%}  {outcome.reason}", flush=True)


def flowport(command, file, *words):
    """Run a flow of this folder; its output is shown only if it fails."""
    name, *options = command
    line = [sys.executable, "-m", "flowport", name, str(HERE / file), *options, "--store", str(STORE), *words]
    done = subprocess.run(line, cwd=HERE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    if done.returncode:
        sys.exit(f"{done.stdout}\n{' '.join(line)} has failed")


@contextmanager
def here():
    """The runs are the registry: no server."""
    for name in ("MLFLOW_REGISTRY_URI", "MLFLOW_TRACKING_URI"):
        if name in os.environ:
            print(f"{name} is set, so the models are registered there")
    yield


@contextmanager
def mlflow_server(python):
    """A server of MLflow on this machine, while the weeks go by."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        address = f"http://127.0.0.1:{probe.getsockname()[1]}"
    command = [os.path.abspath(python), "-m", "mlflow", "server", "--backend-store-uri", f"sqlite:///{FOLDER}/mlflow.db"]
    command += ["--artifacts-destination", str(FOLDER / "artifacts"), "--workers", "1"]
    command += ["--host", "127.0.0.1", "--port", address.rpartition(":")[2]]
    with open(FOLDER / "mlflow.log", "w") as log:
        server = subprocess.Popen(command, stdout=log, stderr=log, cwd=FOLDER)
    try:
        while not answers(address):
            if server.poll() is not None:
                sys.exit(
                    f"{(FOLDER / 'mlflow.log').read_text()}\nthe server of MLflow does not start: is it installed? `pip install mlflow`"
                )
            time.sleep(0.2)
        os.environ["MLFLOW_REGISTRY_URI"] = address
        print(f"the models are registered at {address}")
        yield
        print(f"\nThe registry, in {FOLDER / 'mlflow.db'}:")
        show_versions(address)
    finally:
        server.terminate()
        server.wait()


def answers(address):
    try:
        urllib.request.urlopen(f"{address}/health", timeout=5).close()
    except OSError:
        return False
    return True


def show_versions(address):
    """List the versions of the model, and which one is the champion."""
    from mlflow_registry import MlflowRegistry

    registry = MlflowRegistry(address)
    champion = registry.champion()
    for version in registry.versions():
        alias = "  champion" if champion is not None and version.name == champion.name else ""
        print(f"  version {version.name}, trained in week {version.model['week']}, error {version.model['error']:.3f}{alias}")


if __name__ == "__main__":
    main()
