"""What the client raises where a store is damaged, or has what flowport did not write: always an exception of Metaflow's."""

from __future__ import annotations

import shutil
from contextlib import suppress
from inspect import getattr_static
from pathlib import Path
from types import GeneratorType
from typing import Any

import pytest

from client.reading import read
from flowport.client import DataArtifact, Flow, Metaflow, Run, Step, Task, namespace
from flowport.exceptions import MetaflowDataMissing, MetaflowException, MetaflowNotFound
from flowport.runtime.store.keys import FLOWS, Keys
from solo import Broken, Solo

KEYS = Keys("TrainFlow", "1")

DOCUMENTS = {
    "run": KEYS.run(),
    "tags": KEYS.tags(),
    "end": KEYS.ended(),
    "manifest": KEYS.manifest("work", "s.0", 0),
    "last manifest": KEYS.manifest("end", "s", 0),
    "manifest of the split": KEYS.manifest("start", "s", 0),
}

PATHSPECS = (
    (Flow, "TrainFlow"),
    (Run, "TrainFlow/1"),
    (Step, "TrainFlow/1/work"),
    (Task, "TrainFlow/1/work/r.1"),
    (Task, "TrainFlow/1/end/r"),
    (DataArtifact, "TrainFlow/1/end/r/model"),
)


def damage(path: Path, content: bytes | None) -> None:
    """Give a document another content, and without one put a folder in its place."""
    path.unlink(missing_ok=True)
    if content is None:
        path.mkdir()
    else:
        path.write_bytes(content)


def look_at(one: Any) -> None:
    """Read all that an object has for users."""
    for name in [name for name in dir(type(one)) if name[0] != "_" and isinstance(getattr_static(type(one), name), property)]:
        with suppress(MetaflowException):
            found = getattr(one, name)
            if isinstance(found, GeneratorType):
                list(found)
    with suppress(MetaflowException):
        list(one)


@pytest.mark.parametrize("content", [b"no JSON", b"[]", b'{"v": 99999}', None])
@pytest.mark.parametrize("document", DOCUMENTS)
def test_a_document_that_cannot_be_read_raises_an_exception_of_metaflow(train: Solo, document: str, content: bytes | None) -> None:
    namespace(None)
    damage(train.path(DOCUMENTS[document]), content)
    for kind, pathspec in PATHSPECS:
        try:
            found = kind(pathspec)
        except MetaflowException:
            continue
        look_at(found)
    assert [str(flow) for flow in Metaflow()] == ["Flow('TrainFlow')"]
    assert Run("TrainFlow/2").successful is False


def test_a_damaged_manifest_is_named(train: Solo) -> None:
    damage(train.path(KEYS.manifest("work", "s.0", 0)), b"{")
    with pytest.raises(MetaflowDataMissing, match=r"the manifest work/s.0@0 is not whole"):
        list(Step("TrainFlow/1/work"))
    assert Run("TrainFlow/1").data.total == 18  # type: ignore[union-attr]


def test_a_store_that_does_not_answer_is_named(train: Solo) -> None:
    damage(train.path(KEYS.ended()), None)
    with pytest.raises(MetaflowException, match=r"cannot read `flows/TrainFlow/runs/1/ended.json`"):
        _ = Run("TrainFlow/1").successful


def test_an_attempt_keeps_its_number_beside_one_that_cannot_be_read(tmp_path: Path, chosen: None) -> None:
    solo = Solo(
        tmp_path,
        """
class Fails(FlowSpec):
    @step
    def start(self):
        self.next(self.end)

    @retry(times=2)
    @step
    def end(self):
        raise ValueError(f"attempt {current.retry_count}")
""",
    )
    with pytest.raises(Broken):
        solo.run()
    keys = Keys("Fails", "1")
    for number in range(3):
        solo.store.create(keys.log("end", "s", 0, number), f"log {number}".encode())
    damage(solo.path(f"{keys.attempts('end', 's', 0)}0"), b"{")
    solo.store.create(f"{keys.step('end')}s.attempt/notes.txt", b"not written by flowport")
    read(solo)
    found = {number: Task("Fails/1/end/r", attempt=number) for number in range(3)}
    assert [str(task.exception) for task in found.values()] == ["None", "ValueError: attempt 1", "ValueError: attempt 2"]
    assert [task.stdout for task in found.values()] == ["log 0", "log 1", "log 2"]
    assert Task("Fails/1/end/r").current_attempt == 2


def test_the_attempts_of_a_task_that_was_started_again_are_counted_on(tmp_path: Path, chosen: None) -> None:
    solo = Solo(
        tmp_path,
        """
class Again(FlowSpec):
    @step
    def start(self):
        self.next(self.end)

    @step
    def end(self):
        raise ValueError("boom")
""",
    )
    with pytest.raises(Broken):
        solo.run()
    solo.perform("end", epoch=1)
    keys = Keys("Again", "1")
    for epoch in range(2):
        solo.store.create(keys.log("end", "s", epoch, 0), f"epoch {epoch}".encode())
    read(solo)
    assert [Task("Again/1/end/r", attempt=number).stdout for number in range(3)] == ["epoch 0", "epoch 1", ""]
    assert (Task("Again/1/end/r").stdout, Task("Again/1/end/r").current_attempt) == ("epoch 1", 1)


def test_flows_are_listed_beside_folders_that_are_none(train: Solo) -> None:
    (train.path(FLOWS) / "Emptied").mkdir()
    (train.path(FLOWS) / "50%").mkdir()
    (train.path(FLOWS) / "README").touch()
    assert [flow.id for flow in Metaflow()] == ["TrainFlow"]


def test_a_run_that_was_removed_is_not_listed_and_gets_no_tags(train: Solo) -> None:
    run = Run("TrainFlow/1")
    shutil.rmtree(train.path(KEYS.root))
    assert [one.id for one in Flow("TrainFlow")] == ["2"]
    with pytest.raises(MetaflowNotFound, match=r"Run\('TrainFlow/1'\) does not exist in "):
        run.add_tag("late")
    with pytest.raises(MetaflowDataMissing, match=r"`flows/TrainFlow/runs/1/run.json` is not in the store"):
        _ = run.data
    assert not train.path(KEYS.root).exists()


def test_a_value_that_is_an_iterator_stays_what_it_is(tmp_path: Path, chosen: None) -> None:
    solo = Solo(
        tmp_path,
        """
class Counts(FlowSpec):
    @step
    def start(self):
        self.left = iter([1, 2, 3])
        self.next(self.end)

    @step
    def end(self):
        pass
""",
    )
    solo.run()
    read(solo)
    assert type(Run("Counts/1").data.left) is type(iter([]))  # type: ignore[union-attr]
