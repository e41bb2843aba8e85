"""Every mistake in golden/mistakes is reported as the text beside it says, word for word."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from flowport.compiler.compile import load
from flowport.compiler.diagnostics.render import render

MISTAKES = Path(__file__).parent / "golden" / "mistakes"
FLOWS = sorted(path.name for path in MISTAKES.glob("*.py"))


@pytest.mark.parametrize("name", FLOWS)
def test_a_mistake_is_reported_in_full(name: str, golden: Callable[[Path, str], None], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(MISTAKES)
    text = render(load(name).diagnostics, "text")
    assert text, f"{name} is fine, says the compiler"
    golden(MISTAKES / name.replace(".py", ".txt"), text)


def test_no_golden_text_is_unused() -> None:
    assert sorted(path.stem for path in MISTAKES.glob("*.txt")) == [name.removesuffix(".py") for name in FLOWS]
