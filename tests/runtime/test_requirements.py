"""The packages that a step asks for, against those that are installed: what fits, what a task says, and with which code it ends."""

from __future__ import annotations

import platform
import sys
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pytest

from flowport.runtime.protocol import DONE, STOP
from flowport.runtime.requirements import installed
from flowport.runtime.requirements.check import PackagesDiffer, check
from flowport.runtime.requirements.forms import UnreadableForm, python_fits, wanted
from solo import Solo

CLICK = version("click")
OTHER_PYTHON = "3.9"


def compare(packages: dict[str, str], conda: bool = False, python: str = "") -> None:
    check({"step": "train", "packages": {"conda": conda, "packages": packages, "python": python}})


def refusal(packages: dict[str, str], conda: bool = False, python: str = "") -> str:
    with pytest.raises(PackagesDiffer) as caught:
        compare(packages, conda, python)
    return str(caught.value)


@pytest.fixture
def conda_prefix(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """This Python, as if conda had installed it with a few packages."""
    folder = tmp_path / "conda-meta"
    folder.mkdir()
    for name in ("pytorch-2.1.0-py311_cpu_0", "openssl-1.1.1k-h1_0", "ruamel.yaml-0.18.6-py311_0"):
        (folder / f"{name}.json").write_text("{}")
    (folder / "history").write_text("")
    monkeypatch.setattr(sys, "prefix", str(tmp_path))
    return tmp_path


@pytest.mark.parametrize(
    ("conda", "name", "text", "fits", "differ"),
    [
        (False, "a", "1.2", ["1.2", "1.2.0", "1.2+cpu"], ["1.2.1", "1.3"]),
        (False, "a", "==1.2", ["1.2"], ["1.3"]),
        (False, "a", ">=1,<2", ["1.0", "1.9rc1"], ["2.0", "0.9"]),
        (False, "a", "~=1.2", ["1.9"], ["2.0"]),
        (False, "a", "!=1.2", ["1.3"], ["1.2"]),
        (False, "a", "1.*", ["1.0", "1.9"], ["2.0"]),
        (False, "a", "", ["0.1", "no version"], []),
        (False, "a[x,y]", " 1.2 ", ["1.2"], ["no version"]),
        (False, "a", "@ git+ssh://host/a", ["1"], []),
        (True, "a", "1.2", ["1.2"], ["1.2.1"]),
        (True, "main::a", "=1.2", ["1.2", "1.2.9"], ["1.3", "1.20"]),
        (True, "a", "1.2.*", ["1.2.9"], ["1.3"]),
        (True, "a", "1.2=py311_0", ["1.2"], ["1.3"]),
        (True, "a", "1.2 py311_0", ["1.2"], ["1.3"]),
        (True, "a", ">=1.2.*, <2", ["1.2", "1.9"], ["2.0"]),
        (True, "a", ">=2|1.5.*", ["2.1", "1.5.3"], ["1.6"]),
        (True, "a", "*", ["1", "9e"], []),
        (True, "a", "1.1.1k", ["1.1.1k"], ["1.1.1l", "1.1.1"]),
    ],
)
def test_a_version_fits_by_the_rules_of_pip_or_conda(conda: bool, name: str, text: str, fits: list[str], differ: list[str]) -> None:
    package = wanted(conda, name, text)
    assert package.name == "a"
    assert [each for each in (*fits, *differ) if package.admits(each)] == fits


@pytest.mark.parametrize(
    ("conda", "name", "text"),
    [
        (False, "a", "one"),
        (False, "a", ">=one"),
        (False, "a b", ""),
        (False, "", "1"),
        (False, "a>1", ""),
        (True, "a b", ""),
        (True, "a", ">=9e"),
        (True, "a", ">=1,,<2"),
    ],
)
def test_what_neither_reads_is_refused(conda: bool, name: str, text: str) -> None:
    with pytest.raises(UnreadableForm):
        wanted(conda, name, text)


@pytest.mark.parametrize(
    ("text", "fits"),
    [
        ("3.11", True), ("3.11.2", True), ("3.11.*", True), ("==3.11.2", True), ("3", True), ("3.12", False), ("3.1", False),
        (">=3.10", True), (">=3.10,<3.11", False), (">=3.10,<3.13", True), ("3.11t", True), ("3.10|3.11.9", True),
    ],
)  # fmt: skip
def test_one_version_of_python_is_compared_by_its_first_two_numbers(text: str, fits: bool) -> None:
    assert python_fits(text, "3.11.9") is fits


@pytest.mark.parametrize("text", ["three", "py312", "=new", "3.11,", ">=three"])
def test_a_word_is_no_version_of_python(text: str) -> None:
    with pytest.raises(UnreadableForm):
        python_fits(text)


def test_packages_that_are_here_in_their_versions_say_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    compare({"click": CLICK, "PyYAML": ">=6", "obstore": "", "python": ">=3.10"}, python=platform.python_version())
    assert capsys.readouterr() == ("", "")


def test_all_that_differs_is_in_one_sentence_with_what_to_type() -> None:
    assert refusal({"click": "1.0", "no-such": ">=2,<3", "pyyaml": "", "none": ""}, python=OTHER_PYTHON) == (
        f"step `train` asks for something else than what is here: Python is {platform.python_version()} and not 3.9, "
        f"`click` is {CLICK} and not ==1.0, `no-such` <3,>=2 is missing, `none` is missing; "
        "on this machine use `pip install click==1.0 'no-such<3,>=2' none` and another Python, on an engine an image that fits"
    )


def test_a_difference_of_python_alone_is_nothing_to_install() -> None:
    assert refusal({}, python=OTHER_PYTHON).endswith("; on this machine use another Python, on an engine an image that fits")


def test_an_extra_needs_what_it_brings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "widgets-1.5.dist-info"
    folder.mkdir()
    needs = [
        "click; extra == 'good-one'",
        "absent>=2; extra == 'bad'",
        "click==1.0; extra == 'bad'",
        "ignored",
        "not-here; extra == 'other'",
    ]
    (folder / "METADATA").write_text(
        "\n".join(["Metadata-Version: 2.1", "Name: widgets", "Version: 1.5", *(f"Requires-Dist: {each}" for each in needs)])
    )
    monkeypatch.syspath_prepend(str(tmp_path))
    compare({"widgets": "1.5", "widgets[good_one]": ">1"})
    message = refusal({"widgets[bad]": "1.5"})
    assert f"`absent` >=2 of `widgets[bad]` is missing, `click` of `widgets[bad]` is {CLICK} and not ==1.0" in message
    assert "`pip install 'widgets[bad]==1.5'`" in message


def test_an_address_is_no_version_and_the_log_says_so(capsys: pytest.CaptureFixture[str]) -> None:
    compare({"click": "@ git+ssh://host/click", "git+ssh://host/a": "@main"})
    assert capsys.readouterr().err == (
        "flowport: step `train` asks for `click @ git+ssh://host/click`, `git+ssh://host/a@main`, and nothing here says whether that is "
        "what is installed\n"
    )


def test_a_conda_package_is_found_by_its_name_on_pypi(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(installed, "version", {"torch": "2.1.0+cpu", "opencv-python-headless": "4.9.0.80"}.get)
    compare({"pytorch": "2.1.0", "conda-forge::opencv": ">=4"}, conda=True)
    message = refusal({"pytorch": "2.2"}, conda=True)
    assert "`pytorch` is 2.1.0+cpu and not ==2.2" in message
    assert "`pip install torch==2.2`" in message


def test_what_is_no_python_is_a_line_in_the_log_outside_of_conda(capsys: pytest.CaptureFixture[str]) -> None:
    compare({"cudatoolkit": "11.8", "graphviz": "2.50", "sh": "1", "click": CLICK}, conda=True)
    assert "asks for `cudatoolkit`, `graphviz`, `sh`, and nothing here says" in capsys.readouterr().err


def test_a_python_package_that_is_missing_outside_of_conda_differs() -> None:
    assert "`librosa` ==0.10 is missing" in refusal({"librosa": "0.10"}, conda=True)


@pytest.mark.usefixtures("conda_prefix")
def test_in_an_environment_of_conda_its_own_list_counts() -> None:
    compare({"pytorch": "2.1", "openssl": "1.1.1k", "ruamel.yaml": "", "click": CLICK}, conda=True)
    message = refusal({"cudatoolkit": "11.8", "pytorch": "=2.2"}, conda=True)
    assert "`cudatoolkit` ==11.8 is missing, `pytorch` is 2.1.0 and not ==2.2.*" in message
    assert "`conda install cudatoolkit==11.8 'pytorch==2.2.*'`" in message


FLOW = """
from flowport import pypi, pypi_base
import {module}

{base}
class Asking(FlowSpec):
    {mark}
    @step
    def start(self):
        self.next(self.first)

    {mark}
    {more}
    @step
    def first(self):
        self.next(self.fan)

    @step
    def fan(self):
        self.items = [1, 2]
        self.next(self.each, foreach="items")

    {mark}
    @step
    def each(self):
        self.next(self.join)

    @step
    def join(self, inputs):
        self.next(self.end)

    @step
    def end(self):
        pass
"""


def asking(folder: Path, **parts: Any) -> Solo:
    return Solo(folder, FLOW.format(**{"module": "json", "base": "", "mark": "", "more": "", **parts}))


@pytest.mark.parametrize("more", ["", "@retry(times=2)", "@catch(var='failed')", "@timeout(seconds=60)"])
def test_a_task_without_its_packages_ends_before_the_flow_is_imported(tmp_path: Path, more: str, capfd: pytest.CaptureFixture[str]) -> None:
    flow = asking(tmp_path, module="no_such_module", mark="@pypi(packages={'no-such-package': '1'})", more=more)
    assert flow.perform_apart("first") == STOP
    said = capfd.readouterr().err
    assert "`no-such-package` ==1 is missing" in said
    assert "no_such_module" not in said


def test_a_task_with_its_packages_runs(tmp_path: Path) -> None:
    flow = asking(tmp_path, base=f"@pypi_base(packages={{'click': '{CLICK}'}})")
    flow.run()
    assert flow.perform("end") == DONE


def test_each_step_is_checked_by_itself(tmp_path: Path) -> None:
    flow = asking(tmp_path, base="@pypi_base(packages={'click': '1.0'})", mark="@pypi(packages={'click': ''})")
    assert [flow.perform(step, slice) for step, slice in (("start", "s"), ("first", "s"), ("fan", "s"))] == [DONE, DONE, STOP]
