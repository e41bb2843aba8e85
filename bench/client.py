"""The newest run and the newest successful run of a flow with 10,000 runs, and those with a tag: in a folder and on S3, as moto serves it.

The peer is Metaflow's client with its metadata in local files. One run in a hundred is done. The index and the documents are written
directly, not by runs. On S3 the requests are counted, and those among them that list.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING

from measure.metaflow import PYTHON, Absent, install
from measure.s3 import s3

from flowport.client import Flow, metadata, namespace
from flowport.runtime.records.index import enter_done, enter_start
from flowport.runtime.store.keys import Keys
from flowport.runtime.store.open import open_store

if TYPE_CHECKING:
    from flowport.runtime.store.interface import Store

RUNS = 10_000
EVERY = 100
"""One run of so many is done, and has a tag."""

TIMES = 5
FLOW = "Train"
USER = "user:bench"
ASKED: dict[str, Callable[[], object]] = {
    "newest run": lambda: Flow(FLOW).latest_run,
    "newest successful run": lambda: Flow(FLOW).latest_successful_run,
    "newest run with a tag": lambda: next(Flow(FLOW).runs("best")),
}


def add(store: Store, number: int) -> None:
    """Write what a run leaves that the questions are about; the run with number 0 is the newest."""
    keys, started = Keys(FLOW, f"run-{number:05}"), 1_800_000_000.0 - 60 * number
    is_done = number % EVERY == EVERY - 1
    tags = ["best"] if is_done else []
    enter_start(store, keys, started, tags, [USER])
    record = {
        "v": 2, "flow": FLOW, "run": keys.id, "code": "0" * 64, "engine": "", "target": "local", "steps": ["start", "end"], "input": "",
        "started": started, "origin": None, "from": None, "tags": tags, "system_tags": [USER], "parameters": {},
    }  # fmt: skip
    store.create(keys.run(), json.dumps(record).encode())
    if is_done:
        enter_done(store, keys, started, [USER])
        store.create(keys.ended(), json.dumps({"v": 2, "status": "done", "ended": started + 30}).encode())


def fill(url: str) -> None:
    """All runs, by several threads."""
    store = open_store(url)
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda number: add(store, number), range(RUNS)))


def best(ask: Callable[[], object]) -> float:
    """The least seconds of several times."""
    found = []
    for _ in range(TIMES):
        start = time.perf_counter()
        assert ask() is not None
        found.append(time.perf_counter() - start)
    return min(found)


PEER = """
import sys, time
from metaflow import Flow, namespace
namespace("user:bench")
for ask in (lambda: Flow("Train").latest_run, lambda: next(Flow("Train").runs("best"))):
    start = time.perf_counter()
    assert ask() is not None
    print(time.perf_counter() - start)
"""
PEERS = ("newest run", "newest run with a tag")
"""What Metaflow is asked too. Whether a run was successful stands in its datastore, which has none of these runs."""


def peer(folder: str) -> dict[str, float]:
    """The seconds of Metaflow for its questions, with the same runs in its local metadata."""
    install()
    root = Path(folder, ".metaflow", FLOW)
    flow = {"flow_id": FLOW, "user_name": "bench", "tags": [], "system_tags": [USER], "ts_epoch": 1_700_000_000_000}
    _write(root / "_meta" / "_self.json", flow)
    for number in range(RUNS):
        run, at = str(1_800_000_000_000_000 - number), 1_800_000_000_000 - 60_000 * number
        tags = ["best"] if number % EVERY == EVERY - 1 else []
        place = {**flow, "run_number": run, "tags": tags, "ts_epoch": at}
        _write(root / run / "_meta" / "_self.json", place)
    environment = {**os.environ, "METAFLOW_DEFAULT_METADATA": "local", "METAFLOW_USER": "bench", "METAFLOW_HOME": folder}
    done = subprocess.run([PYTHON, "-c", PEER], cwd=folder, env=environment, capture_output=True, text=True, check=True)
    return dict(zip(PEERS, map(float, done.stdout.split())))


def _write(path: Path, document: dict[str, object]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(document))


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        fill(f"{folder}/store")
        metadata(f"{folder}/store")
        namespace(USER)
        try:
            others = peer(folder)
        except (Absent, subprocess.CalledProcessError) as error:
            print(error, getattr(error, "stderr", ""), file=sys.stderr)
            others = {}
        for what, ask in ASKED.items():
            mine = best(ask)
            other = others.get(what)
            ratio = f"Metaflow, local files {other:.1f} s | {mine / other:.4f}" if other else "- | -"
            print(f"{what} of {RUNS:,}, folder | {mine * 1e3:.0f} ms | {ratio} | below 1")
        log = Path(folder, "requests")
        with s3(str(log)) as url:
            fill(url)
            metadata(url)
            for what, ask in ASKED.items():
                mine = best(ask)
                before = len(log.read_text().splitlines())
                ask()
                asked = log.read_text().splitlines()[before:]
                pages = sum("list-type=2" in line for line in asked)
                print(
                    f"{what} of {RUNS:,}, S3 (moto), {len(asked)} requests | {mine * 1e3:.0f} ms, {pages} pages | - | - | at most 3 pages"
                )


if __name__ == "__main__":
    main()
