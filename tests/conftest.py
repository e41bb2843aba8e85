"""Golden files: text that a test compares with a file, which `--update-goldens` writes; a server of S3's protocol; and what runs together.

With several processes (`-n auto --dist loadgroup`) the tests of a file run in one of them, and so do all that share an engine.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from s3 import bucket, server

__all__ = ["bucket", "server"]

SHARED = {"airflow": "Airflow", "databases": "Airflow", "airflow_2": "Airflow 2", "engines": "Step Functions", "runs": "Step Functions"}
"""The fixtures that take long to make, and what tests with one of them share."""


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--update-goldens", action="store_true", help="write the golden files instead of comparing with them")


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        shared = [SHARED[name] for name in getattr(item, "fixturenames", ()) if name in SHARED]
        item.add_marker(pytest.mark.xdist_group(shared[0] if shared else item.location[0]))


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
