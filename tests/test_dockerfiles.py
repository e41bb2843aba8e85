"""The Dockerfiles of the documentation and of `flowport image`: hadolint has nothing to say, and their `RUN` lines give an environment
in which the command of an image runs a step.

There is no Docker here: the lines run in a folder that stands for the root of the image, with a new virtual environment first on PATH.
"""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from desk import Desk
from environments.wheels import channel
from flowport.compiler.environments.dockerfile import PREFIX, dockerfile
from flowport.compiler.ir import Lock
from flowport.runtime.environments import needs
from flowport.workspace.images.wheel import wheel
from solo import Solo

ROOT = Path(__file__).resolve().parent.parent
HERE = f"{sys.version_info[0]}.{sys.version_info[1]}"
WRITTEN = {
    f"{page.name}-{number}": text
    for page in sorted((ROOT / "docs").glob("*.md"))
    for number, text in enumerate(re.findall(r"^```dockerfile\n(.*?)^```", page.read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE))
}
GENERATED = {
    name: dockerfile("python:3.11-slim", lock, wheel().name)
    for name, lock in {
        "without": None,
        "hashes": Lock("pandas-1", "3.11", "", b"pandas==2.1 --hash=sha256:0\n"),
        "addresses": Lock("pandas-1", "3.11", "", b"pandas @ git+https://example.com/pandas\n"),
        "conda": Lock("pandas-1", "3.11", "", b"\nconda linux/amd64 conda-forge::pandas=2.1=py311_0 sha256=0\n"),
    }.items()
}
SOURCE = """
from importlib.metadata import version

from flowport import pypi, step


class Packed(FlowSpec):
    @pypi(packages={"click": "8.1.7"})
    @step
    def start(self):
        import sys

        self.click, self.prefix, self.flowport = version("click"), sys.prefix, __import__("flowport").__file__
        self.next(self.end)

    @step
    def end(self):
        pass
"""
OF_CONDA = """
from flowport import conda, step


class Packed(FlowSpec):
    @conda(packages={{"tool": "1.0"}}, python="{python}")
    @step
    def start(self):
        import sys

        import tool

        self.tool, self.prefix = tool.version, sys.prefix
        self.next(self.end)

    @step
    def end(self):
        pass
"""
SETTINGS = 'environments = "image"\nrepository = "registry.example.com/flows"\n'


