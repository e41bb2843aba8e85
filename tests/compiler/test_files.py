"""Which files go into the code package, and under which paths."""

from __future__ import annotations

import os
from pathlib import Path
from textwrap import dedent, indent

import pytest

from flowport.compiler.diagnostics.diagnostic import Diagnostic
from flowport.compiler.parse.flow import parse
from sources import END, class_of, codes, fine, read, write

BODY = "@step\ndef start(self):\n    self.next(self.end)\n" + END


def places(path: Path, *roots: Path) -> list[str]:
    return [place for place, _ in fine(path, tuple(str(root) for root in roots)).files]


def test_modules_are_found_wherever_the_import_stands(tmp_path: Path) -> None:
    body = BODY.replace("self.next(self.end)", "from a.inner import x\n    import lazy\n    self.next(self.end)", 1)
    head = "import numpy\nimport a.b\ntry:\n    import fast\nexcept ImportError:\n    import slow as fast\n"
    files = dict.fromkeys(("a/__init__.py", "a/b.py", "a/other.py", "fast.py", "slow.py", "lazy.py", "unused.py"), "")
    files["a/inner/__init__.py"] = "from . import leaf\nfrom .. import b\nfrom ..deep.down import y\n"
    files |= {"a/inner/leaf.py": "", "a/deep/down.py": "import json"}
    path = write(tmp_path, {"flow.py": class_of(body, head), **files})
    assert places(path) == [
        "a/__init__.py", "a/b.py", "a/deep/down.py", "a/inner/__init__.py", "a/inner/leaf.py", "fast.py", "flow.py", "lazy.py", "slow.py",
    ]  # fmt: skip


def test_modules_that_import_each_other(tmp_path: Path) -> None:
    path = write(tmp_path, {"flow.py": class_of(BODY, "import a"), "a.py": "import b\nimport flow\n", "b.py": "import a\n"})
    assert places(path) == ["a.py", "b.py", "flow.py"]


def test_bytes_are_those_on_disk(tmp_path: Path) -> None:
    path = write(tmp_path, {"flow.py": class_of(BODY, "import a")})
    (tmp_path / "a.py").write_bytes(b"\xef\xbb\xbfx = 1\r\n\r\n")
    assert dict(fine(path).files)["a.py"] == b"\xef\xbb\xbfx = 1\r\n\r\n"


def test_a_source_root_inside_the_flows_folder(tmp_path: Path) -> None:
    path = write(tmp_path, {"flow.py": class_of(BODY, "from lib import x"), "src/lib.py": "x = 1"})
    assert places(path, tmp_path / "src") == ["flow.py", "src/lib.py"]
    assert fine(path, (str(tmp_path / "src"),)).roots == ("", "src")


def test_a_source_root_beside_the_flows_folder(tmp_path: Path) -> None:
    path = write(
        tmp_path,
        {
            "flows/flow.py": class_of(BODY, "from lib.a import x"),
            "src/lib/__init__.py": "",
            "src/lib/a.py": "from lib import b",
            "src/lib/b.py": "",
        },
    )
    root = tmp_path / "src"
    assert places(path, root) == [
        ".flowport/roots/0/lib/__init__.py",
        ".flowport/roots/0/lib/a.py",
        ".flowport/roots/0/lib/b.py",
        "flow.py",
    ]
    assert fine(path, (str(root),)).roots == ("", ".flowport/roots/0")


def test_the_flows_own_folder_comes_before_a_root(tmp_path: Path) -> None:
    path = write(tmp_path, {"flow.py": class_of(BODY, "import lib"), "lib.py": "", "src/lib.py": ""})
    assert places(path, tmp_path / "src") == ["flow.py", "lib.py"]


def test_a_folder_called_flowport_is_not_taken_for_the_package(tmp_path: Path) -> None:
    path = write(tmp_path, {"flow.py": class_of(BODY), "flowport/__init__.py": "", "metaflow.py": ""})
    assert places(path) == ["flow.py"]


