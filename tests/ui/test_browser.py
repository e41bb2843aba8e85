"""The page in Chromium: it follows a run that is going on, works with the keyboard and on a phone, and axe finds nothing serious."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from desk import Desk
from ui.pages import PRICES
from ui.visit import Visit

DOCS = Path(__file__).resolve().parents[2] / "docs" / "images"
EXAMPLE = Path(__file__).resolve().parents[2] / "examples" / "digits.py"


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Desk:
    """A run that failed, one that resumes it, and one that is done."""
    found = Desk(tmp_path_factory.mktemp("desk"))
    found.write("prices.py", PRICES)
    assert found("run", "prices.py", "--run-id", "one", "--tag", "nightly", "-q").status == 1
    assert found("resume", "prices.py", "one", "--run-id", "two", "-q", KNOWS_ALL="1").status == 0
    assert found("run", "prices.py", "--run-id", "three", "--prices", "figs=4", "-q").status == 0
    return found


PAGES = (
    "/",
    "/run/PricesFlow/one",
    "/run/PricesFlow/two",
    "/run/PricesFlow/one/look_up",
    "/run/PricesFlow/one/look_up/r.2",
    "/run/PricesFlow/two/add/r",
    "/run/PricesFlow/two/add/r/value/total",
    "/run/PricesFlow/two/add/r/card/1",
    "/run/PricesFlow/two/add/r/card/1/html",
    "/compare?left=PricesFlow/one&right=PricesFlow/three",
    "/run/PricesFlow/two/nothing",
)


def test_a_run_that_is_going_on_is_followed_to_its_end(visit: Callable[..., Visit], tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    desk.write("prices.py", PRICES)
    running = desk.start("run", "prices.py", "--gate", str(tmp_path / "gate"), "--prices", "figs=1,nuts=2", "--run-id", "live", "-q")
    here = visit(tmp_path / ".flowport")
    here.open()
    run = here.tab.get_by_role("link", name="PricesFlow/live")
    expect(run).to_be_visible(timeout=30_000)
    run.click()
    expect(here.tab.locator("h1")).to_contain_text("running")
    expect(here.tab.locator("svg.graph")).to_contain_text("0 of 2, 2 running", timeout=30_000)
    here.tab.get_by_role("link", name="look_up: 0 of 2").click()
    expect(here.tab.locator("table.items")).to_contain_text("running", timeout=30_000)
    here.tab.get_by_role("link", name="r.1", exact=True).click()
    expect(here.tab.locator("pre.log")).to_have_text("looking for nuts", timeout=30_000)
    assert "whole, as text" not in here.text()
    (tmp_path / "gate").touch()
    expect(here.tab.locator("h1")).to_contain_text("done", timeout=60_000)
    expect(here.tab.locator("main")).to_contain_text("price")
    running.communicate(timeout=60)
    here.tab.get_by_role("link", name="live").click()
    expect(here.tab.locator("h1")).to_contain_text("done", timeout=30_000)
    expect(here.tab.locator("svg.graph")).to_contain_text("2 of 2")


def test_what_a_reader_did_stays_while_the_page_is_updated(visit: Callable[..., Visit], tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    desk.write("prices.py", PRICES)
    assert desk("run", "prices.py", "--run-id", "one", "-q").status == 1
    here = visit(tmp_path / ".flowport")
    here.open()
    box = here.tab.get_by_label("Text")
    box.fill("half a wo")
    here.tab.get_by_role("checkbox", name="Compare PricesFlow/one").check()
    box.focus()
    assert desk("run", "prices.py", "--run-id", "two", "-q").status == 1
    expect(here.tab.locator("table.runs")).to_contain_text("PricesFlow/two", timeout=30_000)
    assert box.input_value() == "half a wo"
    assert here.focused() == "text"
    assert here.tab.get_by_role("checkbox", name="Compare PricesFlow/one").is_checked()
    assert not here.tab.get_by_role("checkbox", name="Compare PricesFlow/two").is_checked()


def test_everything_can_be_reached_with_the_keyboard(visit: Callable[..., Visit], desk: Desk) -> None:
    here = visit(desk.folder / ".flowport")
    here.open()
    here.press("j", "j")
    assert here.focused() == "PricesFlow/two"
    here.press("k", "Enter")
    expect(here.tab.locator("h1")).to_contain_text("three")
    here.press("j", "j", "Enter")
    expect(here.tab.locator("h1")).to_contain_text("look_up")
    here.press("u")
    expect(here.tab.locator("h1")).to_contain_text("three")
    here.press("u")
    expect(here.tab.locator("h1")).to_have_text("PricesFlow")
    here.press("/")
    assert here.focused() == "text"
    here.tab.keyboard.type("one")
    here.press("Enter")
    expect(here.tab.locator("table.runs tbody tr")).to_have_count(1)
    # Without our keys: the way to the content, and from link to link.
    here.press("Tab")
    assert here.focused() == "Skip to content"


def test_two_runs_are_chosen_and_compared(visit: Callable[..., Visit], desk: Desk) -> None:
    here = visit(desk.folder / ".flowport")
    here.open()
    button = here.tab.get_by_role("button", name="Compare the two")
    expect(button).to_be_disabled()
    here.tab.get_by_role("checkbox", name="Compare PricesFlow/three").check()
    here.tab.get_by_role("checkbox", name="Compare PricesFlow/one").check()
    expect(button).to_be_enabled()
    button.click()
    expect(here.tab.locator("table.both thead th")).to_have_text(["", "PricesFlow/one", "PricesFlow/three"])


def test_times_are_the_readers_own(visit: Callable[..., Visit], desk: Desk) -> None:
    here = visit(desk.folder / ".flowport")
    here.open("/run/PricesFlow/one")
    time = here.tab.locator("time").first
    shown, exact = time.inner_text(), str(time.get_attribute("datetime"))
    hours = int(shown[11:13]) - int(exact[11:13])
    assert hours % 24 in (1, 2)
    assert (shown[14:], exact[10], exact[-1]) == (exact[14:-1], "T", "Z")


def test_a_theme_that_was_chosen_stays(visit: Callable[..., Visit], desk: Desk) -> None:
    here = visit(desk.folder / ".flowport")
    here.open()
    ground = "getComputedStyle(document.documentElement).backgroundColor"
    assert here.tab.evaluate(ground) == "rgb(255, 255, 255)"
    here.tab.get_by_role("button", name="Switch between light and dark").click()
    assert here.tab.evaluate(ground) != "rgb(255, 255, 255)"
    here.open("/run/PricesFlow/one")
    assert here.tab.evaluate(ground) != "rgb(255, 255, 255)"


@pytest.mark.parametrize("is_phone", [False, True], ids=["desk", "phone"])
@pytest.mark.parametrize("is_dark", [False, True], ids=["light", "dark"])
def test_axe_finds_nothing_serious_and_nothing_is_wider_than_the_window(
    visit: Callable[..., Visit], desk: Desk, is_dark: bool, is_phone: bool
) -> None:
    here = visit(desk.folder / ".flowport", is_dark=is_dark, is_phone=is_phone)
    for path in PAGES:
        here.open(path)
        assert here.barriers() == [], path
        assert not here.overflows(), path
    here.problems = [problem for problem in here.problems if "404" not in problem]


def test_axe_finds_what_is_wrong(visit: Callable[..., Visit], desk: Desk) -> None:
    """The canary: an image without a text, and grey on white."""
    here = visit(desk.folder / ".flowport")
    here.open()
    here.tab.evaluate("document.querySelector('h1').outerHTML = '<img src=\"/static/icon.svg\"><p id=\"pale\">pale</p>'")
    here.tab.evaluate("document.getElementById('pale').style.color = '#ddd'")
    found = here.barriers()
    assert [problem.partition(":")[0] for problem in found if problem.startswith(("image-alt", "color-contrast"))] != []


def test_the_browser_says_when_something_comes_from_outside(visit: Callable[..., Visit], desk: Desk) -> None:
    """The canary of `problems`: an image from elsewhere is refused, and seen."""
    here = visit(desk.folder / ".flowport")
    here.open()
    here.tab.evaluate("document.body.append(Object.assign(new Image(), {src: 'http://elsewhere.example/x.png'}))")
    here.tab.wait_for_timeout(200)
    assert any("elsewhere.example" in problem for problem in here.problems)
    here.problems.clear()


def test_without_scripts_the_page_says_the_same(visit: Callable[..., Visit], desk: Desk) -> None:
    here = visit(desk.folder / ".flowport")
    context = here.tab.context.browser.new_context(java_script_enabled=False)  # type: ignore[union-attr]
    tab = context.new_page()
    tab.goto(f"{here.address}/run/PricesFlow/one")
    assert "ValueError" in tab.inner_text("main")
    assert not tab.get_by_role("button", name="copy").is_visible()
    tab.get_by_role("link", name="look_up/r.2").click()
    assert "What" not in tab.title()
    context.close()


def test_a_server_that_is_gone_is_said(visit: Callable[..., Visit], tmp_path: Path) -> None:
    here = visit(tmp_path)
    here.open()
    here.tab.route("**/*", lambda route: route.abort())
    expect(here.tab.get_by_role("status")).to_contain_text("does not answer", timeout=20_000)
    here.tab.unroute("**/*")
    expect(here.tab.locator("#offline")).to_be_hidden(timeout=20_000)
    here.problems = [problem for problem in here.problems if "ERR_FAILED" not in problem]


def test_pictures_of_the_page(visit: Callable[..., Visit], desk: Desk, pytestconfig: pytest.Config, tmp_path: Path) -> None:
    """They are in the documentation; `--update-goldens` makes them again."""
    digits = Desk(tmp_path)
    assert digits("run", str(EXAMPLE), "--run-id", "digits-1", "--max_depth", "6", "--store", "store", "-q").status == 0
    assert digits("run", str(EXAMPLE), "--run-id", "digits-2", "--store", "store", "-q").status == 0
    digits.write("prices.py", PRICES)
    assert digits("run", "prices.py", "--run-id", "prices-7", "--tag", "nightly", "--store", "store", "-q").status == 1
    for name, path, is_dark in (
        ("ui-runs", "/", False),
        ("ui-run", "/run/DigitsFlow/digits-1", False),
        ("ui-failed", "/run/PricesFlow/prices-7", True),
        ("ui-item", "/run/DigitsFlow/digits-1/end/r", False),
    ):
        here = visit(tmp_path / "store", is_dark=is_dark)
        here.open(path)
        here.replace(str(tmp_path), "~/flows")
        file = DOCS / f"{name}.png"
        picture = here.tab.screenshot(path=str(file) if pytestconfig.getoption("--update-goldens") else None, full_page=True)
        assert len(picture) > 10_000
        assert file.exists(), f"{file} is missing: make it with --update-goldens"


def test_the_picture_of_a_card(browser: Browser, pytestconfig: pytest.Config, tmp_path: Path) -> None:
    digits, file = Desk(tmp_path), DOCS.parent / "card.png"
    assert digits("run", str(EXAMPLE), "--run-id", "monday", "--store", "store", "-q").status == 0
    assert digits("card", "get", "DigitsFlow/monday/report", "--store", "store", "-o", "card.html").status == 0
    # The time of the run is no reason for another picture.
    when = r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC</span><span>[^<]*"
    html = re.sub(when, "2026-11-21 07:30:21 UTC</span><span>0.2 s", (tmp_path / "card.html").read_text(encoding="utf-8"))
    with browser.new_context(viewport={"width": 720, "height": 1000}, device_scale_factor=2) as context:
        tab = context.new_page()
        tab.set_content(html)
        below = tab.get_by_role("heading", name="Parameters").bounding_box()
        assert below
        picture = tab.screenshot(
            path=str(file) if pytestconfig.getoption("--update-goldens") else None,
            full_page=True,
            clip={"x": 0, "y": 0, "width": 720, "height": below["y"] - 16},
        )
        assert "confusion" in tab.inner_text("body").lower()
    assert len(picture) > 50_000
    assert file.exists()


def test_the_picture_of_a_verdict(browser: Browser, pytestconfig: pytest.Config, tmp_path: Path) -> None:
    """It shows the twenty weeks of examples/retrain, which take a minute: only `--update-goldens` lets them go by."""
    file = DOCS / "retrain-card.png"
    if pytestconfig.getoption("--update-goldens"):
        desk, folder = Desk(tmp_path), EXAMPLE.parent / "retrain"
        assert desk.run(sys.executable, str(folder / "demo.py")).status == 0
        store = str(EXAMPLE.parents[1] / "build" / "retrain" / "store")
        assert desk("card", "get", "MonitorFlow/week-20/measure", "--store", store, "-o", "card.html").status == 0
        with browser.new_context(viewport={"width": 760, "height": 400}, device_scale_factor=2) as context:
            tab = context.new_page()
            tab.set_content((tmp_path / "card.html").read_text(encoding="utf-8"))
            tab.screenshot(path=str(file), full_page=True)
    assert file.exists(), f"{file} is missing: make it with --update-goldens"


OWN_CARD = """
from flowport import FlowSpec, card, step
from flowport.cards import Markdown, MetaflowCard


