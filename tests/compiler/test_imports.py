"""Reading a flow starts fast: nothing heavy is imported on the way."""

from __future__ import annotations

import subprocess
import sys

HEAVY = (
    "click",
    "rich",
    "yaml",
    "jsonschema",
    "dataclasses",
    "inspect",
    "pathlib",
    "hashlib",
    "difflib",
    "textwrap",
    "unicodedata",
    "logging",
)


def test_reading_a_flow_imports_nothing_heavy() -> None:
    code = "import sys, flowport.compiler.parse, flowport.compiler.check, flowport.compiler.diagnostics.render; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd="/")
    assert sorted(set(done.stdout.split()) & set(HEAVY)) == []