def test_included_files_go_along(tmp_path: Path) -> None:
    body = """
query = IncludeFile("query", default="sql/query.sql")
words = IncludeFile("words", is_text=False, default=os.path.join(os.path.dirname(os.path.abspath(__file__)), "words.bin"))
rates = IncludeFile("rates", default=str(Path(__file__).parent / "sql" / "rates.csv"), help="csv", encoding="latin-1")
"""
    path = write(
        tmp_path,
        {"flow.py": class_of(body + BODY, "import os\nfrom pathlib import Path"), "sql/query.sql": "select 1", "sql/rates.csv": "1"},
    )
    (tmp_path / "words.bin").write_bytes(b"\x00\xff")
    flow = fine(path)
    assert dict(flow.files)["words.bin"] == b"\x00\xff"
    assert [name for name, _ in flow.files] == ["flow.py", "sql/query.sql", "sql/rates.csv", "words.bin"]
    assert [(one.kind, one.default, one.text, one.encoding) for one in flow.parameters] == [
        ("file", "sql/query.sql", True, None), ("file", "words.bin", False, None), ("file", "sql/rates.csv", True, "latin-1"),
    ]  # fmt: skip


def test_files_outside_the_flows_folder_are_not_in_the_package(tmp_path: Path) -> None:
    body = 'a = IncludeFile("a", default="../a.txt")\nb = IncludeFile("b", default="/etc/hosts")\n'
    path = write(tmp_path, {"flows/flow.py": class_of(body + BODY), "a.txt": ""})
    flow, found = read(path)
    assert [(one.severity, one.code) for one in found] == [("warning", "FP155")] * 2
    assert [name for name, _ in flow.files] == ["flow.py"]


