"""Flows made at random, nested at random and cut at random, come to what a few lines of recursion over the same tree come to."""

from __future__ import annotations

import inspect
import os
import random
from pathlib import Path
from typing import Any, TypeAlias

import pytest

from choice import sample
from flowport.runtime.protocol import DONE
from flowport.runtime.task.fused_loop import run as run_loop
from solo import Solo

Node: TypeAlias = tuple[Any, ...]
"""("task", n) | ("branch", n, blocks) | ("foreach", n, block, batch) | ("switch", n, arms) | ("loop", n, block)."""
Block: TypeAlias = list[Node]
State: TypeAlias = dict[str, int]

KILLED = 137


def mix(one: int, other: int) -> int:
    """Stands for work: what a step makes of what it was given."""
    return (one * 31 + other * 17 + 7) % 1009


class Maker:
    """Makes trees of constructs, every one with a number of its own."""

    def __init__(self, seed: int) -> None:
        self.chance, self.number = random.Random(seed), 0

    def new(self) -> int:
        self.number += 1
        return self.number

    def block(self, depth: int, longest: int = 3) -> Block:
        """A block that begins with a task and ends with one."""
        inner = [self.node(depth) for _ in range(self.chance.randrange(longest))]
        return [("task", self.new()), *inner, ("task", self.new())]

    def node(self, depth: int) -> Node:
        kinds = ["task"] if depth == 0 else ["task", "branch", "foreach", "foreach", "switch", "switch", "loop", "loop"]
        match self.chance.choice(kinds):
            case "branch":
                return "branch", self.new(), [self.block(depth - 1, 2) for _ in range(self.chance.randrange(2, 4))]
            case "foreach":
                return "foreach", self.new(), self.block(depth - 1), self.chance.choice([1, 1, 2, 3])
            case "switch":
                arms = [self.block(depth - 1, 2) if self.chance.random() < 0.8 else [] for _ in range(self.chance.randrange(2, 4))]
                return "switch", self.new(), arms if any(arms) else [self.block(0), *arms[1:]]
            case "loop":
                return "loop", self.new(), self.block(depth - 1, 2)
        return "task", self.new()


def after(block: Block, state: State, kept: tuple[str, ...] = ()) -> State:
    """What a block makes of a state; `kept` are the names that joins inside take over."""
    for node in block:
        kind, number, *rest = node
        state = {**state, "h": mix(state["h"], number)}
        if kind == "branch":
            states = [after(inner, state, kept) for inner in rest[0]]
            state = joined(number, states, kept)
        elif kind == "foreach":
            name = f"keep_{number}"
            states = []
            for index in range(state["h"] % 4):
                inside = {**state, "h": mix(state["h"], index), name: index + 1}
                inside = after(rest[0], inside, (*kept, name))
                states.append({**inside, "h": mix(inside["h"], inside.get(name, 0))})
            state = joined(number, states, kept)
        elif kind == "switch":
            state = after(rest[0][state["h"] % len(rest[0])], state, kept)
            state = {**state, "h": mix(state["h"], 3)}
        elif kind == "loop":
            turns = 0
            while not turns or (turns < 3 and state["h"] % 2):
                turns += 1
                state = {**state, "h": mix(state["h"], turns)}
                state = after(rest[0], state, kept)
            state = {**state, "h": mix(state["h"], 5)}
    return state


def joined(number: int, states: list[State], kept: tuple[str, ...]) -> State:
    """What a join makes of its inputs."""
    total = number
    for state in states:
        total = mix(total, state["h"])
    return {"h": total, **{name: states[0][name] for name in kept if states and name in states[0]}}


class Writer:
    """Writes the flow of a tree: each construct as the steps that somebody would write."""

    def __init__(self) -> None:
        self.steps: list[str] = []

    def flow(self, block: Block) -> str:
        first = self.block(block, "end", ())
        start = f"    @step\n    def start(self):\n        self.h = 1\n        self.next(self.{first})\n"
        end = "    @step\n    def end(self):\n        pass\n"
        return inspect.getsource(mix) + "\n\nclass Made(FlowSpec):\n" + "\n".join([start, *self.steps, end])

    def step(self, name: str, lines: list[str], inputs: bool = False) -> str:
        arguments = "self, inputs" if inputs else "self"
        self.steps.append("\n".join([f"    @step\n    def {name}({arguments}):", *[f"        {line}" for line in lines], ""]))
        return name

    def block(self, block: Block, following: str, kept: tuple[str, ...]) -> str:
        """The steps of a block; returns the name of the first."""
        for node in reversed(block):
            following = self.node(node, following, kept)
        return following

    def join(self, number: int, following: str, kept: tuple[str, ...]) -> str:
        lines = [
            f"total = {number}",
            "for one in inputs:",
            "    total = mix(total, one.h)",
            "self.h = total",
            f"names = [name for name in {list(kept)} if len(inputs) and hasattr(inputs[0], name)]",
            "if names:",
            "    self.merge_artifacts(inputs, include=names)",
            f"self.next(self.{following})",
        ]
        return self.step(f"join_{number}", lines, inputs=True)

    def node(self, node: Node, following: str, kept: tuple[str, ...]) -> str:
        kind, number, *rest = node
        mixed = f"self.h = mix(self.h, {number})"
        if kind == "branch":
            join = self.join(number, following, kept)
            targets = [f"self.{self.block(inner, join, kept)}" for inner in rest[0]]
            return self.step(f"split_{number}", [mixed, f"self.next({', '.join(targets)})"])
        if kind == "foreach":
            name = f"keep_{number}"
            join = self.join(number, following, kept)
            last = self.step(f"last_{number}", [f"self.h = mix(self.h, getattr(self, '{name}', 0))", f"self.next(self.{join})"])
            first = self.block(rest[0], last, (*kept, name))
            item = self.step(
                f"item_{number}", ["self.h = mix(self.h, self.input)", f"self.{name} = self.index + 1", f"self.next(self.{first})"]
            )
            batch = f", batch={rest[1]}" if rest[1] > 1 else ""
            lines = [mixed, "self.items = list(range(self.h % 4))", f'self.next(self.{item}, foreach="items"{batch})']
            return self.step(f"each_{number}", lines)
        if kind == "switch":
            merge = self.step(f"merge_{number}", ["self.h = mix(self.h, 3)", f"self.next(self.{following})"])
            cases = ", ".join(f"{case}: self.{self.block(arm, merge, kept)}" for case, arm in enumerate(rest[0]))
            lines = [mixed, f"self.case = self.h % {len(rest[0])}", f'self.next({{{cases}}}, condition="case")']
            return self.step(f"switch_{number}", lines)
        if kind == "loop":
            done = self.step(f"done_{number}", ["self.h = mix(self.h, 5)", f"self.next(self.{following})"])
            turns = 'turns = int(current.task_id.rpartition("t")[2]) + 1'
            lines = [
                turns,
                "self.way = 'again' if turns < 3 and self.h % 2 else 'done'",
                f"self.next({{'again': self.turn_{number}, 'done': self.{done}}}, condition='way')",
            ]
            judge = self.step(f"judge_{number}", lines)
            first = self.block(rest[0], judge, kept)
            turn = self.step(f"turn_{number}", [turns, "self.h = mix(self.h, turns)", f"self.next(self.{first})"])
            return self.step(f"before_{number}", [mixed, f"self.next(self.{turn})"])
        return self.step(f"task_{number}", [mixed, f"self.next(self.{following})"])


