"""`@huggingface_hub`: a repository is downloaded once, and then comes from the store. The library is a stand-in, which counts."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest

from checkpointing import failed, flow
from flowport.runtime.protocol import DONE, FAILED
from solo import Solo

LIBRARY = """
import os

def snapshot_download(repo_id, repo_type="model", revision="main", local_dir=None, **more):
    with open(os.environ["DOWNLOADS"], "a") as file:
        file.write(f"{repo_id}@{revision} {repo_type} {sorted(more)}\\n")
    os.makedirs(os.path.join(local_dir, ".cache", "huggingface"), exist_ok=True)
    for path, text in {"config.json": "{}", "weights/one.bin": revision, ".cache/huggingface/lock": ""}.items():
        os.makedirs(os.path.dirname(os.path.join(local_dir, path)), exist_ok=True)
        with open(os.path.join(local_dir, path), "w") as file:
            file.write(text)
    return local_dir
"""

FLOW = """
from flowport import huggingface_hub

def seen(folder):
    return {str(path.relative_to(folder)): path.read_text() for path in Path(folder).rglob("*") if path.is_file()}


class Hub(FlowSpec):
    @huggingface_hub(ARGUMENTS)
    @step
    def start(self):
BODY
        self.next(self.end)

    @model(LOAD)
    @step
    def end(self):
        if "base" in current.model.loaded:
            self.seen = seen(current.model.loaded["base"])
"""
WHOLE = {"config.json": "{}", "weights/one.bin": "main"}


class Library:
    """The stand-in, and what was downloaded with it."""

    def __init__(self, folder: Path) -> None:
        self.file = folder / "downloads"

    def downloads(self) -> list[str]:
        found = self.file.read_text().splitlines() if self.file.exists() else []
        self.file.unlink(missing_ok=True)
        return found


@pytest.fixture
def library(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Library:
    (tmp_path / "library").mkdir()
    (tmp_path / "library" / "huggingface_hub.py").write_text(LIBRARY)
    monkeypatch.syspath_prepend(str(tmp_path / "library"))
    monkeypatch.delitem(sys.modules, "huggingface_hub", raising=False)
    made = Library(tmp_path)
    monkeypatch.setenv("DOWNLOADS", str(made.file))
    return made


def hub(folder: Path, body: str, arguments: str = "", load: str = "", store: Any = None, name: str = "Hub") -> Solo:
    lines = "\n".join("        " + line for line in body.strip().splitlines())
    source = FLOW.replace("BODY", lines).replace("ARGUMENTS", arguments).replace("LOAD", load).replace("class Hub(", f"class {name}(")
    return flow(folder, source, store)


DOWNLOAD = 'self.base = current.huggingface_hub.snapshot_download(repo_id="org/base")'


def test_a_repository_is_downloaded_once_and_then_comes_from_the_store(tmp_path: Path, library: Library) -> None:
    solo = hub(tmp_path, DOWNLOAD, load='load="base"')
    solo.run("1")
    assert solo.artifacts("end")["seen"] == WHOLE
    assert library.downloads() == ["org/base@main model []"]
    solo.run("2")
    assert library.downloads() == []
    assert solo.artifacts("end", run="2")["seen"] == WHOLE
    first, second = (solo.artifacts("end", run=run)["base"] for run in ("1", "2"))
    assert first["key"] == second["key"]
    assert first["metadata"] == {"repo_id": "org/base", "registry": "huggingface", "repo_type": "model"}


def test_other_files_of_a_repository_are_another_download(tmp_path: Path, library: Library) -> None:
    body = """
for more in ({}, {"revision": "v1"}, {"allow_patterns": ["*.json"]}, {"repo_type": "dataset"}, {"repo_type": "model"}):
    current.huggingface_hub.snapshot_download(repo_id="org/base", **more)
"""
    hub(tmp_path, body).run()
    assert library.downloads() == [
        "org/base@main model []", "org/base@v1 model []", "org/base@main model ['allow_patterns']", "org/base@main dataset []",
    ]  # fmt: skip


def test_it_is_downloaded_again_if_that_is_asked_for(tmp_path: Path, library: Library) -> None:
    again = DOWNLOAD.replace('"org/base"', '"org/base", force_download=True')
    hub(tmp_path, f"{DOWNLOAD}\n{again}\n{DOWNLOAD}").run()
    assert library.downloads() == ["org/base@main model []", "org/base@main model ['force_download']"]


def test_what_the_decorator_names_is_loaded_before_the_step_begins(tmp_path: Path, library: Library) -> None:
    body = """
