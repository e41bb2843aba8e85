"""The join of a foreach over a million items in 1,000 slices, in a folder store, that reads one small artifact of each.

The flow runs once; then its join runs again and again, a whole process each time. Peer: a process that reads the same values from 1,000
files with a pickled list each. Memory is the most that the whole process had, interpreter included, less the list and its numbers.
"""

from __future__ import annotations

import os
import pickle
import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from measure.process import seconds

from flowport.compiler.compile import load
from flowport.compiler.package.archive import package
from flowport.runtime.protocol import Invocation
from flowport.runtime.store.keys import Keys

ITEMS, SLICES = 1_000_000, 1000
TIMES = 3
RUN = "bench"

FLOW = f"""
import sys
import time

from flowport import FlowSpec, step


class Million(FlowSpec):
    @step
    def start(self):
        self.numbers = range({ITEMS})
        self.next(self.work, foreach="numbers")

    @step
    def work(self):
        self.double = self.input * 2
        self.next(self.join)

    @step
    def join(self, inputs):
        start = time.perf_counter()
        values = [one.double for one in inputs]
        took = time.perf_counter() - start
        print("measured", took, sys.getsizeof(values) + sum(map(sys.getsizeof, values)))
        self.total = sum(values)
        self.next(self.end)

    @step
    def end(self):
        assert self.total == {ITEMS} * ({ITEMS} - 1)
"""

PEER = f"""
import pickle, sys, time
start = time.perf_counter()
values = []
for number in range({SLICES}):
    with open(f"{{sys.argv[1]}}/{{number}}.pickle", "rb") as file:
        values += pickle.load(file)
took = time.perf_counter() - start
print("measured", took, sys.getsizeof(values) + sum(map(sys.getsizeof, values)))
"""


def measured(command: list[str]) -> tuple[float, float, int]:
    """Seconds of a process, seconds of its loop, and bytes that it had at most beyond its values."""
    start = time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    printed = process.stdout.read()
    _, status, used = os.wait4(process.pid, 0)
    whole = time.perf_counter() - start
    found = re.search(r"measured (\S+) (\d+)", printed)
    if status or not found:
        raise SystemExit(f"{' '.join(command)} ended with {status}: {printed}")
    return whole, float(found[1]), used.ru_maxrss * 1024 - int(found[2])


def ran(folder: str) -> tuple[list[str], Path]:
    """Run the flow; the command that runs its join again, and the manifest that it must not find then."""
    flow = Path(folder, "million.py")
    flow.write_text(FLOW)
    store = f"{folder}/store"
    seconds([sys.executable, "-m", "flowport", "run", str(flow), "--quiet", "--store", store, "--run-id", RUN])
    loaded = load(str(flow))
    assert loaded.plan is not None, loaded.diagnostics
    again = Invocation("Million", RUN, "join", "s", store, package(loaded.plan).digest, width=SLICES, total=10 * SLICES, engine="bench")
    return [sys.executable, "-m", "flowport.runtime", *again.argv()], Path(store, Keys("Million", RUN).manifest("join", "s", 0))


def main() -> None:
    ours, peer = [], []
    with tempfile.TemporaryDirectory() as folder:
        os.environ["FLOWPORT_CACHE"] = f"{folder}/cache"
        size = ITEMS // SLICES
        for number in range(SLICES):
            Path(folder, f"{number}.pickle").write_bytes(pickle.dumps([item * 2 for item in range(number * size, (number + 1) * size)], 5))
        join, manifest = ran(folder)
        for _ in range(TIMES):
            manifest.unlink()
            ours.append(measured(join))
            peer.append(measured([sys.executable, "-c", PEER, folder]))
    whole, loop, beyond = (min(column) for column in zip(*ours))
    other, plain, more = (min(column) for column in zip(*peer))
    print(f"join a million inputs, the loop | {loop:.2f} s | 1,000 pickled lists {plain:.2f} s | {loop / plain:.1f} | under 2 s")
    print(
        f"join a million inputs, the task | {whole:.2f} s | a process that reads the lists {other:.2f} s | {whole / other:.1f} | under 2 s"
    )
    print(f"join a million inputs, memory beyond them | {beyond >> 20} MiB | {more >> 20} MiB | {beyond / more:.1f} | under 150 MB")


if __name__ == "__main__":
    main()
