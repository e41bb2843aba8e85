"""Local runs that are kept in a bucket: tasks, logs and results go through S3's own protocol."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import boto3
import pytest

from desk import Desk
from flowport.runtime.store import open_store

STORE = "s3://flows/here"
FLOW = Path(__file__).parents[1] / "flows" / "deep.py"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        address = f"http://127.0.0.1:{probe.getsockname()[1]}"
    with open(tmp_path_factory.mktemp("moto") / "log", "w") as log:
        process = subprocess.Popen([sys.executable, "-m", "moto.server", "-p", address.rpartition(":")[2]], stdout=log, stderr=log)
    try:
        ends = time.monotonic() + 60
        while not _answers(address):
            assert process.poll() is None
            assert time.monotonic() < ends
            time.sleep(0.1)
        yield address
    finally:
        process.terminate()
        process.wait(10)


def _answers(address: str) -> bool:
    try:
        urllib.request.urlopen(f"{address}/moto-api/data.json", timeout=5).close()
    except OSError:
        return False
    return True


@pytest.fixture
def desk(server: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Desk:
    settings = {"AWS_ACCESS_KEY_ID": "x", "AWS_SECRET_ACCESS_KEY": "y", "AWS_REGION": "us-east-1", "AWS_DEFAULT_REGION": "us-east-1"}
    for name, value in {**settings, "AWS_ENDPOINT_URL": server, "AWS_ALLOW_HTTP": "true"}.items():
        monkeypatch.setenv(name, value)
    boto3.client("s3").create_bucket(Bucket="flows")
    return Desk(tmp_path)


@pytest.mark.parametrize("how", [(), ("--no-fork",)], ids=["fork", "no-fork"])
def test_a_run_in_a_bucket_comes_to_the_same(desk: Desk, how: tuple[str, ...]) -> None:
    run = "forked" if not how else "spawned"
    assert desk("run", str(FLOW), "--run-id", run, "--quiet").status == 0
    assert desk("run", str(FLOW), "--run-id", run, "--store", STORE, "--quiet", *how).status == 0
    for step in ("start", "field", "player", "end"):
        assert desk("artifacts", f"Deep/{run}/{step}", "--store", STORE).out == desk("artifacts", f"Deep/{run}/{step}").out


def test_logs_and_failures_are_found_in_the_bucket(desk: Desk) -> None:
    desk.write(
        "torn.py",
        "from flowport import FlowSpec, step\n\n\nclass Torn(FlowSpec):\n    @step\n    def start(self):\n        print('before')\n"
        "        raise LookupError\n        self.next(self.end)\n\n    @step\n    def end(self):\n        pass\n",
    )
    ended = desk("run", "torn.py", "--store", STORE, "--with", "retry:times=1")
    assert ended.status == 1
    assert "raise LookupError" in ended.err
    assert desk("logs", "Torn/", "--store", STORE, "--all").out.count("before") == 2
    assert not (desk.folder / ".flowport").exists()
    keys = open_store(STORE).names(f"Torn/{_only_run()}/start/s.log/")
    assert [key.rpartition("/")[2] for key in keys] == ["0-0", "0-1"]


def _only_run() -> str:
    (run,) = open_store(STORE).folders("Torn/")
    document = json.loads(open_store(STORE).read(f"Torn/{run}/run.json"))
    assert document["run"] == run
    return run
