"""`flowport run` of a foreach of 1,000 items that do next to nothing, a process for each; the whole command, divided by the items.

Peers: what an item more costs in Metaflow's local run, from a run of few items and one of some more; and for a flow that imports
scikit-learn, that import in a new process, which every item would need if the processes were not forked.
"""

from __future__ import annotations

import os
import sys
import tempfile

from measure import flows, metaflow
from measure.process import least, processor_seconds, seconds

ITEMS = 1000
TIMES = 2
FEW, SOME = 2, 22
SKLEARN = "from sklearn.linear_model import LogisticRegression  # noqa: F401\n"


def item(folder: str, name: str, imports: str = "") -> tuple[float, float]:
    """Seconds of the whole run for each of its items: of the clock, and of the processors."""
    flow = flows.written(folder, name, flows.items(ITEMS, imports))
    command = [sys.executable, "-m", "flowport", "run", flow, "--quiet", "--store", f"{folder}/store"]
    return least(TIMES, command)[0] / ITEMS, processor_seconds(command) / ITEMS


def metaflow_item(folder: str) -> float:
    """Seconds for one item more, as many at once as Metaflow does by itself."""
    metaflow.install()
    metaflow.prepare(folder)
    few, some = (
        seconds([metaflow.PYTHON, flows.written(folder, f"items_{count}", flows.items(count), "metaflow"), "--quiet", "run"])
        for count in (FEW, SOME)
    )
    return (some - few) / (SOME - FEW)


def row(what: str, mine: tuple[float, float], peer: str, other: float | None, goal: int) -> None:
    """Print the rows of one flow; what the processors worked, shared by them evenly, is the least that the clock could say."""
    clock, worked = mine
    ratio = f"{clock / other:.4f}" if other else "-"
    print(f"{what}, an item | {clock * 1e3:.2f} ms | {peer} | {ratio} | under {goal} ms")
    cores = os.cpu_count() or 1
    print(f"{what}, CPU of an item on {cores} processors | {worked * 1e3:.2f} ms | - | - | under {cores * goal} ms")


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        os.environ["FLOWPORT_CACHE"] = f"{folder}/cache"
        os.chdir(folder)
        try:
            other = metaflow_item(folder)
            peer = f"Metaflow {other * 1e3:.0f} ms"
        except metaflow.Absent as error:
            other, peer = None, f"Metaflow cannot be installed here: {error}"
        row("run a foreach", item(folder, "items"), peer, other, 3)
        (alone,) = least(TIMES, [sys.executable, "-c", SKLEARN])
        row(
            "with scikit-learn imported", item(folder, "items_sklearn", SKLEARN), f"the import in a process {alone * 1e3:.0f} ms", alone, 10
        )


if __name__ == "__main__":
    main()
