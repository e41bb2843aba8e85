"""Models, and references to models and checkpoints: loaded in steps and in scripts, or refused with a message."""

from __future__ import annotations

from pathlib import Path

import pytest

from checkpointing import failed, flow, one
from flowport.runtime.checkpoints.checkpoint import Checkpoint
from flowport.runtime.checkpoints.errors import LoadingException
from flowport.runtime.checkpoints.loading import load_model
from flowport.runtime.protocol import DONE, FAILED


@pytest.fixture
def elsewhere(tmp_path: Path) -> Path:
    """A folder to load into."""
    return tmp_path / "elsewhere"


def test_a_script_loads_by_the_store_that_a_reference_names(tmp_path: Path, elsewhere: Path) -> None:
    solo = one(tmp_path, "self.ref, self.kept = current.model.save(__file__), keep(3)")
    solo.run()
    found = solo.artifacts("end")
    load_model(found["ref"], elsewhere)
    Checkpoint().load(found["kept"], elsewhere)
    assert sorted(path.name for path in elsewhere.iterdir()) == sorted(["count", Path(solo.program.flow["file"]).name])


def test_a_store_that_is_gone_is_named(tmp_path: Path, elsewhere: Path) -> None:
    solo = one(tmp_path, "self.ref = current.model.save(__file__)")
    solo.run()
    found = solo.artifacts("end")["ref"]
    (tmp_path / "store").rename(tmp_path / "moved")
    with pytest.raises(LoadingException, match=f"is not in the store `{tmp_path / 'store'}`"):
        load_model(found, elsewhere)


def test_a_damaged_model_is_not_loaded(tmp_path: Path, elsewhere: Path) -> None:
    solo = one(tmp_path, "self.ref = current.model.save(__file__)")
    solo.run()
    for blob in (tmp_path / "store" / "blobs").rglob("*"):
        if blob.is_file() and b"class One" in blob.read_bytes():
            blob.write_bytes(b"x" * blob.stat().st_size)
    with pytest.raises(LoadingException, match="is damaged"):
        load_model(solo.artifacts("end")["ref"], elsewhere)
    assert list(elsewhere.iterdir()) == []


LOADED = """
class Loaded(FlowSpec):
    @model
    @step
    def start(self):
        self.other = REFERENCE
        self.next(self.end)

    @model(load="other"MORE)
    @step
    def end(self):
        self.found = current.model.loaded["other"]
"""


@pytest.mark.parametrize(
    ("reference", "message"),
    [
        ("7", "`@model(load=...)` names `self.other`: `7` is no reference of a checkpoint or a model"),
        (
            "'flows/F/runs/1/step-models/a.json'",
            "names `self.other`: `flows/F/runs/1/step-models/a.json` cannot be loaded",
        ),
        ("{'type': 'dataset', 'key': 'flows/x'}", "is no reference of a checkpoint or a model"),
    ],
)
def test_an_artifact_that_is_no_reference_is_named(tmp_path: Path, reference: str, message: str) -> None:
    solo = flow(tmp_path, LOADED.replace("REFERENCE", reference).replace("MORE", ""))
    assert solo.perform("start") == DONE
    assert solo.perform("end") == FAILED
    assert message in failed(solo)


def test_a_model_that_is_not_there_is_none_with_best_effort(tmp_path: Path) -> None:
    source = LOADED.replace("REFERENCE", "'flows/F/runs/1/step-models/a.json'").replace("MORE", ", best_effort_load=True")
    solo = flow(tmp_path, source)
    solo.run()
    assert solo.artifacts("end")["found"] is None
