"""Tiny packages for tests: wheels in a folder that uv takes for an index, and packages of conda in a channel."""

from __future__ import annotations

import asyncio
import hashlib
import io
import json
import os
import sys
import tarfile
import zipfile
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path


def wheel(folder: Path, name: str, version: str, requires: Sequence[str] = (), tag: str = "py3-none-any") -> Path:
    """A wheel with a module of the same name, whose `version` says what was installed (PyPA, "Binary distribution format")."""
    folder.mkdir(parents=True, exist_ok=True)
    about = f"{name}-{version}.dist-info"
    metadata = "".join(f"{line}\n" for line in ("Metadata-Version: 2.1", f"Name: {name}", f"Version: {version}", *requires))
    files = {
        f"{name}.py": f"version = {version!r}\n",
        f"{about}/METADATA": metadata,
        f"{about}/WHEEL": f"Wheel-Version: 1.0\nGenerator: tests\nRoot-Is-Purelib: true\nTag: {tag}\n",
    }
    files[f"{about}/RECORD"] = "".join(f"{path},,\n" for path in (*files, f"{about}/RECORD"))
    path = folder / f"{name}-{version}-{tag}.whl"
    with zipfile.ZipFile(path, "w") as archive:
        for place, text in files.items():
            archive.writestr(zipfile.ZipInfo(place), text)
    return path


def source(folder: Path, name: str, version: str) -> Path:
    """The same package as a source distribution, which needs nothing to be built."""
    folder.mkdir(parents=True, exist_ok=True)
    backend = f"""
import sys
sys.path.insert(0, ".")
def get_requires_for_build_wheel(config_settings=None):
    return []
def build_wheel(wheel_directory, config_settings=None, metadata_directory=None):
    raise RuntimeError("there is no compiler here")
def prepare_metadata_for_build_wheel(metadata_directory, config_settings=None):
    import os
    os.makedirs(os.path.join(metadata_directory, "{name}-{version}.dist-info"))
    with open(os.path.join(metadata_directory, "{name}-{version}.dist-info", "METADATA"), "w") as file:
        file.write("Metadata-Version: 2.1\\nName: {name}\\nVersion: {version}\\n")
    return "{name}-{version}.dist-info"
"""
    project = '[build-system]\nrequires = []\nbuild-backend = "backend"\nbackend-path = ["."]\n'
    files = {
        "pyproject.toml": project,
        "backend.py": backend,
        "PKG-INFO": f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n",
    }
    path = folder / f"{name}-{version}.tar.gz"
    with tarfile.open(path, "w:gz") as archive:
        for place, text in files.items():
            _add(archive, f"{name}-{version}/{place}", text.encode())
    return path


def conda_package(channel: Path, name: str, version: str, files: Mapping[str, str], links: Mapping[str, str] = {}) -> None:
    """A package of conda for Linux on x86-64 that needs Python, unless it is Python ("Package metadata" of conda)."""
    folder = channel / "linux-64"
    folder.mkdir(parents=True, exist_ok=True)
    depends = [] if name == "python" else ["python"]
    index = {"name": name, "version": version, "build": "0", "build_number": 0, "depends": depends, "subdir": "linux-64"}
    paths = [
        *({"_path": path, "path_type": "hardlink", **_about(text.encode())} for path, text in files.items()),
        *({"_path": path, "path_type": "softlink", **_about(b"")} for path in links),
    ]
    with tarfile.open(folder / f"{name}-{version}-0.tar.bz2", "w:bz2") as archive:
        _add(archive, "info/index.json", json.dumps(index).encode())
        _add(archive, "info/paths.json", json.dumps({"paths": paths, "paths_version": 1}).encode())
        for path, text in files.items():
            _add(archive, path, text.encode())
        for path, target in links.items():
            link = tarfile.TarInfo(path)
            link.type, link.linkname = tarfile.SYMTYPE, target
            archive.addfile(link)


def channel(folder: Path) -> Path:
    """A channel with this Python and two versions of a package `tool`."""
    from rattler.index import index_fs

    python = f"{sys.version_info[0]}.{sys.version_info[1]}"
    base = os.path.realpath(sys.executable)
    packages = f"lib/python{python}/site-packages"
    home = {"pyvenv.cfg": f"home = {os.path.dirname(base)}\n", f"{packages}/README.txt": "packages\n"}
    conda_package(folder, "python", f"{python}.1", home, {"bin/python": base})
    for version in ("1.0", "2.0"):
        conda_package(folder, "tool", version, {f"{packages}/tool.py": f"version = {version!r}\n"})
    with ThreadPoolExecutor(1) as thread:  # Playwright leaves a loop in the thread of the tests
        thread.submit(lambda: asyncio.run(index_fs(folder))).result()
    return folder


def _about(data: bytes) -> dict[str, str | int]:
    return {"sha256": hashlib.sha256(data).hexdigest(), "size_in_bytes": len(data)}


def _add(archive: tarfile.TarFile, path: str, data: bytes) -> None:
    about = tarfile.TarInfo(path)
    about.size = len(data)
    archive.addfile(about, io.BytesIO(data))
