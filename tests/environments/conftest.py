"""What the tests of environments share: a folder of wheels that uv takes packages from, and a cache of environments."""

from __future__ import annotations

from pathlib import Path

import pytest

from desk import Desk
from environments.wheels import source, wheel
from flowport.runtime.protocol import PYTHONS


@pytest.fixture(scope="session")
def wheels(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Wheels of `fptool` 1.0 and 2.0, `fpextra`, which `fptool[fast]` needs, and some for x86-64 alone, one of them with its source."""
    folder = tmp_path_factory.mktemp("wheels")
    for version in ("1.0", "2.0"):
        wheel(folder, "fptool", version, ("Provides-Extra: fast", 'Requires-Dist: fpextra ; extra == "fast"'))
    wheel(folder, "fpextra", "3.0")
    wheel(folder, "fponeplatform", "1.0", tag="py3-none-manylinux_2_17_x86_64")
    wheel(folder, "fpsourced", "1.0", tag="py3-none-manylinux_2_17_x86_64")
    source(folder, "fpsourced", "1.0")
    wheel(folder, "fpimpossible", "1.0", ("Requires-Dist: fptool==9.0",))
    return folder


@pytest.fixture(autouse=True)
def found(wheels: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """uv finds the wheels beside what its index has, and tasks look for no environments of other tests, which a session keeps."""
    monkeypatch.setenv("UV_FIND_LINKS", str(wheels))
    monkeypatch.delenv(PYTHONS, raising=False)


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty cache of environments."""
    folder = tmp_path / "cache"
    monkeypatch.setenv("FLOWPORT_CACHE", str(folder))
    return folder


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    """A folder to work in."""
    folder = tmp_path / "desk"
    folder.mkdir()
    return Desk(folder)
