"""Whether events carry what the flows that wait for them take from them, as far as flows of the same folder send these events.

ArgoEvent("labels").publish({"rows": 10})      @trigger(event={"name": "labels", "parameters": {"day": "date"}})      no `date`
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from flowport.compiler.chains.graph import KnownFlow
from flowport.compiler.chains.sent_events import STAMP, UNKNOWN, Fields, SentEvent
from flowport.compiler.diagnostics.diagnostic import Diagnostic
from flowport.compiler.diagnostics.suggestions import did_you_mean
from flowport.compiler.ir import Flow, NoDefault, OnEvent
from flowport.compiler.package.documents import flow_document
from flowport.runtime.run.parameters import ParameterError, convert


class _Sender(NamedTuple):
    """A flow that sends an event, with the fields that it sends."""

    flow: str
    fields: Fields
    event: SentEvent


def field_problems(flows: Sequence[KnownFlow]) -> Iterator[Diagnostic]:
    """Fields that no sender of an event sends, and values that a parameter does not take. Events that nobody sends here are not checked."""
    senders: dict[str, list[_Sender]] = {}
    unclear: set[str] = set()
    for known in flows:
        for sent in known.sends:
            if sent.fields is None:
                unclear.add(sent.name)
            else:
                senders.setdefault(sent.name, []).append(_Sender(known.name, sent.fields, sent))
    for known in flows:
        for event in known.flow.events if known.flow is not None else ():
            assert known.flow is not None
            if event.name not in unclear:
                yield from _unsent(known.flow, event, senders.get(event.name, []))
            yield from _misfits(known.flow, event, senders.get(event.name, []))


def _unsent(flow: Flow, event: OnEvent, senders: Sequence[_Sender]) -> Iterator[Diagnostic]:
    for parameter, name in event.parameters if senders else ():
        if not any(name in sender.fields for sender in senders):
            fields = list(dict.fromkeys(field for sender in senders for field in sender.fields if field not in STAMP))
            carried = ", ".join(f"`{field}`" for field in fields) or "no fields of its own"
            note = f"{', '.join(dict.fromkeys(sender.flow for sender in senders))} sends it, with {carried}"
            message = f"the event `{event.name}` carries no `{name}`, from which {flow.class_name} takes `{parameter}`"
            ways_out = did_you_mean(name, fields) or (f'send it: `payload={{"{name}": ...}}`',)
            has_default = any(one.name == parameter and not isinstance(one.default, NoDefault) for one in flow.parameters)
            yield Diagnostic("FP267", message, event.span, (note,), ways_out, severity="warning" if has_default else "error")


def _misfits(flow: Flow, event: OnEvent, senders: Sequence[_Sender]) -> Iterator[Diagnostic]:
    document: Any = flow_document(flow)
    specs = {spec["name"]: spec for spec in document["parameters"]}
    for sender in senders:
        for parameter, name in event.parameters:
            value = sender.fields.get(name, UNKNOWN)
            if value is UNKNOWN or parameter not in specs:
                continue
            try:
                convert(specs[parameter], value)
            except ParameterError as error:
                message = f"{sender.flow} sends `{value!r}` as `{name}` of the event `{event.name}`, and {flow.class_name} does not take it"
                yield Diagnostic(
                    "FP268", message, sender.event.span, (str(error),), ("send another value, or change `type=` of the parameter",)
                )