loaded = current.huggingface_hub.loaded
self.found = [seen(loaded[name])["weights/one.bin"] for name in ("org/one", "org/two", "org/three")]
self.place = loaded["org/two"]
self.info = loaded.info["org/one"]["metadata"]["repo_id"], "org/four" in loaded
self.temporary = loaded["org/one"]
"""
    place = tmp_path / "two"
    arguments = f'load=["org/one", ("org/two", "{place}"), {{"repo_id": "org/three", "revision": "v3"}}], temp_dir_root="{tmp_path}/root"'
    solo = hub(tmp_path, body, arguments)
    solo.run()
    found = solo.artifacts("end")
    assert (found["found"], found["place"], found["info"]) == (["main", "main", "v3"], str(place), ("org/one", False))
    assert Path(found["temporary"]).parent == tmp_path / "root"
    assert list((tmp_path / "root").iterdir()) == []
    assert (place / "config.json").exists()


def test_a_part_of_a_step_has_a_repository_in_a_folder(tmp_path: Path, library: Library) -> None:
    body = """
with current.huggingface_hub.load(repo_id="org/base") as path:
    self.first = seen(path)
with current.huggingface_hub.load("org/base", path="here") as again:
    self.second = seen(again)
self.left = Path(path).exists(), Path("here").exists()
"""
    solo = hub(tmp_path, body.replace('"here"', repr(str(tmp_path / "here"))))
    solo.run()
    found = solo.artifacts("end")
    assert {key: value for key, value in found["first"].items() if not key.startswith(".cache")} == found["second"] == WHOLE
    assert found["left"] == (False, True)
    assert len(library.downloads()) == 1


@pytest.mark.parametrize(("scope", "number"), [("checkpoint", 2), ("flow", 2), ("global", 1)])
def test_flows_share_what_is_global(tmp_path: Path, library: Library, scope: str, number: int) -> None:
    first = hub(tmp_path / "one", DOWNLOAD, f'cache_scope="{scope}"', name="One")
    first.run()
    second = hub(tmp_path / "two", DOWNLOAD, f'cache_scope="{scope}"', 'load="base"', first.store, "Two")
    second.run()
    assert len(library.downloads()) == number
    assert second.artifacts("end")["seen"] == WHOLE


@pytest.mark.parametrize("harm", ["gone", "damaged"])
def test_a_repository_that_lost_a_file_in_the_store_is_downloaded_again(tmp_path: Path, library: Library, harm: str) -> None:
    solo = hub(tmp_path, 'self.found = seen(current.huggingface_hub.loaded["org/base"])["config.json"]', 'load=["org/base"]')
    solo.run("1")
    for blob in (tmp_path / "store" / "blobs").rglob("*"):
        if blob.is_file() and blob.read_bytes() == b"{}":
            blob.unlink() if harm == "gone" else blob.write_bytes(b"[]")
    solo.run("2")
    assert len(library.downloads()) == 2
    assert solo.artifacts("end", run="2")["found"] == "{}"


def test_where_the_library_is_missing_the_message_says_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "huggingface_hub", None)
    solo = hub(tmp_path, DOWNLOAD)
    assert solo.perform("start") == FAILED
    assert failed(solo) == (
        "step `start` downloads `org/base` and needs the package `huggingface_hub`: "
        "install it in the image of the step, or in the Python that runs the flow: `pip install huggingface_hub`"
    )


def test_a_download_needs_a_name(tmp_path: Path, library: Library) -> None:
    solo = hub(tmp_path, 'current.huggingface_hub.snapshot_download(revision="x")')
    assert solo.perform("start") == FAILED
    assert failed(solo) == '`snapshot_download` needs a `repo_id`, such as `repo_id="org/name"`'


def test_a_download_that_fails_leaves_nothing_and_fails_the_step(tmp_path: Path, library: Library) -> None:
    (tmp_path / "library" / "huggingface_hub.py").write_text("def snapshot_download(**more): raise ConnectionError('no network')")
    solo = hub(tmp_path, DOWNLOAD, load='load="base"')
    assert solo.perform("start") == FAILED
    assert failed(solo) == "no network"
    (tmp_path / "library" / "huggingface_hub.py").write_text(LIBRARY)
    sys.modules.pop("huggingface_hub")
    assert [solo.perform(step) for step in ("start", "end")] == [DONE, DONE]
    assert solo.artifacts("end")["seen"] == WHOLE
