"""A real server of MLflow, which the tests of reports and of registries share."""

from __future__ import annotations

import os
import socket
import subprocess
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from own_environment import own_environment
from progress import finish, until

HERE = Path(__file__).parent


def answers(url: str) -> bool:
    """Whether the server is there."""
    try:
        urllib.request.urlopen(f"{url}/health", timeout=5).close()
    except OSError:
        return False
    return True


@pytest.fixture(scope="session")
def mlflow_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a server of MLflow."""
    python, folder = own_environment(HERE / "mlflow.txt"), tmp_path_factory.mktemp("mlflow")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [str(python), "-m", "mlflow", "server", "--host", "127.0.0.1", "--port", str(port), "--workers", "1"]
    places = ["--backend-store-uri", f"sqlite:///{folder}/runs.db", "--artifacts-destination", str(folder / "artifacts")]
    variables = {**os.environ, "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false"}
    with open(folder / "log", "w") as log:
        process = subprocess.Popen([*command, *places], stdout=log, stderr=log, env=variables, cwd=folder)
    url = f"http://127.0.0.1:{port}"
    try:
        until(lambda: process.poll() is not None or answers(url), "the server of MLflow", processes=[process.pid])
        assert process.poll() is None, (folder / "log").read_text()
        yield url
    finally:
        process.terminate()
        finish(process)
