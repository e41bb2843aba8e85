"""`flowport card list|get`, in a terminal."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from desk import Desk

FLOW = """
from flowport import FlowSpec, card, current, step
from flowport.cards import Markdown


class Shop(FlowSpec):
    @step
    def start(self):
        self.items = ["a", "b"]
        self.next(self.each, foreach="items")

    @card(type="blank", id="notes")
    @card(type="blank")
    @card(type="blank")
    @step
    def each(self):
        current.card["notes"].append(Markdown(f"item {self.input}"))
        self.next(self.join)

    @step
    def join(self, inputs):
        self.next(self.end)

    @step
    def end(self):
        self.total = 4567
"""


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Desk:
    found = Desk(tmp_path_factory.mktemp("desk"))
    found.write("shop.py", FLOW)
    assert found("run", "shop.py", "--run-id", "one", "-q").status == 0
    return found


def test_the_cards_of_a_run_are_listed(desk: Desk) -> None:
    listed = desk("card", "list", "Shop/one")
    assert (listed.status, listed.err) == (0, "")
    assert listed.out.splitlines() == [
        "TASK      TYPE   ID",
        "each/r.0  blank  notes  done",
        "each/r.0  blank         done",
        "each/r.0  blank         done",
        "each/r.1  blank  notes  done",
        "each/r.1  blank         done",
        "each/r.1  blank         done",
    ]
    rows = json.loads(desk("card", "list", "Shop/one/each/r.1", "--id", "notes", "--json").out)
    assert rows == [{"step": "each", "item": "r.1", "type": "blank", "id": "notes", "state": "done"}]


def test_a_card_is_printed_or_written(desk: Desk, tmp_path: Path) -> None:
    page = desk("card", "get", "Shop/one/each/r.1", "--id", "notes")
    assert page.status == 0
    assert page.out.startswith("<!doctype html>")
    assert "item b" in page.out
    file = tmp_path / "page.html"
    assert desk("card", "get", "Shop/one/each", "--number", "1", "-o", str(file)).status == 0
    assert "item a" in file.read_text(encoding="utf-8")


def test_the_step_without_a_card_has_the_default_card(desk: Desk) -> None:
    page = desk("card", "get", "Shop/one/end")
    assert page.status == 0
    assert "4567" in page.out
    assert page.err == "flowport: step `end` has no `@card`: this is the default card, which every step has\n"
    listed = desk("card", "list", "Shop/one/end")
    assert (listed.status, listed.out) == (1, "")
    assert listed.err.splitlines() == [
        "no step has a card: `@card` above a step gives it one",
        "  flowport card view Shop/one/end   # shows the default card, which every step has",
    ]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["Shop/one/each"], ["each/r.0 has 3 cards", "choose one of them: --id notes, --number 2, --number 3"]),
        (["Shop/one/each", "--id", "note"], ["each/r.0 has no such card"]),
        (["Shop/one/each", "--number", "4"], ["each/r.0 has no such card"]),
        (["Shop/one/each/r.7"], ["r.7"]),
    ],
)
def test_a_card_that_is_not_there_is_said(desk: Desk, words: list[str], said: list[str]) -> None:
    done = desk("card", "get", *words)
    assert done.status == 2
    assert done.out == ""
    for text in said:
        assert text in done.err
