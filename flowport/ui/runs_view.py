"""The list of runs: of all flows or of one, the latest first, a page at a time."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from heapq import merge
from itertools import islice
from typing import TYPE_CHECKING, NamedTuple

from flowport.runtime.run.history import History
from flowport.runtime.store.errors import Corrupt, Missing
from flowport.ui import urls
from flowport.workspace.runs import earlier_runs, flows

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from typing import Any

    from flowport.ui.readers import Readers, RunInfo

ROWS = 50
"""Runs on a page."""

LOOKED_AT = 1000
"""Runs that are looked at for one page where only some are wanted; the page says where to go on."""

STATES = ("running", "failed", "lost", "stopped", "done", "damaged")
READING = ThreadPoolExecutor(16, "reading")
"""Runs are read side by side: each takes some requests, and those to a bucket take their time."""


class RunsQuery(NamedTuple):
    """Which runs are wanted; "" is all. `after` is where a page begins, as the page before it says."""

    flow: str = ""
    state: str = ""
    tag: str = ""
    text: str = ""
    after: str = ""

    @property
    def is_filtered(self) -> bool:
        """Whether anything is asked for but a flow."""
        return bool(self.state or self.tag or self.text)


class Trigger(NamedTuple):
    """What started a run: another run with its address, or an event, which has none."""

    name: str
    url: str


class RunRow(NamedTuple):
    """A run in the list. Times are in seconds, since 1970 when they are moments."""

    flow: str
    run: str
    url: str
    state: str
    started: float | None
    seconds: float | None
    target: str
    user: str
    tags: tuple[str, ...]
    origin: str
    origin_url: str
    triggers: tuple[Trigger, ...] = ()


class RunsPage(NamedTuple):
    """A page of the list. `next` is the `after` of the page behind it, and `looked_at` how many runs it took to fill this one."""

    query: RunsQuery
    flows: list[str]
    rows: list[RunRow]
    next: str
    looked_at: int
    earlier: list[tuple[str, int]]
    damage: list[str]
    is_live: bool


def runs_page(readers: Readers, query: RunsQuery) -> RunsPage:
    """The runs that are wanted, from `after` on."""
    damage: list[str] = []
    known = sorted(flows(readers.store, damage.append))
    listed = _listed(readers, [query.flow] if query.flow else known, query)
    found: list[tuple[str, RunRow]] = []
    looked_at, place, is_end = 0, "", False
    while len(found) <= ROWS and looked_at < LOOKED_AT and not is_end:
        some = list(islice(listed, ROWS + 1))
        read = READING.map(lambda one: _row(readers, one[1], one[2], damage), some)
        found += [(_cursor(*one), row) for one, row in zip(some, read, strict=True) if row is not None and _is_wanted(row, query)]
        looked_at, is_end = looked_at + len(some), len(some) <= ROWS
        place = _cursor(*some[-1]) if some else place
    following = found[ROWS - 1][0] if len(found) > ROWS else "" if is_end else place
    earlier = [] if query.flow or query.is_filtered or query.after else earlier_runs(readers.store)
    return RunsPage(query, known, [row for _, row in found[:ROWS]], following, looked_at, earlier, damage, is_live=not query.after)


def _listed(readers: Readers, among: list[str], query: RunsQuery) -> Iterator[tuple[str, str, str]]:
    """The number in the index, the flow and the id of each run from `after` on, the latest first."""
    number, _, rest = query.after.partition("/")
    after = (number, *rest.partition("/")[::2])

    def of_flow(flow: str) -> Iterator[tuple[str, str, str]]:
        return ((number, flow, run) for number, run in History(readers.store, flow).entries(query.tag, start=after[0]))

    return (place for place in merge(*map(of_flow, among)) if place > after)


def _cursor(number: str, flow: str, run: str) -> str:
    return f"{number}/{flow}/{run}"


def _row(readers: Readers, flow: str, run: str, damage: list[str]) -> RunRow | None:
    """The row of a run; None if it never began."""
    try:
        info = readers.info(flow, run)
    except Missing:
        return None
    except Corrupt as error:
        damage.append(str(error))
        return RunRow(flow, run, urls.run_url(flow, run), "damaged", None, None, "", "", (), "", "")
    damage += info.damage
    return row_of(info)


def row_of(info: RunInfo) -> RunRow:
    """What a list shows of a run."""
    record = info.document
    flow, run, origin = record["flow"], record["run"], record["origin"] or ""
    user = next((tag.partition(":")[2] for tag in record["system_tags"] or () if tag.startswith("user:")), "")
    url, origin_url = urls.run_url(flow, run), urls.run_url(flow, origin) if origin else ""
    triggers = tuple(_triggers(record))
    times = record["started"], info.seconds
    return RunRow(flow, run, url, info.state, *times, record["target"], user, info.tags, origin, origin_url, triggers)


def _triggers(record: Mapping[str, Any]) -> Iterator[Trigger]:
    for each in record["triggers"] or ():
        if each["type"] == "run":
            yield Trigger(f"{each['flow']}/{each['run']}", urls.run_url(each["flow"], each["run"]))
        else:
            yield Trigger(each["name"], "")


def _is_wanted(row: RunRow, query: RunsQuery) -> bool:
    has_tag = not query.tag or query.tag in row.tags or query.tag == f"user:{row.user}"
    return has_tag and query.state in ("", row.state) and query.text.lower() in f"{row.flow}/{row.run} {' '.join(row.tags)}".lower()
