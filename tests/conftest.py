"""Golden files: text that a test compares with a file, which `--update-goldens` writes; a server of S3's protocol; and which tests run.

With several processes (`-n auto --dist loadgroup`) the tests of a file run in one of them, and so do all that share an engine.
"""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Callable, Generator, Iterator
from pathlib import Path
from random import randrange
from typing import Any

import pytest

from choice import Choice
from flowport.client.place import _Chosen
from flowport.runtime.names.current import current
from flowport.runtime.process.lifecycle import _Now
from s3 import bucket, server

__all__ = ["bucket", "server"]

SHARED = {
    "airflow": "Airflow",
    "databases": "Airflow",
    "airflow_2": "Airflow 2",
    "engines": "Step Functions",
    "runs": "Step Functions",
    "browser": "browser",
    "mlflow_server": "MLflow",
}
"""The fixtures that take long to make, and what tests with one of them share."""

OF_THE_SHELL = ("FLOWPORT_", "METAFLOW_")
"""Variables of whoever starts the tests: they would choose stores, profiles, configs and users for the flows of the tests."""

OF_A_TASK = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGALRM, signal.SIGCHLD)
"""The signals that a task handles, or the process that watches it."""

FOR_TESTS = {"FLOWPORT_CACHE", "FLOWPORT_CLUSTER", "FLOWPORT_RESTART_CONTROLLER"}
"""Those that are meant for the tests."""


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--update-goldens", action="store_true", help="write the golden files instead of comparing with them")
    parser.addoption("--seed", type=int, help="choose the cases of large tests as an earlier session did")
    parser.addoption("--nightly", action="store_true", help="run every case of the large tests")


def pytest_configure(config: pytest.Config) -> None:
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:  # a shell starts what is in the background so, and its children inherit it
        signal.signal(signal.SIGINT, signal.default_int_handler)
    config.addinivalue_line("markers", "sample(shows, more): a large test, of which some cases run")
    for name in [name for name in os.environ if name.startswith(OF_THE_SHELL) and name not in FOR_TESTS]:
        del os.environ[name]
    if config.option.seed is None:
        config.option.seed = getattr(config, "workerinput", {}).get("seed", randrange(10_000))


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:
    """Every process of xdist chooses the same."""
    node.workerinput["seed"] = node.config.option.seed


def pytest_report_header(config: pytest.Config) -> str:
    return str(Choice(config))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    terminalreporter.write_line(str(Choice(config)))  # with `-q` there is no header


@pytest.fixture(autouse=True)
def process_as_before(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """A task that a test runs in its own process changes it: its folder and variables, `current`, where modules come from, and signals.

    What the client reads is chosen for a process, too. The next test finds none of this.
    """
    environment, folder, mask = {**os.environ}, os.getcwd(), _umask()
    paths, finders, modules = [*sys.path], [*sys.meta_path], {*sys.modules}
    handlers = {number: signal.getsignal(number) for number in OF_A_TASK}
    yield
    os.environ.clear()
    os.environ.update(environment)
    time.tzset()
    os.chdir(folder)
    os.umask(mask)
    current._begin({})
    sys.path[:], sys.meta_path[:] = paths, finders
    for name in [name for name in sys.modules if name not in modules and _is_of_a_test(name, str(tmp_path_factory.getbasetemp()))]:
        del sys.modules[name]
    signal.set_wakeup_fd(-1)
    signal.setitimer(signal.ITIMER_REAL, 0)
    for number, handler in handlers.items():
        signal.signal(number, handler)
    _Now.ended, _Now.process, _Now.child = False, 0, 0
    _Chosen.store, _Chosen.namespace, _Chosen.has_namespace = None, None, False
    _Chosen.open.clear()


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


def _is_of_a_test(name: str, folder: str) -> bool:
    """Whether a module is part of a flow in the folder of a test, or flowport under the name of Metaflow."""
    file = getattr(sys.modules[name], "__file__", None) or ""
    return file.startswith(folder + os.sep) or name.partition(".")[0] == "metaflow"


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> Generator[None, None, None]:
    for item in items:
        shared = [SHARED[name] for name in getattr(item, "fixturenames", ()) if name in SHARED]
        item.add_marker(pytest.mark.xdist_group(shared[0] if shared else item.location[0]))
    yield
    chosen = Choice(config).of_items(items)
    config.hook.pytest_deselected(items=[item for item in items if item not in set(chosen)])
    items[:] = chosen


@pytest.fixture(scope="session")
def choice(pytestconfig: pytest.Config) -> Choice:
    """Which cases a test that goes through many by itself goes through."""
    return Choice(pytestconfig)


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
