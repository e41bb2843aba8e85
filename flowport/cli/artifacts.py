"""`flowport artifacts FLOW/RUN/STEP/ITEM`: what tasks stored, from the store alone."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from itertools import islice
from typing import Any

from flowport.cli.address import ADDRESS, Address, the_run, the_step
from flowport.cli.console import as_json
from flowport.cli.flow_file import PROFILE
from flowport.cli.options import Command, Option, Values, WrongUse, closest
from flowport.cli.place import STORE, TARGET, open_here
from flowport.runtime.run.reader import Run, Unreadable
from flowport.runtime.store.errors import Missing
from flowport.runtime.text import shown

ITEMS = 10
"""How many items of a step are shown when none is named; as JSON there are all."""

WIDTH = 100
"""How many characters of a value are shown in a list; a value that was asked for by name is shown whole."""


def artifacts(values: Values) -> int:
    """Print names and values; 1 when nothing is there, or something of it is damaged."""
    address = Address.parse(values[ADDRESS.name.lower()])
    run = the_run(open_here(values), address)
    _offer_modules(run)
    step = _last(run) if address.step is None else the_step(run, address.step)
    found = _items(run, step, address.item)
    if values["name"] is not None:
        found = _named(values["name"], step, found)
    if not (_print_json(found, step) if values["json"] else _print(run, found, step, whole=values["name"] is not None)):
        print(f"step `{step}` has not happened in run `{run.doc['run']}`", file=sys.stderr)
        return 1
    return int(run.damaged)


def _offer_modules(run: Run) -> None:
    """Values of the flow's own classes are loaded with the modules of its code package, unless others are nearer."""
    from flowport.runtime.package.modules import Module, offer_metaflow

    offer_metaflow(run.plan.get("unused", ()))
    folders = [f"{run.program.folder}/{root}".rstrip("/") for root in run.plan["roots"]]
    sys.path += folders
    sys.meta_path.append(Module(run.program.file, folders))


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
        raise WrongUse(
            f"step `{step}` has no item `{item}` in run `{run.doc['run']}`", "an item is called `r.0`, `r.1`, ...; `r` outside a foreach"
        ) from None


def _named(name: str, step: str, found: Iterator[tuple[str, dict[str, Any]]]) -> Iterator[tuple[str, dict[str, Any]]]:
    """The items that have an artifact, with that alone; raises WrongUse when none has."""
    others: set[str] = set()
    for item, stored in found:
        if name in stored:
            yield item, {name: stored[name]}
            others.clear()
            break
        others.update(stored)
    if others:
        raise WrongUse(f"step `{step}` has no artifact `{name}`", closest(name, others) or "it has " + ", ".join(sorted(others)))
    yield from ((item, {name: stored[name]}) for item, stored in found if name in stored)


def _print_json(found: Iterator[tuple[str, dict[str, Any]]], step: str) -> int:
    """Print items as one JSON object, each when it has been read; how many there were."""
    number = 0
    for item, stored in found:
        text = as_json({f"{step}/{item}": {name: _plain(value) for name, value in stored.items()}}, indent=2)
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
        yield f"  {shown(name):{width}}  {_text(stored[name], whole)}"


def _text(value: Any, whole: bool) -> str:
    """A value as Python shows it, in one line unless it is shown whole."""
    try:
        text = repr(value)
    except Exception as error:  # a class of the user's whose __repr__ does not work here
        text = f"<{type(value).__name__}, which cannot be shown: {error}>"
    line = shown(text, lines=True) if whole else shown(" ".join(text.split()))
    return line if whole or len(line) <= WIDTH else line[: WIDTH - 3] + "..."


def _plain(value: Any) -> Any:
    """A value as JSON, or the text that Python shows for it."""
    if isinstance(value, Unreadable):
        return {"unreadable": value.reason}
    try:
        json.dumps(value, allow_nan=False)
    except (TypeError, ValueError, RecursionError):
        return {"repr": _text(value, whole=True)}
    return value


COMMAND = Command(
    "artifacts", "print what tasks stored", artifacts, (ADDRESS,),
    (
        Option("name", "only this artifact, and all of its value", "NAME"),
        Option("json", f"as JSON, all items and not the first {ITEMS} alone; what JSON cannot hold as the text that Python shows for it"),
        STORE,
        TARGET,
        PROFILE,
    ),
    notes=("Without a step it is the last one that happened.",
        "Values of your own classes need your modules: those of the code package are used.",
           "Loading a value can run code: look at stores that you trust."),
)  # fmt: skip