class Own(MetaflowCard):
    type = "own"

    def render(self, task):
        return "<p id=p>own</p><script>document.getElementById('p').textContent = 'own, by a script, of origin ' + origin;" + (
            "try { document.body.append(parent.document.title) } catch { document.body.append('; no parent') }"
            "fetch('/').then(() => document.body.append('; a page'), () => document.body.append('; no page'))</script>"
        )


class CardFlow(FlowSpec):
    @card(type="blank", id="notes")
    @card(type="own")
    @card(type="blank")
    @step
    def start(self):
        from flowport import current

        current.card["notes"].append(Markdown("# Sales & <b>more</b>"))
        self.next(self.end)

    @step
    def end(self):
        pass
"""


def test_cards_open_in_a_frame_that_reaches_nothing(visit: Callable[..., Visit], tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    desk.write("cards.py", OWN_CARD)
    assert desk("run", "cards.py", "--run-id", "one", "--store", "store", "-q").status == 0
    here = visit(tmp_path / "store")
    here.open("/run/CardFlow/one/start/r")
    here.tab.get_by_role("link", name="notes").click()
    expect(here.tab.frame_locator("iframe").get_by_role("heading", name="Sales & <b>more</b>")).to_be_visible()
    here.open("/run/CardFlow/one/start/r")
    here.tab.get_by_role("link", name="own card").click()
    expect(here.tab.frame_locator("iframe").locator("body")).to_have_text("own, by a script, of origin null; no parent; no page")
    refused = [problem for problem in here.problems if "Content Security Policy" in problem]
    assert len(refused) == len(here.problems) > 0
    here.problems.clear()


GROWS = """
import os
import time

