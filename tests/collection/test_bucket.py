"""`flowport gc` on a server of S3's protocol: what obstore itself copies and deletes."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from flowport.cli import execute
from flowport.runtime.store import bucket as bucket_store
from flowport.runtime.store.keys import Keys, blob_key
from flowport.runtime.store.open import open_store
from solo import Solo

FLOW = """
class Small(FlowSpec):
    text = Parameter("text", default="short")

    @step
    def start(self):
        self.large = self.text * 40_000
        self.next(self.end)

    @step
    def end(self):
        pass
"""


@pytest.mark.parametrize("copied", [bucket_store.COPIED, 10], ids=["in one request", "in parts"])
def test_what_is_old_is_set_aside_and_deleted(copied: int, bucket: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store = open_store(f"s3://{bucket}/root")
    monkeypatch.setattr(bucket_store, "COPIED", copied)
    sha, size = store.put_blob([b"x" * (bucket_store.PART + 1)])
    assert store.move(blob_key(sha), f"aside/{sha}", time.time() + 3_600)
    assert not store.exists(blob_key(sha))
    assert store.size(f"aside/{sha}") == size
    assert store.move(f"aside/{sha}", blob_key(sha), time.time() + 3_600)
    assert bytes(store.blob(sha, size)) == b"x" * size
    assert not store.move(blob_key(sha), f"aside/{sha}", 0.0), "it is newer than asked for"
    assert not store.move("nothing", "aside/nothing", time.time() + 3_600)


def test_an_older_run_is_deleted_and_the_newest_one_stays(bucket: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    url = f"s3://{bucket}/root"
    solo = Solo(tmp_path, FLOW, store=open_store(url))
    for run in ("1", "2"):
        solo.run(run)
    assert execute(["gc", "--older-than", "0s", "--keep", "0", "--store", url]) == 0, capsys.readouterr()
    assert list(open_store(url).entries(Keys(solo.flow, "1").root)) == []
    assert solo.reader("2").artifacts("end")["large"] == "short" * 40_000
