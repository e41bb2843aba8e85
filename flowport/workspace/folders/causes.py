"""What an examination found, grouped: the causes, how many flows each stops, and in which order mending them helps most."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import NamedTuple

from flowport.compiler.diagnostics.codes import CODES
from flowport.compiler.diagnostics.diagnostic import Diagnostic
from flowport.workspace.folders import defects
from flowport.workspace.folders.doctor import Examination, ExaminedFlow

ABOUT_A_NAME = frozenset({"FP131", "FP140", "FP141", "FP142", "FP143", "FP145"})
"""Codes whose messages begin with the name that they are about: each name is a cause of its own."""


class Cause(NamedTuple):
    """Something that stops flows, or that a warning is about.

    `code` and `subject`, which is "" for most codes, tell it from others; `target` is "" for what stops a flow everywhere. `way_out` is the
    help that most of its diagnostics have. `places` are FILE:LINE:COLUMN, one for each diagnostic.
    """

    code: str
    subject: str
    target: str
    title: str
    way_out: str
    flows: tuple[str, ...]
    places: tuple[str, ...]

    @property
    def files(self) -> int:
        """The number of files in which it is."""
        return len({place.rsplit(":", 2)[0] for place in self.places})


class Mending(NamedTuple):
    """A cause to mend: how many flows compile for every target that did not before, and how many then do in all."""

    cause: Cause
    gained: int
    compile: int


class _Found(NamedTuple):
    """Where a diagnostic was found."""

    flow: str
    file: str
    diagnostic: Diagnostic


_Key = tuple[str, str, str]


def causes(examination: Examination, severity: str = "error") -> tuple[Cause, ...]:
    """The causes of errors or of warnings, those first that most flows have."""
    groups: dict[_Key, list[_Found]] = {}
    for flow in examination.flows:
        for key, diagnostic in _keyed(flow):
            if diagnostic.severity == severity:
                groups.setdefault(key, []).append(_Found(flow_id(flow), flow.file, diagnostic))
    found = [_cause(key, group) for key, group in groups.items()]
    return tuple(sorted(found, key=lambda cause: (-len(cause.flows), cause.code, cause.subject, cause.target)))


def mendings(examination: Examination, found: tuple[Cause, ...]) -> tuple[Mending, ...]:
    """The causes in the order in which mending them lets most flows compile; greedily, one after the other."""
    left = {flow_id(flow): set[Cause]() for flow in examination.flows if not flow.compiles_for_all}
    for cause in found:
        for flow in cause.flows:
            left[flow].add(cause)
    compile = len(examination.flows) - len(left)
    waiting, order = list(found), list[Mending]()
    while waiting:
        last = Counter(next(iter(of)) for of in left.values() if len(of) == 1)
        touched = Counter(cause for of in left.values() for cause in of)
        best = min(waiting, key=lambda cause: (-last[cause], -touched[cause], waiting.index(cause)))
        waiting.remove(best)
        compile += last[best]
        order.append(Mending(best, last[best], compile))
        left = {flow: of - {best} for flow, of in left.items() if of - {best}}
    return tuple(order)


def flow_id(flow: ExaminedFlow) -> str:
    """FILE:CLASS, or the file if it cannot be read."""
    return f"{flow.file}:{flow.name}" if flow.name else flow.file


def _keyed(flow: ExaminedFlow) -> Iterator[tuple[_Key, Diagnostic]]:
    """The diagnostics of a flow, each with what its cause is."""
    if flow.defect:
        yield (defects.CODE, flow.defect, ""), defects.Defect(flow.defect).diagnostic(flow.file, flow.line)
    for one in flow.diagnostics:
        yield (one.code, _subject(one), ""), one
    for target, added in flow.targets.items():
        for one in added:
            yield (one.code, _subject(one), target), one


def _subject(diagnostic: Diagnostic) -> str:
    """The first name in the message of a diagnostic that is about a name."""
    parts = diagnostic.message.split("`")
    return parts[1] if diagnostic.code in ABOUT_A_NAME and len(parts) > 2 else ""


def _cause(key: _Key, group: list[_Found]) -> Cause:
    code, subject, target = key
    ways_out = Counter(one.diagnostic.help[0] for one in group if one.diagnostic.help)
    title = CODES[code].title if code in CODES else "flowport fails on it"
    flows, places = dict.fromkeys(one.flow for one in group), dict.fromkeys(map(_place, group))
    return Cause(code, subject, target, title, ways_out.most_common(1)[0][0] if ways_out else "", tuple(flows), tuple(places))


def _place(found: _Found) -> str:
    span = found.diagnostic.span
    return f"{span.file}:{span.line}:{span.column}" if span is not None else f"{found.file}:1:1"
