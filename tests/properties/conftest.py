"""`--seed N` runs the random tests of this folder for one seed only."""

from __future__ import annotations

import pytest

SEEDS = 30


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--seed", type=int, help="run the random tests for this seed only")


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "seed" in metafunc.fixturenames:
        given = metafunc.config.getoption("--seed", None)
        metafunc.parametrize("seed", range(SEEDS) if given is None else [given])
