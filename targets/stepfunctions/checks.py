"""Checks of a machine that no linter makes: what Step Functions refuses only when the machine is created, or when it runs.

`broken(definition)` lists what is wrong, in words for whoever works on this target; nothing that `emit` makes may have any of it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any, TypeAlias

Machine: TypeAlias = Mapping[str, Any]

STATE_NAME, LABEL, JOB_NAME, OVERRIDES, DEFINITION = 80, 40, 128, 8_192, 1_048_576
UNTESTED = ("ItemBatcher", "ResultWriter", "Assign", "Arguments", "Output")
"""Fields that no local engine runs as AWS does."""


def broken(definition: Machine) -> list[str]:
    """Everything that is wrong with a machine."""
    found = list(_machine(definition))
    names = [name for machine in machines(definition) for name in machine["States"]]
    found += [f"state name {name!r} is used twice" for name in sorted({name for name in names if names.count(name) > 1})]
    labels = [state["Label"] for machine in machines(definition) for state in machine["States"].values() if "Label" in state]
    found += [f"label {label!r} is used twice" for label in sorted({label for label in labels if labels.count(label) > 1})]
    if len(json.dumps(definition, ensure_ascii=False).encode()) > DEFINITION:
        found.append(f"the definition is larger than {DEFINITION} bytes")
    return found


def machines(definition: Machine) -> Iterator[Machine]:
    """A machine and every machine inside it."""
    yield definition
    for state in definition["States"].values():
        for inner in [*state.get("Branches", ()), *([state["ItemProcessor"]] if "ItemProcessor" in state else [])]:
            yield from machines(inner)


def _machine(definition: Machine) -> Iterator[str]:
    for machine in machines(definition):
        states = machine["States"]
        if machine["StartAt"] not in states:
            yield f"StartAt {machine['StartAt']!r} is no state"
        for name in _unreachable(machine):
            yield f"state {name!r} cannot be reached"
        for name, state in states.items():
            for problem in _state(name, state, states):
                yield f"{name}: {problem}"


def _state(name: str, state: Machine, states: Machine) -> Iterator[str]:
    if len(name) > STATE_NAME:
        yield f"the name has more than {STATE_NAME} characters"
    for target in _targets(state):
        if target not in states:
            yield f"it goes to {target!r}, which is no state of its machine"
    ends = sum(field in state for field in ("Next", "End"))
    if ends != (state["Type"] not in ("Choice", "Succeed", "Fail")):
        yield "it must have one of Next and End, and a Choice, Succeed or Fail neither"
    if len(state.get("Label", "")) > LABEL:
        yield f"the label has more than {LABEL} characters"
    yield from (f"{field} cannot be tested here" for field in UNTESTED if field in state)
    yield from _errors(state.get("Retry", ()))
    yield from _errors(state.get("Catch", ()))
    yield from _parameters(state)


def _errors(rules: Any) -> Iterator[str]:
    """`States.ALL` stands alone in its rule, and its rule is the last (states-language.net, "Retrier")."""
    for number, rule in enumerate(rules):
        if "States.ALL" in rule["ErrorEquals"] and (len(rule["ErrorEquals"]) > 1 or number + 1 < len(rules)):
            yield "States.ALL must be alone and in the last rule"
        if rule.get("IntervalSeconds", 1) < 1 or rule.get("BackoffRate", 1) < 1:
            yield "IntervalSeconds and BackoffRate are at least 1"


def _parameters(state: Machine) -> Iterator[str]:
    parameters = state.get("Parameters", {})
    if "JobName" in parameters:
        if not re.fullmatch(rf"[A-Za-z0-9][A-Za-z0-9_-]{{0,{JOB_NAME - 1}}}", parameters["JobName"]):
            yield f"the job name {parameters['JobName']!r} is not one of AWS Batch"
        if len(json.dumps(parameters.get("ContainerOverrides", {}))) > OVERRIDES:
            yield f"the container overrides have more than {OVERRIDES} characters"
    if len(json.dumps(parameters.get("Overrides", {}))) > OVERRIDES:
        yield f"the overrides of the task have more than {OVERRIDES} characters"
    if state["Type"] == "Map":
        mode = state["ItemProcessor"].get("ProcessorConfig", {})
        if mode.get("Mode") == "DISTRIBUTED" and mode.get("ExecutionType") != "STANDARD":
            yield "a distributed map says which execution type its children have"
        if "ItemReader" in state and mode.get("Mode") != "DISTRIBUTED":
            yield "only a distributed map has an ItemReader"
    if state["Type"] in ("Task", "Map", "Parallel") and "ResultPath" not in state:
        yield "its result replaces the document"


def _targets(state: Machine) -> Iterator[str]:
    yield from (state[field] for field in ("Next", "Default") if field in state)
    yield from (rule["Next"] for field in ("Choices", "Catch") for rule in state.get(field, ()))


def _unreachable(machine: Machine) -> set[str]:
    seen: set[str] = set()
    waiting = [machine["StartAt"]]
    while waiting:
        name = waiting.pop()
        if name not in seen and name in machine["States"]:
            seen.add(name)
            waiting += _targets(machine["States"][name])
    return set(machine["States"]) - seen
