"""Reads the flows of files and folders, with the events that they send: what the graph of flows is made from. None of their code runs."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from flowport.compiler.chains.graph import KnownFlow
from flowport.compiler.chains.sent_events import SentEvent, sent_events
from flowport.compiler.compile import split
from flowport.compiler.diagnostics.diagnostic import CompileError, Diagnostic
from flowport.compiler.ir import Span
from flowport.compiler.parse.flow_listing import ListedFlow, list_flows
from flowport.workspace.errors import NoFlows, NothingThere
from flowport.workspace.flow_file import FlowFile, check_flow
from flowport.workspace.folders.files import files_with_flows, looks_like_a_flow, python_files, roots_of

SENDER = b"ArgoEvent"
"""What a file contains that sends events."""


class ReadFlows(NamedTuple):
    """The flows, in the order of their files; the errors of those that have some; and settings files that were ignored."""

    flows: tuple[KnownFlow, ...]
    errors: tuple[Diagnostic, ...]
    ignored: tuple[str, ...]


class _Listed(NamedTuple):
    """A flow of a file, by its class, or with `flow` None what is wrong with the file."""

    path: str
    flow: ListedFlow | None
    errors: tuple[Diagnostic, ...] = ()


def read_flows(arguments: Sequence[str], profile: str | None) -> ReadFlows:
    """The flows of folders, of files and of `FILE.py:ClassName`; raises NothingThere, NoFlows and BadVariable."""
    listed: dict[tuple[str, str], _Listed] = {}
    for argument in arguments:
        for one in _listed(argument, profile):
            listed.setdefault((os.path.realpath(one.path), one.flow.name if one.flow else ""), one)
    inherited = {base for one in listed.values() if one.flow for base in one.flow.inherits}
    flows, errors, ignored = [], dict.fromkeys(error for one in listed.values() for error in one.errors), dict[str, None]()
    for one in listed.values():
        if one.flow is None or (os.path.abspath(one.path), one.flow.name) in inherited:
            continue
        checked = check_flow(f"{one.path}:{one.flow.name}", profile)
        ignored.update(dict.fromkeys(checked.ignored))
        if checked.flow is None:
            errors.update(dict.fromkeys(found for found in checked.diagnostics if found.severity == "error"))
            flows.append(KnownFlow(one.flow.name, Span(one.path, one.flow.line, 1, one.flow.line, 2)))
        else:
            flows.append(_known(checked.flow))
    return ReadFlows(tuple(flows), tuple(errors), tuple(ignored))


def _listed(argument: str, profile: str | None) -> Iterator[_Listed]:
    if os.path.isdir(argument):
        found = [
            one
            for file in files_with_flows(argument, python_files(argument))
            for one in _of_file(os.path.normpath(os.path.join(argument, file)), profile)
            if one.flow or looks_like_a_flow(one.path)
        ]
        if not found:
            raise NoFlows(argument)
        yield from found
        return
    path, class_name = split(argument)
    if not os.path.exists(path):
        raise NothingThere(path)
    if class_name is not None:
        yield _Listed(path, ListedFlow(class_name, 1, ()))
    else:
        yield from _of_file(path, profile) or [_Listed(path, None, check_flow(argument, profile).diagnostics)]


def _of_file(path: str, profile: str | None) -> list[_Listed]:
    try:
        return [_Listed(path, flow) for flow in list_flows(path, roots_of(path, profile))]
    except CompileError as error:
        return [_Listed(path, None, error.diagnostics)]


def _known(file: FlowFile) -> KnownFlow:
    flow = file.plan.flow
    return KnownFlow(flow.deployment, flow.span or Span(file.path, 1, 1, 1, 2), flow, _sends(file))


def _sends(file: FlowFile) -> tuple[SentEvent, ...]:
    flow = file.plan.flow
    if not any(SENDER in data for _, data in flow.files):
        return ()
    return sent_events(file.path, flow.class_name, tuple(step.name for step in flow.steps), file.config.roots)
