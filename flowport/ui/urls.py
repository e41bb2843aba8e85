"""The addresses of pages. Names of users are encoded as in the keys of a store, so a name may have any character."""

from __future__ import annotations

from collections.abc import Sequence
from urllib.parse import quote, urlencode

from flowport.runtime.store.keys import part, unpart


def run_url(flow: str, run: str) -> str:
    """The page of a run."""
    return "/run/" + "/".join(map(_coded, (flow, run)))


def step_url(flow: str, run: str, step: str, **query: str | int) -> str:
    """The page of a step's items; what is empty in the `query` is left out."""
    return f"{run_url(flow, run)}/{_coded(step)}{query_of(**query)}"


def item_url(flow: str, run: str, step: str, item: str, **query: str | int) -> str:
    """The page of one item."""
    return f"{step_url(flow, run, step)}/{_coded(item)}{query_of(**query)}"


def value_url(flow: str, run: str, step: str, item: str, name: str) -> str:
    """The value of an artifact, which this unpickles."""
    return f"{item_url(flow, run, step, item)}/value/{_coded(name)}"


def card_url(flow: str, run: str, step: str, item: str, number: int) -> str:
    """A card of an item, by its place from 1."""
    return f"{item_url(flow, run, step, item)}/card/{number}"


def log_url(flow: str, run: str, step: str, item: str, attempt: int) -> str:
    """The whole log of an attempt, as text."""
    return f"{item_url(flow, run, step, item)}/log/{attempt}"


def runs_url(**query: str | int) -> str:
    """The list of runs."""
    return "/" + query_of(**query)


def table_url(flow: str, columns: Sequence[str] = (), **query: str | int) -> str:
    """The table of a flow's runs."""
    more = urlencode([("column", column) for column in columns], errors="backslashreplace")
    rest = query_of(flow=flow, **{name: value for name, value in query.items() if value != 0})
    return f"/table{rest}{'&' if more else ''}{more}"


def query_of(**query: str | int) -> str:
    """The query of an address, without what is empty."""
    text = urlencode({name: value for name, value in query.items() if value != ""}, errors="backslashreplace")
    return f"?{text}" if text else ""


def decoded(text: str) -> str:
    """The name that stands in an address; raises ValueError for what is none."""
    return unpart(text)


def _coded(name: str) -> str:
    return quote(part(name), safe="@=+!'()")
