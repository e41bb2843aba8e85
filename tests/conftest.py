"""Golden files: text that a test compares with a file, which `--update-goldens` writes; and a server of S3's protocol."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from s3 import bucket, server

__all__ = ["bucket", "server"]


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--update-goldens", action="store_true", help="write the golden files instead of comparing with them")


@pytest.fixture
def golden(request: pytest.FixtureRequest) -> Callable[[Path, str], None]:
    """Compare text with a golden file; a missing file fails, unless goldens are being updated."""

    def compare(path: Path, text: str) -> None:
        if request.config.getoption("--update-goldens"):
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8", newline="\n")
        assert path.exists(), f"the golden file {path} is missing; write it with --update-goldens"
        assert text == path.read_text(encoding="utf-8")

    return compare
