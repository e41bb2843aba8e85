"""A question about 10,000 runs, `accuracy > 0.95 and max_depth = 6`, sorted by accuracy: in a folder and on S3, as moto serves it.

The rows are written as the last tasks of runs write them. The first question collects them, and the next ones read what was collected;
both are measured, with the requests that they make. The peer reads the three documents of each run that say the same, in a folder.
"""

from __future__ import annotations

import json
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any

from measure.s3 import s3

from flowport.runtime.records.index import enter_start
from flowport.runtime.store.keys import Keys
from flowport.runtime.store.open import open_store
from flowport.runtime.table.rows import live_row
from flowport.workspace.table.query import Question, answer, rows_of

if TYPE_CHECKING:
    from flowport.runtime.store.interface import Store

RUNS = 10_000
FLOW = "Train"
QUESTION = Question("accuracy > 0.95 and max_depth = 6", ("run", "max_depth", "accuracy", "loss"), "-accuracy")


def add(store: Store, number: int) -> None:
    """Write what a run leaves that the question is about; each is a minute after the one before it."""
    keys, started = Keys(FLOW, f"run-{number:05}"), 1_780_000_000.0 + 60 * number
    enter_start(store, keys, started, [], [])
    parameters = {"max_depth": number % 10, "rate": number / RUNS, "kind": "forest"}
    begun = {"flow": FLOW, "run": keys.id, "started": started, "target": "local"}
    record = {
        "v": 2, **begun, "code": "0" * 64, "engine": "", "steps": ["start", "end"], "origin": None, "tags": [], "system_tags": [],
        "parameters": {name: {"json": value} for name, value in parameters.items()},
    }  # fmt: skip
    store.create(keys.run(), json.dumps(record).encode())
    store.create(keys.ended(), json.dumps({"v": 2, "status": "done", "ended": started + 30}).encode())
    row: dict[str, Any] = {**begun, "status": "done", "ended": started + 30, "origin": "", "user": "jane", "tags": []}
    row |= {
        "parameters": parameters,
        "metrics": {"accuracy": number * 7919 % RUNS / RUNS, "loss": 0.1},
        "artifacts": {"rows": 1797, "model": "a"},
    }
    store.create(keys.changed(started + 30), json.dumps({"v": 2, **row}).encode())


def fill(url: str) -> None:
    """All runs, by several threads."""
    store = open_store(url)
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda number: add(store, number), range(RUNS)))


def ask(url: str) -> None:
    """The question, by a command that begins: nothing is kept from the one before."""
    found = answer(rows_of(open_store(url), [FLOW], print), QUESTION)
    assert len(found.rows) == 50, len(found.rows)


def timed(run: Callable[[], object]) -> float:
    """Seconds."""
    start = time.perf_counter()
    run()
    return time.perf_counter() - start


def peer(url: str) -> None:
    """Read the documents of each run."""
    store = open_store(url)
    for number in range(RUNS):
        live_row(store, Keys(FLOW, f"run-{number:05}"), print)


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        url = f"{folder}/store"
        fill(url)
        first = timed(lambda: ask(url))
        best, other = min(timed(lambda: ask(url)) for _ in range(5)), timed(lambda: peer(url))
        print(
            f"filter and sort {RUNS:,} runs, folder | {best * 1e3:.0f} ms | reading each run {other:.1f} s | {best / other:.3f} | under 1 s"
        )
        print(f"the same for the first time, folder | {first:.1f} s | - | - | -")
        log = Path(folder, "requests")
        with s3(str(log)) as url:
            fill(url)
            first = timed(lambda: ask(url))
            best = min(timed(lambda: ask(url)) for _ in range(5))
            before = len(log.read_text().splitlines())
            ask(url)
            requests = len(log.read_text().splitlines()) - before
            print(f"filter and sort {RUNS:,} runs, S3 (moto), {requests} requests | {best * 1e3:.0f} ms | - | - | under 1 s")
            print(f"the same for the first time, S3 (moto) | {first:.1f} s | - | - | -")


if __name__ == "__main__":
    main()
