"""The page without a server, and flows that have something to show."""

from __future__ import annotations

import asyncio
import re
from concurrent.futures import ThreadPoolExecutor
from html import unescape
from pathlib import Path
from typing import Any

from httpx import ASGITransport, AsyncClient, Cookies, Response

from flowport.runtime.store.open import open_store
from flowport.ui.app import PageSettings, make_app

PRICES = '''
import os
import time

from flowport import FlowSpec, Parameter, retry, step


class PricesFlow(FlowSpec):
    """Looks up prices."""

    gate = Parameter("gate", default="", help="a file to wait for")
    prices = Parameter("prices", default="apples=2,pears=3,plums=")

    @step
    def start(self):
        """Choose what to look up."""
        self.names = [pair.partition("=")[0] for pair in self.prices.split(",")]
        self.known = dict(pair.split("=") for pair in self.prices.split(","))
        self.next(self.look_up, foreach="names")

    @retry(times=1, minutes_between_retries=0)
    @step
    def look_up(self):
        """Look up the price of one thing."""
        print("looking for", self.input, flush=True)
        while self.gate and not os.path.exists(self.gate):
            time.sleep(0.05)
        if os.environ.get("KNOWS_ALL"):
            self.known[self.input] = self.known[self.input] or "7"
        self.price = int(self.known[self.input])
        self.next(self.add)

    @step
    def add(self, inputs):
        self.total = sum(each.price for each in inputs)
        self.next(self.end)

    @step
    def end(self):
        print("total", self.total)
'''

MILLION = """
class Million(FlowSpec):
    @step
    def start(self):
        self.numbers = range(1_000_000)
        self.next(self.work, foreach="numbers")

    @step
    def work(self):
        if self.input == 30_007:
            raise ValueError("no")
        self.next(self.join)

    @step
    def join(self, inputs):
        self.next(self.end)

    @step
    def end(self):
        pass
"""


class Page:
    """The page of a store, as a browser on this machine asks for it."""

    def __init__(self, settings: PageSettings) -> None:
        self._app, self.cookies, self.follow_redirects = make_app(settings), Cookies(), True

    def get(self, path: str, **more: Any) -> Response:
        """Ask for an address."""
        return self.request("GET", path, **more)

    def request(self, method: str, path: str, **more: Any) -> Response:
        """Make a request."""

        async def ask() -> Response:
            transport = ASGITransport(self._app, raise_app_exceptions=False)
            cookies = {"cookies": self.cookies, "follow_redirects": self.follow_redirects}
            async with AsyncClient(transport=transport, base_url="http://localhost", **cookies) as session:
                answer = await session.request(method, path, **more)
                self.cookies = session.cookies
                return answer

        # Playwright keeps a loop in the thread of the tests.
        with ThreadPoolExecutor(1) as thread:
            return thread.submit(asyncio.run, ask()).result()


def client(store: Any, token: str = "", named: str = "") -> Page:
    """The page of a store, or of one at an address."""
    found = open_store(str(store)) if isinstance(store, str | Path) else store
    return Page(PageSettings(found, named, token))


def main(html: str) -> str:
    """The text of the main part of a page, in one line."""
    found = re.search(r"<main.*?>(.*)</main>", html, re.DOTALL)
    assert found, html
    return " ".join(unescape(re.sub(r"<[^>]*>", " ", found[1])).split())


def links(html: str, begin: str = "/") -> list[str]:
    """The addresses that a page leads to."""
    return [unescape(found) for found in re.findall(r'href="([^"]*)"', html) if unescape(found).startswith(begin)]
