"""Imports point one way: runtime <- compiler <- targets <- workspace <- pages of cards <- client <- command line, testing; the drawing of
graphs knows the compiler only, and the functions about staleness know nothing. Layers have few outside packages.

Inside the runtime they point one way from room to room, and nowhere do files import each other in a circle.
"""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
LAYERS = {
    "runtime": ROOT / "runtime",
    "compiler": ROOT / "compiler",
    "targets": ROOT / "targets",
    "workspace": ROOT / "flowport" / "workspace",
    "drawing": ROOT / "flowport" / "drawing",
    "card_pages": ROOT / "flowport" / "card_pages",
    "client": ROOT / "flowport" / "client",
    "ui": ROOT / "flowport" / "ui",
    "cli": ROOT / "flowport" / "cli",
    "testing": ROOT / "flowport" / "testing",
    "staleness": ROOT / "flowport" / "staleness",
}
BELOW = {
    "runtime": {"runtime"},
    "compiler": {"compiler", "runtime"},
    "targets": {"yaml", "targets", "compiler", "runtime"},
    "workspace": {"workspace", "targets", "compiler", "runtime"},
    "drawing": {"drawing", "compiler", "runtime"},
    "card_pages": {"card_pages", "drawing", "workspace", "targets", "compiler", "runtime"},
    "client": {"client", "card_pages", "drawing", "workspace", "targets", "compiler", "runtime"},
    "ui": {"ui", "client", "card_pages", "drawing", "workspace", "targets", "compiler", "runtime"},
    "cli": {"cli", "ui", "client", "card_pages", "drawing", "workspace", "targets", "compiler", "runtime"},
    "testing": {"testing", "client", "workspace", "targets", "compiler", "runtime"},
    "staleness": {"staleness"},
}
# `_sha256` and `_sha2` are the standard library's, each on some versions of Python.
OUTSIDE = {
    "runtime": {"yaml", "obstore", "boto3", "chevron", "mlflow", "openlineage", "packaging", "rattler", "uv", "_sha256", "_sha2"},
    "compiler": {"yaml", "tomli"},
    "targets": {"yaml", "airflow", "boto3", "botocore", "kubernetes", "moto", "urllib3", "werkzeug"},
    "workspace": {"tomli"},
    "drawing": set[str](),
    "card_pages": {"markdown_it", "vl_convert"},
    "client": set[str](),
    "ui": {"jinja2", "markupsafe", "starlette", "uvicorn"},
    "cli": {"click"},
    "testing": set[str](),
    "staleness": set[str](),
}
ROOMS = (
    *("store", "extensions", "names", "datatools", "records", "process", "secrets", "requirements"),
    *(
        "package",
        "environments",
        "replay",
        "joins",
        "run",
        "metrics",
        "table",
        "live",
        "cards",
        "checkpoints",
        "launchers",
        "serving",
        "reports",
        "task",
        "hooks",
        "local",
    ),
)
"""The folders of the runtime. A file imports from its own room and from those before it; the files beside them are for all."""

FILES = 16
"""The most files of one room: where there are more, a room is missing."""

SOURCES = [(layer, path) for layer, folder in LAYERS.items() for path in sorted(folder.rglob("*.py"))]


def imported(path: Path, for_types: bool = True) -> Iterator[tuple[int, str]]:
    """Every module that a file imports, wherever the import stands, with its line; those for type checkers alone can be left out."""
    tree = ast.parse(path.read_text(encoding="utf-8"), str(path))
    unread = {id(inner) for node in ast.walk(tree) if guards_types(node) for inner in ast.walk(node)}
    for node in ast.walk(tree):
        if id(node) in unread and not for_types:
            continue
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}:{node.lineno} imports by a relative name"
            for alias in node.names:
                yield node.lineno, f"{node.module}.{alias.name}"


def guards_types(node: ast.AST) -> bool:
    """`if TYPE_CHECKING:`"""
    return isinstance(node, ast.If) and isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING"


def layer_of(module: str) -> str:
    """`flowport.compiler.ir.plan` is of the layer compiler; what `flowport` itself offers comes from the runtime."""
    second = module.split(".")[1] if "." in module else "runtime"
    return second if second in LAYERS else "runtime"


