"""Runs one step of an imported flow in this process, by the code that runs it in a task."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from flowport.runtime.names import current as running
from flowport.runtime.names.current import Current
from flowport.runtime.names.flow import FlowSpec
from flowport.runtime.package.modules import provide_metaflow
from flowport.runtime.records.outcome import Outcome
from flowport.runtime.store.folder import FolderStore
from flowport.runtime.task.execute import ADDITIONS, attempt, begin
from flowport.runtime.task.process_state import State
from flowport.testing.context import GivenContext, Inputs, by_name
from flowport.testing.folders import new_folder
from flowport.testing.memory_store import MemoryStore
from flowport.testing.places import Stack, node_variables, place_of
from flowport.testing.program import argument_of, program_of
from flowport.testing.result import StepResult, Transition

if TYPE_CHECKING:
    from flowport.runtime.store.interface import Store

provide_metaflow()  # so that flows that a test imports from here on find `metaflow`, as tasks do

UNDER = {"task_id": "_address", "attempt": "retry_count", "namespace": "_namespace"}
"""Attributes of `current` that are computed, and what from."""


def run_step(
    step: Callable[..., Any] | type[FlowSpec],
    name: str | None = None,
    *,
    inputs: Inputs | None = None,
    parameters: Mapping[str, Any] | None = None,
    configs: Mapping[str, Any] | None = None,
    input: Any = None,
    index: int | None = None,
    foreach_stack: Stack | None = None,
    current: Mapping[str, Any] | None = None,
) -> StepResult:
    """Run one step: `run_step(TrainFlow.train)`, or `run_step(TrainFlow, "train")` for a step that the flow inherits.

    `inputs` are the artifacts that the step finds; of a join a list of them, or a mapping by the steps of the branches. `input` and
    `index` are the item of the innermost foreach and its number; `foreach_stack` has all foreaches around the step, as the method of this
    name returns them. `parameters` and `configs` are by name; those that are not given have their defaults. `current` sets attributes of
    `current`. Of a gang, the step runs as the node with this `index`.

    What the step raises is raised here. Raises FlowMistakes if the flow does not compile, TypeError and ValueError for arguments that
    the step cannot have.
    """
    kind, named = _flow_and_step(step, name)
    for argument, value in (("parameters", parameters), ("configs", configs), ("current", current)):
        by_name(f"`{argument}`", value or {})
    program = program_of(kind, configs or {})
    if named not in program.plan["steps"]:
        raise ValueError(f"`{named}` is not a step of {kind.__name__}; its steps are {', '.join(program.plan['steps'])}")
    plan = program.step(named)
    with _undone(kind):
        place = place_of(_store(plan), program, named, foreach_stack, (index, input))
        os.environ.update(plan["environment"] | (node_variables(place, foreach_stack) if "gang" in plan else {}))
        given: Inputs = inputs if inputs is not None else [] if "origin" in plan["sites"][named] else {}
        context = GivenContext(program, place, given, parameters or {})
        return _result(context, _outcome(context, current or {}))


def _flow_and_step(step: Any, name: str | None) -> tuple[type[FlowSpec], str]:
    """The flow's class and the name of the step."""
    if isinstance(step, type):
        argument_of(step)
        if name is None:
            raise TypeError(f'the step is missing: `run_step({step.__name__}, "NAME")`, or `run_step({step.__name__}.NAME)`')
        return step, name
    owner, _, own = getattr(step, "__qualname__", "").rpartition(".")
    kind = getattr(sys.modules.get(getattr(step, "__module__", "")), owner, None)
    if not getattr(step, "is_step", False) or not isinstance(kind, type):
        raise TypeError(f'{step!r} is no step: give a method with `@step`, such as `TrainFlow.train`, or `run_step(TrainFlow, "train")`')
    argument_of(kind)
    return kind, name or own


def _store(plan: dict[str, Any]) -> Store:
    """A store in memory; one on the disk for a step whose checkpoints and models other processes, steps and the test may load."""
    return MemoryStore() if ADDITIONS.isdisjoint(plan) else FolderStore(new_folder())


def _outcome(context: GivenContext, values: Mapping[str, Any]) -> Outcome:
    tried = int(values.get("retry_count", values.get("attempt", 0)))
    item, flow = begin(context, context.row, tried)
    vars(running.current).update(_attributes(values))
    return attempt(context, item, flow, tried)


def _attributes(values: Mapping[str, Any]) -> dict[str, Any]:
    """What `current` holds for the attributes that a test sets; raises ValueError for one that is computed from others."""
    found = {}
    for name, value in values.items():
        if isinstance(getattr(Current, name, None), property) and name not in UNDER:
            raise ValueError(f"`current.{name}` cannot be set: it follows from the environment, or from other attributes")
        found[UNDER.get(name, name)] = (lambda text=value: text) if name == "task_id" else value
    return found


def _result(context: GivenContext, outcome: Outcome) -> StepResult:
    inherited = {name: context.artifacts.entry(name, context.row) for name in context.artifacts.names(context.row)}
    entries = {name: entry for name, entry in inherited.items() if entry is not None} | outcome["own"]
    load = context.columns.value
    values = outcome["values"]
    chosen = context.plan["transition"].get("switch")
    condition = load(entries[chosen]) if chosen in entries else None
    items = None if values is None else [load(value) for value in values]
    return StepResult(load, entries, frozenset(outcome["own"]), Transition(tuple(outcome["to"]), items, condition))


@contextmanager
def _undone(kind: type[FlowSpec]) -> Iterator[None]:
    """Put back `current`, the working directory, the variables and the values of the class, as between the items of a task."""
    before, state = dict(vars(running.current)), State(kind)
    try:
        yield
    finally:
        running.current._begin(before)
        state.renew()
