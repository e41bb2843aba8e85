"""`flowport logs FLOW/RUN/STEP/ITEM`: what tasks printed, from the store alone."""

from __future__ import annotations

import sys
from codecs import getincrementaldecoder
from collections.abc import Iterator

from flowport.cli.address import ADDRESS, Address, slice_of, slices, the_run, the_step
from flowport.cli.console import complain
from flowport.cli.flow_file import PROFILE
from flowport.cli.options import Command, Option, Values
from flowport.cli.place import STORE, TARGET, open_here
from flowport.runtime.records.attempts import written
from flowport.runtime.run.reader import Run

CHUNK = 1 << 22
"""Bytes of a log that are read at a time: a log can be larger than the memory."""


def logs(values: Values) -> int:
    """Print the output of the tasks of an address; several have a line with their names above each."""
    address = Address.parse(values[ADDRESS.name.lower()])
    run = the_run(open_here(values), address)
    found = list(_logs(run, address))
    several = sum(len(keys) if values["all"] else 1 for _, keys in found) > 1
    silent, earlier = True, 0
    for title, keys in found:
        for number, key in enumerate(keys):
            if number < len(keys) - 1 and not values["all"]:
                earlier += 1
                continue
            name = f"{title}, try {number + 1}" if len(keys) > 1 else title
            if _copy(run, key, f"=== {name}\n" if several else ""):
                silent = False
    if silent:
        print("nothing was printed", file=sys.stderr)
    if earlier:
        print(f"{earlier} earlier {'try' if earlier == 1 else 'tries'} left out: --all", file=sys.stderr)
    return 0


def _logs(run: Run, address: Address) -> Iterator[tuple[str, list[str]]]:
    """The title of each task and the keys of its logs, the latest last."""
    for step in run.steps() if address.step is None else [the_step(run, address.step)]:
        for slice in slices(run, step) if address.item is None else [slice_of(run, step, address.item)]:
            folder = run.keys.logs(step, slice)
            keys: list[str] = run.guarded(f"`{folder}`", lambda: sorted(run.store.names(folder), key=written), [])  # noqa: B023 - called at once
            for key in [key for key in keys if written(key)[0] < 0]:
                complain(f"`{key}` is nothing that flowport wrote")
                keys.remove(key)
            if keys:
                yield f"{step}/{slice}", keys


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
    "logs", "print what tasks printed", logs, (ADDRESS,),
    (Option("all", "every try of a task, not the last alone"), STORE, TARGET, PROFILE),
    notes=("An item is named by its address, `r.3`, or by its slice, `s.3`.",),
)  # fmt: skip
