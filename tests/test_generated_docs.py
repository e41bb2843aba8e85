"""Pages that say what a table of the code says: the diagnostics, and which engine lacks what. `--update-goldens` writes them."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from flowport.compiler.capability import Capabilities, Feature
from flowport.compiler.codes import CODES
from flowport.targets.stepfunctions.limits import lacks

ROOT = Path(__file__).resolve().parent.parent
README = ROOT / "README.md"
MATRIX = re.compile(r"(<!-- matrix -->\n).*?(<!-- end of matrix -->)", re.DOTALL)
KINDS = {"FP1": "Reading a flow", "FP2": "The flow itself", "FP3": "What a target cannot do", "FP4": "Limits and settings"}


def diagnostics() -> str:
    """The page of all codes."""
    lines = ["# Diagnostics", "", "What `flowport explain CODE` says, for every code."]
    for number, title in KINDS.items():
        lines += ["", f"## {number}xx: {title}"]
        for code, entry in sorted(CODES.items()):
            if code.startswith(number):
                lines += ["", f"**{code}**: {entry.title}. {entry.text}"]
    return "\n".join(lines) + "\n"


def cell(lacking: Capabilities, feature: Feature) -> str:
    limit = lacking.get(feature)
    return "yes" if limit is None else f"{'no effect' if limit.harmless else limit.kind}: {limit.reason}"


def matrix() -> str:
    """Which engine lacks which feature, and why."""
    engines: dict[str, Capabilities] = {
        "this machine": {},
        "Step Functions, Batch on EC2": lacks({"platform": "EC2"}),
        "Step Functions, Batch on Fargate": lacks({"platform": "FARGATE"}),
    }
    lines = ["| | " + " | ".join(engines) + " |", "|---" * (len(engines) + 1) + "|"]
    shown = "`{}`".format
    for feature in Feature:
        name = shown(feature.value) if feature.value.startswith("@") else feature.value
        lines.append(f"| {name} | " + " | ".join(cell(lacking, feature) for lacking in engines.values()) + " |")
    return "\n".join(lines) + "\n"


def test_the_page_of_diagnostics_has_them_all(golden: Callable[[Path, str], None]) -> None:
    golden(ROOT / "docs" / "diagnostics.md", diagnostics())


def test_the_readme_says_what_each_engine_lacks(golden: Callable[[Path, str], None]) -> None:
    golden(README, MATRIX.sub(lambda found: found[1] + matrix() + found[2], README.read_text(encoding="utf-8")))


@pytest.mark.parametrize("code", sorted(CODES))
def test_a_code_is_of_a_known_kind(code: str) -> None:
    assert re.fullmatch(r"FP[1-4]\d\d", code)
