"""`flowport check FLOW...`: everything that there is to say about a flow, for people or for programs."""

from __future__ import annotations

import os
import sys

from flowport.cli.config import find
from flowport.cli.console import write_document
from flowport.cli.engine import TARGET, prepare, target
from flowport.cli.flow_file import FLOWS, PROFILE, has_errors
from flowport.cli.options import Command, Option, Values
from flowport.compiler.compile import load, split
from flowport.compiler.diagnostics.diagnostic import CompileError, Diagnostic
from flowport.compiler.diagnostics.render import FORMATS, render, summary


def check(values: Values) -> int:
    """Print every diagnostic of every flow on standard output; 1 when one of them is an error."""
    looked = [_diagnostics(file, values) for file in dict.fromkeys(values["flow"])]
    found = tuple(dict.fromkeys(diagnostic for diagnostics, _ in looked for diagnostic in diagnostics))
    colour = sys.stdout.isatty() and not os.environ.get("NO_COLOR")
    text = render(found, values["format"], colour=colour)
    if values["format"] != "text":
        write_document(text)
    else:
        sys.stdout.write(text)
        if found:
            print("\n" + summary(found))
        for name in (name for diagnostics, name in looked if not diagnostics):
            print(f"{name} has nothing wrong with it")
    return int(has_errors(found))


def _diagnostics(file: str, values: Values) -> tuple[tuple[Diagnostic, ...], str]:
    """What is to be said about a flow itself and about each target, once, and the flow's name."""
    folder = os.path.dirname(os.path.abspath(split(file)[0]))
    try:
        config = find(folder, values["profile"])
        modules = config.modules(folder)
    except CompileError as refused:
        return refused.diagnostics, ""
    loaded = load(file, config.roots, modules)
    found = loaded.diagnostics
    if loaded.plan is None:
        return found, ""
    for name in values["target"]:
        found += prepare(loaded.plan, target(name), config).diagnostics
    return tuple(dict.fromkeys(found)), loaded.plan.flow.name


COMMAND = Command(
    "check", "say everything that is wrong with a flow", check, (FLOWS,),
    (Option("format", "how to say it: " + ", ".join(FORMATS), "FORMAT", default="text", choices=FORMATS), TARGET, PROFILE),
    notes=("Exit status: 0 when there are no errors, 1 when there are.",),
)  # fmt: skip
