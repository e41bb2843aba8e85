"""The JSON Schema of `flowport.toml` and what flowport itself checks are one: both take and refuse the same files."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft4Validator

from flowport.compiler.diagnostics.diagnostic import CompileError
from flowport.compiler.project_settings import SharedSettings
from flowport.compiler.settings import Setting
from flowport.targets.registry import OURS, targets
from flowport.targets.settings_schema import schema
from flowport.targets.settings_validation import MISSING, decoded, toml
from flowport.workspace.config import find

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

ROOT = Path(__file__).resolve().parent.parent
TARGETS = {name: target for name, target in targets().items() if name in OURS}
SCHEMA = schema(TARGETS)
VALIDATOR = Draft4Validator(SCHEMA)
FENCE = re.compile(r"^```toml\n(.*?)^```", re.MULTILINE | re.DOTALL)
VALUES: tuple[Any, ...] = (
    *("", "x", "Never", "batch", "FARGATE", 0, 1, -1, 51, 3001, 10**12, 1.5, 1.0, True, False),
    *([], ["a"], ["a", 1], [1], [[]], [{}], [{"a": 1}], [{"a": 1}, "b"], {}, {"a": "b"}, {"a": {"b": [1]}}),
)


def texts() -> Iterator[tuple[str, str]]:
    """Every example of settings in the repository."""
    for path in sorted(ROOT.glob("*/**/flowport.toml")):
        if ".venv" not in path.parts:
            yield str(path.relative_to(ROOT)), path.read_text(encoding="utf-8")
    for path in (*sorted(ROOT.glob("*.md")), *sorted(ROOT.glob("docs/*.md"))):
        for number, text in enumerate(FENCE.findall(path.read_text(encoding="utf-8"))):
            yield f"{path.relative_to(ROOT)} {number}", text


def refused(folder: Path, document: dict[str, Any]) -> bool:
    """Whether flowport finds a mistake in a file, whichever target and profile are chosen; a missing setting is none of the file."""
    (folder / "flowport.toml").write_text("\n".join(f"{toml_key(key)} = {toml(value)}" for key, value in document.items()))
    try:
        profiles = [None, *document.get("profiles", {})]
        configs = [find(str(folder), profile) for profile in profiles]
    except CompileError:
        return True
    return any(wrong(name, config.for_target(name)) for config in configs for name in TARGETS)


def wrong(name: str, profile: dict[str, Any]) -> bool:
    _, found = decoded(TARGETS[name].settings, name, profile, "F", {})
    return any(problem.code != MISSING for problem in found)


def toml_key(key: str) -> str:
    return key if key.isidentifier() else json.dumps(key)


def test_the_schema_is_one() -> None:
    Draft4Validator.check_schema(SCHEMA)


@pytest.mark.parametrize(("name", "text"), list(texts()), ids=[name for name, _ in texts()])
def test_every_example_is_valid(name: str, text: str, tmp_path: Path) -> None:
    document = tomllib.loads(text)
    assert [error.message for error in VALIDATOR.iter_errors(document)] == []
    assert not refused(tmp_path, document)


def test_there_are_examples() -> None:
    assert len(list(texts())) > 4


@pytest.mark.parametrize("name", sorted(TARGETS))
def test_both_find_the_same_values_wrong(name: str, tmp_path: Path) -> None:
    differing = [
        (setting.name, value, where)
        for setting in (*TARGETS[name].settings.declared(), Setting[Any]("text", "no setting", name="strange"))
        for value in VALUES
        for where, document in {
            "target": {name: {setting.name: value}},
            "profile": {"profiles": {"test": {name: {setting.name: value}}}},
        }.items()
        if VALIDATOR.is_valid(document) is refused(tmp_path, document)
    ]
    assert differing == []


def test_both_find_the_same_values_wrong_that_all_targets_share(tmp_path: Path) -> None:
    """Above the tables a value is right when one of the targets takes it."""
    names = {setting.name for target in TARGETS.values() for setting in target.settings.declared()}
    for name in sorted(names - {setting.name for setting in SharedSettings.declared()}):
        for value in VALUES:
            readers = [one for one, target in TARGETS.items() if name in {setting.name for setting in target.settings.declared()}]
            taken = not all(wrong(one, {name: value}) for one in readers)
            assert VALIDATOR.is_valid({name: value}) is taken, (name, value)
            assert VALIDATOR.is_valid({"profiles": {"test": {name: value}}}) is taken, (name, value)


@pytest.mark.parametrize(
    "document",
    [
        {"storee": "x"},
        {"store": 1},
        {"roots": "lib"},
        {"roots": [1]},
        {"include": [["a"]]},
        {"profile": 1},
        {"profiles": []},
        {"profiles": {"prod": "x"}},
        {"profiles": {"prod": {"profile": "x"}}},
        {"profiles": {"prod": {"profiles": {}}}},
        {"profiles": {"prod": {"storee": "x"}}},
        {"airflow": "x"},
        {"nomad": {}},
        {"argo": {"roots": []}},
        {"sfn": {"width": "x"}},
    ],
    ids=str,
)
def test_both_refuse_a_file_whose_keys_or_types_nothing_reads(document: dict[str, Any], tmp_path: Path) -> None:
    assert not VALIDATOR.is_valid(document)
    assert refused(tmp_path, document)


@pytest.mark.parametrize(
    "document",
    [
        {},
        {"store": "", "roots": [], "include": ["sql/*.sql"], "profile": "prod", "profiles": {"prod": {}}},
        {"sfn": {"width": 10}},
        {"image": "i", "profiles": {"prod": {"store": "s3://b", "argo": {"store": "s3://c"}}}},
    ],
    ids=str,
)
def test_both_take_a_file_that_is_right(document: dict[str, Any], tmp_path: Path) -> None:
    (tmp_path / "sql").mkdir()
    assert VALIDATOR.is_valid(document)
    assert not refused(tmp_path, document)


def test_a_command_prints_it(tmp_path: Path) -> None:
    printed = subprocess.run([sys.executable, "-m", "flowport", "config", "schema"], cwd=tmp_path, capture_output=True, check=True).stdout
    assert json.loads(printed) == SCHEMA
    misspelt = subprocess.run([sys.executable, "-m", "flowport", "config", "shcema"], cwd=tmp_path, capture_output=True, text=True)
    assert (misspelt.returncode, misspelt.stdout) == (2, "")
    assert "did you mean `schema`?" in misspelt.stderr


def test_compiling_and_checking_import_no_library_for_it(tmp_path: Path) -> None:
    (tmp_path / "flowport.toml").write_text("[argo]\nwidth = 'x'\n")
    flow = ROOT / "examples" / "digits.py"
    (tmp_path / "digits.py").write_text(flow.read_text(encoding="utf-8"))
    check = "from flowport.cli import execute; execute(['check', 'digits.py', '-t', 'argo'])"
    program = f"import sys; {check}; print('jsonschema' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", program], cwd=tmp_path, capture_output=True, text=True, check=True)
    assert "which is not a whole number of at least 1" in done.stdout
    assert done.stdout.splitlines()[-1] == "False"
