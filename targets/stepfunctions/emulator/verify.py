"""Whether a run really did what the engine says that it did: engines lie."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from flowport.compiler.plan import Loop, Map, Plan, walk
from flowport.compiler.plan import Task as Step
from flowport.compiler.record import record
from flowport.runtime.address import Keys, unpart
from flowport.runtime.contract import Invocation
from flowport.runtime.store import Missing

if TYPE_CHECKING:
    from flowport.runtime.store import Store


@record
class Task:
    """A step on a slice, or the rest of the loop with that header."""

    step: str
    slice: str
    rest: bool = False


def task(command: Sequence[str]) -> Task:
    """The task that a job's command stands for."""
    invocation = Invocation.parse(list(command[list(command).index("flowport.runtime") + 1 :]))
    return Task(invocation.step, invocation.slice, invocation.block)


def losses(plan: Plan, keys: Keys, store: Store, done: set[Task]) -> Iterator[str]:
    """What is missing in the store, or is there though nobody ran it; nothing when all adds up."""
    committed = set(manifests(keys, store))
    yield from _end(plan, committed)
    for lost in sorted((found.step, found.slice) for found in done if not found.rest and found not in committed):
        yield f"task {lost[0]}/{lost[1]} ended without a manifest"
    rests = [found for found in done if found.rest]
    for found in sorted(committed - done, key=lambda found: (found.step, found.slice)):
        if not any(found.slice.startswith(f"{rest.slice}.t") for rest in rests):
            yield f"task {found.step}/{found.slice} has a manifest and was not run"
    yield from _slices(plan, keys, store, committed)


def manifests(keys: Keys, store: Store) -> Iterator[Task]:
    """The tasks that have a manifest."""
    for folder in store.folders(keys.root):
        for key in store.names(f"{keys.root}{folder}/"):
            name, _, generation = key.rpartition("/")[2].partition("@")
            if generation.partition(".")[2] == "json":
                yield Task(unpart(folder), name)


def _end(plan: Plan, committed: set[Task]) -> Iterator[str]:
    if Task(plan.flow.end, "s") not in committed:
        yield f"step {plan.flow.end} has no manifest"


def _slices(plan: Plan, keys: Keys, store: Store, committed: set[Task]) -> Iterator[str]:
    """Every slice that a foreach was split into must have run the first step of its body."""
    for node in walk(plan.body):
        if not isinstance(node, Map):
            continue
        first, turn = _first(node)
        for split in sorted(found.slice for found in committed if found.step == node.origin):
            try:
                numbers = json.loads(store.read(keys.route(node.origin, split, 0)))
            except Missing:
                yield f"task {node.origin}/{split} has no route"
                continue
            for number in numbers:
                if Task(first, f"{split}.{number}{turn}") not in committed:
                    yield f"slice {split}.{number} of the foreach of {node.origin} is lost: {first} has no manifest for it"


def _first(node: Map) -> tuple[str, str]:
    """The step that a foreach begins with, and the turn it is in when a loop begins there."""
    inner = node.body[0]
    if isinstance(inner, Loop):
        return inner.header, ".t0"
    assert isinstance(inner, Step)
    return inner.step, ""
