"""The table of a flow's runs on the page, the metrics of runs and items, and what two runs have differently."""

from __future__ import annotations

import math
import re
from pathlib import Path

import pytest

from flowport.runtime.metrics.latest import enter_latest
from flowport.runtime.store.folder import FolderStore
from flowport.runtime.store.keys import Keys
from flowport.ui.table.plot import Line, Plot, thinned, ticks
from solo import Solo
from table.rows import STARTED, Done, put_row, put_run
from ui.pages import client, links, main

FIT = """
class Fit(FlowSpec):
    rate = Parameter("rate", default=0.5)

    @step
    def start(self):
        for epoch in range(5):
            current.log_metric("<loss>", self.rate / (epoch + 1), step=epoch)
        current.log_metric("score", self.rate)
        self.next(self.end)

    @step
    def end(self):
        pass
"""


@pytest.fixture
def store(tmp_path: Path) -> FolderStore:
    """120 runs that are done, and one that failed."""
    found = FolderStore(str(tmp_path / "store"))
    for number in range(120):
        metrics = {"accuracy": number / 120, "<b>": math.inf}
        put_row(found, f"r{number:03}", STARTED + number, parameters={"depth": number % 10}, metrics=metrics, artifacts={"kind": "a"})
    put_run(found, "failed", STARTED + 500, "failed", parameters={"depth": 3})
    return found


def shown(html: str) -> list[str]:
    """The runs of a page, in their order."""
    return [link.rpartition("/")[2] for link in links(html, "/run/")]


def test_the_table_has_columns_pages_and_an_order(store: FolderStore) -> None:
    page = client(store)
    html = page.get("/table", params={"flow": "Train"}).text
    assert (shown(html)[0], len(shown(html))) == ("failed", 100)
    assert "depth" in main(html)
    assert "121 runs" in main(html)
    (further,) = [link for link in links(html, "/table?") if "first=100" in link]
    assert len(shown(page.get(further).text)) == 21
    (by_accuracy,) = [link for link in links(html, "/table?") if "sort=-metric%3Aaccuracy" in link]
    html = page.get(by_accuracy).text
    assert shown(html)[:2] == ["r119", "r118"]
    assert 'aria-sort="descending"' in html
    assert [link for link in links(html, "/table?") if "sort=metric%3Aaccuracy" in link]


def test_a_condition_chooses_runs_and_columns_stay_in_the_address(store: FolderStore) -> None:
    asked = {"flow": "Train", "where": "accuracy > 0.5 and depth = 6", "column": ["artifact:kind", "metric:<b>"], "sort": "accuracy"}
    html = client(store).get("/table", params=asked).text
    assert shown(html) == ["r066", "r076", "r086", "r096", "r106", "r116"]
    assert "<b>" not in html
    assert "&lt;b&gt;" in html
    assert re.findall(r'name="column" value="([^"]*)" checked', html) == ["metric:&lt;b&gt;", "artifact:kind"]
    sorting = [link for link in links(html, "/table?") if "sort=-artifact%3Akind" in link]
    assert all("where=accuracy+%3E+0.5" in link and "column=artifact%3Akind" in link for link in sorting)


def test_a_mistake_stands_below_the_condition(store: FolderStore) -> None:
    html = client(store).get("/table", params={"flow": "Train", "where": "acuracy > 1"}).text
    assert "no run has a column `acuracy`" in main(html)
    assert "did you mean `accuracy`?" in main(html)
    assert 'value="acuracy &gt; 1"' in html
    assert 'aria-invalid="true"' in html
    assert shown(html) == []


def test_a_plot_over_runs_has_its_values_beside_it(store: FolderStore) -> None:
    html = (
        client(store).get("/table", params={"flow": "Train", "plot": "metric:accuracy", "over": "param:depth", "where": "depth < 2"}).text
    )
    assert html.count("<circle") == 24
    assert "accuracy of 24 runs, by depth" in html
    assert main(html).count("r000") == 2
    assert "is-x" in client(store).get("/table", params={"flow": "Train", "plot": "accuracy"}).text


