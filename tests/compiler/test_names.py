"""Names for an engine."""

from __future__ import annotations

import re

from flowport.compiler.lower.names import Namer, legal

LETTERS = "A-Za-z0-9_-"


def test_a_legal_name_is_kept() -> None:
    assert legal("train", LETTERS, 80) == "train"


def test_another_is_made_legal_with_a_hash() -> None:
    made = legal("train the model 🙂", LETTERS, 80)
    assert re.fullmatch(r"train-the-model-[0-9a-f]{8}", made)
    assert made == legal("train the model 🙂", LETTERS, 80)


def test_a_long_name_is_cut() -> None:
    assert len(legal("x" * 200, LETTERS, 40)) == 40


def test_a_name_of_nothing_legal_is_its_hash() -> None:
    assert re.fullmatch(r"[0-9a-f]{8}", legal("🙂", LETTERS, 40))


def test_names_that_fall_together_are_kept_apart() -> None:
    name = Namer(LETTERS, 40)
    assert name("a") == "a"
    assert name("other", "a") not in ("a", "other")
    assert name("other", "a") == name("other", "a")
