"""`current.trigger` in runs that other flows and events start, in dry runs on every engine; and flows whose runs may not begin."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from flowport.cli import execute
from flowport.runtime.run.reader import find
from flowport.runtime.store.open import open_store
from operations.chain import FLOWS

TARGETS = ("argo", "sfn", "airflow")
COOLED = "from flowport import limits\n\n\n@limits(cooldown=3600)\n@trigger_on_finish"
NASTY = 'a "quoted" {{=2+2}} {{ 1 + 1 }} $(HOME) \\ ß'


def artifacts(store: Path, flow: str, run: str) -> dict[str, Any]:
    return find(open_store(str(store)), flow, run).artifacts("end")


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "flowport.toml").write_text('[argo]\nnamespace = "flows"\n')
    for kind, text in FLOWS.items():
        (tmp_path / f"{kind}.py").write_text(text.format(n=""))
    return tmp_path / "store"


def started(store: Path, kind: str, run: str, *words: str, target: str = "") -> int:
    where = ["dry-run", f"{kind}.py", "--target", target] if target else ["run", f"{kind}.py"]
    return execute([*where, "--store", str(store), "--run-id", run, *words])


@pytest.mark.parametrize("target", TARGETS)
def test_a_chain_and_an_event_give_the_same_everywhere(target: str, store: Path) -> None:
    assert started(store, "Features", "f-1") == 0
    assert started(store, "Train", "t-1", "--trigger-from", "Features/f-1", target=target) == 0
    assert artifacts(store, "Train", "t-1") == {"came": "Features/f-1", "weights": [0, 2, 4]}
    # Cooled flows have a task that decides whether the run begins.
    Path("Score.py").write_text(FLOWS["Score"].format(n="").replace("@trigger_on_finish", COOLED))
    assert started(store, "Score", "s-1", "--trigger-from", "Train", target=target) == 0
    assert artifacts(store, "Score", "s-1") == {"came": "Train/t-1", "score": 6, "features": 3}
    event = f"labels={json.dumps({'date': NASTY, 'n': 7})}"
    assert started(store, "Labels", "l-1", "--event", event, target=target) == 0
    assert artifacts(store, "Labels", "l-1")["found"] == [NASTY, 7, "labels"]