def test_runs_and_items_show_their_metrics(tmp_path: Path) -> None:
    solo = Solo(tmp_path, FIT)
    solo.run("1")
    solo.run("2", parameters={"rate": 2})
    page = client(solo.store)
    for path in ("/run/Fit/1", "/run/Fit/1/start/r"):
        html = page.get(path).text
        assert "Metrics" in main(html)
        assert "<loss> 0.1 4" in main(html)
        assert html.count('<svg class="plot"') == 1
    text = main(page.get("/compare", params={"left": "Fit/1", "right": "Fit/2"}).text)
    assert "Metrics <loss> differs 0.1 0.4 score differs 0.5 2" in text
    assert "Values of <loss> step 1 2 0 0.5 2 1 0.25 1" in text


def test_any_text_can_be_shown(tmp_path: Path) -> None:
    solo, odd = Solo(tmp_path, FIT.replace("pass", "self.text = '\\ud800'")), "\ud800\x1b"
    solo.run("1")
    enter_latest(solo.store, Keys("Fit", "1"), Done(STARTED, {odd: 1}), lambda row: "r")  # type: ignore[arg-type]
    put_row(solo.store, "2", flow="Fit", tags=[odd], parameters={odd: odd}, metrics={odd: 1}, artifacts={odd: odd})
    page = client(solo.store)
    for path in ("/", "/run/Fit/1", "/run/Fit/1/end/r", "/compare?left=Fit/1&right=Fit/1", "/table?flow=Fit"):
        found = page.get(path)
        assert (found.status_code, r"\ud800" in found.text) == (200, True), path
    assert {page.get(link).status_code for link in links(found.text, "/table?")} == {200}


def test_a_damaged_part_of_the_index_is_said_and_the_rest_is_shown(store: FolderStore) -> None:
    store.replace("flows/Train/table/chunks/00000000-00000000.json", b"{")
    text = main(client(store).get("/table", params={"flow": "Train"}).text)
    assert "121 runs" in text
    assert "1 document in the store cannot be read" in text


def test_a_flow_without_runs_has_an_empty_table(tmp_path: Path) -> None:
    assert "No run matches." in main(client(tmp_path / "none").get("/table", params={"flow": "Nobody"}).text)


@pytest.mark.parametrize(
    "values",
    [
        [1.0],
        [3.0, 3.0],
        [-1e308, 1e308],
        [0.0, math.nan, 1.0],
        [math.inf, -math.inf],
        [1e-300, 2e-300],
        [0.0, 5e-324],
        [2**64 - 2, 2**64 - 1],
        list(map(float, range(5000))),
    ],
)
def test_any_values_can_be_plotted(values: list[float]) -> None:
    svg = Plot("a", "step", "a", [Line("a", list(enumerate(values)))]).svg
    places = [float(place) for place in re.findall(r'c[xy]="([^"]*)"', svg)]
    assert all(math.isfinite(place) for place in places)
    assert "nan" not in re.sub(r"<title>.*?</title>", "", svg)
    assert len(svg) < 20_000


def test_a_thinned_line_keeps_its_extremes() -> None:
    points = [(float(number), 0.0) for number in range(10_000)]
    points[5_001], points[7_003] = (5_001.0, 9.0), (7_003.0, -9.0)
    kept = thinned(points)
    assert len(kept) < 500
    assert {(5_001.0, 9.0), (7_003.0, -9.0), points[0], points[-1]} <= {*kept}


@pytest.mark.parametrize(
    ("least", "most", "expected"), [(0, 1, [0, 0.2, 0.4, 0.6, 0.8, 1]), (-3, 12, [0, 5, 10]), (17, 1797, [500, 1000, 1500])]
)
def test_ticks_are_round(least: float, most: float, expected: list[float]) -> None:
    assert ticks(least, most) == pytest.approx(expected)
