"""Slices of any size come to the same as one item at a time: random ragged trees, cut in random ways, against a plain model."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import pytest

from flowport.runtime.records.manifest import Manifest
from flowport.runtime.replay.lineage import Frame
from flowport.runtime.replay.replay import slice_size
from flowport.runtime.store import documents, row_ranges
from solo import Solo

TREES = """
class Trees(FlowSpec):
    trees = Parameter("trees", type=JSONType)

    @step
    def start(self):
        self.said = "all"
        self.next(self.one, foreach="trees"{batch})

    @step
    def one(self):
        self.value = self.input["value"]
        self.children = self.input["children"]
        self.way = "flat" if self.children is None else "deep"
        self.next({{"deep": self.dig, "flat": self.skip}}, condition="way")

    @step
    def dig(self):
        self.next(self.two, foreach="children"{batch})

    @step
    def two(self):
        self.seen = [self.said, self.value, self.index, self.input, [list(frame[:2]) for frame in self.foreach_stack()]]
        self.grains = list(range(self.input))
        self.turns = 0
        self.next(self.turn)

    @step
    def turn(self):
        self.turns += 1
        self.more = self.turns <= self.input
        self.next({{True: self.turn, False: self.leave}}, condition="more")

    @step
    def leave(self):
        self.next(self.three, foreach="grains")

    @step
    def three(self):
        self.grain = [self.input, self.index, self.value, self.turns]
        self.next(self.gather)

    @step
    def gather(self, inputs):
        self.grains = [one.grain for one in inputs]
        self.where = [self.index, current.task_id]
        self.next(self.up)

    @step
    def up(self, inputs):
        self.found = [[one.where, one.input, one.grains] for one in inputs]
        self.next(self.meet)

    @step
    def skip(self):
        self.found = None
        self.next(self.meet)

    @step
    def meet(self):
        self.next(self.collect)

    @step
    def collect(self, inputs):
        self.everything = [[one.input["value"], one.index, one.found] for one in inputs]
        self.next(self.end)

    @step
    def end(self):
        pass
"""

Tree = dict[str, Any]


def trees(chance: random.Random) -> list[Tree]:
    """A list of trees; some have no list of children, some an empty one."""
    return [
        {"value": f"v{number}", "children": None if chance.random() < 0.3 else [chance.randrange(4) for _ in range(chance.randrange(5))]}
        for number in range(chance.randrange(7))
    ]


def everything(given: list[Tree]) -> list[Any]:
    """What the flow collects, worked out without slices."""
    return [[tree["value"], i, None if tree["children"] is None else found(tree, i)] for i, tree in enumerate(given)]


def found(tree: Tree, i: int) -> list[Any]:
    """What one tree's children come to."""
    return [
        [[j, f"r.{i}.{j}"], child, [[grain, grain, tree["value"], child + 1] for grain in range(child)]]
        for j, child in enumerate(tree["children"])
    ]


def seen(given: list[Tree]) -> dict[str, Any]:
    """What every child saw of itself, by address."""
    return {
        f"r.{i}.{j}": ["all", tree["value"], j, child, [[i, len(given)], [j, len(tree["children"])]]]
        for i, tree in enumerate(given)
        for j, child in enumerate(tree["children"] or [])
    }


@pytest.fixture(scope="module")
def cut(tmp_path_factory: pytest.TempPathFactory) -> list[Solo]:
    """The same flow with different smallest slices."""
    folder = tmp_path_factory.mktemp("trees")
    return [Solo(folder / str(size), TREES.format(batch=f", batch={size}" if size > 1 else "")) for size in (1, 2, 3)]


@pytest.mark.parametrize("seed", range(24))
def test_however_a_foreach_is_cut_every_item_sees_the_same(cut: list[Solo], seed: int) -> None:
    chance = random.Random(seed)
    flow, given = chance.choice(cut), trees(chance)
    flow.width, flow.total = chance.choice([1, 2, 3, 1000]), chance.choice([1, 2, 5, 10_000])
    told = f"seed {seed}: width {flow.width}, total {flow.total}, {given}"
    run = f"run-{seed}"
    flow.run(run, parameters={"trees": given})
    reader = flow.reader(run)
    assert flow.artifacts("collect", run=run)["everything"] == everything(given), told
    children = seen(given)
    assert set(reader.items("two")) == set(children), told
    assert {item: reader.artifacts("two", item)["seen"] for item in children} == children, told
    for step in ("start", "dig", "leave"):
        for slice in reader.slices(step):
            fan = flow.manifest(step, slice, run)["fan"]
            assert fan["k"] <= flow.width, told
            assert sum(slice_size(fan, number) for number in range(fan["k"])) == fan["n"], told
    for step in ("one", "two", "three"):
        assert len(reader.slices(step)) <= max(flow.total, 1), told
    for step in ("start", "one", "two", "turn", "three", "gather"):
        for manifest, shelf in reader.shelves(step):
            for row in row_ranges.iterate(manifest.arrived):
                assert reader.locate(step, shelf.lineage.address(row)) == (manifest.slice, row), told
    for item in ("r.99", "r.0.99", "r", "r.0", "r.t0", "r.0.t0.0", "r.00", "r.-1", "x", "", "r.0.0.t0.0.0"):
        assert reader.locate("two", item) is None, told


def test_one_item_of_many_slices_reads_few_documents(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    flow = Solo(tmp_path, TREES.format(batch=""))
    flow.run(parameters={"trees": [{"value": str(number), "children": [1, 1]} for number in range(20)]})
    reader, asked = flow.reader(), []
    read = flow.store.read
    monkeypatch.setattr(flow.store, "read", lambda key: asked.append(key) or read(key))
    assert reader.artifacts("three", "r.13.1.0")["value"] == "13"
    assert len(asked) < 8


def split(counts: list[int], arrived: list[list[int]], size: int) -> Manifest:
    """A split's manifest with a fan over `counts` in slices of `size`."""
    number = sum(counts)
    fan = {"n": number, "g": size, "k": -(-number // size), "share": 1, "counts": [[count, 1] for count in counts]}
    return Manifest("split", "s", 0, documents.dump({"fan": fan, "arrived": arrived}))


@pytest.mark.parametrize("seed", range(50))
def test_rows_find_their_parents_and_parents_their_rows(seed: int) -> None:
    chance = random.Random(seed)
    rows = sorted(chance.sample(range(12), chance.randrange(1, 8)))
    arrived = [[row, row + 1] for row in rows]
    counts = [chance.randrange(4) for _ in rows]
    size = chance.randrange(1, 5)
    made = split(counts, arrived, size)
    flat = [(row, index, count) for row, count in zip(rows, counts) for index in range(count)]
    for number in range(made.doc["fan"]["k"]):
        frame = Frame(made, number)
        mine = flat[number * size : (number + 1) * size]
        assert [frame.up(row) for row in range(frame.size)] == mine, f"seed {seed}"
        wanted = chance.sample(rows, chance.randrange(len(rows) + 1))
        below = frame.below([[row, row + 1] for row in sorted(wanted)])
        assert [row for start, stop in below for row in range(start, stop)] == [
            place for place, (row, _, _) in enumerate(mine) if row in wanted
        ], f"seed {seed}"
