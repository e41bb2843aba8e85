"""Runs of compiled files: a reader follows them while they go on, as it does a run on this machine."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

import progress
from flowport.runtime.live.tasks import LiveRun
from flowport.runtime.records.signs import places
from flowport.runtime.run.reader import Run
from flowport.runtime.store.keys import Keys
from flowport.runtime.store.open import open_store
from live.gate import FLOW, Gates, gates, printed, task
from solo import OPENING

__all__ = ["gates"]

FLOWPORT = [sys.executable, "-m", "flowport"]


# A dry run on Airflow runs one item after the other, in an order of its own: none of them can wait for another one. One on Step Functions
# has its store in the emulator until it ends.
@pytest.mark.parametrize(("target", "held"), [("airflow", []), ("argo", ["item-2", "item-3"])])
def test_a_dry_run_is_followed_while_it_goes_on(tmp_path: Path, gates: Gates, target: str, held: list[str]) -> None:
    # A container does not have the variables of this process.
    (tmp_path / "gated.py").write_text(OPENING + FLOW.replace('os.environ["GATES"]', repr(str(gates.folder))))
    url = str(tmp_path / "store")
    command = [*FLOWPORT, "dry-run", "gated.py", "--target", target, "--run-id", "one", "--store", url]
    process = subprocess.Popen(command, cwd=tmp_path, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    following = subprocess.Popen([*FLOWPORT, "logs", "-f", "Gated/one", "--store", url], cwd=tmp_path, stdout=subprocess.PIPE, text=True)
    store, keys = open_store(url), Keys("Gated", "one")
    progress.until(lambda: bool(places(store, keys.signs("start"))), processes=[process.pid])
    live = LiveRun(Run(store, "Gated", "one"))
    assert (task(live, "start").state, printed(live, "start")) == ("running", b"one\n")
    assert following.stdout is not None
    assert following.stdout.readline() == "start | one\n"
    gates.open("first", "second", *({f"item-{number}" for number in range(4)} - {*held}))

    def waits() -> bool:
        counts = live.counts("each")
        return counts["running"] == len(held) and counts["done"] == 4 - len(held)

    progress.until(waits, processes=[process.pid])
    gates.open(*held)
    progress.finish(process)
    assert process.returncode == 0
    out, _ = progress.finish(following)
    assert (following.returncode, out.splitlines()) == (0, ["start | two", "start | three"])
    assert live.counts("each")["done"] == 4
