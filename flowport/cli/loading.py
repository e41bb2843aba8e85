"""The flow that a command is about, with its warnings on standard error."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flowport.cli.console import say
from flowport.cli.parameter_options import FlowChoice, FlowSelection
from flowport.workspace.branch import require_project
from flowport.workspace.flow_file import UNCHANGED, Changes, FlowFile, open_flow
from flowport.workspace.stores import StoreChoice, open_to_read

if TYPE_CHECKING:
    from flowport.runtime.store.interface import Store


def load_flow(argument: str, profile: str | None, changes: Changes = UNCHANGED) -> FlowFile:
    """The flow of `FILE.py` or `FILE.py:ClassName`; raises CompileError when there are errors, and WorkspaceError."""
    flow = report_warnings(open_flow(argument, profile, changes))
    require_project(flow.plan.flow, changes.branch)
    return flow


def report_warnings(flow: FlowFile) -> FlowFile:
    """A flow whose warnings have been printed."""
    say(flow.warnings, flow.config.ignored)
    return flow


def select_flow(choice: FlowChoice, for_help: bool) -> FlowSelection | None:
    """The flow of a command line; None when it names none, which is right for a page of help, and else a mistake that is found later."""
    return None if choice.flow is None else FlowSelection(report_warnings(open_flow(choice.flow, choice.profile, choice.changes)))


def store_to_read(store: str | None, target: str | None, profile: str | None) -> Store:
    """The store that a command reads; it needs no flow, so the settings are those of the current folder."""
    found, config = open_to_read(StoreChoice(store, target, profile))
    say((), config.ignored)
    return found
