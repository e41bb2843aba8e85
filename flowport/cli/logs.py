"""`flowport logs FLOW/RUN/STEP/ITEM`: what tasks printed, from the store alone."""

from __future__ import annotations

import sys
from collections.abc import Iterator

from flowport.cli.address import ADDRESS, Address, slice_of, slices, the_run, the_step
from flowport.cli.flow_file import PROFILE
from flowport.cli.options import Command, Option, Values
from flowport.cli.place import STORE, open_here
from flowport.runtime.reader import Run


def logs(values: Values) -> int:
    """Print the output of the tasks of an address; several have a line with their names above each."""
    address = Address.parse(values[ADDRESS.name.lower()])
    run = the_run(open_here(values), address)
    found = list(_logs(run, address, values["all"]))
    silent = True
    for title, key in found:
        if text := run.store.read(key).decode(errors="replace"):
            sys.stdout.write((f"=== {title}\n" if len(found) > 1 else "") + text)
            silent = False
    if silent:
        print("nothing was printed", file=sys.stderr)
    return 0


def _logs(run: Run, address: Address, every_try: bool) -> Iterator[tuple[str, str]]:
    """The title and key of each log."""
    for step in run.steps() if address.step is None else [the_step(run, address.step)]:
        for slice in slices(run, step) if address.item is None else [slice_of(run, step, address.item)]:
            folder = f"{run.keys.step(step)}{slice}.log/"
            keys = sorted(run.store.names(folder), key=_number)
            for key in keys if every_try else keys[-1:]:
                number = _number(key)[1]
                yield f"{step}/{slice}" + (f", try {number + 1}" if number or len(keys) > 1 else ""), key


def _number(key: str) -> tuple[int, int]:
    """Epoch and number of a log, in the order in which they were written."""
    epoch, _, number = key.rpartition("/")[2].partition("-")
    return int(epoch), int(number)


COMMAND = Command(
    "logs", "print what tasks printed", logs, (ADDRESS,),
    (Option("all", "every try of a task, not the last alone"), STORE, PROFILE),
    notes=("An item is named by its address, `r.3`, or by its slice, `s.3`.",),
)  # fmt: skip
