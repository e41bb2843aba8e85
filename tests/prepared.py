"""Environments that are on this machine already, with a small package `fruit` in them: nothing is fetched, and making one takes a moment.

They are virtual environments without pip. What a task of flowport itself needs is linked into them.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping
from glob import glob
from importlib.util import find_spec
from pathlib import Path

from flowport.compiler.environments.locks import request
from flowport.compiler.ir import Requirements
from flowport.runtime.environments import tools
from flowport.runtime.environments.create import COMPLETE
from flowport.runtime.environments.lock_file import FOLDER, LockFile

NO_INDEX = {"PIP_NO_INDEX": "1", "UV_NO_INDEX": "1", "UV_OFFLINE": "1"}
"""Variables with which nothing is fetched where an environment is not there, against what a test expects."""

FOLDERS = """
import sys
from flowport.runtime.environments import create, lock_file
print(create.environment_folder(lock_file.read(sys.stdin.buffer.read())), create._flowport())
"""

NEEDED = ("packaging", "obstore")
"""What tasks import beside the standard library, on any Python."""

HERE = f"{sys.version_info[0]}.{sys.version_info[1]}"


def another_python() -> str:
    """Another version of Python than this one that is on this machine; this one if it is the only one."""
    versions = [version for version in ("3.13", "3.12", "3.11", "3.10") if version != HERE]
    return next((version for version in versions if os.path.isabs(tools.python(version))), HERE)


def prepare(folder: Path, cache: Path, packages: Mapping[str, str], python: str = "", files: Mapping[str, str] | None = None) -> Path:
    """Lock what a step of a flow in `folder` asks for, and make its environment in a code cache; the environment's folder.

    `packages` are those of `@pypi` with their exact versions. Modules say their `VERSION`; `files` are further modules. A step asks for
    `python` if it is given.
    """
    asked = request(Requirements(False, tuple(packages.items()), python))
    lock = LockFile(asked.name, python or HERE, ("linux/amd64",), asked, "".join(f"{n}=={v}\n" for n, v in packages.items()))
    locks = folder / FOLDER
    locks.mkdir(exist_ok=True)
    (locks / f"{lock.name}.txt").write_text(lock.text)
    made, flowport = _folders(lock, cache)
    subprocess.run([tools.python(lock.python), "-m", "venv", "--without-pip", str(made)], check=True)
    site = made / "lib" / f"python{lock.python}" / "site-packages"
    for name, version in packages.items():
        (site / f"{name}.py").write_text(f"VERSION = {version!r}\n")
        (site / f"{name}-{version}.dist-info").mkdir()
        (site / f"{name}-{version}.dist-info" / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n")
    for name, text in (files or {}).items():
        (site / name).write_text(text)
    for path in [flowport, *(found for name in NEEDED for found in _installed(name))]:
        (site / path.name).symlink_to(path)
    (made / COMPLETE).touch()
    return made


def _folders(lock: LockFile, cache: Path) -> tuple[Path, Path]:
    """Where the command `flowport` looks for an environment, and the package that it runs, which need not be the one of this process."""
    variables = {**os.environ, "FLOWPORT_CACHE": str(cache)}
    command = [sys.executable, "-c", FOLDERS]
    done = subprocess.run(command, input=lock.text, cwd=os.sep, env=variables, stdout=subprocess.PIPE, text=True, check=True)
    made, flowport = map(Path, done.stdout.split())
    return made, flowport


def _package(name: str) -> Path:
    """The folder of an importable package."""
    spec = find_spec(name)
    assert spec is not None
    assert spec.submodule_search_locations is not None
    return Path(spec.submodule_search_locations[0])


def _installed(name: str) -> list[Path]:
    """A package and its metadata."""
    package = _package(name)
    return [package, *map(Path, glob(f"{package}-*.dist-info"))]
