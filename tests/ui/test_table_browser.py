"""The table of runs and the plots of metrics in a browser: by mouse and keyboard, on a phone, for those who do not see, and as pictures."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import expect

from solo import Solo
from table.rows import put_row, put_run
from ui.visit import Visit

DOCS = Path(__file__).resolve().parents[2] / "docs" / "images"
STARTED = 1_795_244_400.0

TRAIN = """
import math

class TrainFlow(FlowSpec):
    rate = Parameter("rate", default=0.5)

    @step
    def start(self):
        for epoch in range(40):
            noise = 0.02 * math.sin(7 * epoch * self.rate)
            loss, accuracy = math.exp(-self.rate * epoch / 6) + abs(noise), 0.96 - math.exp(-epoch / 8) / 2 + noise
            current.log_metrics({"loss": loss, "accuracy": accuracy})
        self.next(self.end)

    @step
    def end(self):
        pass
"""


@pytest.fixture
def store(tmp_path: Path) -> str:
    """Many runs of `TrainFlow`, and two that have really run."""
    solo = Solo(tmp_path, TRAIN)
    for number in range(36):
        depth, trees, started = 2 + number % 6, 50 * (1 + number % 4), STARTED + 700 * number
        accuracy = round(0.78 + 0.2 * (1 - math.exp(-depth / 3)) + 0.00006 * trees + 0.01 * math.sin(number), 4)
        run = f"{time.strftime('%Y%m%d-%H%M%S', time.gmtime(started))}-{number * 791_937 % 2**24:06x}"
        put_row(
            solo.store, run, started, flow="TrainFlow", tags=["nightly"] * (number % 5 == 0), artifacts={"kind": "forest"},
            parameters={"max_depth": depth, "trees": trees}, metrics={"accuracy": accuracy, "loss": round(1.05 - accuracy, 4)},
        )  # fmt: skip
    put_run(solo.store, "20261122-070000-00aa11", STARTED + 30_000, "failed", "TrainFlow", parameters={"max_depth": 9, "trees": 50})
    solo.run("first")
    solo.run("second", parameters={"rate": 0.9})
    return solo.store.url


def test_a_table_is_filtered_sorted_and_plotted(visit: Callable[..., Visit], store: str) -> None:
    here = visit(Path(store))
    here.open("/?flow=TrainFlow")
    here.tab.get_by_role("link", name="Table").click()
    here.press("/")
    here.tab.keyboard.type("accuracy > 0.9 and max_depth in (6, 7)")
    here.press("Enter")
    expect(here.tab.locator("[data-row]")).to_have_count(12)
    here.tab.get_by_role("link", name="accuracy").click()
    expect(here.tab.get_by_role("columnheader", name="accuracy")).to_have_attribute("aria-sort", "descending")
    here.tab.get_by_text("Columns", exact=True).click()
    here.tab.get_by_label("kind").check()
    here.tab.get_by_label("Plot").select_option("accuracy")
    here.tab.get_by_label("over").select_option("max_depth")
    here.tab.get_by_role("button", name="Show").click()
    expect(here.tab.locator("svg.plot circle")).to_have_count(12)
    assert "column=artifact%3Akind" in here.tab.url
    assert "sort=-metric%3Aaccuracy" in here.tab.url
    assert here.barriers() == []
    here.press("j")
    assert here.focused().startswith("20261121-")
    for box in here.tab.get_by_role("checkbox", name="Compare 2026").all()[:2]:
        box.check()
    here.tab.get_by_role("button", name="Compare the two").click()
    expect(here.tab.get_by_role("heading", name="Compare", exact=True)).to_be_visible()


@pytest.mark.parametrize("is_dark", [False, True])
def test_tables_and_plots_have_no_barriers_and_fit_a_phone(visit: Callable[..., Visit], store: str, is_dark: bool) -> None:
    here = visit(Path(store), is_dark=is_dark, is_phone=True)
    for path in (
        "/table?flow=TrainFlow&plot=accuracy&where=acuracy",
        "/table?flow=TrainFlow&plot=metric:accuracy&over=param:trees",
        "/run/TrainFlow/first",
        "/run/TrainFlow/first/start/r",
        "/compare?left=TrainFlow/first&right=TrainFlow/second",
    ):
        here.open(path)
        assert (here.barriers(), here.overflows()) == ([], False), path


def test_pictures_of_tables_and_metrics(visit: Callable[..., Visit], store: str, pytestconfig: pytest.Config) -> None:
    """They are in the documentation; `--update-goldens` makes them again."""
    where, plot = "where=accuracy+%3E+0.95+and+max_depth+%3E%3D+5&sort=-metric:accuracy", "plot=metric:accuracy&over=param:max_depth"
    table, both = f"/table?flow=TrainFlow&{where}&{plot}", "/compare?left=TrainFlow/first&right=TrainFlow/second"
    for name, path, is_dark in (("ui-table", table, False), ("ui-metrics", both, True)):
        here = visit(Path(store), is_dark=is_dark)
        here.open(path)
        here.replace(store, "~/flows/.flowport")
        file = DOCS / f"{name}.png"
        picture = here.tab.screenshot(path=str(file) if pytestconfig.getoption("--update-goldens") else None, full_page=True)
        assert len(picture) > 10_000
        assert file.exists(), f"{file} is missing: make it with --update-goldens"
