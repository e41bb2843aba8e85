"""What a compile takes from the disk when somebody else wrote the flow: nothing that a link leads to outside of its folders."""

from __future__ import annotations

import os
from pathlib import Path
from zipfile import ZipFile

import pytest

from desk import Desk
from flowport.workspace.config import distrust

FLOW = """
from flowport import FlowSpec, IncludeFile, step
{first}


class Work(FlowSpec):
    {member}

    @step
    def start(self):
        self.next(self.end)

    @step
    def end(self):
        pass
"""

SECRET = "secret-of-this-machine"


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    desk = Desk(tmp_path / "flows")
    desk.write("flow.py", FLOW.format(first="", member="pass"))
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside" / "secret.txt").write_text(SECRET)
    (tmp_path / "outside" / "secret.py").write_text(f"KEY = {SECRET!r}\n")
    return desk


def outside(desk: Desk, name: str) -> Path:
    return desk.folder.parent / "outside" / name


@pytest.mark.parametrize(
    ("first", "member", "link", "target", "code"),
    [
        ("", 'words = IncludeFile("words", default="words.txt")', "words.txt", "secret.txt", "FP155"),
        ("", 'words = IncludeFile("words", default="below/secret.txt")', "below", ".", "FP155"),
        ("import helper", "pass", "helper.py", "secret.py", "FP105"),
        ("import helper.secret", "pass", "helper", ".", "FP105"),
    ],
    ids=["file", "file in a folder", "module", "module in a folder"],
)
def test_a_link_out_of_the_flows_folder_is_refused(desk: Desk, first: str, member: str, link: str, target: str, code: str) -> None:
    desk.write("flow.py", FLOW.format(first=first, member=member))
    os.symlink(outside(desk, target), desk.folder / link)
    ended = desk("compile", "flow.py", "--target", "sfn", MY_SECRET=SECRET)
    assert ended.status == 1
    assert f"error[{code}]" in ended.err
    assert SECRET not in ended.out + ended.err


@pytest.mark.parametrize("target", ["/proc/self/environ", "/dev/zero"])
def test_a_flow_that_is_a_link_to_no_python_file_is_not_shown(desk: Desk, target: str) -> None:
    os.symlink(target, desk.folder / "link.py")
    ended = desk("check", "link.py", MY_SECRET=SECRET)
    assert (ended.status, "error[FP102]" in ended.out) == (1, True)
    assert SECRET not in ended.out + ended.err


def test_a_pipe_is_not_waited_for(desk: Desk) -> None:
    os.mkfifo(desk.folder / "pipe.py")
    ended = desk("check", "pipe.py")
    assert (ended.status, "error[FP102]" in ended.out) == (1, True)


def test_a_file_to_include_that_is_a_link_out_of_the_folder_is_refused(desk: Desk) -> None:
    desk.write("flowport.toml", 'include = ["*.txt"]\n')
    os.symlink("/proc/self/environ", desk.folder / "data.txt")
    ended = desk("run", "flow.py", MY_SECRET=SECRET)
    assert (ended.status, "error[FP491]" in ended.err) == (1, True)


def test_links_inside_the_folders_of_a_flow_are_followed(desk: Desk) -> None:
    desk.write("real/helper.py", "VALUE = 1\n")
    os.symlink("real/helper.py", desk.folder / "helper.py")
    os.symlink(desk.folder / "flow.py", desk.folder.parent / "link.py")
    desk.write("flow.py", FLOW.format(first="import helper", member="pass"))
    assert desk("run", "flow.py").status == 0
    desk.write("flow.py", FLOW.format(first="", member="pass"))
    assert desk("run", "../link.py").status == 0
    (package,) = [path for path in (desk.folder / ".flowport" / "code").glob("*.zip") if "helper.py" in ZipFile(path).namelist()]
    assert b"VALUE = 1" in ZipFile(package).read("helper.py")


def test_settings_are_looked_for_up_to_the_root_of_the_repository(desk: Desk) -> None:
    desk.write("flowport.toml", 'include = ["nothing"]\n')
    desk.write("mine/.git/HEAD", "")
    desk.write("mine/flows/flow.py", FLOW.format(first="", member="pass"))
    assert desk("run", "mine/flows/flow.py").status == 0
    desk.write("mine/flowport.toml", 'include = ["nothing"]\n')
    assert "nothing matches `nothing`" in desk("run", "mine/flows/flow.py").err


def test_settings_of_another_user_are_ignored(tmp_path: Path) -> None:
    settings = tmp_path / "flowport.toml"
    settings.write_text("")
    mine = settings.stat().st_uid
    assert distrust(str(settings), str(tmp_path), {mine}) == ""
    assert distrust(str(settings), str(tmp_path), {mine + 1}) == "it belongs to another user"
