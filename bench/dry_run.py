"""`flowport dry-run --target sfn` of a foreach, beside `flowport run` of the same flow: the whole commands.

A dry run starts an emulator of Step Functions and S3, and each task of the compiled files is a process that reads and writes there.
"""

from __future__ import annotations

import os
import sys
import tempfile

from measure import flows
from measure.process import least

ITEMS = 20
TIMES = 3
QUIETLY = "import os; os.dup2(os.open(os.devnull, os.O_WRONLY), 2); from flowport.cli import main; main()"
SKLEARN = "from sklearn.linear_model import LogisticRegression  # noqa: F401\n"


def times(folder: str, name: str, items: int, imports: str = "") -> tuple[float, float]:
    """Seconds of a dry run, and of a run on this machine; both in turn, so that they have the machine's good and bad moments."""
    flow = flows.written(folder, name, flows.items(items, imports))
    store = ["--store", f"{folder}/store"]
    dry = [sys.executable, "-c", QUIETLY, "dry-run", flow, "--target", "sfn", *store]
    local = [sys.executable, "-m", "flowport", "run", flow, "--quiet", *store]
    first, second = least(TIMES, dry, local)
    return first, second


def row(what: str, dry: float, local: float, goal: int) -> None:
    print(f"{what} | {dry:.2f} s | the local run {local:.2f} s | {dry / local:.1f} | {goal}")


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        os.environ["FLOWPORT_CACHE"] = f"{folder}/cache"
        os.chdir(folder)
        row("dry run on Step Functions, 3 tasks", *times(folder, "none", 0), 10)
        row(f"dry run on Step Functions, {ITEMS} items", *times(folder, "some", ITEMS), 10)
        row(f"dry run on Step Functions, {ITEMS} items, scikit-learn imported", *times(folder, "sklearn", ITEMS, SKLEARN), 5)


if __name__ == "__main__":
    main()
