"""The code package inside a task: fetched, verified, unpacked once, and found again."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from flowport.compiler.compile import load
from flowport.compiler.package.archive import Package, package
from flowport.runtime.package.code_package import CodePackage
from flowport.runtime.protocol import VersionError
from flowport.runtime.store.errors import Corrupt, Missing
from flowport.runtime.store.keys import code_key
from flowport.runtime.store.open import open_store

if TYPE_CHECKING:
    from collections.abc import Callable

    from flowport.runtime.store.interface import Store

FLOW = """
from flowport import FlowSpec, step


class Tiny(FlowSpec):
    @step
    def start(self):
        self.next(self.end)

    @step
    def end(self):
        pass
"""


@pytest.fixture
def code(tmp_path: Path) -> Package:
    source = tmp_path / "tiny.py"
    source.write_text(FLOW)
    plan = load(str(source)).plan
    assert plan is not None
    return package(plan)


@pytest.fixture
def store(tmp_path: Path, code: Package) -> Store:
    store = open_store(str(tmp_path / "store"))
    store.create(code_key(code.digest), code.data)
    return store


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "cache"
    monkeypatch.setenv("FLOWPORT_CACHE", str(folder))
    return folder


def test_a_package_is_fetched_once(store: Store, code: Package, tmp_path: Path) -> None:
    assert CodePackage.cached(code.digest) is None
    assert CodePackage.fetched(store, code.digest).plan["flow"] == "Tiny"
    os.remove(tmp_path / "store" / code_key(code.digest))
    assert CodePackage.fetched(store, code.digest).flow_class().__name__ == "Tiny"


def test_a_package_that_does_not_match_its_digest_is_refused(store: Store, code: Package) -> None:
    store.replace(code_key(code.digest), code.data + b"more")
    with pytest.raises(Corrupt, match="does not match its digest"):
        CodePackage.fetched(store, code.digest)


def test_a_package_that_is_not_in_the_store_is_named(store: Store) -> None:
    with pytest.raises(Missing, match="code/0000"):
        CodePackage.fetched(store, "0" * 64)


def test_a_cache_that_cannot_be_written_is_replaced_by_a_folder_of_ones_own(store: Store, code: Package, cache: Path) -> None:
    cache.write_text("a file stands where the cache should be")
    folder = CodePackage.fetched(store, code.digest).folder
    assert not folder.startswith(str(cache))
    found = CodePackage.cached(code.digest)
    assert found is not None
    assert found.folder == folder


def test_a_cache_that_others_can_write_is_not_used(store: Store, code: Package, cache: Path) -> None:
    folder = Path(CodePackage.fetched(store, code.digest).folder)
    assert (cache / "code").stat().st_mode & 0o777 == 0o700
    (folder / "added.py").write_text("")
    (cache / "code").chmod(0o777)
    assert CodePackage.cached(code.digest) is None
    assert not Path(CodePackage.fetched(store, code.digest).folder, "added.py").exists()


def added(folder: Path) -> None:
    (folder / "json.py").write_text("raise SystemExit")


def changed(folder: Path) -> None:
    before = (folder / "tiny.py").stat()
    (folder / "tiny.py").write_text(FLOW.replace("pass", "bad_"))
    os.utime(folder / "tiny.py", ns=(before.st_atime_ns, before.st_mtime_ns))


def removed(folder: Path) -> None:
    (folder / ".flowport/plan/start.json").unlink()


def relisted(folder: Path) -> None:
    (folder / ".flowport/unpacked.json").write_text('{"tiny.py": 1}')


@pytest.mark.parametrize("damage", [added, changed, removed, relisted])
def test_a_package_that_was_changed_in_the_cache_is_unpacked_anew(store: Store, code: Package, damage: Callable[[Path], None]) -> None:
    folder = Path(CodePackage.fetched(store, code.digest).folder)
    content = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file() and path.name != "unpacked.json"}
    damage(folder)
    assert CodePackage.cached(code.digest) is None
    assert CodePackage.fetched(store, code.digest).folder == str(folder)
    assert {path: path.read_bytes() for path in folder.rglob("*") if path.is_file() and path.name != "unpacked.json"} == content
    assert CodePackage.cached(code.digest) is not None
    assert os.listdir(folder.parent) == [code.digest]


def test_a_package_is_used_as_it_is_when_it_was_copied_or_came_with_the_image(store: Store, code: Package, cache: Path) -> None:
    folder = Path(CodePackage.fetched(store, code.digest).folder)
    (folder / "__pycache__").mkdir()
    (folder / "__pycache__/tiny.cpython-311.pyc").write_bytes(b"")
    os.utime(folder / "tiny.py")
    assert CodePackage.cached(code.digest) is not None
    (folder / ".flowport/unpacked.json").unlink()
    assert CodePackage.cached(code.digest) is not None


@pytest.mark.parametrize("name", ["", "../" + "0" * 61, "0" * 63, "A" * 64, "/" + "0" * 63])
def test_a_name_that_is_no_digest_leads_nowhere(store: Store, name: str) -> None:
    with pytest.raises(VersionError, match="64 hexadecimal digits"):
        CodePackage.fetched(store, name)


def test_a_step_that_the_package_does_not_have_is_a_mismatch(store: Store, code: Package) -> None:
    with pytest.raises(VersionError, match="no step `middle`"):
        CodePackage.fetched(store, code.digest).step("middle")
