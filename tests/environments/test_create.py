"""Environments that are made from lock files: once, whole, and with a message where one cannot be made."""

from __future__ import annotations

import asyncio
import os
import stat
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from environments.wheels import channel
from flowport.runtime.environments import create, tools
from flowport.runtime.environments.create import COMPLETE, environment, environment_folder
from flowport.runtime.environments.errors import EnvironmentProblem, NoPython
from flowport.runtime.environments.lock_file import LockFile, Request
from flowport.workspace.environments.lock import LockChoice, lock
from prepared import another_python


def locked(folder: Path, packages: dict[str, str], python: str = "", conda: bool = False) -> LockFile:
    """A lock file of these packages."""
    return lock(str(folder), Request(conda, packages, python), LockChoice()).lock


def says(python: str, code: str) -> str:
    """What a Python prints."""
    done = subprocess.run([python, "-c", code], cwd="/", capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def test_an_environment_has_the_locked_packages_and_flowport(tmp_path: Path, cache: Path) -> None:
    said: list[str] = []
    python = environment(locked(tmp_path, {"fptool": "1.0"}), said.append)
    assert says(python, "import fptool, flowport.runtime.__main__; print(fptool.version)") == "1.0"
    assert python.startswith(str(cache / "environments" / "fptool-"))
    assert len(said) == 1
    assert said[0].startswith("making the environment `fptool-")


def test_another_python_has_what_tasks_need(tmp_path: Path, cache: Path) -> None:
    version = another_python()
    python = environment(locked(tmp_path, {"fptool": ""}, version))
    found = says(python, "import sys, fptool, obstore, flowport.runtime.__main__; print(*sys.version_info[:2], sep='.')")
    assert found == version


def test_it_is_made_once(tmp_path: Path, cache: Path) -> None:
    lock = locked(tmp_path, {"fptool": ""})
    said: list[str] = []
    with ThreadPoolExecutor(4) as pool:
        found = {*pool.map(lambda _: environment(lock, said.append), range(4))}
    assert len(found) == len(said) == 1
    environment(lock, said.append)
    assert len(said) == 1


def test_what_a_killed_maker_left_is_made_anew(tmp_path: Path, cache: Path) -> None:
    lock = locked(tmp_path, {"fptool": ""})
    python = environment(lock)
    folder = Path(environment_folder(lock))
    (folder / COMPLETE).unlink()
    next(folder.glob("lib/python*/site-packages/fptool.py")).unlink()
    assert environment(lock) == python
    assert says(python, "import fptool; print(fptool.version)") == "2.0"


def test_one_that_cannot_be_made_leaves_nothing_that_looks_complete(tmp_path: Path, cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    lock = locked(tmp_path, {"fptool": ""})
    monkeypatch.setenv("UV_FIND_LINKS", "")
    for _ in range(2):
        with pytest.raises(EnvironmentProblem, match=f"the environment `{lock.name}` cannot be made:"):
            environment(lock)


def test_other_bytes_than_those_that_were_locked_are_refused(tmp_path: Path, cache: Path) -> None:
    lock = locked(tmp_path, {"fptool": ""})
    start = lock.lines.index("--hash", lock.lines.index("fptool")) + len("--hash=sha256:")
    changed = lock._replace(lines=lock.lines[:start] + "0" * 64 + lock.lines[start + 64 :])
    with pytest.raises(EnvironmentProblem, match=r"(?i)hash"):
        environment(changed)


@pytest.mark.parametrize("version", ["3.29"])
def test_a_python_that_is_not_there(tmp_path: Path, cache: Path, version: str) -> None:
    lock = locked(tmp_path, {"fptool": ""}, version)
    with pytest.raises(NoPython, match=f"there is no Python {version} for the environment `fptool-.*`, and uv cannot fetch one"):
        environment(lock)


def test_without_uv_this_python_makes_it(tmp_path: Path, cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    lock = locked(tmp_path, {"fptool": "1.0"})
    monkeypatch.setattr(tools, "uv", lambda: None)
    monkeypatch.setenv("PIP_FIND_LINKS", f"{os.environ.get('PIP_FIND_LINKS', '')} {os.environ['UV_FIND_LINKS']}")
    assert says(environment(lock), "import fptool; print(fptool.version)") == "1.0"


def test_without_uv_another_python_needs_it(tmp_path: Path, cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    lock = locked(tmp_path, {"fptool": "1.0"}, another_python())
    monkeypatch.setattr(tools, "uv", lambda: None)
    with pytest.raises(NoPython, match=r"needs Python .*, and this is .*: install uv \(`pip install uv`\), which finds other Pythons"):
        environment(lock)


def test_a_lock_file_for_other_platforms(tmp_path: Path, cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    lock = locked(tmp_path, {"fptool": ""})._replace(platforms=("linux/riscv",))
    monkeypatch.setattr(create, "here", lambda: "linux/amd64")
    with pytest.raises(NoPython, match="is for linux/riscv, and this machine is linux/amd64: run `flowport lock --platform linux/amd64`"):
        environment(lock)


def test_machines_of_two_platforms_that_share_a_cache_have_two_environments(
    tmp_path: Path, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lock = locked(tmp_path, {"fptool": ""})
    folders = []
    for platform in ("linux/amd64", "linux/arm64"):
        monkeypatch.setattr(create, "here", lambda platform=platform: platform)
        folders.append(create.environment_folder(lock))
    assert folders[0] != folders[1]


def test_a_cache_that_cannot_be_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    lock = locked(tmp_path, {"fptool": ""})
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("FLOWPORT_CACHE", str(tmp_path / "file" / "cache"))
    with pytest.raises(EnvironmentProblem, match=r"cannot be made in .*: Not a directory"):
        environment(lock)


def test_conda_packages_are_installed_from_their_channel(tmp_path: Path, cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CONDA_CHANNELS", channel(tmp_path / "ours").as_uri())
    one = locked(tmp_path, {"tool": "1.0"}, tools.this_python(), conda=True)
    two = locked(tmp_path, {"ours::tool": ">1"}, tools.this_python(), conda=True)
    assert "conda linux/amd64 ours::tool=1.0=0 sha256=" in one.text
    assert "://" not in one.text
    assert says(environment(one), "import tool, obstore, flowport.runtime.__main__; print(tool.version)") == "1.0"
    assert says(environment(two), "import tool; print(tool.version)") == "2.0"


def test_conda_packages_are_locked_in_a_notebook(tmp_path: Path, cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CONDA_CHANNELS", channel(tmp_path / "ours").as_uri())

    async def cell() -> str:  # a notebook has a loop that runs
        return locked(tmp_path, {"tool": "1.0"}, tools.this_python(), conda=True).text

    with ThreadPoolExecutor(1) as thread:
        assert "conda linux/amd64 ours::tool=1.0=0 sha256=" in thread.submit(lambda: asyncio.run(cell())).result()


def test_conda_says_what_does_not_fit_and_what_is_gone(tmp_path: Path, cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CONDA_CHANNELS", channel(tmp_path / "ours").as_uri())
    with pytest.raises(EnvironmentProblem, match=r"no versions of these packages fit together for linux/amd64 .*\n(.*\n)*.*tool"):
        locked(tmp_path, {"tool": "9"}, tools.this_python(), conda=True)
    lock = locked(tmp_path, {"tool": "1.0"}, tools.this_python(), conda=True)
    gone = lock._replace(lines=lock.lines.replace("tool=1.0", "tool=1.5"))
    with pytest.raises(EnvironmentProblem, match=r"the channel `ours` no longer has `ours::tool=1\.5=0`: lock again with `flowport lock`"):
        environment(gone)
    changed = lock._replace(lines=lock.lines.replace("sha256=", "sha256=0"))
    with pytest.raises(EnvironmentProblem, match=r"`ours::\w+=.*=0` has other bytes than when it was locked"):
        environment(changed)


def test_conda_without_its_library_says_both_ways_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "rattler", None)
    with pytest.raises(EnvironmentProblem) as caught:
        locked(tmp_path, {"tool": "1.0"}, conda=True)
    assert str(caught.value) == (
        "environments of conda need the library rattler: pip install 'flowport[conda]'; "
        'or write `conda = "pypi"` in flowport.toml, which takes the packages of the same names from PyPI'
    )


def test_conda_packages_from_pypi(tmp_path: Path, cache: Path) -> None:
    choice = LockChoice(conda_from_pypi=True)
    made = lock(str(tmp_path), Request(True, {"fptool": "=1"}), choice).lock
    assert "\nfptool==1.0 " in made.text
    assert says(environment(made), "import fptool; print(fptool.version)") == "1.0"
    with pytest.raises(EnvironmentProblem, match=r"`ffmpeg` is a package of conda alone"):
        lock(str(tmp_path), Request(True, {"ffmpeg": ""}), choice)


def test_programs_of_an_environment_can_be_run(tmp_path: Path, cache: Path) -> None:
    python = Path(environment(locked(tmp_path, {"fptool": ""})))
    assert python.stat().st_mode & stat.S_IXUSR
    assert python.parent.name == "bin"
