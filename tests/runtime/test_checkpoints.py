"""Checkpoints in steps: which one an attempt begins with, and what wrong use is told."""

from __future__ import annotations

import os
import signal
import subprocess
from pathlib import Path
from typing import Any

import pytest

from checkpointing import Broken, error, flow, one
from flowport.runtime.checkpoints.checkpoint import Checkpoint
from flowport.runtime.checkpoints.errors import CheckpointException
from flowport.runtime.protocol import DONE, ENDED, FAILED
from flowport.runtime.store.open import open_store
from progress import until

RETRIED = """
class Train(FlowSpec):
    @step
    def start(self):
        self.items = [2, 3]
        self.next(self.train, foreach="items")

    @retry(times=3)
    @checkpoint
    @step
    def train(self):
        self.began = count()
        self.info = current.checkpoint.info and current.checkpoint.info.to_dict()
        for number in range(self.began + 1, 4):
            self.ref = keep(number)
            if number == self.input and current.retry_count == 0:
                raise LookupError("the first attempt")
        self.refs = current.checkpoint.list()
        self.next(self.join)

    @retry(times=1)
    @checkpoint
    @step
    def join(self, inputs):
        self.began = [one.began for one in inputs]
        self.own = count(), current.checkpoint.is_loaded
        self.others = [one["metadata"]["number"] for one in current.checkpoint.list(task=f"Train/{current.run_id}/train/r.1")]
        self.next(self.end)

    @step
    def end(self):
        pass
"""


def test_each_item_goes_on_from_its_own_checkpoint(tmp_path: Path) -> None:
    train = flow(tmp_path, RETRIED)
    train.run()
    found = train.artifacts("end")
    assert (found["began"], found["own"], found["others"]) == ([2, 3], (0, False), [3, 2, 1])


def test_a_reference_says_what_the_package_says(tmp_path: Path) -> None:
    train = flow(tmp_path, RETRIED)
    train.run()
    found = train.artifacts("train", "r.0")
    assert found["info"]["pathspec"] == "Train/1/train/r.0"
    assert found["info"]["name"] == "mfchckpt"
    assert (found["info"]["type"], found["info"]["attempt"], found["info"]["version_id"]) == ("checkpoint", 0, 1)
    assert found["info"]["metadata"] == {"number": 2}
    assert [(one["version_id"], one["attempt"], one["size"]) for one in found["refs"]] == [(0, 1, 1), (1, 0, 1), (0, 0, 1)]
    assert set(found["ref"]) == {
        "type", "key", "url", "pathspec", "attempt", "created_on", "creation_context", "metadata", "name", "version_id", "storage_format",
        "size",
    }  # fmt: skip


RESUMED = """
class Train(FlowSpec):
    rate = Parameter("rate", default=1)
    fails = Parameter("fails", default=True)

    @step
    def start(self):
        self.next(self.train)

    @checkpoint(load_policy="POLICY")
    @step
    def train(self):
        self.read, self.began = self.rate, count()
        for number in range(self.began + 1, 5):
            keep(number)
            if number == 2 and self.fails:
                raise LookupError("too early")
        self.next(self.end)

    @step
    def end(self):
        pass
"""


def resumed(tmp_path: Path, policy: str, **given: Any) -> int:
    """Where the step begins in a run that resumes one that failed, and that resumes another."""
    train = flow(tmp_path, RESUMED.replace("POLICY", policy))
    for step in ("start", "train"):
        train.perform(step)
    train.run("2", origin_run="1", **{"parameters": {"fails": False}, **given})
    return int(train.artifacts("end", run="2")["began"])


def test_a_resumed_run_goes_on_from_the_checkpoint_of_its_origin(tmp_path: Path) -> None:
    assert resumed(tmp_path, "fresh") == 2


def test_nothing_is_loaded_if_what_the_step_had_read_is_another(tmp_path: Path) -> None:
    assert resumed(tmp_path, "fresh", parameters={"fails": False, "rate": 2}) == 0


def test_a_step_that_is_to_run_again_begins_anew(tmp_path: Path) -> None:
    assert resumed(tmp_path, "fresh", from_="train") == 0


def test_the_policy_none_loads_nothing(tmp_path: Path) -> None:
    assert resumed(tmp_path, "none") == 0


@pytest.mark.parametrize(("policy", "began"), [("fresh", 0), ("eager", 2)])
def test_a_run_of_its_own_begins_with_an_earlier_run_only_if_it_is_eager(tmp_path: Path, policy: str, began: int) -> None:
    train = flow(tmp_path, RESUMED.replace("POLICY", policy))
    for step in ("start", "train"):
        train.perform(step)
    train.run("2", parameters={"fails": False})
    assert train.artifacts("end", run="2")["began"] == began


