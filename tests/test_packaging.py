"""What is installed: everything under the one name `flowport`, the same by way of the sdist, typed, and light to import."""

from __future__ import annotations

import re
import subprocess
import sys
import tarfile
import venv
import zipfile
from importlib.metadata import PackageNotFoundError
from pathlib import Path

import pytest

from flowport.runtime.environments import needs

ROOT = Path(__file__).resolve().parent.parent
PACKAGES = {"compiler": "flowport/compiler", "targets": "flowport/targets", "runtime": "flowport/runtime", "flowport": "flowport"}


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, built from the sdist as pip does it for a package without wheels."""
    folder = tmp_path_factory.mktemp("dist")
    build(ROOT, "--sdist", folder)
    (sdist,) = folder.glob("*.tar.gz")
    with tarfile.open(sdist) as archive:
        archive.extractall(folder, filter="data")
    build(folder / sdist.name.removesuffix(".tar.gz"), "--wheel", folder)
    (found,) = folder.glob("*.whl")
    return found


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The Python of a scratch environment that holds the wheel and sees the dependencies of this one."""
    folder = tmp_path_factory.mktemp("scratch")
    venv.create(folder, with_pip=False, symlinks=True)
    (site,) = folder.glob("lib/python*/site-packages")
    subprocess.run(
        [sys.executable, "-m", "pip", "install", "-q", "--no-deps", "--disable-pip-version-check", "--target", str(site), str(wheel)],
        check=True,
    )
    import obstore

    (site / "dependencies.pth").write_text(str(Path(obstore.__file__).parent.parent))
    return folder / "bin" / "python"


def build(source: Path, kind: str, target: Path) -> None:
    subprocess.run([sys.executable, "-m", "build", "-n", kind, "--outdir", str(target), str(source)], check=True, capture_output=True)


def run(*command: str | Path) -> str:
    """The output of a command that runs in a folder without flowport's sources."""
    return subprocess.run([str(word) for word in command], check=True, capture_output=True, text=True, cwd=Path(command[0]).parent).stdout


def tracked() -> set[str]:
    """The files that a wheel must hold: every source of the four folders, under its installed name."""
    found = set()
    for folder, name in PACKAGES.items():
        for path in (ROOT / folder).rglob("*"):
            if path.is_file() and "__pycache__" not in path.parts:
                found.add(f"{name}/{path.relative_to(ROOT / folder).as_posix()}")
    return found


def test_the_wheel_holds_every_source_under_one_name(wheel: Path) -> None:
    names = {name for name in zipfile.ZipFile(wheel).namelist() if ".dist-info/" not in name}
    assert names == tracked()
    assert {name.split("/")[0] for name in names} == {"flowport"}
    assert "flowport/py.typed" in names


def test_the_installed_package_says_which_command_it_has(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        (name,) = (name for name in archive.namelist() if name.endswith("entry_points.txt"))
        text = archive.read(name).decode()
    assert "flowport = flowport.cli:main" in text


def test_the_installed_package_imports_and_its_command_answers(installed: Path) -> None:
    assert run(installed, "-c", "import flowport; print(flowport.__file__)").strip().endswith("site-packages/flowport/__init__.py")
    assert "compile" in run(installed, "-m", "flowport", "--help")


def test_importing_flowport_imports_nothing_else_of_it(installed: Path) -> None:
    code = "import sys, flowport; print([name for name in sys.modules if name.startswith('flowport.')])"
    assert run(installed, "-c", code).strip() == "[]"


def test_every_name_of_the_face_can_be_fetched(installed: Path) -> None:
    code = "import flowport; print(all(getattr(flowport, name) is not None for name in flowport.__all__))"
    assert run(installed, "-c", code).strip() == "True"


def test_the_editable_install_links_every_package() -> None:
    for name in ("compiler", "targets", "runtime"):
        assert (ROOT / "dev" / "flowport" / name).resolve() == ROOT / name
    for path in (ROOT / "flowport").iterdir():
        if path.name != "__pycache__":
            assert (ROOT / "dev" / "flowport" / path.name).resolve() == path


def test_images_get_the_versions_of_the_constraints() -> None:
    """After `make constraints`, copy the lines to `runtime/environments/needs.py`."""
    names = {line.partition("==")[0] for line in needs.EXACT}
    lines = (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
    assert [*needs.EXACT] == [line for line in lines if line.partition("==")[0] in names]
    assert names == {each.partition(">=")[0] for each in (*needs.TASK, *needs.RATTLER, *needs.THEIRS)}


@pytest.mark.parametrize(
    ("there", "expected"),
    [
        ({}, ["obstore", "obstore", "packaging", "typing-extensions"]),
        ({"obstore": "0.6.0", "packaging": "22.0", "typing-extensions": "4.0"}, []),
        ({"obstore": "0.10.0rc1", "packaging": "100", "typing-extensions": "5"}, []),
        ({"obstore": "0.5.9", "packaging": "21.3", "typing-extensions": "4"}, ["obstore", "obstore", "packaging"]),
        ({"obstore": None, "packaging": "unknown", "typing-extensions": "4"}, ["obstore", "obstore", "packaging"]),
    ],
)
def test_an_image_gets_what_its_base_image_lacks(
    monkeypatch: pytest.MonkeyPatch, there: dict[str, str | None], expected: list[str]
) -> None:
    def version(name: str) -> str | None:
        if name not in there:
            raise PackageNotFoundError(name)
        return there[name]

    monkeypatch.setattr(needs, "version", version)
    assert [line.partition("==")[0] for line in needs.missing((*needs.TASK, *needs.THEIRS))] == expected


def test_everything_that_is_asked_for_has_one_exact_version() -> None:
    """For each Python there is one line; a line has no address."""
    lines = (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
    assert [line for line in lines if not re.fullmatch(r"[a-z0-9.-]+==[\w.!+]+( ; .+)?", line)] == []
    pinned = {line.partition("==")[0] for line in lines}
    project = (ROOT / "pyproject.toml").read_text(encoding="utf-8").partition("[project.scripts]")[0]
    asked = set(re.findall(r"\"([a-z][a-z0-9-]*)(?:\[[a-z0-9,-]+\])?[><=]=", project))
    assert {"obstore", "moto", "hatchling", "ruff"} <= asked
    assert asked <= pinned
