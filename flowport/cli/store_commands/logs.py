"""`flowport logs FLOW/RUN/STEP/ITEM`: what tasks printed, from the store alone."""

from __future__ import annotations

import sys
from codecs import getincrementaldecoder
from collections.abc import Iterator
from typing import NamedTuple

import click

from flowport.cli import shared_options as shared
from flowport.cli.command import Command
from flowport.cli.console import warn
from flowport.cli.loading import store_to_read
from flowport.runtime.records.attempts import logs_of_nodes, written
from flowport.runtime.run.labels import Labels
from flowport.runtime.run.reader import Run
from flowport.workspace.address import Address
from flowport.workspace.runs import find_run, find_step, slice_of, slices
from flowport.workspace.times import duration

CHUNK = 1 << 22
"""Bytes of a log that are read at a time: a log can be larger than the memory."""


class LogsRequest(NamedTuple):
    """The tasks of an address in a store: their last attempt, or all of them; or what they print from now on, too."""

    address: Address
    all: bool
    follow: bool
    store: str | None
    target: str | None
    profile: str | None


def logs(request: LogsRequest) -> int:
    """Print the output of the tasks of an address; several have a line with their names above each."""
    store = store_to_read(request.store, request.target, request.profile)
    if request.follow:
        from flowport.cli.store_commands.follow import follow

        return follow(store, request.address)
    run = find_run(store, request.address, warn)
    found = list(_logs(run, request.address))
    several = sum(len(keys) if request.all else 1 for _, keys in found) > 1
    silent, earlier = True, 0
    for title, keys in found:
        for number, key in enumerate(keys):
            if number < len(keys) - 1 and not request.all:
                earlier += 1
                continue
            name = f"{title}, attempt {number + 1}" if len(keys) > 1 else title
            nodes: list[str] = run.guarded(f"`{key}`", lambda: logs_of_nodes(run.store, key), [])  # noqa: B023 - called at once
            for part in (key, *nodes):
                if _copy(run, part, f"=== {name}\n" if several and part == key else ""):
                    silent = False
    if silent:
        print("nothing was printed", file=sys.stderr)
    if earlier:
        print(f"{earlier} earlier {'attempt' if earlier == 1 else 'attempts'} left out: --all", file=sys.stderr)
    return 0


def _logs(run: Run, address: Address) -> Iterator[tuple[str, list[str]]]:
    """The title of each task and the keys of its logs, the latest last."""
    labels = Labels(run.plan["body"], run.manifests)
    for step in run.steps() if address.step is None else [find_step(run, address.step)]:
        for slice in slices(run, step, warn) if address.item is None else [slice_of(run, step, address.item, warn)]:
            folder = run.keys.logs(step, slice)
            keys: list[str] = run.guarded(f"`{folder}`", lambda: sorted(run.store.names(folder), key=written), [])  # noqa: B023 - called at once
            for key in [key for key in keys if written(key)[0] < 0]:
                warn(f"`{key}` was not written by flowport")
                keys.remove(key)
            if keys:
                yield labels.label(step, slice) + _took(run, step, slice), keys


def _took(run: Run, step: str, slice: str) -> str:
    """How long a task took that is done."""
    manifest = run.guarded(f"{step}/{slice}", lambda: run.manifests.find(step, slice), None)
    return "" if manifest is None else f", {duration(manifest.doc['ended'] - manifest.doc['started'])}"


def _copy(run: Run, key: str, title: str) -> bool:
    """Write a log to standard output piece by piece, below its title; whether there was anything."""
    decoder = getincrementaldecoder("utf-8")("replace")
    size = run.guarded(f"`{key}`", lambda: run.store.size(key), 0)
    for at in range(0, size, CHUNK):
        data = run.guarded(f"`{key}`", lambda: run.store.part(key, at, min(CHUNK, size - at)), b"")  # noqa: B023 - called at once
        sys.stdout.write((title if at == 0 else "") + decoder.decode(data))
    sys.stdout.write(decoder.decode(b"", final=True))
    return size > 0


COMMAND = Command(
    "logs",
    "Show the output of tasks",
    LogsRequest,
    logs,
    (
        shared.address(),
        click.Option(["--all"], is_flag=True, help="Show all attempts of a task, not only the last one."),
        click.Option(
            ["--follow", "-f"],
            is_flag=True,
            help="Print all output of all attempts as it grows, each line behind the name of its task, until the run ends; "
            "the exit status is then 0 if the run is done, else 1.",
        ),
        *shared.store_to_read(),
    ),
    examples=(
        "flowport logs DigitsFlow",
        "flowport logs -f DigitsFlow/latest",
        "flowport logs DigitsFlow/latest/train/r.3",
        "flowport logs DigitsFlow --target airflow --profile prod",
    ),
)
