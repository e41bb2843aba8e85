"""`--flow N` runs the random tests of this folder for one random flow only."""

from __future__ import annotations

import pytest

SEEDS = 30


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--flow", type=int, help="run the random tests for the flow of this number only")


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "seed" in metafunc.fixturenames:
        given = metafunc.config.getoption("--flow", None)
        metafunc.parametrize("seed", range(SEEDS) if given is None else [given])
