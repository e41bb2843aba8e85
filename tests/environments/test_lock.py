"""`flowport lock`: what is in a lock file, when it changes, and what cannot be locked."""

from __future__ import annotations

import os
import re
import signal
import sys
import threading
import time
from collections.abc import Iterator
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from desk import Desk
from environments.wheels import channel, wheel
from flowport.compiler.compile import load
from flowport.compiler.environments.locks import request
from flowport.compiler.ir import Requirements
from flowport.runtime.environments.lock_file import BadLockFile, read

FLOW = """
from flowport import FlowSpec, conda, conda_base, pypi, pypi_base, step


{base}class Asking(FlowSpec):
    {decorator}
    @step
    def start(self):
        self.next(self.end)

    @step
    def end(self):
        pass
"""


def asking(desk: Desk, decorator: str, base: str = "") -> Path:
    """A flow whose first step has a decorator, and the folder with its lock files."""
    desk.write("flow.py", FLOW.format(decorator=decorator, base=base))
    return desk.folder / "environments"


def packages(folder: Path) -> dict[str, str]:
    """The packages in the lock file of the first step, whose name is the longest."""
    path = max(folder.iterdir(), key=lambda path: len(path.name))
    return dict(re.findall(r"^([\w.-]+)==(\S+)", read(path.read_bytes()).lines, re.MULTILINE))


def test_a_lock_file_has_exact_versions_with_digests_and_what_flowport_needs(desk: Desk) -> None:
    folder = asking(desk, '@pypi(packages={"fptool[fast]": ">=1"}, python="3.12")')
    done = desk("lock", "flow.py")
    assert (done.status, done.err) == (0, "")
    assert re.fullmatch(r"environments/fptool-\w{10}\.txt is written: Python 3\.12, linux/amd64\n", done.out)
    assert packages(folder).items() >= {"fptool": "2.0", "fpextra": "3.0"}.items()
    assert packages(folder).keys() == {"fptool", "fpextra", "obstore", "packaging"} | (packages(folder).keys() & {"typing-extensions"})
    (path,) = folder.iterdir()
    lock = read(path.read_bytes())
    assert (lock.name, lock.python, lock.platforms[0]) == (path.stem, "3.12", "linux/amd64")
    assert lock.request.document() == {"conda": False, "packages": {"fptool[fast]": ">=1"}, "python": "3.12"}
    items = re.findall(r"^\S+==\S+", lock.lines, re.MULTILINE)
    assert len(items) == len(re.findall(r"^\S+==\S+ \\\n    --hash=sha256:\w{64}", lock.lines, re.MULTILINE)) >= 4
    assert "://" not in lock.text


def test_nothing_is_written_again_that_is_there(desk: Desk) -> None:
    folder = asking(desk, '@pypi(packages={"fptool": ""})')
    desk("lock", "flow.py")
    (path,) = folder.iterdir()
    before = path.read_bytes(), path.stat().st_mtime_ns
    assert "is up to date" in desk("lock", "flow.py").out
    assert (path.read_bytes(), path.stat().st_mtime_ns) == before