class Deadly:
    """A store that ends its process at write number `at`, before it or behind it."""

    def __init__(self, inner: Any, at: int, behind: bool) -> None:
        self.inner, self.at, self.behind = inner, at, behind

    def __getattr__(self, name: str) -> Any:
        method = getattr(self.inner, name)
        return self._deadly(method) if name in ("create", "replace", "put_blob") else method

    def _deadly(self, write: Any) -> Any:
        def call(*arguments: Any) -> Any:
            self.at -= 1
            if self.at == 0 and not self.behind:
                os._exit(KILLED)
            answer = write(*arguments)
            if self.at == 0:
                os._exit(KILLED)
            return answer

        return call


class Made:
    """A flow made of a seed, in slices that the seed decides."""

    def __init__(self, folder: Path, seed: int) -> None:
        self.tree, self.chance = Maker(seed).block(3, 4), random.Random(seed)
        self.flow = Solo(folder, Writer().flow(self.tree))
        self.told = f"seed {seed}: {self.tree}"

    def cut(self) -> None:
        """Decide anew how foreaches are cut."""
        self.flow.width, self.flow.total = self.chance.choice([1, 2, 1000]), self.chance.choice([1, 3, 10_000])

    def check(self, run: str = "1") -> None:
        """The run came to what the tree says."""
        assert self.flow.artifacts("end", run=run)["h"] == after(self.tree, {"h": 1})["h"], self.told


@pytest.mark.parametrize("seed", range(30))
def test_a_random_flow_comes_to_what_its_tree_says(tmp_path: Path, seed: int) -> None:
    made = Made(tmp_path, seed)
    made.cut()
    made.flow.run()
    made.check()


@pytest.mark.parametrize("seed", range(30, 45))
def test_a_random_flow_is_taken_over_whole_in_whatever_slices(tmp_path: Path, seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    made = Made(tmp_path, seed)
    made.cut()
    made.flow.run()
    made.cut()
    monkeypatch.setattr("flowport.runtime.task.items.execute", None)
    made.flow.run("2", origin_run="1")
    made.check("2")
    assert made.flow.everything("2") == made.flow.everything("1"), made.told


@sample(more=6)
@pytest.mark.parametrize("seed", range(45, 60))
def test_the_loops_of_a_random_flow_may_be_fused(tmp_path: Path, seed: int) -> None:
    made = Made(tmp_path, seed)
    insist = made.flow.insist

    def fused(step: str, slice: str, run: str = "1", apart: bool = False) -> None:
        """The whole loop in one block; its tasks are then found done."""
        if step.startswith("turn_") and slice.endswith(".t0"):
            assert run_loop(made.flow.invocation(step, slice[:-3], run, block=True), made.flow.program) == DONE, made.told
        insist(step, slice, run, apart)

    made.flow.insist = fused  # type: ignore[method-assign]
    made.flow.run()
    made.check()


@sample(more=3)
@pytest.mark.parametrize("seed", range(60, 68))
def test_a_random_flow_survives_the_death_of_its_processes(tmp_path: Path, seed: int) -> None:
    made = Made(tmp_path, seed)
    made.cut()

    def insist(step: str, slice: str, run: str = "1", apart: bool = False) -> None:
        """Three tries that may die at one of their writes, then one that may not."""
        for at in (*[made.chance.randrange(1, 6) for _ in range(3)], -1):
            store = Deadly(made.flow.store, at, made.chance.random() < 0.5)
            code = made.flow.perform_apart(step, slice, run, store=store)
            assert code in (DONE, KILLED), made.told
            if code == DONE:
                return

    made.flow.insist = insist  # type: ignore[method-assign]
    made.flow.run()
    made.check()
