"""Whether a run really did what the engine says that it did: engines lie."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from flowport.compiler.ir.plan import Loop, Map, Plan, walk
from flowport.compiler.ir.plan import Task as Step
from flowport.compiler.record import record
from flowport.runtime.records.manifest import Manifests
from flowport.runtime.store.errors import Missing
from flowport.runtime.store.keys import Keys, names

if TYPE_CHECKING:
    from flowport.runtime.store.interface import Store


@record
class Task:
    """A step on a slice, or the rest of the loop with that header."""

    step: str
    slice: str
    rest: bool = False


def losses(plan: Plan, keys: Keys, store: Store, done: set[Task]) -> Iterator[str]:
    """What is missing in the store, and what is there although it did not run; nothing if both agree."""
    committed = manifests(keys, store)
    yield from _end(plan, committed)
    for lost in sorted((found.step, found.slice) for found in done if not found.rest and found not in committed):
        yield f"task {lost[0]}/{lost[1]} ended without a manifest"
    rests = [found for found in done if found.rest]
    for found in sorted(committed.keys() - done, key=lambda found: (found.step, found.slice)):
        if not any(found.slice.startswith(f"{rest.slice}.t") for rest in rests):
            yield f"task {found.step}/{found.slice} has a manifest and was not run"
    yield from _slices(plan, keys, store, committed)


def manifests(keys: Keys, store: Store) -> dict[Task, int]:
    """The tasks that have a manifest, with the generation in force."""
    found = Manifests(store, keys, -1)
    steps, _ = names(store.folders(keys.steps))
    return {Task(step, slice): generation for step in steps for slice, generation in found.generations(step).items()}


def _end(plan: Plan, committed: Mapping[Task, int]) -> Iterator[str]:
    if Task(plan.flow.end, "s") not in committed:
        yield f"step {plan.flow.end} has no manifest"


def _slices(plan: Plan, keys: Keys, store: Store, committed: Mapping[Task, int]) -> Iterator[str]:
    """Every slice that a foreach was split into must have run the first step of its body."""
    for node in walk(plan.body):
        if not isinstance(node, Map):
            continue
        first, turn = _first(node)
        for split in sorted(found.slice for found in committed if found.step == node.origin):
            try:
                numbers = json.loads(store.read(keys.route(node.origin, split, committed[Task(node.origin, split)])))
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