def test_an_eager_run_takes_nothing_of_another_namespace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    train = flow(tmp_path, RESUMED.replace("POLICY", "eager"))
    monkeypatch.setenv("METAFLOW_USER", "somebody")
    for step in ("start", "train"):
        train.perform(step)
    monkeypatch.setenv("METAFLOW_USER", "another")
    train.run("2", parameters={"fails": False})
    assert train.artifacts("end", run="2")["began"] == 0
    monkeypatch.setenv("METAFLOW_USER", "somebody")
    train.run("3", parameters={"fails": False})
    assert train.artifacts("end", run="3")["began"] == 2


BAD = {
    'current.checkpoint.save("nowhere")': "`nowhere` is to be saved, and there is nothing",
    'current.model.save("nowhere")': "`nowhere` is to be saved, and there is nothing",
    "current.checkpoint.save(storage_format='zip')": "the storage format of a checkpoint is `files` or `tar`, not `zip`",
    "current.checkpoint.save(name=7)": "the `name` of a checkpoint is a string, not `7`",
    "current.checkpoint.save(metadata=7)": "the `metadata` of a checkpoint is a dict, not of type `int`",
    "os.mkfifo(current.checkpoint.directory + '/pipe'); keep(1)": "is to be saved, and is no file",
    "current.checkpoint.load({'a': 1})": "`{'a': 1}` is no reference of a checkpoint or a model: use what `current.checkpoint.save`",
    "current.checkpoint.load('best')": "`'best'` is no reference of a checkpoint or a model",
    "current.checkpoint.load(current.model.save(__file__))": "is a model and no checkpoint: load it with `load_model`",
    "ref = keep(0)\nfor n in range(3):\n    keep(n)\ncurrent.checkpoint.load(ref)": "the newest 3 of a name are kept; give it a `name`",
    "current.checkpoint.list(attempt='x')": "an `attempt` is a number from 0, not `'x'`",
    "Checkpoint().save()": "`Checkpoint.save` needs a `path` here",
    "load_model(None, 'x')": "`load_model` needs a reference",
    "current.model.loaded['x']": "`x` was not loaded: name the artifact in `@model(load=[...])`",
    "load_model(dict(keep(0), key='flows/F/runs/1/step-checkpoints/a/r/0.json#0'), 'x')": "there is another",
}