class Root:
    """A folder that stands for the root of an image, in which the instructions of a Dockerfile are carried out."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.work = folder, folder
        self.set: dict[str, str] = {}
        self.python = folder / "venv/bin/python"
        subprocess.run(
            [str(Path(sys.executable).with_name("uv")), "venv", "-q", "--seed", "--python", sys.executable, folder / "venv"], check=True
        )

    def build(self, text: str, context: Path) -> None:
        """Carry out all instructions; raises CalledProcessError for a command that fails."""
        placed = text.replace(PREFIX, f"{self.folder}{PREFIX}")
        for instruction, _, rest in (line.partition(" ") for line in _instructions(placed)):
            match instruction:
                case "WORKDIR":
                    self.work = self.folder / rest.lstrip("/")
                    self.work.mkdir(parents=True, exist_ok=True)
                case "COPY" if rest.startswith("--from="):
                    assert os.path.isdir(rest.split()[1])  # all stages have one root here
                case "COPY":
                    *files, place = rest.split()
                    assert place == "./"
                    for file in files:
                        shutil.copy(context / file, self.work)
                case "RUN":
                    self.run(["sh", "-e", "-c", re.sub(r"--mount=\S+ ", "", rest)])
                case "ENV":
                    self.set |= dict(pair.split("=", 1) for pair in shlex.split(rest))
                case _:
                    assert instruction in ("FROM", "USER", "ENTRYPOINT"), instruction

    def run(self, command: list[str]) -> subprocess.CompletedProcess[str]:
        """Run a command as in a container of the image; the folders that it may write are below this one."""
        own = {name: value if value.startswith(str(self.folder)) else f"{self.folder}{value}" for name, value in self.set.items()}
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("FLOWPORT_", "PYTHON", "VIRTUAL_ENV"))}
        path = f"{self.python.parent}{os.pathsep}/usr/bin{os.pathsep}/bin"
        own["PATH"] = own.get("PATH", "$PATH").replace("$PATH", path)
        done = subprocess.run(command, cwd=self.work, env={**kept, **own}, capture_output=True, text=True)
        print(done.stderr)  # a test that fails shows it
        done.check_returncode()
        return done


def _instructions(text: str) -> list[str]:
    """The instructions, each on one line."""
    joined = re.sub(r" \\\n\s*", " ", text)
    return [line for line in joined.splitlines() if line and not line.startswith("#")]


@pytest.fixture(scope="module")
def solo(tmp_path_factory: pytest.TempPathFactory) -> Solo:
    """A flow and a store, as an engine has them."""
    return Solo(tmp_path_factory.mktemp("solo"), SOURCE)


@pytest.fixture(scope="module")
def images(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """The folders that `flowport lock` and `flowport image` make for the flow, by whether they have packages."""
    desk = Desk(tmp_path_factory.mktemp("images"))
    desk.write("flow.py", "from flowport import FlowSpec\n" + SOURCE)
    desk.write("flowport.toml", SETTINGS)
    for words in (("lock", "flow.py"), ("image", "flow.py")):
        done = desk(*words)
        assert done.status == 0, done.err
    found = (desk.folder / "build/images").iterdir()
    return {"flowport" if folder.name.startswith("flowport-") else "packages": folder for folder in found}


def start(root: Root, solo: Solo, run: str) -> dict[str, object]:
    """The artifacts of the first step, which the command of a container runs."""
    root.run(["python", "-m", "flowport.runtime", *solo.invocation("start", run=run).argv()])
    return solo.artifacts("start", run=run)


@pytest.mark.parametrize("text", [*WRITTEN.values(), *GENERATED.values()], ids=[*WRITTEN, *GENERATED])
def test_hadolint_finds_nothing(text: str) -> None:
    done = subprocess.run([str(Path(sys.executable).with_name("hadolint")), "-"], input=text, capture_output=True, text=True)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_hadolint_would_find_something() -> None:
    done = subprocess.run([str(Path(sys.executable).with_name("hadolint")), "-"], input="FROM python\n", capture_output=True, text=True)
    assert "DL3006" in done.stdout


def test_the_image_of_an_environment_runs_a_step_with_its_packages(tmp_path: Path, images: dict[str, Path], solo: Solo) -> None:
    root = Root(tmp_path)
    root.build((images["packages"] / "Dockerfile").read_text(), images["packages"])
    found = start(root, solo, "locked")
    assert found == {"click": "8.1.7", "prefix": str(tmp_path / "venv"), "flowport": found["flowport"]}
    assert str(found["flowport"]).startswith(str(tmp_path / "venv/lib"))


def test_the_image_without_packages_has_what_flowport_needs(tmp_path: Path, images: dict[str, Path], solo: Solo) -> None:
    root = Root(tmp_path)
    root.build((images["flowport"] / "Dockerfile").read_text(), images["flowport"])
    listed = root.run(["python", "-m", "pip", "list", "--format=freeze"]).stdout.splitlines()
    exact = {line.partition(" ;")[0] for line in needs.EXACT}
    assert {line.partition("=")[0] for line in listed} >= {"flowport", "obstore", "packaging"}
    others = [line.replace("_", "-") for line in listed if not line.startswith(("flowport", "pip", "setuptools", "wheel"))]
    assert [line for line in others if line not in exact] == []
    assert "click" not in {line.partition("=")[0] for line in listed}
    with pytest.raises(subprocess.CalledProcessError) as failed:
        start(root, solo, "without")
    assert failed.value.returncode == 78  # the step asks for click


def test_the_image_of_an_environment_of_conda_runs_a_step_in_it(
    tmp_path: Path, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CONDA_CHANNELS", channel(tmp_path_factory.mktemp("channel") / "ours").as_uri())
    source = OF_CONDA.format(python=HERE)
    desk = Desk(tmp_path_factory.mktemp("conda"))
    desk.write("flow.py", "from flowport import FlowSpec\n" + source)
    desk.write("flowport.toml", SETTINGS)
    for words in (("lock", "flow.py"), ("image", "flow.py")):
        done = desk(*words)
        assert done.status == 0, done.err
    (context,) = [file.parent for file in (desk.folder / "build/images").rglob("conda.txt")]
    root = Root(tmp_path)
    root.build((context / "Dockerfile").read_text(), context)
    found = start(root, Solo(tmp_path_factory.mktemp("solo"), source), "conda")
    assert found == {"tool": "1.0", "prefix": f"{tmp_path}{PREFIX}"}


def test_a_base_image_with_another_python_ends_the_build_and_says_so(tmp_path: Path, images: dict[str, Path]) -> None:
    text = (images["packages"] / "Dockerfile").read_text().replace(f"'{HERE}'", "'3.99'").replace(f"Python {HERE},", "Python 3.99,")
    with pytest.raises(subprocess.CalledProcessError) as failed:
        Root(tmp_path).build(text, images["packages"])
    assert failed.value.stderr == f"the lock file is for Python 3.99, and the base image has Python {HERE}\n"


def test_other_bytes_than_those_of_the_lock_file_end_the_build(tmp_path: Path, images: dict[str, Path]) -> None:
    context = tmp_path / "context"
    shutil.copytree(images["packages"], context)
    changed = re.sub(r"sha256:[0-9a-f]{64}", f"sha256:{'0' * 64}", (context / "requirements.txt").read_text())
    (context / "requirements.txt").write_text(changed)
    with pytest.raises(subprocess.CalledProcessError) as failed:
        Root(tmp_path / "root").build((context / "Dockerfile").read_text(), context)
    assert "THESE PACKAGES DO NOT MATCH THE HASHES FROM THE REQUIREMENTS FILE" in failed.value.stderr


@pytest.mark.parametrize("text", dict.fromkeys(WRITTEN.values()), ids=lambda text: text.split()[1])
def test_a_dockerfile_of_the_documentation_runs_a_step(tmp_path: Path, solo: Solo, text: str) -> None:
    context = tmp_path / "context"
    context.mkdir()
    (context / wheel().name).write_bytes(wheel().data)
    (context / "requirements.txt").write_text("click==8.1.7\n")
    root = Root(tmp_path / "root")
    root.build(text, context)
    assert start(root, solo, "written")["click"] == "8.1.7"


def test_the_wheel_is_the_same_wherever_flowport_is_imported_from() -> None:
    print_digest = "from flowport.workspace.images.wheel import wheel; print(wheel().named.digest)"
    found = {
        subprocess.run([sys.executable, "-c", print_digest], cwd=folder, check=True, capture_output=True, text=True).stdout
        for folder in (ROOT, ROOT / "tests")
    }
    assert found == {f"{wheel().named.digest}\n"}
