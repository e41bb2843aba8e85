"""The page in a real browser: Debian's Chromium, driven by Playwright."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect, sync_playwright

from desk import FLOWPORT
from ui.visit import Visit

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ["chromium", "fonts-dejavu-core"]


def chromium() -> str:
    """The browser, installed from Debian's packages when it is not there yet."""
    if shutil.which("chromium") is None:
        assert os.geteuid() == 0, "these tests need Chromium: sudo apt-get install chromium"
        for command in (["update", "-qq"], ["install", "-y", "-qq", "--no-install-recommends", *PACKAGES]):
            done = subprocess.run(
                ["apt-get", *command], capture_output=True, text=True, env={**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
            )
            assert done.returncode == 0, done.stdout + done.stderr
    found = shutil.which("chromium")
    assert found is not None
    return found


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """A browser, which all tests of a file share. Its event loop runs until it ends, beside which no other test could run one."""
    with sync_playwright() as playwright:
        # A container has no sandbox for it, and little shared memory.
        found = playwright.chromium.launch(executable_path=chromium(), args=["--no-sandbox", "--disable-dev-shm-usage"])
        expect.set_options(timeout=60_000)
        yield found
        found.close()


@pytest.fixture(scope="session")
def axe() -> str:
    """The source of axe, which looks for what keeps people from using a page."""
    folder = ROOT / ".cache" / "axe"
    source = folder / "node_modules" / "axe-core" / "axe.min.js"
    if not source.exists():
        command = ["npm", "install", "--no-audit", "--no-fund", "--no-save", "--prefix", str(folder), "axe-core@4.14.1"]
        done = subprocess.run(command, capture_output=True, text=True)
        assert done.returncode == 0, done.stdout + done.stderr
    return source.read_text(encoding="utf-8")


@pytest.fixture
def visit(browser: Browser, axe: str) -> Iterator[Callable[..., Visit]]:
    """Opens the page of a store in a browser."""
    servers: list[subprocess.Popen[str]] = []
    visits: list[Visit] = []

    def begin(store: Path, **options: object) -> Visit:
        command = [FLOWPORT, "ui", "--store", str(store), "--port", "0", "--no-open"]
        server = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        servers.append(server)
        assert server.stdout is not None
        lines = server.stdout.readline(), server.stdout.readline()
        assert lines[1].startswith("http://127.0.0.1:"), lines
        visits.append(Visit(browser, lines[1].strip().rstrip("/"), axe, **options))
        return visits[-1]

    yield begin
    for one in visits:
        one.close()
    for server in servers:
        server.terminate()
        server.communicate(timeout=20)
    for one in visits:
        assert one.problems == []
