"""The whole process of one trivial task, against `python -c pass`: start, load one small artifact, run, commit.

Once with a folder store, once with S3 as moto serves it on this machine. Every measured task is the first of its address: none is adopted.
"""

from __future__ import annotations

import os
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from flowport.compiler.compile import load
from flowport.compiler.package import Package, package
from flowport.runtime.contract import Invocation
from flowport.runtime.program import code_key
from flowport.runtime.store import open_store

TIMES = 30

FLOW = """
from flowport import FlowSpec, step


class Trivial(FlowSpec):
    @step
    def start(self):
        self.number = 1
        self.next(self.work)

    @step
    def work(self):
        self.more = self.number + 1
        self.next(self.end)

    @step
    def end(self):
        pass
"""


def compiled(folder: str) -> Package:
    """The code package of the flow."""
    path = Path(folder, "trivial.py")
    path.write_text(FLOW)
    loaded = load(str(path))
    assert loaded.plan is not None, loaded.diagnostics
    return package(loaded.plan)


@contextmanager
def s3() -> Iterator[str]:
    """An address in a bucket of a server on this machine; sets what the clients read from the environment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        address = f"http://127.0.0.1:{probe.getsockname()[1]}"
    command = [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", address.rpartition(":")[2]]
    server = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    keys = {"AWS_ACCESS_KEY_ID": "somebody", "AWS_SECRET_ACCESS_KEY": "something"}
    os.environ.update(keys, AWS_ENDPOINT_URL=address, AWS_REGION="us-east-1")
    try:
        while True:
            try:
                urllib.request.urlopen(urllib.request.Request(f"{address}/bench", method="PUT")).close()
                break
            except urllib.error.HTTPError:
                raise
            except OSError:
                time.sleep(0.05)
        yield "s3://bench/store"
    finally:
        server.terminate()
        server.wait()


def seconds(command: list[str]) -> float:
    """The whole life of a process."""
    start = time.perf_counter()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    return time.perf_counter() - start


def measure(what: str, url: str, code: Package) -> None:
    """Print the row of one store."""
    open_store(url).create(code_key(code.digest), code.data)

    def task(step: str, run: int) -> list[str]:
        invocation = Invocation("Trivial", f"run-{run}", step, "s", url, code.digest, width=1000, total=10_000, engine=f"bench-{run}")
        return [sys.executable, "-m", "flowport.runtime", *invocation.argv()]

    ours, peer = [], []
    for run in range(TIMES):
        seconds(task("start", run))
        peer.append(seconds([sys.executable, "-c", "pass"]))
        ours.append(seconds(task("work", run)))
    mine, other = statistics.median(ours), statistics.median(peer)
    print(f"one task, {what} | {mine * 1e3:.1f} ms | `python -c pass` {other * 1e3:.1f} ms | {mine / other:.2f}")


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        os.environ["FLOWPORT_CACHE"] = f"{folder}/cache"
        code = compiled(folder)
        measure("folder store", f"{folder}/store", code)
        with s3() as url:
            measure("S3 (moto)", url, code)


if __name__ == "__main__":
    main()
