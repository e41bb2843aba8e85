"""Local runs that are kept in a bucket: tasks, logs and results go through S3's own protocol."""

from __future__ import annotations

import json
from pathlib import Path

import boto3
import pytest

from desk import Desk
from flowport.runtime.store.keys import Keys, runs_folder
from flowport.runtime.store.open import open_store

FLOW = Path(__file__).parents[1] / "flows" / "deep.py"


@pytest.fixture
def desk(bucket: str, tmp_path: Path) -> Desk:
    return Desk(tmp_path)


@pytest.fixture
def store(bucket: str) -> str:
    return f"s3://{bucket}/here"


@pytest.mark.parametrize("how", [(), ("--no-fork",)], ids=["fork", "no-fork"])
def test_a_run_in_a_bucket_comes_to_the_same(desk: Desk, store: str, how: tuple[str, ...]) -> None:
    run = "forked" if not how else "spawned"
    assert desk("run", str(FLOW), "--run-id", run, "--quiet").status == 0
    assert desk("run", str(FLOW), "--run-id", run, "--store", store, "--quiet", *how).status == 0
    for step in ("start", "field", "player", "end"):
        assert desk("artifacts", f"Deep/{run}/{step}", "--store", store).out == desk("artifacts", f"Deep/{run}/{step}").out


def test_logs_and_failures_are_found_in_the_bucket(desk: Desk, store: str) -> None:
    desk.write(
        "torn.py",
        "from flowport import FlowSpec, step\n\n\nclass Torn(FlowSpec):\n    @step\n    def start(self):\n        print('before')\n"
        "        raise LookupError\n        self.next(self.end)\n\n    @step\n    def end(self):\n        pass\n",
    )
    ended = desk("run", "torn.py", "--store", store, "--with", "retry:times=1")
    assert ended.status == 1
    assert "raise LookupError" in ended.err
    assert desk("logs", "Torn/", "--store", store, "--all").out.count("before") == 2
    assert not (desk.folder / ".flowport").exists()
    keys = open_store(store).names(Keys("Torn", _only_run(store)).logs("start", "s"))
    assert [key.rpartition("/")[2] for key in keys] == ["0-0", "0-1"]


def test_keys_that_somebody_else_put_into_the_bucket_break_no_listing(desk: Desk, bucket: str, store: str) -> None:
    assert desk("run", str(FLOW), "--run-id", "1", "--store", store, "--quiet").status == 0
    runs = "flows/Deep/runs"
    odd = ("//", "/x", "Deep//x", "Deep/../x", "Deep/%zz/run.json", f"{runs}//x", f"{runs}/../x", f"{runs}/%zz/x", f"{runs}/1//x")
    for key in (*odd, f"{runs}/1/steps/../x", f"{runs}/1/steps/end/\x01", f"{runs}/1/steps/end/"):
        boto3.client("s3").put_object(Bucket=bucket, Key=f"here/{key}", Body=b"")
    for words in ("runs", "logs Deep", "artifacts Deep/1", "artifacts Deep/1/end --json", "resume", f"resume {FLOW} 1 --run-id 2 -q"):
        ended = desk(*words.split(), "--store", store)
        assert (ended.status, "Traceback" in ended.err) == (2 if words == "resume" else 0, False), ended.err
    assert " ".join(desk("runs", "--store", store).out.split()).count("done") == 2


def _only_run(store: str) -> str:
    (run,) = open_store(store).folders(runs_folder("Torn"))
    document = json.loads(open_store(store).read(Keys("Torn", run).run()))
    assert document["run"] == run
    return run
