"""The routes of the page, and what each of them answers."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.responses import HTMLResponse, PlainTextResponse, RedirectResponse, Response, StreamingResponse
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

from flowport.runtime.run.reader import UNREADABLE, reason
from flowport.runtime.store.errors import Missing
from flowport.ui import texts, urls
from flowport.ui.access import CARD, Access
from flowport.ui.compare_view import compare_page
from flowport.ui.loading import load_card, load_value
from flowport.ui.readers import Readers
from flowport.ui.run_view import run_page
from flowport.ui.runs_view import STATES, RunsQuery, runs_page
from flowport.ui.step_view import step_page
from flowport.ui.table.table_view import TableQuery, table_page
from flowport.ui.task_view import card_page, find_item, log_keys, task_page

if TYPE_CHECKING:
    from collections.abc import Iterator

    from starlette.requests import Request

    from flowport.runtime.store.interface import Store

HERE = Path(__file__).parent
CHUNK = 1 << 20


class PageSettings(NamedTuple):
    """What the page is about: a store, how the command line names it, and the token without which nothing is shown."""

    store: Store
    named: str = ""
    token: str = ""


def make_app(settings: PageSettings) -> Starlette:
    """The application (ASGI)."""
    page = _Pages(settings)
    routes = [
        Route("/", page.runs),
        Route("/compare", page.compare),
        Route("/table", page.table),
        Route("/run/{flow}/{run}", page.run),
        Route("/run/{flow}/{run}/{step}", page.step),
        Route("/run/{flow}/{run}/{step}/{item}", page.task),
        Route("/run/{flow}/{run}/{step}/{item}/value/{name}", page.value),
        Route("/run/{flow}/{run}/{step}/{item}/card/{number:int}", page.card),
        Route("/run/{flow}/{run}/{step}/{item}/card/{number:int}/html", page.card_html),
        Route("/run/{flow}/{run}/{step}/{item}/log/{attempt:int}", page.log),
        Mount("/static", StaticFiles(directory=HERE / "static")),
    ]
    return Starlette(
        routes=routes,
        middleware=[Middleware(Access, token=settings.token)],
        exception_handlers={**dict.fromkeys(UNREADABLE, page.broken), Missing: page.absent, 404: page.absent},
    )


class _Pages:
    """The answers. Starlette calls those that are no coroutines in threads, so reading a store holds up nobody else."""

    def __init__(self, settings: PageSettings) -> None:
        self._store, self._named = settings.store, settings.named
        self._readers = Readers(settings.store)
        self._templates = Environment(
            loader=FileSystemLoader(HERE / "templates"),
            autoescape=select_autoescape(default=True, default_for_string=True),
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self._templates.filters.update(texts.FILTERS)
        self._templates.globals.update(urls=urls, store=settings.store.url, STATES=STATES)

    def _page(self, template: str, status: int = 200, **values: Any) -> HTMLResponse:
        html = self._templates.get_template(template).render(now=time.time(), **values)
        # A name or a text of the user's may have what UTF-8 does not have: half of a pair of surrogates.
        return HTMLResponse(html.encode("utf-8", "backslashreplace"), status)

    def runs(self, request: Request) -> Response:
        """The list of runs."""
        asked = request.query_params
        state = asked.get("state", "")
        query = RunsQuery(
            asked.get("flow", ""),
            state if state in STATES else "",
            asked.get("tag", "").strip(),
            asked.get("text", "").strip(),
            asked.get("after", ""),
        )
        return self._page("runs.html", page=runs_page(self._readers, query))

    def table(self, request: Request) -> Response:
        """The table of a flow's runs."""
        asked = request.query_params
        if not asked.get("flow"):
            return RedirectResponse("/", 303)
        columns = tuple(filter(None, asked.getlist("column")))
        where, sort, plot, over = (asked.get(name, "").strip() for name in ("where", "sort", "plot", "over"))
        query = TableQuery(asked["flow"], where, columns, sort, plot, over, _number(asked.get("first")))
        return self._page("table.html", page=table_page(self._readers, query))

    def run(self, request: Request) -> Response:
        """A run."""
        flow, run = _names(request, "flow", "run")
        return self._page("run.html", page=run_page(self._readers, flow, run, self._named))

    def step(self, request: Request) -> Response:
        """The items of a step; a step outside of foreaches has one, whose page is shown at once."""
        flow, run, step = _names(request, "flow", "run", "step")
        asked = request.query_params
        state, wanted = asked.get("state", ""), asked.get("item", "").strip()
        if wanted:
            reader, _ = self._readers.run(flow, run)
            address = wanted if wanted == "r" or wanted.startswith("r.") else f"r.{wanted}"
            if reader.locate(step, address) is not None:
                return RedirectResponse(urls.item_url(flow, run, step, address), 303)
        state = state if state in ("failed", "unfinished", "done") else ""
        page = step_page(self._readers, flow, run, step, state, _number(asked.get("first")), wanted)
        if page.counts.all == 1 and page.rows and page.rows[0].item == "r" and not state:
            return RedirectResponse(page.rows[0].url, 303)
        return self._page("step.html", page=page)

    def task(self, request: Request) -> Response:
        """An item."""
        flow, run, step, item = _names(request, "flow", "run", "step", "item")
        asked = request.query_params.get("attempt")
        attempt = None if asked is None else _number(asked)
        return self._page("task.html", page=task_page(self._readers, flow, run, step, item, self._named, attempt))

    def value(self, request: Request) -> Response:
        """The value of an artifact."""
        flow, run, step, item, name = _names(request, "flow", "run", "step", "item", "name")
        find_item(self._readers, flow, run, step, item)
        is_loaded, text = load_value(self._store.url, f"{flow}/{run}/{step}/{item}", name)
        values = {"flow": flow, "run": run, "step": step, "item": item, "name": name, "text": text, "is_loaded": is_loaded}
        return self._page("value.html", 200 if is_loaded else 422, **values)

    def card(self, request: Request) -> Response:
        """A card, in a frame."""
        page = card_page(self._readers, _names(request, "flow", "run", "step", "item"), request.path_params["number"])
        return self._page("card.html", page=page)

    def card_html(self, request: Request) -> Response:
        """What stands in the frame: the card's own page, which may do nothing to this one."""
        flow, run, step, item = _names(request, "flow", "run", "step", "item")
        find_item(self._readers, flow, run, step, item)
        is_loaded, html = load_card(self._store.url, f"{flow}/{run}/{step}/{item}", request.path_params["number"])
        if is_loaded:
            return HTMLResponse(html, headers={"Content-Security-Policy": CARD})
        return PlainTextResponse(f"the card could not be loaded\n\n{html}\n", 422)

    def log(self, request: Request) -> Response:
        """The whole log of an attempt, as text."""
        flow, run, step, item = _names(request, "flow", "run", "step", "item")
        found = find_item(self._readers, flow, run, step, item).of_attempt(int(request.path_params["attempt"]))
        keys = log_keys(found)
        if not keys:
            raise Missing(f"{step}/{item} has no log of attempt {request.path_params['attempt']}")
        return StreamingResponse(_chunks(self._store, keys), media_type="text/plain; charset=utf-8")

    def compare(self, request: Request) -> Response:
        """Two runs side by side."""
        asked = request.query_params
        newer, older = [*asked.getlist("run"), "", ""][:2]
        page = compare_page(self._readers, asked.get("left", older), asked.get("right", newer))
        return self._page("compare.html", page=page)

    def absent(self, request: Request, error: Exception) -> Response:
        """There is no such thing."""
        said = str(error) if isinstance(error, Missing) else f"there is no page `{request.url.path}`"
        return self._page("problem.html", 404, title="Not found", text=said)

    def broken(self, request: Request, error: Exception) -> Response:
        """Something in the store cannot be read, or the store itself."""
        return self._page("problem.html", 500, title="This cannot be read", text=reason(error))


def _names(request: Request, *names: str) -> list[str]:
    """The names in the address of a page; raises Missing for what is none."""
    try:
        return [urls.decoded(request.path_params[name]) for name in names]
    except ValueError as error:
        raise Missing(str(error)) from None


def _number(text: str | None) -> int:
    return int(text) if text and text.isdecimal() and len(text) < 10 else 0


def _chunks(store: Store, keys: list[str]) -> Iterator[bytes]:
    for key in keys:
        size = store.size(key)
        for at in range(0, size, CHUNK):
            yield store.part(key, at, min(CHUNK, size - at))
