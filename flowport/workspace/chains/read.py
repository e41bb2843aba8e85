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
from flowport.workspace.folders.flows import FoundFlow, flows_below, flows_of_file

SENDER = b"ArgoEvent"
"""What a file contains that sends events."""


class ReadFlows(NamedTuple):
    """The flows, in the order of their files; the errors of those that have some; and settings files that were ignored."""

    flows: tuple[KnownFlow, ...]
    errors: tuple[Diagnostic, ...]
    ignored: tuple[str, ...]


def read_flows(arguments: Sequence[str], profile: str | None) -> ReadFlows:
    """The flows of folders, of files and of `FILE.py:ClassName`; raises NothingThere, NoFlows and BadVariable."""
    found: dict[tuple[str, str], FoundFlow] = {}
    for argument in arguments:
        for one in _found(argument, profile):
            found.setdefault((os.path.realpath(one.path), one.name), one)
    flows, errors, ignored = [], dict[Diagnostic, None](), dict[str, None]()
    for one in found.values():
        checked = check_flow(one.argument, profile)
        ignored.update(dict.fromkeys(checked.ignored))
        if checked.flow is not None:
            flows.append(_known(checked.flow))
            continue
        errors.update(dict.fromkeys(error for error in checked.diagnostics if error.severity == "error"))
        if one.name:
            flows.append(KnownFlow(one.name, Span(one.path, one.line, 1, one.line, 2)))
    return ReadFlows(tuple(flows), tuple(errors), tuple(ignored))


def _found(argument: str, profile: str | None) -> list[FoundFlow]:
    path, class_name = split(argument)
    if os.path.isdir(argument):
        return flows_below(argument, profile)
    if not os.path.exists(path):
        raise NothingThere(path)
    return [FoundFlow(path, class_name)] if class_name is not None else flows_of_file(path, profile) or [FoundFlow(path, "")]


def _known(file: FlowFile) -> KnownFlow:
    flow = file.plan.flow
    return KnownFlow(flow.deployment, flow.span or Span(file.path, 1, 1, 1, 2), flow, _sends(file))


def _sends(file: FlowFile) -> tuple[SentEvent, ...]:
    flow = file.plan.flow
    if not any(SENDER in data for _, data in flow.files):
        return ()
    return sent_events(file.path, flow.class_name, tuple(step.name for step in flow.steps), file.config.roots)