@pytest.mark.parametrize(("layer", "path"), SOURCES, ids=[str(path.relative_to(ROOT)) for _, path in SOURCES])
def test_a_file_imports_its_own_layer_and_those_below(layer: str, path: Path) -> None:
    wrong = [
        f"{path}:{line} imports {name}"
        for line, name in imported(path)
        if name.split(".")[0] == "flowport" and layer_of(name) not in BELOW[layer]
    ]
    assert wrong == []


@pytest.mark.parametrize(("layer", "path"), SOURCES, ids=[str(path.relative_to(ROOT)) for _, path in SOURCES])
def test_a_file_imports_the_outside_packages_of_its_layer_only(layer: str, path: Path) -> None:
    allowed = OUTSIDE[layer] | {"flowport"} | sys.stdlib_module_names
    wrong = [f"{path}:{line} imports {name}" for line, name in imported(path, for_types=False) if name.split(".")[0] not in allowed]
    assert wrong == []


def test_a_target_imports_no_other_target() -> None:
    """What stands beside their folders is for all of them, and so are the rooms `containers`, `figures`, `hooks` and `schedules`."""
    shared = {"containers", "figures", "hooks", "schedules", *(path.stem for path in (ROOT / "targets").glob("*.py"))}
    for path in sorted((ROOT / "targets").rglob("*.py")):
        near = {path.relative_to(ROOT / "targets").parts[0], *shared}
        others = [name for _, name in imported(path) if name.startswith("flowport.targets.") and name.split(".")[2] not in near]
        assert others == [], path


def test_the_connection_to_buckets_alone_imports_what_talks_to_clouds() -> None:
    clouds = {"obstore", "boto3"}
    found = {
        path.name
        for path in (ROOT / "runtime").rglob("*.py")
        if clouds & {name.split(".")[0] for _, name in imported(path, for_types=False)}
    }
    assert found == {"connection.py"}


@pytest.mark.parametrize("room", ROOMS)
def test_a_room_of_the_runtime_imports_from_those_before_it(room: str) -> None:
    allowed = {"protocol", "text", "atomic_file", "redirects", *ROOMS[: ROOMS.index(room) + 1]}
    wrong = [
        f"{path}:{line} imports {name}"
        for path in sorted((ROOT / "runtime" / room).rglob("*.py"))
        for line, name in imported(path)
        if name.startswith("flowport.runtime.") and name.split(".")[2] not in allowed
    ]
    assert wrong == []


def test_the_rooms_of_the_runtime_are_those_named_here() -> None:
    folders = {path.parent.name for path in (ROOT / "runtime").glob("*/__init__.py")}
    assert folders == set(ROOMS)
    files = {"__init__.py", "__main__.py", "atomic_file.py", "protocol.py", "redirects.py", "text.py"}
    assert {path.name for path in (ROOT / "runtime").glob("*.py")} == files


@pytest.mark.parametrize("room", sorted({path.parent for _, path in SOURCES}), ids=lambda room: str(room.relative_to(ROOT)))
def test_no_room_is_crowded_and_each_says_what_stands_in_it(room: Path) -> None:
    files = sorted(path.name for path in room.glob("*.py") if path.name != "__init__.py")
    assert len(files) <= FILES, files
    assert ast.get_docstring(ast.parse((room / "__init__.py").read_text(encoding="utf-8"))), f"{room} does not say what may stand in it"


def modules() -> dict[str, Path]:
    """Every module of ours by its name."""
    found = {}
    for layer, path in SOURCES:
        parts = path.relative_to(LAYERS[layer]).with_suffix("").parts
        found[".".join(["flowport", layer, *(part for part in parts if part != "__init__")])] = path
    return found


def test_no_files_import_each_other_in_a_circle() -> None:
    """Lazy imports count too, and those for type checkers alone."""
    known = modules()
    imports = {
        module: {name if name in known else name.rpartition(".")[0] for _, name in imported(path)} & known.keys() - {module}
        for module, path in known.items()
    }
    left = dict(imports)
    while free := [module for module, needed in left.items() if not needed & left.keys()]:
        for module in free:
            del left[module]
    # What only leads into a circle, and is in none, goes too.
    while outside := [module for module in left if not any(module in needed for needed in left.values())]:
        for module in outside:
            del left[module]
    assert sorted(left) == []
