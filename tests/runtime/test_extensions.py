"""Extensions of Metaflow: what packages below `metaflow_extensions` add to `metaflow`."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from flowport.runtime.extensions.installed import Extensions
from flowport.runtime.names import flow

STAND_IN = Path(flow.__file__).parent / "stand_in"
ACME = Path(__file__).resolve().parent.parent / "flows"


def run(code: str, *folders: Path, expected: str = "") -> subprocess.CompletedProcess[str]:
    """Run code in a task's Python, with extensions from these folders."""
    path = os.pathsep.join(map(str, (STAND_IN, *folders)))
    environment = {**os.environ, "PYTHONPATH": path, "FLOWPORT_FROM_EXTENSIONS": expected}
    return subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=False)


def write(folder: Path, files: dict[str, str]) -> Path:
    """Files of `metaflow_extensions`."""
    for name, text in files.items():
        path = folder / "metaflow_extensions" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return folder


@pytest.mark.parametrize(
    "code",
    [
        "from metaflow.plugins.lake import Lake",
        "from metaflow.plugins import lake; Lake = lake.Lake",
        "import metaflow.plugins.lake; Lake = metaflow.plugins.lake.Lake",
        "from metaflow import Lake",
        "import metaflow; Lake = metaflow.Lake",
        "from metaflow_extensions.acme.plugins.lake import Lake",
    ],
)
def test_a_class_of_an_extension_is_one_whatever_it_is_called(code: str) -> None:
    done = run(f"{code}\nprint(Lake.__module__)\nfrom metaflow import Lake as Other\nassert Other is Lake", ACME)
    assert (done.stdout, done.stderr) == ("metaflow_extensions.acme.plugins.lake\n", "")


def test_modules_below_modules_and_functions_come_from_an_extension_too() -> None:
    code = "import metaflow.plugins.lake_parts.depths as d\nfrom metaflow import shore_of, shores, Lake"
    assert run(f"{code}\nprint(d.DEPTH, shore_of(Lake('Como')))", ACME).stdout == "12 ['Bellagio', 'Varenna']\n"


def test_extensions_in_two_folders_are_found(tmp_path: Path) -> None:
    write(tmp_path, {"rivers/plugins/__init__.py": "from . import river", "rivers/plugins/river.py": "LENGTH = 3"})
    done = run("from metaflow.plugins import lake, river\nprint(lake.__name__, river.LENGTH)", ACME, tmp_path)
    assert (done.stdout, done.stderr) == ("metaflow_extensions.acme.plugins.lake 3\n", "")


def test_a_module_that_an_extension_keeps_to_itself_is_not_found(tmp_path: Path) -> None:
    write(tmp_path, {"rivers/plugins/mfextinit_rivers.py": "__mf_promote_submodules__ = []", "rivers/plugins/river.py": ""})
    assert "No module named 'metaflow.plugins.river'" in run("import metaflow.plugins.river", tmp_path).stderr


def test_a_decorator_of_an_extension_says_that_it_needs_metaflow() -> None:
    message = "`metaflow.OnLake`, which is `metaflow_extensions.acme.plugins.lake_decorator`, needs `metaflow.decorators`"
    assert f"ImportError: {message}, a part of Metaflow that flowport does not have" in run("from metaflow import OnLake", ACME).stderr


def test_names_of_flowport_come_before_those_of_extensions(tmp_path: Path) -> None:
    write(tmp_path, {"own/toplevel/__init__.py": "toplevel = 'names'", "own/toplevel/names.py": "class S3: ...\nclass S4: ..."})
    assert run("from metaflow import S3, S4\nprint(S3.__module__, S4.__module__)", tmp_path).stdout == (
        "flowport.runtime.datatools.s3 metaflow_extensions.own.toplevel.names\n"
    )


def test_copies_of_other_packages_are_those_that_are_installed() -> None:
    code = (
        "import click, yaml.loader, metaflow._vendor.yaml.loader\n"
        "from metaflow._vendor import click as one\n"
        "from metaflow._vendor.click import option\n"
        "print(one is click, option is click.option, metaflow._vendor.yaml.loader is yaml.loader)"
    )
    assert run(code).stdout == "True True True\n"


@pytest.mark.parametrize(
    ("code", "message"),
    [
        (
            "from metaflow.plugins.lake import Lake",
            "`metaflow.plugins.lake` comes from an extension of Metaflow, which is not installed here",
        ),
        ("from metaflow.plugins import lake", "install the package that has `metaflow_extensions/*/plugins/lake`"),
        ("from metaflow import Lake", "`metaflow.Lake` comes from an extension of Metaflow, which is not installed here"),
    ],
)
def test_what_is_not_installed_is_said(code: str, message: str) -> None:
    done = run(f"try:\n    {code}\nexcept ImportError as error:\n    print(error)", expected="plugins.lake. Lake")
    assert message in done.stdout


def test_nothing_else_changes_where_there_are_no_extensions() -> None:
    code = "import metaflow\nfrom importlib.util import find_spec\nprint(hasattr(metaflow, 'Lake'), find_spec('metaflow.plugins.lake'))"
    assert run(code).stdout == "False None\n"


def test_files_that_python_cannot_read_add_nothing(tmp_path: Path) -> None:
    write(tmp_path, {"broken/plugins/__init__.py": "(", "other/toplevel/__init__.py": "toplevel = 'missing'", "file": ""})
    found = Extensions([str(tmp_path / "metaflow_extensions")])
    assert (found.modules, found.names) == ({}, {})
