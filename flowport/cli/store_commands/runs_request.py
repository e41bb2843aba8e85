"""What is asked of `flowport runs`."""

from __future__ import annotations

from typing import NamedTuple


class RunsRequest(NamedTuple):
    """The latest runs of a store, so many, or `all` of them: of one flow, and with all of the tags, when these are named.

    With a condition, columns or an order they come from the table of runs.
    """

    flow: str | None
    tags: tuple[str, ...]
    where: str | None
    columns: str | None
    sort: str | None
    number: int | None
    all: bool
    json: bool
    csv: bool
    store: str | None
    target: str | None
    profile: str | None
