"""What `@pypi`, `@conda` and their `_base` forms ask for: which of them counts, and what the tasks are told."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from flowport.compiler.compile import load
from flowport.compiler.decorators.mutations import DecoratorChanges, Mutations
from flowport.compiler.decorators.spec import DecoratorSpec
from flowport.compiler.ir import Flow
from flowport.compiler.options import CompileOptions
from flowport.compiler.package.documents import documents
from flowport.compiler.structure.build import structure
from flowport.runtime.protocol import STEP_PLANS
from sources import codes, read, write

FLOW = """
from metaflow import Config, FlowSpec, conda, conda_base, pip, pypi, pypi_base, step
OPTIONS = dict(python="3.11")


{base}
class F(FlowSpec):
    {config}

    {mark}
    @step
    def start(self):
        self.next(self.end)

    @step
    def end(self):
        pass
"""


def made(folder: Path, mark: str, base: str = "", config: str = "") -> tuple[Flow, list[str]]:
    flow, found = read(write(folder, {"flow.py": FLOW.format(mark=mark, base=base, config=config)}))
    return flow, codes(found)


def asked(folder: Path, mark: str, base: str = "", config: str = "") -> Any:
    """What the plan tells the tasks of `start`; None for nothing."""
    flow, found = made(folder, mark, base, config)
    assert found in ([], ["FP148"])
    return told(flow)


def told(flow: Flow) -> Any:
    return json.loads(dict(documents(structure(flow)))[f"{STEP_PLANS}start.json"]).get("packages")


@pytest.mark.parametrize(
    ("mark", "base", "packages"),
    [
        # As Metaflow 2.19.39 merges them.
        ("", "@pypi_base(packages={'a': '1', 'b': '2'})", {"a": "1", "b": "2"}),
        ("@pypi(packages={'b': '3', 'c': ''})", "@pypi_base(packages={'a': '1', 'b': '2'})", {"a": "1", "b": "3", "c": ""}),
        ("@conda(libraries={'a': '1', 'b': '2'}, packages={'b': '3'})", "", {"a": "1", "b": "3"}),
        ("@conda(packages={'b': '3'})", "@conda_base(libraries={'a': '1', 'b': '2'})", {"a": "1", "b": "3"}),
        ("@pypi(packages={'a': '1'})", "@conda_base(python='3.11')", {"a": "1"}),
        ("@pypi(packages={'a': '1'}, disabled=False)", "@pypi_base(disabled=True)", {"a": "1"}),
    ],
)
def test_the_packages_of_a_step_come_before_those_of_the_flow(tmp_path: Path, mark: str, base: str, packages: dict[str, str]) -> None:
    assert asked(tmp_path, mark, base)["packages"] == packages


@pytest.mark.parametrize(
    ("mark", "base"),
    [
        ("@pypi", ""),
        ("@conda(packages={}, python=None)", ""),
        ("@pypi(disabled=True)", "@pypi_base(packages={'a': '1'})"),
        ("@pypi(packages={'a': '1'}, disabled='True')", ""),
        ("@conda(disabled=True)", "@pypi_base(packages={'a': '1'})"),
        ("@pypi(packages={'a': '1'})", "@conda_base(disabled=True)"),
        ("", "@conda_base(packages={'a': '1'}, disabled=True)"),
    ],
)
def test_a_step_without_packages_or_with_a_disabled_decorator_checks_nothing(tmp_path: Path, mark: str, base: str) -> None:
    assert asked(tmp_path, mark, base) is None


@pytest.mark.parametrize(
    ("mark", "base", "python"),
    [
        ("@pypi(**OPTIONS)", "", "3.11"),
        ("@pypi(python='3.12')", "@conda_base(python='3.11')", "3.12"),
        ("@pypi(packages={'a': '1'})", "@conda_base(python='3.11')", "3.11"),
        ("@conda", "@conda_base(python='3.11')", "3.11"),
        ("@conda(python='3.12')", "@conda_base(python='3.11')", "3.12"),
    ],
)
def test_the_python_of_pip_comes_before_that_of_conda_and_that_of_the_step_first(tmp_path: Path, mark: str, base: str, python: str) -> None:
    assert asked(tmp_path, mark, base)["python"] == python


@pytest.mark.parametrize(
    ("mark", "base"),
    [
        ("@pypi(packages={'a': '1'})\n    @conda(packages={'b': '1'})", ""),
        ("@pypi(packages={'a': '1'})", "@conda_base(packages={'b': '1'})"),
    ],
)
def test_packages_of_pip_and_conda_in_one_step_are_a_mistake_as_in_metaflow(tmp_path: Path, mark: str, base: str) -> None:
    assert "FP149" in made(tmp_path, mark, base)[1]


def test_a_flow_has_one_warning_however_many_steps_ask(tmp_path: Path) -> None:
    assert made(tmp_path, "@pypi(packages={'a': '2'})", "@pypi_base(packages={'a': '1'})")[1] == ["FP148"]


def test_a_disabled_decorator_has_no_warning(tmp_path: Path) -> None:
    assert made(tmp_path, "@pypi(packages={'a': '2'}, disabled=True)")[1] == []


def test_packages_may_come_from_a_config(tmp_path: Path) -> None:
    config = "settings = Config('settings', default_value={'packages': {'a': '1'}, 'python': '3.11'})"
    assert asked(tmp_path, "@pypi(packages=settings.packages)", config=config)["packages"] == {"a": "1"}


def test_all_arguments_may_come_from_a_config(tmp_path: Path) -> None:
    source = FLOW.format(mark="", base="", config="settings = Config('settings', default_value={'packages': {'a': '1'}, 'python': '3.11'})")
    marked = source.replace("    \n    @step\n    def start", "    @pypi(**settings)\n    @step\n    def start")
    flow, found = read(write(tmp_path, {"flow.py": marked}))
    assert codes(found) == ["FP148"]
    assert told(flow) == {"conda": False, "packages": {"a": "1"}, "python": "3.11"}


@pytest.mark.parametrize(
    ("before", "after", "same"),
    [
        ("@pypi(packages={'a': '1'})", "@pypi(packages={'a': '2'})", False),
        ("@pypi(packages={'a': '1'})", "@pypi(packages={'a': '1'}, python='3.11')", False),
        ("@pypi(packages={'a': '1'})", "@conda(packages={'a': '1'})", False),
        ("@pypi(packages={'a': '1', 'b': ''})", "@pypi(packages={'b': '', 'a': '1'}, disabled=False)", True),
        ("", "@pypi(disabled=True)", True),
    ],
)
def test_a_step_runs_again_if_what_it_asks_for_changes(tmp_path: Path, before: str, after: str, same: bool) -> None:
    first, second = (made(tmp_path / name, mark)[0].steps[0].digest for name, mark in (("a", before), ("b", after)))
    assert (first == second) == same


def test_a_changed_version_of_the_flow_changes_all_steps_without_one_of_their_own(tmp_path: Path) -> None:
    mark = "@pypi(packages={'a': '1'})"
    first, second = (made(tmp_path / version, mark, f"@pypi_base(packages={{'a': '{version}'}})")[0].steps for version in "12")
    assert [one.digest == other.digest for one, other in zip(first, second, strict=True)] == [True, False]


def test_mutators_can_add_packages_to_a_step(tmp_path: Path) -> None:
    spec = DecoratorSpec("pypi", {"packages": {"b": "3"}}, "mutator M")
    options = CompileOptions(mutations=Mutations(steps={"start": DecoratorChanges(added=(spec,))}))
    path = write(tmp_path, {"flow.py": FLOW.format(mark="", base="@pypi_base(packages={'a': '1'})", config="")})
    loaded = load(str(path), options=options)
    assert loaded.plan is not None
    assert told(loaded.plan.flow)["packages"] == {"a": "1", "b": "3"}


@pytest.mark.parametrize(
    ("mark", "base", "packages"),
    [
        ("@pip(libraries={'tqdm': '>1.0.1'})", "", {"tqdm": ">1.0.1"}),
        ("@pip(path='needs.txt', safe=False)", "@pypi_base(packages={'a': '1'})", {**dict.fromkeys("a", "1"), "b[x,y]": "<3,>=2", "c": ""}),
    ],
)
def test_pip_of_an_extension_names_packages_or_a_requirements_file(tmp_path: Path, mark: str, base: str, packages: dict[str, str]) -> None:
    write(tmp_path, {"needs.txt": "# ours\n--extra-index-url x\nb[y,x]>=2,<3  # not 3\n-r more.txt\n", "more.txt": "\nc\n-r needs.txt\n"})
    assert asked(tmp_path, mark, base)["packages"] == packages


def test_a_requirements_file_keeps_addresses_and_markers(tmp_path: Path) -> None:
    lines = ["d @ git+https://host/d.git@v1", "e==1 ; python_version < '3'", "git+https://host/f.git", "g==1 \\", "  --hash=sha256:00"]
    write(tmp_path, {"needs.txt": "\n".join(lines)})
    assert asked(tmp_path, "@pip(path='needs.txt')")["packages"] == {
        "d": "@ git+https://host/d.git@v1",
        "e": '==1 ; python_version < "3"',
        "git+https://host/f.git": "",
        "g": "==1",
    }


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (None, "`path` of `@pip`: `needs.txt` cannot be read: No such file or directory"),
        (
            "six==1 ; python_version < '3.11'\nSix==2\n",
            '`path` of `@pip`: `needs.txt` names `Six` twice, with `==1 ; python_version < "3.11"` and `==2`: a step has one of them',
        ),
        ("six\nsix>1\n", "`path` of `@pip`: `needs.txt` names `six` twice, with no version and `>1`: a step has one of them"),
        ("-e .\n", "`path` of `@pip`: the line `-e .` of `needs.txt` does not name a package"),
    ],
)
def test_a_requirements_file_that_cannot_be_read(tmp_path: Path, text: str | None, message: str) -> None:
    if text is not None:
        write(tmp_path, {"needs.txt": text})
    _, found = read(write(tmp_path, {"flow.py": FLOW.format(mark="@pip(path='needs.txt')", base="", config="")}))
    assert [each.message for each in found if each.code == "FP133"] == [message]
