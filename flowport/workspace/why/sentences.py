"""Explanations in words: one sentence for each reason, and below it, indented, the reason for that."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from flowport.workspace.times import duration, moment
from flowport.workspace.why.reasons import Compared

if TYPE_CHECKING:
    from flowport.workspace.why.attempts import AttemptReport
    from flowport.workspace.why.reasons import Reason
    from flowport.workspace.why.summary import Group
    from flowport.workspace.why.waiting import Blocker

INDENT = "  "

LINES = 5
"""How many of the lines that changed are shown of one function."""


def sentence(reason: Reason, run: str) -> str:
    """A reason in words; `run` is the earlier run that was compared with."""
    name, there = f"`{reason.subject}`", f"run {run}"
    match reason.kind:
        case "forced":
            return f"the run was started with `--from {reason.subject}`, so nothing is taken over from that step on"
        case "gone":
            return f"{there} can no longer be read"
        case "absent":
            return f"{there} has no such item"
        case "elsewhere":
            return f"in {there} the item did not come to this step"
        case "unfinished":
            return f"{there} did not finish it" + (f": {reason.now}" if reason.now else "")
        case "caught":
            return f"in {there} `@catch` replaced it" + (f": {reason.now}" if reason.now else "")
        case "later":
            return f"{there} finished it after this run had started it"
        case "unknown":
            return f"nothing that is recorded has changed since {there}: a stored result of it may have been deleted"
        case "uncompared":
            return "not compared, as there are so many: `flowport why` with an item says it of that item"
        case "inputs":
            return f"the number of inputs changed{_change(reason)}"
        case "input":
            where = f" in {reason.number} of {reason.of} inputs, first in {reason.place}" if reason.number else " in the inputs"
            return f"artifact {name} changed{where}"
        case "names":
            parts = (("has", reason.now), ("no longer has", reason.before))
            said = " and ".join(f"{verb} `{names}`" for verb, names in parts if names)
            return "the artifacts of its inputs have other names" + (f": it {said}" if said else "")
        case "artifact":
            return f"artifact {name} changed" + (f", which {reason.place} set" if reason.place else "") + _presence(reason)
        case "element":
            return "the element that it works on changed" + _of_foreach(reason)
        case "count":
            return f"the number of elements changed{_change(reason)}" + _of_foreach(reason)
    return _changed(reason)


def _changed(reason: Reason) -> str:
    """A reason that is about the code or about what the run was started with."""
    name, where = f"`{reason.subject}`", f" ({reason.place})" if reason.place else ""
    match reason.kind:
        case "source" if not reason.place:
            return "the source of the step changed"
        case "source":
            return f"{name if reason.subject else 'the file'} changed{where}"
        case "packages":
            return f"the packages of the step changed: {reason.subject}{_change(reason)}"
        case "decorator":
            return f"`@{reason.subject}` changed{_change(reason)}"
        case "config":
            return f"config {name} changed{_change(reason)}"
        case "definition":
            return f"the code of {name} changed{where}, of which it read an instance"
        case "project":
            return f"`current.{reason.subject}` changed{_change(reason)}"
    return f"parameter {name} changed{_change(reason)}"


def _change(reason: Reason) -> str:
    if reason.before is None and reason.now is None:
        return ""
    return f", {'nothing' if reason.before is None else reason.before} -> {'nothing' if reason.now is None else reason.now}"


def _presence(reason: Reason) -> str:
    """Whether an artifact is there in only one of the two runs: its digest is "" in the other."""
    if reason.before == "":
        return ": it was not set then"
    return ": it is no longer set" if reason.now == "" else ""


def _of_foreach(reason: Reason) -> str:
    return f", of the foreach of {reason.place or reason.subject}"


def why_lines(compared: Iterable[Compared]) -> Iterator[str]:
    """Why an item was not taken over, from the nearest run to the one that has it."""
    told: set[str] = set()
    for one in compared:
        if not (one.is_comparison or one.reasons[0].kind not in told):
            continue  # an item that is new in this run is in no earlier one
        told.add(one.reasons[0].kind)
        for reason in one.reasons:
            yield from reason_lines(reason, one.run, 0)


def reason_lines(reason: Reason, run: str, depth: int) -> Iterator[str]:
    """A reason with the lines of code that changed, and with its cause."""
    yield f"{INDENT * depth}{sentence(reason, run)}"
    if reason.kind == "source":
        for sign, text in (("-", reason.before), ("+", reason.now)):
            lines = (text or "").splitlines()
            yield from (f"{INDENT * (depth + 1)}{sign} {line}" for line in lines[:LINES])
            if len(lines) > LINES:
                yield f"{INDENT * (depth + 1)}{sign} ... {len(lines) - LINES} more lines"
    if reason.because:
        place = f"{reason.place} ran again: " if reason.place else ""
        first, *others = reason.because
        head, *rest = reason_lines(first, run, depth + 1)
        yield f"{INDENT * (depth + 1)}{place}{head.lstrip()}"
        yield from rest
        for other in others:
            yield from reason_lines(other, run, depth + 1)


def attempt_line(attempt: AttemptReport) -> str:
    """An attempt in a line."""
    ends = {
        "done": "done",
        "failed": f"failed: {attempt.error}",
        "stopped": "was stopped",
        "others": "failed for other items of the task",
        "killed": "its process ended while the item ran",
        "lost": "no sign of it for too long",
        "running": "running",
        "unknown": "left nothing but a log",
    }
    code = "" if attempt.code in (None, 0) or attempt.end == "done" else f", {_code(attempt.code)}"
    took = "" if attempt.seconds is None else f" after {duration(attempt.seconds)}"
    if attempt.end == "done":
        took = took.replace("after", "in")
    began = f", started {moment(attempt.started)} UTC" if attempt.started else ""
    again = f" (started again {attempt.epoch} times)" if attempt.epoch else ""
    return f"attempt {attempt.number}{again}: {ends[attempt.end]}{code}{took}{began}"


def _code(code: int | None) -> str:
    """An exit code in words: 137 is what a container without memory has."""
    if code is not None and code < 0:
        return f"ended by signal {-code}"
    return f"exit code {code}" + (" (killed: often for memory)" if code == 137 else "")


def group_text(group: Group) -> str:
    """What became of the items of a group."""
    match group.state:
        case "taken":
            return f"taken over from run {group.run}"
        case "failed":
            return f"failed: {group.detail}"
        case "begun":
            return "began and not done"
    caught = " and `@catch` replaced an error" if group.state == "caught" else ""
    if group.reason is None:
        return f"ran,{caught}" if caught else "ran"
    again = " again" if Compared(group.run, (group.reason,)).is_comparison else ""
    return f"ran{again}{caught}: {sentence(group.reason, group.run)}"


def blocker_lines(blockers: Iterable[Blocker], depth: int = 0) -> Iterator[str]:
    """What a task waits for."""
    for one in blockers:
        yield f"{INDENT * depth}{blocker_text(one)}"
        yield from blocker_lines(one.because, depth + 1)


def blocker_text(blocker: Blocker) -> str:
    """One step that a task waits for, or that sent its items elsewhere."""
    if blocker.is_done:
        went = ", ".join(f"`{target}` ({number})" for target, number in blocker.went.items())
        return f"`{blocker.step}` is done, and its items went to {went}" if went else f"`{blocker.step}` is done and sent no item"
    total = sum(blocker.counts.values())
    if not blocker.has_begun:
        return f"waits for `{blocker.step}`, which has not begun"
    words = {"waiting": "not begun"}
    counts = ", ".join(f"{number} {words.get(state, state)}" for state, number in blocker.counts.items() if number)
    named = f" ({', '.join(blocker.tasks)})" if blocker.tasks else ""
    return f"waits for `{blocker.step}`: of {total} task{'s' if total != 1 else ''} {counts}{named}"
