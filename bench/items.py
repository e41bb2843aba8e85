"""`flowport run` of a foreach of 1,000 items that do next to nothing, a process for each; the whole command, divided by the items.

Peers: what an item more costs in Metaflow's local run, from a run of few items and one of some more; and for a flow that imports
scikit-learn, that import in a new process, which every item would need if the processes were not forked.
"""

from __future__ import annotations

import os
import sys
import tempfile

from measure import flows, metaflow
from measure.process import least, seconds

ITEMS = 1000
TIMES = 3
FEW, SOME = 2, 22
SKLEARN = "from sklearn.linear_model import LogisticRegression  # noqa: F401\n"


def item(folder: str, name: str, imports: str = "") -> float:
    """Seconds of the whole run for each of its items."""
    flow = flows.written(folder, name, flows.items(ITEMS, imports))
    return least(TIMES, [sys.executable, "-m", "flowport", "run", flow, "--quiet", "--store", f"{folder}/store"])[0] / ITEMS


def metaflow_item(folder: str) -> float:
    """Seconds for one item more, as many at once as Metaflow does by itself."""
    metaflow.install()
    metaflow.prepare(folder)
    few, some = (
        seconds([metaflow.PYTHON, flows.written(folder, f"items_{count}", flows.items(count), "metaflow"), "--quiet", "run"])
        for count in (FEW, SOME)
    )
    return (some - few) / (SOME - FEW)


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        os.environ["FLOWPORT_CACHE"] = f"{folder}/cache"
        os.chdir(folder)
        mine = item(folder, "items")
        try:
            other = metaflow_item(folder)
            print(f"run a foreach, an item | {mine * 1e3:.2f} ms | Metaflow {other * 1e3:.0f} ms | {mine / other:.4f} | under 3 ms")
        except metaflow.Absent as error:
            print(f"run a foreach, an item | {mine * 1e3:.2f} ms | Metaflow cannot be installed here: {error} | - | under 3 ms")
        mine = item(folder, "items_sklearn", SKLEARN)
        (other,) = least(TIMES, [sys.executable, "-c", SKLEARN])
        print(
            f"run a foreach, an item, scikit-learn imported | {mine * 1e3:.2f} ms | the import in a process {other * 1e3:.0f} ms "
            f"| {mine / other:.4f} | under 10 ms"
        )


if __name__ == "__main__":
    main()
