"""Flows of a test, imported from a file as the tests of a user import theirs."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from importlib import import_module
from itertools import count
from pathlib import Path
from typing import Any, TypeAlias

import pytest

Imported: TypeAlias = Callable[..., Any]

_number = count()


@pytest.fixture
def imported(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Imported]:
    """Imports a module with this text, from a file of its own; `named` files are written beside it."""
    before = set(sys.modules)

    def write(text: str, **named: str) -> Any:
        name = f"tested_flow_{next(_number)}"
        (tmp_path / f"{name}.py").write_text(text, encoding="utf-8")
        for file, content in named.items():
            (tmp_path / file.replace("_toml", ".toml").replace("_json", ".json")).write_text(content, encoding="utf-8")
        return import_module(name)

    monkeypatch.syspath_prepend(str(tmp_path))
    yield write
    for name in set(sys.modules) - before:
        if name.startswith("tested_flow_"):
            del sys.modules[name]
