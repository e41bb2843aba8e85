"""`S3` in both directions: many small objects, and a large one. Peer: Metaflow's `S3`, in the same calls to the same server.

The server is moto's, a process in Python that takes most of the time on both sides; S3 itself answers many requests at once.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

from measure import metaflow
from measure.s3 import s3

SMALL, SIZE = 300, 10_000
LARGE = 100 << 20
TIMES = 3

CALLS = f"""
import sys, time
from {{package}} import S3

pairs = [(f"{{{{number}}}}.bin", b"x" * {SIZE}) for number in range({SMALL})]
with S3(tmproot=sys.argv[1], s3root=sys.argv[2]) as s3:
    def seconds(call):
        start = time.perf_counter()
        call()
        print(time.perf_counter() - start)

    seconds(lambda: s3.put_many(pairs))
    seconds(lambda: s3.get_many([key for key, _ in pairs]))
    seconds(lambda: s3.put_files([("large", sys.argv[3])]))
    seconds(lambda: s3.get("large"))
    seconds(lambda: s3.put("one", "1"))
    seconds(lambda: s3.get("one"))
"""
ROWS = (
    f"store {SMALL} objects of {SIZE // 1000} KB",
    f"fetch {SMALL} objects of {SIZE // 1000} KB",
    f"store an object of {LARGE >> 20} MiB",
    f"fetch an object of {LARGE >> 20} MiB",
    "store one small object",
    "fetch one small object",
)


def measured(python: str, package: str, folder: str, root: str) -> list[float]:
    """Seconds of each call, the best of several processes."""
    command = [python, "-c", CALLS.format(package=package), folder, root, f"{folder}/large"]
    runs = [subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout.split() for _ in range(TIMES)]
    return [min(map(float, column)) for column in zip(*runs)]


def main() -> None:
    with tempfile.TemporaryDirectory() as folder, s3() as address:
        Path(folder, "large").write_bytes(b"x" * LARGE)
        ours = measured(sys.executable, "flowport", folder, f"{address}/ours")
        try:
            metaflow.install()
            metaflow.prepare(folder)
            peers = [f"{seconds:.3f}" for seconds in measured(metaflow.PYTHON, "metaflow", folder, f"{address}/peer")]
        except metaflow.Absent as error:
            print(error, file=sys.stderr)
            peers = [""] * len(ROWS)
    for row, mine, peer in zip(ROWS, ours, peers):
        ratio = f"Metaflow {float(peer) * 1e3:.0f} ms | {mine / float(peer):.2f}" if peer else "- | -"
        print(f"{row} | {mine * 1e3:.0f} ms | {ratio} | 1")


if __name__ == "__main__":
    main()
