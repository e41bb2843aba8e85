"""Every code that is used has its long form, and every long form a use."""

from __future__ import annotations

import re
from pathlib import Path

from flowport.compiler.diagnostics.codes import CODES, explain

ROOT = Path(__file__).parents[2]


def used() -> set[str]:
    files = [path for folder in ("compiler", "targets", "flowport") for path in (ROOT / folder).rglob("*.py") if path.name != "codes.py"]
    return {code for path in files for code in re.findall(r'"(FP\d{3})"', path.read_text(encoding="utf-8"))}


def test_every_code_that_is_used_is_explained() -> None:
    assert used() - set(CODES) == set()


def test_every_explained_code_is_used() -> None:
    assert set(CODES) - used() == set()


def test_a_code_is_explained_whatever_its_case() -> None:
    assert explain("fp201") == explain("FP201")
    assert (explain("FP201") or "").startswith("FP201: a transition to something that is not a step\n\n")


def test_an_unknown_code_has_no_explanation() -> None:
    assert explain("FP999") is None


def test_titles_are_one_line_in_lower_case() -> None:
    for code in CODES.values():
        assert "\n" not in code.title
        assert not code.title.endswith(".")
        assert code.title[0] in "`@" or code.title[0].islower() or code.title.startswith(("UTF", "JSON"))
