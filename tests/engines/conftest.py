"""The engines, up once for the whole session, and the runs of the corpus on them, several at a time."""

from __future__ import annotations

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from engines.corpus_runs import Engines, Here, Runs
from flowport.runtime.environments.create import environment as made
from flowport.runtime.environments.lock_file import FOLDER, read
from flowport.runtime.protocol import PYTHONS
from flows.expected import FOLDER as FLOWS
from flows.expected import Expected
from own_environment import own_environment

AT_ONCE = 4


@pytest.fixture(scope="session", autouse=True)
def pythons(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """The environments of the flows of the corpus, named to all tasks as `flowport dry-run` does.

    They are made before an engine starts. The processes of a session share them.
    """
    with pytest.MonkeyPatch.context() as patch:
        with pytest.MonkeyPatch.context() as making:
            making.setenv("FLOWPORT_CACHE", str(tmp_path_factory.getbasetemp().parent / "environments"))
            locks = [read(path.read_bytes()) for path in (FLOWS / FOLDER).glob("*.txt")]
            found = {lock.name: made(lock) for lock in locks}
        patch.setenv(PYTHONS, json.dumps(found))
        yield


@pytest.fixture(scope="session")
def ministack() -> Path:
    return own_environment(Path(__file__).with_name("ministack.txt"))


@pytest.fixture(scope="session")
def engines(request: pytest.FixtureRequest) -> Iterator[Engines]:
    with ExitStack() as stack:
        yield Engines(stack, lambda: request.getfixturevalue("ministack"))


@pytest.fixture(scope="session")
def here(pool: ThreadPoolExecutor, tmp_path_factory: pytest.TempPathFactory) -> Here:
    return Here(tmp_path_factory.mktemp("stores"), pool)


@pytest.fixture(scope="session")
def pool() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(AT_ONCE) as pool:
        yield pool
        pool.shutdown(cancel_futures=True)


@pytest.fixture(scope="session")
def runs(
    engines: Engines, here: Here, pool: ThreadPoolExecutor, request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Runs:
    made = Runs(engines, tmp_path_factory.mktemp("stores"), pool)
    for expected, where in wanted(request, "where"):
        here(expected)
        made.begin(expected, where)
    return made


def wanted(request: pytest.FixtureRequest, name: str) -> Iterator[tuple[Expected, Any]]:
    """What the selected tests ask for with a parameter of this name."""
    for item in request.session.items:
        params = getattr(getattr(item, "callspec", None), "params", {})
        if name in params and "expected" in params:
            yield params["expected"], params[name]
