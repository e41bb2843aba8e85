"""`flowport artifacts FLOW/RUN/STEP/ITEM`: what tasks stored, from the store alone."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from itertools import islice
from typing import Any, NamedTuple

import click

from flowport.cli import shared_options as shared
from flowport.cli.command import Command
from flowport.cli.console import as_json, warn
from flowport.cli.loading import store_to_read
from flowport.cli.values import as_text, plain
from flowport.client.artifact import provide_modules
from flowport.runtime.run.reader import Run
from flowport.runtime.store.errors import Missing
from flowport.runtime.text import shown
from flowport.workspace.address import Address
from flowport.workspace.errors import UnknownArtifact, UnknownItem
from flowport.workspace.runs import find_run, find_step

ITEMS = 10
"""How many items of a step are shown when none is named; as JSON there are all."""


class ArtifactsRequest(NamedTuple):
    """The artifacts of an address in a store, or the one called `name`."""

    address: Address
    name: str | None
    json: bool
    store: str | None
    target: str | None
    profile: str | None


def artifacts(request: ArtifactsRequest) -> int:
    """Print names and values; 1 when nothing is there, or something of it is damaged."""
    run = find_run(store_to_read(request.store, request.target, request.profile), request.address, warn)
    # Values of the flow's own classes are loaded with the modules of its code package, unless others are nearer.
    provide_modules(run.program)
    step = _last(run) if request.address.step is None else find_step(run, request.address.step)
    found = _items(run, step, request.address.item)
    if request.name is not None:
        found = _named(request.name, step, found)
    if not (_print_json(found, step) if request.json else _print(run, found, step, whole=request.name is not None)):
        print(f"step `{step}` did not run in run `{run.doc['run']}`", file=sys.stderr)
        return 1
    return int(run.damaged)


def _last(run: Run) -> str:
    """The last step that happened."""
    return next((step for step in reversed(run.steps()) if run.slices(step)), run.plan["start"])


def _items(run: Run, step: str, item: str | None) -> Iterator[tuple[str, dict[str, Any]]]:
    if item is None:
        yield from run.contents(step)
        return
    try:
        yield item, run.artifacts(step, item)
    except Missing:
        raise UnknownItem(item, step, run.plan["flow"], run.doc["run"]) from None


def _named(name: str, step: str, found: Iterator[tuple[str, dict[str, Any]]]) -> Iterator[tuple[str, dict[str, Any]]]:
    """The items that have an artifact, with that alone; raises UnknownArtifact when none has."""
    others: set[str] = set()
    for item, stored in found:
        if name in stored:
            yield item, {name: stored[name]}
            others.clear()
            break
        others.update(stored)
    if others:
        raise UnknownArtifact(name, step, others)
    yield from ((item, {name: stored[name]}) for item, stored in found if name in stored)


def _print_json(found: Iterator[tuple[str, dict[str, Any]]], step: str) -> int:
    """Print items as one JSON object, each when it has been read; how many there were."""
    number = 0
    for item, stored in found:
        text = as_json({f"{step}/{item}": {name: plain(value) for name, value in stored.items()}}, indent=2)
        sys.stdout.write(("{" if not number else ",") + text[1:-2])
        number += 1
    if number:
        sys.stdout.write("\n}\n")
    return number


def _print(run: Run, found: Iterator[tuple[str, dict[str, Any]]], step: str, whole: bool) -> int:
    """Print the first items, and how many more there are; how many were shown."""
    number = 0
    for item, stored in islice(found, ITEMS):
        number += 1
        print("\n".join(_shown(step, item, stored, whole)))
    following = next(found, None) if number == ITEMS else None
    if following is not None:
        total, where = run.number(step), f"{run.plan['flow']}/{run.doc['run']}/{step}"
        print(f"{total - ITEMS} more items: flowport artifacts {where} --json, or name one, {where}/{following[0]}")
    return number


def _shown(step: str, item: str, stored: dict[str, Any], whole: bool) -> Iterator[str]:
    yield f"{step}/{item}" if item != "r" else step
    width = max((len(shown(name)) for name in stored), default=0)
    for name in sorted(stored):
        yield f"  {shown(name):{width}}  {as_text(stored[name], whole)}"


COMMAND = Command(
    "artifacts",
    "Show the artifacts of tasks",
    ArtifactsRequest,
    artifacts,
    (
        shared.address(),
        click.Option(["--name"], metavar="NAME", help="Show only this artifact, and its whole value."),
        click.Option(
            ["--json"],
            is_flag=True,
            help=f"Print JSON, with all items instead of the first {ITEMS}. What JSON cannot hold is printed as Python shows it.",
        ),
        *shared.store_to_read(),
    ),
    help="Without a step it shows the last one that ran. Values of your own classes are loaded with the modules of the code package. "
    "Loading a value can run code, so use it only on stores that you trust.",
    examples=(
        "flowport artifacts DigitsFlow",
        "flowport artifacts DigitsFlow/latest/train/r.3 --name accuracy",
        "flowport artifacts DigitsFlow/latest/end --json",
    ),
)