from flowport import FlowSpec, Parameter, card, current, step
from flowport.cards import Markdown, ProgressBar


class GrowFlow(FlowSpec):
    gate = Parameter("gate")

    @card(type="blank")
    @step
    def start(self):
        bar = ProgressBar(max=10, label="epochs", value=3)
        current.card.append(bar)
        current.card.refresh()
        while not os.path.exists(self.gate):
            time.sleep(0.05)
        bar.update(10)
        current.card.append(Markdown("trained"))
        self.next(self.end)

    @step
    def end(self):
        pass
"""


def test_a_card_that_grows_is_followed(visit: Callable[..., Visit], tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    desk.write("grows.py", GROWS)
    running = desk.start("run", "grows.py", "--gate", str(tmp_path / "gate"), "--run-id", "live", "-q")
    here = visit(tmp_path / ".flowport")
    here.open()
    expect(here.tab.get_by_role("link", name="GrowFlow/live")).to_be_visible()
    here.open("/run/GrowFlow/live/start/r")
    here.tab.get_by_role("link", name="blank card").click()
    body = here.tab.frame_locator("iframe").locator("body")
    expect(body).to_contain_text("3 / 10")
    (tmp_path / "gate").touch()
    expect(body).to_contain_text("trained")
    expect(body).to_contain_text("10 / 10")
    running.communicate(timeout=60)
    assert running.returncode == 0