def test_versions_stay_until_they_are_upgraded(desk: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    own = tmp_path / "own"
    monkeypatch.setenv("UV_FIND_LINKS", str(own))
    wheel(own, "fpgrowing", "1.0")
    folder = asking(desk, '@pypi(packages={"fpgrowing": ""})')
    desk("lock", "flow.py")
    wheel(own, "fpgrowing", "1.1")
    desk("lock", "flow.py")
    assert packages(folder)["fpgrowing"] == "1.0"
    assert "is written" in desk("lock", "flow.py", "--upgrade").out
    assert packages(folder)["fpgrowing"] == "1.1"


def test_files_that_no_step_uses_are_named_and_pruned(desk: Desk) -> None:
    folder = asking(desk, '@pypi(packages={"fptool": "1.0"})')
    desk("lock", "flow.py")
    (old,) = folder.iterdir()
    desk.write("environments/notes.txt", "mine\n")
    asking(desk, '@pypi(packages={"fptool": "2.0"})')
    assert f"environments/{old.name} is used by no flow of this folder; remove it, or add --prune" in desk("lock", "flow.py").out
    assert f"environments/{old.name} is removed" in desk("lock", "flow.py", "--prune").out
    assert not old.exists()
    assert (folder / "notes.txt").exists(), "a file that is no lock file was removed"


def test_lock_files_of_other_flows_of_the_folder_stay(desk: Desk) -> None:
    folder = asking(desk, '@pypi(packages={"fptool": "1.0"})')
    (desk.folder / "flow.py").rename(desk.folder / "other.py")
    desk.write("broken.py", "def :")
    desk("lock", "other.py")
    asking(desk, '@pypi(packages={"fptool": "2.0"})')
    done = desk("lock", "flow.py", "--prune")
    assert (done.status, len(done.out.splitlines())) == (0, 1), done.out
    assert len([*folder.iterdir()]) == 2


@pytest.mark.parametrize(
    ("decorator", "base", "expected"),
    [
        ('@pypi(packages={"fptool": "1.0 ; sys_platform == \'win32\'"})', "", {}),
        ('@pypi(packages={"fptool": "<2"})', '@pypi_base(packages={"fpextra": ""})\n', {"fptool": "1.0", "fpextra": "3.0"}),
        ("", '@conda_base(python="3.11")\n', {}),
    ],
)
def test_markers_bases_and_a_python_alone(desk: Desk, decorator: str, base: str, expected: dict[str, str]) -> None:
    folder = asking(desk, decorator, base)
    assert desk("lock", "flow.py").status == 0
    assert {name: version for name, version in packages(folder).items() if name.startswith("fp")} == expected


@pytest.mark.parametrize(
    ("range", "python"),
    [
        (">=3.8", "3.12"),
        (">=3.9,<3.12", "3.10"),
        (">=3.8,<=3.11.4", "3.10"),
        ("<3.13.2", "3.12"),
        (">3.11,<3.12", "3.11"),
        ("3", "3.12"),
        ("==3.11.7", "3.11"),
    ],
)
def test_a_range_of_pythons_is_locked_for_the_usual_one_or_the_oldest_that_fits(desk: Desk, range: str, python: str) -> None:
    folder = asking(desk, f'@pypi(packages={{"fptool": "1.0"}}, python="{range}")')
    assert desk("lock", "flow.py", "--python", "3.12").status == 0
    (path,) = folder.iterdir()
    assert read(path.read_bytes()).python == python


@pytest.mark.parametrize("decorator", ["", "@pypi(disabled=True)"])
def test_a_flow_without_packages_needs_no_lock_file(desk: Desk, decorator: str) -> None:
    folder = asking(desk, decorator)
    assert desk("lock", "flow.py").out == "Asking asks for no packages: it needs no lock file\n"
    assert not folder.exists()


def test_an_address_is_kept_without_digests(desk: Desk, wheels: Path) -> None:
    address = (wheels / "fptool-1.0-py3-none-any.whl").as_uri()
    folder = asking(desk, f'@pypi(packages={{"fptool": "@ {address}"}})')
    assert desk("lock", "flow.py").status == 0
    (path,) = folder.iterdir()
    lines = read(path.read_bytes()).lines
    assert f"fptool @ {address}" in lines
    assert "--hash" not in lines


def test_a_package_without_a_wheel_for_a_platform_is_named(desk: Desk) -> None:
    folder = asking(desk, '@pypi(packages={"fpsourced": ""})')
    done = desk("lock", "flow.py", "--platform", "linux/arm64")
    assert done.status == 0
    assert done.err == "flowport: `fpsourced` has no wheel for linux/arm64: it is built where it is installed, and may need a compiler\n"
    (path,) = folder.iterdir()
    assert "linux/arm64" in read(path.read_bytes()).platforms


def test_versions_that_differ_by_platform_have_markers(desk: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    own = tmp_path / "own"
    monkeypatch.setenv("UV_FIND_LINKS", str(own))
    wheel(own, "fpsplitting", "2.0", tag="py3-none-manylinux_2_17_x86_64")
    wheel(own, "fpsplitting", "1.0", tag="py3-none-manylinux_2_17_aarch64")
    folder = asking(desk, '@pypi(packages={"fpsplitting": ""})')
    assert desk("lock", "flow.py", "--platform", "linux/arm64", "--platform", "linux/amd64").status == 0
    (path,) = folder.iterdir()
    lines = read(path.read_bytes()).lines
    assert "fpsplitting==2.0 ; (sys_platform == 'linux' and platform_machine == 'x86_64')" in lines
    assert "fpsplitting==1.0 ; (sys_platform == 'linux' and platform_machine == 'aarch64')" in lines


@pytest.mark.parametrize(
    ("decorator", "words", "message"),
    [
        ('@pypi(packages={"fpimpossible": ""})', (), "no versions of these packages fit together for linux/amd64 and Python"),
        (
            '@pypi(packages={"fponeplatform": ""})',
            ("--platform", "linux/arm64"),
            "no versions of these packages fit together for linux/arm64",
        ),
        (
            '@pypi(packages={"fptool": ""}, python="3.9")',
            (),
            "asks for Python 3.9, and flowport runs tasks with 3.10 to 3.29: ask for one of them",
        ),
        (
            '@pypi(packages={"fptool": ""}, python=">=4")',
            (),
            "asks for Python >=4, and flowport runs tasks with 3.10 to 3.29: ask for one of them",
        ),
        ('@pypi(packages={"fptool": ""})', ("--python", "new"), "`new` is not a version of Python: write one such as 3.11"),
        ('@pypi(packages={"fptool": ""})', ("--platform", "vax"), "there is no platform `vax`: write one of linux/amd64, linux/arm64"),
    ],
)
def test_what_cannot_be_locked(desk: Desk, decorator: str, words: tuple[str, ...], message: str) -> None:
    folder = asking(desk, decorator)
    done = desk("lock", "flow.py", *words)
    assert done.status == 1
    assert done.err.startswith("flowport lock: ")
    assert message in done.err
    assert "Traceback" not in done.err
    assert not folder.exists(), "a lock file was written all the same"


@pytest.mark.parametrize("call", ["main(['lock', 'flow.py'])", "flow_main('flow.py', 'Asking', ['lock'])"])
def test_what_conda_cannot_find_ends_the_command_without_the_threads_of_the_library(desk: Desk, tmp_path: Path, call: str) -> None:
    asking(desk, '@conda(packages={"tool": ">5"})')
    code = f"import atexit; from flowport.cli import flow_main, main; atexit.register(print, 'taken apart'); {call}"
    done = desk.run(sys.executable, "-c", code, CONDA_CHANNELS=channel(tmp_path / "ours").as_uri())
    assert done.status == 1
    assert "No candidates were found for tool >5" in done.err
    assert done.out == "", "Python was taken apart, in which these threads abort the process"


@pytest.mark.parametrize("package", ["raise ImportError('none')", "def find_uv_bin():\n    raise FileNotFoundError('no program')"])
def test_without_uv_the_message_says_how_to_get_it(desk: Desk, tmp_path: Path, package: str) -> None:
    asking(desk, '@pypi(packages={"fptool": ""})')
    desk.write("blocked/uv/__init__.py", f"{package}\n")
    bare = tmp_path / "bin"
    bare.mkdir()
    environment = {"PATH": str(bare), "PYTHONPATH": str(desk.folder / "blocked")}
    code = "import sys; sys.executable = '/nowhere/python'; from flowport.cli import main; main()"
    done = desk.run(sys.executable, "-c", code, "lock", "flow.py", **environment)
    assert done.status == 1
    assert "uv finds the versions, and it is not installed: pip install uv" in done.err


@pytest.mark.parametrize(
    ("damage", "why"),
    [
        (lambda text: text.replace("# python: ", "# python: 9"), "its head was changed"),
        (lambda text: "fptool==1.0\n", "it has no head that `flowport lock` writes"),
        (lambda text: "", "it has no head that `flowport lock` writes"),
        (lambda text: text.replace("fptool==", "<<<<<<< HEAD\nfptool=="), "it has two versions, which git could not merge"),
        (lambda text: f"<<<<<<< HEAD\n{text}", "it has two versions, which git could not merge"),
    ],
)
def test_a_damaged_lock_file_is_an_error_that_says_what_to_do(desk: Desk, damage, why: str) -> None:  # type: ignore[no-untyped-def]
    folder = asking(desk, '@pypi(packages={"fptool": ""})')
    desk("lock", "flow.py")
    (path,) = folder.iterdir()
    path.write_text(damage(path.read_text()))
    if why == "its head was changed":
        with pytest.raises(BadLockFile):
            read(path.read_bytes().replace(b"environment: f", b"environment: g"))
        path.write_bytes(path.read_bytes().replace(b"environment: f", b"environment: g"))
    done = desk("check", "flow.py")
    assert done.status == 1
    assert f"error[FP150]: the lock file `environments/{path.name}` cannot be read: {why}" in done.out
    assert "write it again: `flowport lock`" in done.out
    locked = desk("lock", "flow.py")
    assert locked.err == f"flowport: `environments/{path.name}` could not be read: {why}; its versions are chosen anew\n"
    assert locked.out.startswith(f"environments/{path.name} is written: ")
    assert desk("check", "flow.py").status == 0


def test_a_lock_file_with_the_line_ends_of_windows_is_the_same(desk: Desk) -> None:
    folder = asking(desk, '@pypi(packages={"fptool": "1.0"})')
    desk("lock", "flow.py")
    (path,) = folder.iterdir()
    before = path.read_bytes()
    path.write_bytes(before.replace(b"\n", b"\r\n"))
    assert read(path.read_bytes()).digest == read(before).digest
    desk.write("flowport.toml", 'environments = "image"\nrepository = "r"\n[argo]\nstore = "s3://b/f"\n')
    assert desk("image", "flow.py").status == 0
    (copied,) = desk.folder.glob("build/images/fptool-*/requirements.txt")
    assert copied.read_bytes() == before


def test_other_packages_have_another_lock_file_and_a_warning_until_it_is_there(desk: Desk) -> None:
    asking(desk, '@pypi(packages={"fptool": "1.0"})')
    desk("lock", "flow.py")
    assert "FP148" not in desk("check", "flow.py").out
    asking(desk, '@pypi(packages={"fptool": "2.0"})')
    done = desk("check", "flow.py")
    assert "warning[FP148]: no lock file has the versions that `@pypi` stands for" in done.out
    assert "write the lock file: `flowport lock`, with the flow's file" in done.out


def test_the_versions_of_a_lock_file_are_part_of_the_digest_of_a_step(desk: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    own = tmp_path / "own"
    monkeypatch.setenv("UV_FIND_LINKS", str(own))
    wheel(own, "fpgrowing", "1.0")
    asking(desk, '@pypi(packages={"fpgrowing": ""})')
    found = []
    for version in ("1.0", "1.1"):
        wheel(own, "fpgrowing", version)
        desk("lock", "flow.py", "--upgrade")
        plan = load(str(desk.folder / "flow.py")).plan
        assert plan is not None
        found.append([step.digest for step in plan.flow.steps])
    assert found[0][0] != found[1][0], "a resumed run would take over what other versions computed"
    assert found[0][1] == found[1][1], "a step without packages would run again"


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ({"My_Tool": "2.1"}, {"my-tool": "==2.1"}),
        ({"a[y,x]": ">=1, <2"}, {"A[x,y]": "<2,>=1"}),
        ({"a": " 1 "}, {"a": "1"}),
    ],
)
def test_two_spellings_of_a_request_are_one_environment(one: dict[str, str], other: dict[str, str]) -> None:
    names = [request(Requirements(False, tuple(each.items()), "3.11")).name for each in (one, other)]
    assert names[0] == names[1]


def test_names_of_environments_can_be_file_names_and_tags() -> None:
    odd = {"git+https://user@host/Org/Repo.git": "@main", "conda-forge::Some_Pkg": "", "x" * 200: "1"}
    for name, version in odd.items():
        found = request(Requirements("::" in name, ((name, version),), "")).name
        assert re.fullmatch(r"[a-z0-9][a-z0-9-]{0,60}", found), found


class Guarded(SimpleHTTPRequestHandler):
    """An index that wants a password (PEP 503 and basic authentication)."""

    asked: list[str] = []

    def do_GET(self) -> None:
        if self.headers.get("Authorization") != "Basic c29tZWJvZHk6czNjcmV0":  # somebody:s3cret
            self.send_response(401)
            self.end_headers()
            return
        self.asked.append(self.path)
        super().do_GET()

    def log_message(self, format: str, *args: object) -> None:
        pass


@pytest.fixture
def index(tmp_path: Path) -> Iterator[str]:
    """The address of an index with one package, with the password in it."""
    folder = tmp_path / "index" / "simple" / "private-tool"
    path = wheel(folder, "private_tool", "4.0")
    (folder / "index.html").write_text(f'<!DOCTYPE html><html><body><a href="{path.name}">{path.name}</a></body></html>')

    class Here(Guarded):
        def __init__(self, *args: object) -> None:
            super().__init__(*args, directory=str(tmp_path / "index"))  # type: ignore[arg-type]

    server = ThreadingHTTPServer(("127.0.0.1", 0), Here)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://somebody:s3cret@127.0.0.1:{server.server_address[1]}/simple"
    server.shutdown()
    server.server_close()


@pytest.mark.parametrize("by", ["variable of pip", "file of pip", "variable of uv"])
def test_a_private_index_is_used_and_never_written(desk: Desk, index: str, by: str, tmp_path: Path) -> None:
    folder = asking(desk, '@pypi(packages={"private-tool": ""})')
    home = tmp_path / "home"
    (home / ".config" / "pip").mkdir(parents=True)
    (home / ".config" / "pip" / "pip.conf").write_text(f"[global]\nextra-index-url = {index}\n" if by == "file of pip" else "")
    environment = {
        "variable of pip": {"PIP_EXTRA_INDEX_URL": index},
        "file of pip": {"XDG_CONFIG_HOME": str(home / ".config")},
        "variable of uv": {"UV_INDEX": index},
    }[by]
    done = desk("lock", "flow.py", **environment)
    assert done.status == 0, done.err
    assert packages(folder)["private-tool"] == "4.0"
    (path,) = folder.iterdir()
    assert not re.search(r"127\.0\.0\.1|s3cret|somebody", path.read_text() + done.out + done.err)


def test_a_message_has_no_password_of_an_index(desk: Desk, index: str) -> None:
    asking(desk, '@pypi(packages={"private-missing": ""})')
    done = desk("lock", "flow.py", UV_DEFAULT_INDEX=index)
    assert done.status == 1
    assert "s3cret" not in done.out + done.err


def test_the_list_of_what_flowport_needs_in_a_task_is_that_of_its_dependencies() -> None:
    from importlib.metadata import requires

    from flowport.runtime.environments.needs import TASK

    own = {text for text in requires("flowport") or () if ";" not in text}
    assert {*TASK} == {text for text in own if not text.startswith(("click", "pyyaml"))}


def test_locking_asks_no_index_of_the_machine_that_compiles(desk: Desk) -> None:
    """Compiling reads the lock file alone."""
    asking(desk, '@pypi(packages={"fptool": ""})')
    desk("lock", "flow.py")
    nowhere = {"UV_OFFLINE": "1", "UV_DEFAULT_INDEX": "http://127.0.0.1:9/simple", "PATH": os.defpath}
    settings = 'store = "s3://bucket/flows"\n[argo]\nimage = "python"\n'
    desk.write("flowport.toml", settings)
    assert desk("compile", "flow.py", "--target", "argo", **nowhere).status == 0


@pytest.mark.parametrize("before", ["", "damaged\n"])
def test_an_interrupt_leaves_what_was_there(desk: Desk, tmp_path: Path, before: str) -> None:
    folder = asking(desk, '@pypi(packages={"fptool": ""})')
    if before:
        desk("lock", "flow.py")
        (path,) = folder.iterdir()
        path.write_text(before)
    started = tmp_path / "started"
    uv = tmp_path / "bin" / "uv"
    uv.parent.mkdir()
    uv.write_text(f"#!/bin/sh\ntouch {started}\nexec sleep 1000\n")
    uv.chmod(0o755)
    with desk.start("lock", "flow.py", PATH=f"{uv.parent}:{os.environ['PATH']}", start_new_session=True) as process:
        while not started.exists() and process.poll() is None:
            time.sleep(0.01)
        os.killpg(process.pid, signal.SIGINT)
        _, err = process.communicate()
    assert (process.returncode, err) == (130, "stopped\n")
    assert [each.read_text() for each in folder.glob("*")] == ([before] if before else [])


def test_two_at_once_leave_one_whole_lock_file(desk: Desk) -> None:
    folder = asking(desk, '@pypi(packages={"fptool": ""})')
    processes = [desk.start("lock", "flow.py") for _ in range(2)]
    assert [process.communicate()[1] for process in processes] == ["", ""]
    assert [process.returncode for process in processes] == [0, 0]
    assert packages(folder)["fptool"] == "2.0"
    assert len([*folder.iterdir()]) == 1
