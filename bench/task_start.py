"""The whole process of one trivial task, against `python -c pass`: start, load one small artifact, run, commit.

Once with a folder store, once with S3 as moto serves it on this machine. Every measured task is the first of its address: none is adopted.
"""

from __future__ import annotations

import os
import statistics
import sys
import tempfile
from pathlib import Path

from measure.process import seconds
from measure.s3 import s3

from flowport.compiler.compile import load
from flowport.compiler.package.archive import Package, package
from flowport.runtime.protocol import Invocation
from flowport.runtime.store.keys import code_key
from flowport.runtime.store.open import open_store

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


def measure(what: str, url: str, code: Package, goal: int) -> None:
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
    print(f"one task, {what} | {mine * 1e3:.1f} ms | `python -c pass` {other * 1e3:.1f} ms | {mine / other:.2f} | {goal}")


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        os.environ["FLOWPORT_CACHE"] = f"{folder}/cache"
        code = compiled(folder)
        measure("folder store", f"{folder}/store", code, 3)
        with s3() as url:
            measure("S3 (moto)", url, code, 5)


if __name__ == "__main__":
    main()