@pytest.mark.parametrize("body", BAD)
def test_wrong_use_has_a_message(tmp_path: Path, body: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    expected = BAD[body] if BAD[body] != "there is another" else "is not in the store"
    assert expected in error(one(tmp_path, body))


def test_a_step_without_the_decorator_saves_nothing(tmp_path: Path) -> None:
    assert error(one(tmp_path / "a", "Checkpoint().save(__file__)", decorators="")) == (
        "step `start` has no `@checkpoint`, so there is no checkpoint to save: put `@checkpoint` above the step that saves"
    )
    source = "getattr(current, 'check' + 'point').save()"
    assert error(one(tmp_path / "b", source, decorators="")) == (
        "step `start` has no `@checkpoint`, which adds `current.checkpoint`: put it above the step"
    )


def test_outside_of_a_step_nothing_is_saved(tmp_path: Path) -> None:
    with pytest.raises(CheckpointException, match="no step with `@checkpoint` runs here"):
        Checkpoint().save(str(tmp_path))
    with pytest.raises(ValueError, match="`list` needs a `task` outside of a step"):
        Checkpoint().list()


def test_a_full_store_is_an_error_that_a_step_can_catch(tmp_path: Path) -> None:
    body = """
keep(1)
vars(current)["_store"].left = 0
try:
    keep(2)
    self.said = ""
except Exception as error:
    self.said = str(error)
vars(current)["_store"].left = 9
self.newest = [one["metadata"]["number"] for one in current.checkpoint.list()]
"""
    solo = one(tmp_path, body, Broken(str(tmp_path / "store")))
    solo.run()
    found = solo.artifacts("end")
    assert "no space is left" in found["said"]
    assert found["newest"] == [1]


def test_a_process_that_the_step_starts_saves_its_checkpoints(tmp_path: Path) -> None:
    body = """
self.loaded = current.checkpoint.is_loaded
with open("script.py", "w") as file:
    file.write("from metaflow import Checkpoint; c = Checkpoint(init_dir=True); open(c.directory + '/count', 'w').write('7'); "
        "print(c.save(name='of a process')['key'], end='')")
path = os.pathsep.join(sys.path)
environment = {**os.environ, "PYTHONPATH": path}
self.key = subprocess.run([sys.executable, "script.py"], env=environment, capture_output=True, text=True, check=True).stdout
self.names = [one["name"] for one in current.checkpoint.list()]
current.checkpoint.load(self.key)
self.count = count()
"""
    solo = one(tmp_path, body)
    code = subprocess.run(solo.command("start"), cwd=tmp_path, capture_output=True, text=True)
    assert code.returncode == DONE, code.stderr
    assert solo.perform("end") == DONE
    found = solo.artifacts("end")
    assert (found["loaded"], found["names"], found["count"]) == (False, ["of a process"], 7)


def test_what_one_step_announces_another_does_not_see(tmp_path: Path) -> None:
    assert one(tmp_path, "keep(1)").perform("start") == DONE
    assert "FLOWPORT_CHECKPOINT" not in os.environ


@pytest.mark.parametrize("place", ["folder", "bucket"])
def test_a_forked_process_saves_too(tmp_path: Path, place: str, bucket: str) -> None:
    body = """
from flowport import parallel_map
self.keys = parallel_map(lambda number: keep(number, name=str(number))["key"], [1, 2], max_parallel=1)
self.names = sorted(one["name"] for one in current.checkpoint.list())
"""
    solo = one(tmp_path, body, open_store(f"s3://{bucket}/store") if place == "bucket" else None)
    solo.run()
    assert solo.artifacts("end")["names"] == ["1", "2"]


TOGETHER = {
    "threads": """
from concurrent.futures import ThreadPoolExecutor
self.keys = list(ThreadPoolExecutor(8).map(save, range(8)))
""",
    "forked processes": """
from flowport import parallel_map
self.keys = parallel_map(save, list(range(8)), max_parallel=8)
""",
}


@pytest.mark.parametrize("how", TOGETHER)
def test_checkpoints_that_are_saved_at_once_are_all_kept(tmp_path: Path, how: str) -> None:
    body = f"""
def save(number):
    folder = Path(current.checkpoint.directory, str(number))
    folder.mkdir()
    (folder / "count").write_text(str(number))
    return Checkpoint().save(folder, name=f"of {{number}}")["key"]
{TOGETHER[how]}
self.loaded = []
for key in self.keys:
    current.checkpoint.load(key)
    self.loaded.append(count())
self.locks = list(Path(current.checkpoint.directory).parent.glob("*.lock"))
"""
    solo = one(tmp_path, body, decorators=f'    @checkpoint(temp_dir_root="{tmp_path}/root")\n')
    solo.run()
    found = solo.artifacts("end")
    assert found["loaded"] == list(range(8))
    assert len(found["locks"]) == 1
    assert list((tmp_path / "root").iterdir()) == []


def test_a_signal_handler_saves_while_the_step_saves(tmp_path: Path) -> None:
    body = """
import signal
store, me = vars(current)["_store"], os.getpid()
replace = store.replace_with_file
def interrupted(*given):
    store.replace_with_file = replace
    os.kill(me, signal.SIGUSR1)
    return replace(*given)
signal.signal(signal.SIGUSR1, lambda *_: keep(2, name="of the handler"))
store.replace_with_file = interrupted
keep(1)
self.names = [one["name"] for one in current.checkpoint.list()]
"""
    solo = one(tmp_path, body)
    assert solo.perform_apart("start") == DONE
    assert solo.perform("end") == DONE
    assert solo.artifacts("end")["names"] == ["of the handler", "mfchckpt"]


def test_a_run_that_a_step_starts_does_not_save_for_it(tmp_path: Path) -> None:
    inner = one(tmp_path / "inner", "Checkpoint().save(__file__)", decorators="")
    body = f"""
command = {inner.command("start")!r}
done = subprocess.run(command, capture_output=True, text=True)
self.failed = done.returncode, done.stdout + done.stderr
self.kept = current.checkpoint.list()
"""
    solo = one(tmp_path / "outer", body)
    solo.run()
    found = solo.artifacts("end")
    assert found["failed"][0] == FAILED
    assert "step `start` has no `@checkpoint`" in found["failed"][1]
    assert found["kept"] == []


def test_links_are_followed_and_those_that_lead_round_are_not(tmp_path: Path) -> None:
    body = """
folder = Path(current.checkpoint.directory)
(folder / "real").mkdir()
(folder / "real" / "file").write_text("x")
(folder / "link").symlink_to(folder / "real")
(folder / "real" / "round").symlink_to(folder)
current.checkpoint.load(current.checkpoint.save())
folder = Path(current.checkpoint.directory)
self.found = sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())
"""
    solo = one(tmp_path, body)
    solo.run()
    assert solo.artifacts("end")["found"] == ["link/file", "real/file"]


def test_metadata_is_what_json_has(tmp_path: Path) -> None:
    body = """
import numpy, datetime
given = {"loss": numpy.float32(0.5), "step": numpy.int64(3), "at": datetime.datetime(2026, 1, 2), "what": object(), 1: (1, 2)}
self.found = current.checkpoint.save(metadata=given)["metadata"]
"""
    solo = one(tmp_path, body)
    solo.run()
    assert solo.artifacts("end")["found"] == {
        "loss": 0.5, "step": 3, "at": "2026-01-02T00:00:00", "what": "<value cannot be JSON serialized>", "1": [1, 2],
    }  # fmt: skip


def test_load_without_a_path_makes_the_folder_anew(tmp_path: Path) -> None:
    body = """
first = keep(1)
open(os.path.join(current.checkpoint.directory, "more"), "w").close()
before = current.checkpoint.directory
current.checkpoint.load(first)
self.found = os.listdir(current.checkpoint.directory), os.path.exists(before), current.checkpoint.is_loaded
"""
    solo = one(tmp_path, body)
    solo.run()
    assert solo.artifacts("end")["found"] == (["count"], False, False)


def test_temporary_folders_are_where_they_are_asked_for_and_are_removed(tmp_path: Path) -> None:
    body = f"""
self.ref = current.model.save(__file__)
self.folder = current.checkpoint.directory
self.loaded = current.model.load(self.ref)
self.there = os.listdir({str(tmp_path / "roots" / "model")!r})
"""
    root = tmp_path / "roots"
    decorators = f'    @checkpoint(temp_dir_root="{root}/checkpoint")\n    @model(temp_dir_root="{root}/model")\n'
    solo = one(tmp_path, body, decorators=decorators)
    solo.run()
    found = solo.artifacts("end")
    assert Path(found["folder"]).parent == root / "checkpoint"
    assert found["there"] == [Path(found["loaded"]).name]
    assert [path.name for path in root.glob("*/*")] == []


@pytest.mark.parametrize(("decorator", "body"), [("checkpoint", "keep(1)"), ("model", "current.model.load(current.model.save(__file__))")])
def test_a_root_that_cannot_be_written_is_named(tmp_path: Path, decorator: str, body: str) -> None:
    root = tmp_path / "file" / "inner"
    root.parent.write_text("")
    solo = one(tmp_path, body, decorators=f'    @{decorator}(temp_dir_root="{root}")\n')
    assert error(solo).startswith(f"a temporary folder cannot be made in `{root}`: Not a directory; name another one in `temp_dir_root`")


SPOT = """
import signal

class Spot(FlowSpec):
    MARK
    @checkpoint
    @step
    def start(self):
        self.began = count()
        if self.began == 0:
            HANDLER
        self.next(self.end)

    @step
    def end(self):
        pass
"""
FINALLY = """try:
                print("ready", flush=True)
                while True:
                    time.sleep(0.05)
            finally:
                keep(5)"""
OWN_HANDLER = """signal.signal(signal.SIGTERM, lambda *_: (keep(5), sys.exit(1)))
            print("ready", flush=True)
            while True:
                time.sleep(0.05)"""


@pytest.mark.parametrize("mark", ["@retry(times=2)", "@timeout(minutes=5)"], ids=["in this process", "in a process of its own"])
@pytest.mark.parametrize(("handler", "code"), [(FINALLY, ENDED), (OWN_HANDLER, FAILED)], ids=["finally", "a handler"])
def test_a_step_that_is_told_to_end_saves_and_the_next_attempt_goes_on(tmp_path: Path, handler: str, code: int, mark: str) -> None:
    solo = flow(tmp_path, SPOT.replace("HANDLER", handler).replace("MARK", mark))
    with open(tmp_path / "out", "w") as out:
        process = subprocess.Popen(solo.command("start"), cwd=tmp_path, stdout=out, stderr=out)
    until(lambda: "ready" in (tmp_path / "out").read_text(), "the step", processes=[process.pid])
    process.send_signal(signal.SIGTERM)
    assert process.wait() == code, (tmp_path / "out").read_text()
    assert solo.perform("start") == DONE
    assert solo.perform("end") == DONE
    assert solo.artifacts("end")["began"] == 5


def test_one_that_is_killed_while_it_saves_leaves_the_one_before(tmp_path: Path) -> None:
    body = """
self.began = count()
if self.began == 0:
    keep(1)
    vars(current)["_store"].replace_with_file = lambda *_: os.kill(os.getpid(), 9)
    keep(2)
"""
    solo = one(tmp_path, body)
    assert solo.perform_apart("start") == -signal.SIGKILL
    assert solo.perform("start") == DONE
    assert solo.perform("end") == DONE
    assert solo.artifacts("end")["began"] == 1