def test_files_do_not_depend_on_where_the_compiler_is_started(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write(tmp_path, {"flow.py": class_of(BODY, "import a"), "a.py": ""})
    monkeypatch.chdir(tmp_path)
    assert fine(Path("flow.py")).files == fine(path).files


SHARED = "from flowport import FlowSpec\n\n\nclass Shared(FlowSpec):\n    pass\n"


def derived(folder: Path, files: dict[str, str], bases: str = "Shared") -> Diagnostic:
    """What is said about a flow whose base is in a folder that is not searched."""
    text = f"from flowport import FlowSpec, step\nfrom lib.shared import Shared\n\n\nclass TrainFlow({bases}):\n" + indent(
        dedent(BODY), "    "
    )
    (found,) = parse(write(folder, {"repository/flows/flow.py": text, "repository/.git": "", **files}), None)[1]
    return found


@pytest.mark.parametrize(
    ("files", "root", "settings"),
    [
        ({"repository/other/lib/shared.py": SHARED}, "../other", "flowport.toml"),
        ({"repository/flows/inner/lib/shared.py": SHARED}, "inner", "flowport.toml"),
        ({"repository/other/lib/shared.py": SHARED, "repository/flowport.toml": ""}, "other", "../flowport.toml"),
        ({"repository/other/lib/shared.py": SHARED, "repository/pyproject.toml": "[tool.flowport]"}, "other", "../pyproject.toml"),
        ({"repository/other/lib/shared.py": SHARED, "repository/pyproject.toml": "[project]"}, "../other", "flowport.toml"),
    ],
)
@pytest.mark.parametrize(("bases", "code"), [("Shared", "FP110"), ("Shared, FlowSpec", "FP114")])
def test_the_folder_of_a_base_is_named_for_the_roots(
    tmp_path: Path, files: dict[str, str], root: str, settings: str, bases: str, code: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = derived(tmp_path, files, bases)
    assert (found.code, found.help[0].rpartition("write ")[2].split(" in ")[0]) == (code, f'`roots = ["{root}"]`')
    flows = tmp_path / "repository" / "flows"
    assert found.help[0].endswith(f"{os.path.normpath(flows / settings)}`")
    fine(flows / "flow.py", (str(os.path.normpath((flows / settings).parent / root)),))


OF_THE_PROJECT = "from flowport import FlowSpec, step\nfrom lib.shared import Shared\n\n\nclass TrainFlow(Shared):\n" + indent(
    dedent(BODY), "    "
)


@pytest.mark.parametrize(
    ("marker", "place"),
    [
        ("repository/.git", "repository/lib/shared.py"),
        ("repository/pyproject.toml", "repository/lib/shared.py"),
        ("repository/setup.py", "repository/src/lib/shared.py"),
        ("repository/setup.cfg", "repository/flows/lib/__init__.py"),
        ("repository/flows/daily/__init__.py", "repository/flows/lib/shared.py"),
    ],
)
def test_a_base_in_a_folder_around_the_flow_s_is_found(tmp_path: Path, marker: str, place: str) -> None:
    text = OF_THE_PROJECT if place.endswith("shared.py") else OF_THE_PROJECT.replace("lib.shared", "lib")
    flow = fine(write(tmp_path, {"repository/flows/daily/flow.py": text, marker: "", place: SHARED}))
    assert flow.roots[1:] == (".flowport/roots/0",)
    assert [path for path, _ in flow.files if path.startswith(".flowport")] == [f".flowport/roots/0/lib/{place.rpartition('/')[2]}"]


def test_a_base_outside_of_the_project_is_not_found(tmp_path: Path) -> None:
    path = write(
        tmp_path, {"repository/flows/flow.py": OF_THE_PROJECT, "repository/flows/pyproject.toml": "", "repository/lib/shared.py": SHARED}
    )
    assert codes(parse(path, None)[1]) == ["FP110"]


@pytest.mark.parametrize(
    "added",
    [
        'sys.path.append("../lib")',
        'sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "lib"))',
        'sys.path.append(str(pathlib.Path(__file__).parent.parent / "lib"))',
        'sys.path.append(os.path.abspath(os.path.join(os.path.dirname(os.path.abspath(__file__)), "../lib")))',
    ],
)
def test_a_folder_that_the_flow_adds_to_the_path_is_searched(tmp_path: Path, added: str) -> None:
    text = f"import os\nimport pathlib\nimport sys\n\n{added}\n" + OF_THE_PROJECT.replace("lib.shared", "shared")
    flow = fine(write(tmp_path, {"repository/flows/flow.py": text, "repository/.git": "", "repository/lib/shared.py": SHARED}))
    assert [path for path, _ in flow.files] == [".flowport/roots/0/shared.py", "flow.py"]


def test_a_path_outside_of_the_project_is_not_searched(tmp_path: Path) -> None:
    text = 'import sys\n\nsys.path.append("../../lib")\n' + OF_THE_PROJECT.replace("lib.shared", "shared")
    path = write(tmp_path, {"repository/flows/flow.py": text, "repository/.git": "", "lib/shared.py": SHARED})
    assert codes(parse(path, None)[1]) == ["FP110"]


def test_the_package_of_another_class_than_the_flow_is_not_searched(tmp_path: Path) -> None:
    imports = "from flowport import FlowSpec, step\nfrom lib.shared import Shared\n"
    text = f"{imports}\n\nclass Row(Shared):\n    pass\n\n\nclass TrainFlow(FlowSpec):\n"
    flow = fine(write(tmp_path, {"flows/flow.py": text + indent(dedent(BODY), "    "), ".git": "", "lib/shared.py": SHARED}))
    assert flow.roots == ("",)


def test_a_base_beyond_the_repository_is_not_looked_for(tmp_path: Path) -> None:
    assert "roots = " not in derived(tmp_path, {"lib/shared.py": SHARED}).help[0]


def test_a_class_with_steps_and_a_base_that_is_nowhere_is_no_file_without_a_flow(tmp_path: Path) -> None:
    text = "from elsewhere import Shared\nfrom metaflow import step\n\n\nclass TrainFlow(Shared):\n"
    (found,) = parse(write(tmp_path, {"flow.py": text + indent(dedent(BODY), "    ")}), None)[1]
    message = "`TrainFlow` is not recognized as a flow, because its base class `elsewhere.Shared` is not in the flow's folder or project"
    assert (found.code, found.message) == ("FP110", message)
    assert found.help == ("copy its module beside the flow, or list the folder of the module under `roots` in flowport.toml",)
    path = write(tmp_path, {"settings/flow.py": text + indent(dedent(BODY), "    "), "settings/lib/elsewhere.py": SHARED})
    assert codes(parse(path, None, (str(tmp_path / "settings" / "lib"),))[1]) == []


def test_a_base_from_an_inner_module_of_metaflow_is_named(tmp_path: Path) -> None:
    path = write(tmp_path, {"flow.py": "from metaflow.flowspecs import FlowSpec\n\n\nclass TrainFlow(FlowSpec):\n    pass\n"})
    (found,) = parse(path, None)[1]
    assert (found.code, found.help) == ("FP110", ("write `from metaflow import FlowSpec`",))
