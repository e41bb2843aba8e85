"""Which cases of a large test run: at random, by `--seed`, some that show all its behaviours; with `--nightly` every case.

A test that has the mark `sample` is such a test, and the cases that do not run are deselected. All other tests run whole.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from functools import cache
from pathlib import Path
from random import Random
from typing import TypeAlias, TypeVar

import pytest

from flowport.compiler.compile import load
from flowport.compiler.ir.plan import Block, Task, blocks
from flows.expected import Expected

T = TypeVar("T")
Shows: TypeAlias = Callable[..., Iterable[Hashable]]
"""From the parameters of a case to the behaviours that it shows."""

ODD = {
    "batches",
    "empty_foreach",
    "graph_and_errors",
    "loop_exits",
    "more_parameters",
    "named_steps",
    "nasties",
    "not-an-identifier",
    "one_item",
    "one_step",
    "own_environments",
    "parameters",
    "shared_arms",
    "surroundings",
}
"""Flows that show an engine what neither their constructs nor their imports tell: numbers, names, texts, arguments, attributes."""


def nothing(**case: object) -> Iterable[Hashable]:
    """Cases that are as good as each other."""
    return ()


def sample(shows: Shows = nothing, more: int = 0) -> pytest.MarkDecorator:
    """The mark of a test of which some cases run: those that show every behaviour, and `more`."""
    return pytest.mark.sample(shows, more)


class Choice:
    """The choice of a session."""

    def __init__(self, config: pytest.Config) -> None:
        self.seed: int = config.getoption("--seed")
        self.every: bool = config.getoption("--nightly")

    def __str__(self) -> str:
        return "all cases" if self.every else f"cases chosen by --seed {self.seed}"

    def __call__(self, name: str, cases: Sequence[T], shows: Callable[[T], Iterable[Hashable]], more: int) -> list[T]:
        """The cases of the test `name` that run, in their order: chosen at random, as few as show everything, and `more`."""
        if self.every:
            return [*cases]
        order = Random(f"{self.seed} {name}").sample(range(len(cases)), len(cases))
        shown = {number: set(shows(cases[number])) for number in order}
        needed = {*order}
        for number in order:
            if shown[number] <= set().union(*[shown[other] for other in needed - {number}]):
                needed.remove(number)
        others = [number for number in order if number not in needed]
        return [cases[number] for number in sorted([*needed, *others[:more]])]

    def of_items(self, items: list[pytest.Item]) -> list[pytest.Item]:
        """The items that run."""
        large: dict[str, list[pytest.Item]] = {}
        for item in items:
            if item.get_closest_marker("sample"):
                large.setdefault(item.nodeid.partition("[")[0], []).append(item)
        left_out: set[pytest.Item] = set()
        for name, cases in large.items():
            shows, more = next(cases[0].iter_markers("sample")).args
            left_out |= {*cases}.difference(self(name, cases, lambda case, shows=shows: shows(**case.callspec.params), more))
        return [item for item in items if item not in left_out]


def constructs(expected: Expected, where: str = "", **more: object) -> Iterable[Hashable]:
    """What a case of the corpus shows an engine: constructs inside each other, names of ours, and what is odd about the flow."""
    return {(where, each) for each in _constructs(expected.path)}


@cache
def _constructs(path: Path) -> frozenset[Hashable]:
    plan = load(str(path)).plan
    assert plan is not None
    return frozenset([*nested(plan.body), *imported(path), *ODD & {path.stem}])


def imported(path: Path) -> Iterator[str]:
    """The names that a flow imports from flowport or metaflow."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and (node.module or "").partition(".")[0] in ("flowport", "metaflow"):
            yield from (alias.name for alias in node.names)


def nested(block: Block, around: str = "") -> Iterator[tuple[str, str]]:
    """Every (outer, inner) pair of constructs that stand directly inside each other."""
    for node in block:
        kind = "" if isinstance(node, Task) else type(node).__name__
        if kind and around:
            yield around, kind
        for inner in blocks(node):
            yield from nested(inner, kind)
