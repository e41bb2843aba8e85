"""Settings above the tables of targets are for all of them, tables such as `labels` too."""

from __future__ import annotations

from pathlib import Path

import pytest

from desk import Desk

FLOW = """
from flowport import FlowSpec, step


class Small(FlowSpec):
    @step
    def start(self):
        self.next(self.end)

    @step
    def end(self):
        pass
"""
SETTINGS = """
store = "s3://bucket"
image = "my-image:1"
labels = { team = "vision" }

[profiles.test.argo]
labels = { team = "speech" }

[profiles.other]
labels = { stage = "test" }

[profiles.wrong]
tags = { a = "b" }
"""


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    desk = Desk(tmp_path)
    desk.write("small.py", FLOW)
    desk.write("flowport.toml", SETTINGS)
    return desk


@pytest.mark.parametrize(
    ("words", "labels"),
    [((), ["team: vision"]), (("--profile", "test"), ["team: speech"]), (("--profile", "other"), ["team: vision", "stage: test"])],
)
def test_a_table_above_the_targets_is_for_those_that_read_it(desk: Desk, words: tuple[str, ...], labels: list[str]) -> None:
    assert desk("compile", "small.py", "-t", "argo", "-o", "build", *words).status == 0
    text = (desk.folder / "build" / "small.yaml").read_text()
    assert [label for label in ("team: vision", "team: speech", "stage: test") if label in text] == labels


def test_a_table_in_the_place_of_a_list_is_said(desk: Desk) -> None:
    desk.write("flowport.toml", 'tags = ["ml"]\n' + SETTINGS)
    done = desk("check", "small.py", "-t", "airflow", "--profile", "wrong")
    assert done.status == 1
    assert "the setting `tags` has to be a list of text" in done.out
