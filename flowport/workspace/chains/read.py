"""Reads the flows of files and folders, with the events that they send: what the graph of flows is made from. None of their code runs."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import NamedTuple

from flowport.compiler.chains.graph import KnownFlow
from flowport.compiler.chains.sent_events import SentEvent, sent_events
from flowport.compiler.compile import split
from flowport.compiler.diagnostics.diagnostic import Diagnostic
from flowport.compiler.ir import Span
from flowport.workspace.errors import NothingThere
from flowport.workspace.flow_file import FlowFile, check_flow
from flowport.workspace.folders.defects import Defect, attempt
from flowport.workspace.folders.flows import FoundFlow, flows_below, flows_of_file

SENDER = b"ArgoEvent"
"""What a file contains that sends events."""


NO_FLOW = frozenset({"FP110", "FP111", "FP112"})
"""The codes of a file without flows, and of a class that is no flow or not in its file: only an argument can name these."""


class ReadFlows(NamedTuple):
    """The flows, in the order of their files; the errors of those that have some; and settings files that were ignored."""

    flows: tuple[KnownFlow, ...] = ()
    errors: tuple[Diagnostic, ...] = ()
    ignored: tuple[str, ...] = ()

    @property
    def absent(self) -> tuple[Diagnostic, ...]:
        """The errors of arguments that name no flow."""
        return tuple(error for error in self.errors if error.code in NO_FLOW)


def read_flows(arguments: Sequence[str], profile: str | None) -> ReadFlows:
    """The flows of folders, of files and of `FILE.py:ClassName`; raises NothingThere, NoFlows and BadVariable."""
    found: dict[tuple[str, str], FoundFlow] = {}
    for argument in arguments:
        for one in _found(argument, profile):
            found.setdefault((os.path.realpath(one.path), one.name), one)
    read = [_read_or_named(one, profile) for one in found.values()]
    return ReadFlows(
        tuple(flow for one in read for flow in one.flows),
        tuple(dict.fromkeys(error for one in read for error in one.errors)),
        tuple(dict.fromkeys(text for one in read for text in one.ignored)),
    )


def _found(argument: str, profile: str | None) -> list[FoundFlow]:
    path, class_name = split(argument)
    if os.path.isdir(argument):
        return flows_below(argument, profile)
    if not os.path.exists(path):
        raise NothingThere(path)
    return [FoundFlow(path, class_name)] if class_name is not None else flows_of_file(path, profile) or [FoundFlow(path, "")]


def _read_or_named(found: FoundFlow, profile: str | None) -> ReadFlows:
    """What is read of one flow, or the error of flowport that kept it from reading the flow."""
    read = attempt(_read, found, profile) if found.defect is None else found.defect
    return ReadFlows(_unread(found), (read.diagnostic(found.path, found.line),)) if isinstance(read, Defect) else read


def _read(found: FoundFlow, profile: str | None) -> ReadFlows:
    checked = check_flow(found.argument, profile)
    if checked.flow is not None:
        return ReadFlows((_known(checked.flow),), (), checked.ignored)
    read = ReadFlows((), tuple(error for error in checked.diagnostics if error.severity == "error"), checked.ignored)
    return read if read.absent else read._replace(flows=_unread(found))


def _unread(found: FoundFlow) -> tuple[KnownFlow, ...]:
    """A flow with errors, if there is anything of which it is known that it is one."""
    return (KnownFlow(found.name, Span(found.path, found.line, 1, found.line, 2)),) if found.name else ()


def _known(file: FlowFile) -> KnownFlow:
    flow = file.plan.flow
    return KnownFlow(flow.deployment, flow.span or Span(file.path, 1, 1, 1, 2), flow, _sends(file))


def _sends(file: FlowFile) -> tuple[SentEvent, ...]:
    flow = file.plan.flow
    if not any(SENDER in data for _, data in flow.files):
        return ()
    return sent_events(file.path, flow.class_name, tuple(step.name for step in flow.steps), file.config.roots)
