"""The flow that a command is about: read from its file, with the settings that hold for it, or refused with all there is to say."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, NamedTuple

from flowport.cli.config import Config, find
from flowport.cli.options import Argument, Option, Values
from flowport.compiler.compile import load, split
from flowport.compiler.diagnostics.diagnostic import CompileError, Diagnostic
from flowport.compiler.ir.plan import Plan

if TYPE_CHECKING:
    from flowport.compiler.package.archive import Package

FLOW = Argument("FLOW", "the flow's file, `FILE.py`, or `FILE.py:ClassName` when it holds several")
FLOWS = FLOW._replace(help=FLOW.help + "; several may be named", many=True)
PROFILE = Option("profile", "the profile of flowport.toml to use", "NAME")


class FlowFile(NamedTuple):
    """A flow without errors; `warnings` is what there is to say about it nevertheless."""

    path: str
    plan: Plan
    config: Config
    warnings: tuple[Diagnostic, ...]

    @property
    def folder(self) -> str:
        """The absolute path of the folder that the file is in."""
        return os.path.dirname(os.path.abspath(self.path))

    @property
    def argument(self) -> str:
        """What names this flow from any folder: the absolute path of its file, and its class."""
        return f"{os.path.abspath(self.path)}:{self.plan.flow.class_name}"

    def package(self) -> Package:
        """The code package, with the further files that the settings name."""
        from flowport.compiler.package.archive import package

        return package(self.plan, self.config.included(self.folder))


def open_flow(values: Values) -> FlowFile:
    """The flow of a command line; says its warnings on standard error, and raises CompileError when there are errors."""
    path, _ = split(values["flow"])
    folder = os.path.dirname(os.path.abspath(path))
    config = find(folder, values["profile"])
    loaded = load(values["flow"], config.roots, config.modules(folder))
    if loaded.plan is None:
        raise CompileError(loaded.diagnostics)
    say(loaded.diagnostics)
    return FlowFile(path, loaded.plan, config, loaded.diagnostics)


def say(diagnostics: tuple[Diagnostic, ...]) -> None:
    """Print diagnostics on standard error, as text."""
    if diagnostics:
        from flowport.compiler.diagnostics.render import render, summary

        colour = sys.stderr.isatty() and not os.environ.get("NO_COLOR")
        print(render(diagnostics, "text", colour=colour) + "\n" + summary(diagnostics), file=sys.stderr)


def has_errors(diagnostics: tuple[Diagnostic, ...]) -> bool:
    """Whether any of them is more than a warning."""
    return any(diagnostic.severity == "error" for diagnostic in diagnostics)
