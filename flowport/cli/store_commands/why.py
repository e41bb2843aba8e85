"""`flowport why FLOW/RUN/STEP/ITEM`: why an item was taken over, ran again, was tried again or has not begun, from the store alone."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, NamedTuple

from flowport.cli import shared_options as shared
from flowport.cli.command import Command
from flowport.cli.console import as_json, warn
from flowport.cli.loading import store_to_read
from flowport.runtime.text import shown
from flowport.workspace.address import Address
from flowport.workspace.errors import IsSpin
from flowport.workspace.runs import find_run, find_step
from flowport.workspace.why.explain import Explainer, ItemExplanation, RunExplanation, StepExplanation
from flowport.workspace.why.sentences import attempt_line, blocker_lines, blocker_text, group_text, why_lines

if TYPE_CHECKING:
    from flowport.runtime.run.reader import Run
    from flowport.workspace.why.summary import Group


class WhyRequest(NamedTuple):
    """A run, a step or an item in a store."""

    address: Address
    json: bool
    store: str | None
    target: str | None
    profile: str | None


def why(request: WhyRequest) -> int:
    """Print what became of the items of an address, and why; 1 when something of the run is damaged."""
    address = request.address
    run = find_run(store_to_read(request.store, request.target, request.profile), address, warn)
    if run.spin:
        raise IsSpin(run.doc["run"], run.spin["run"])
    explainer = Explainer(run, warn)
    if address.step is None:
        found = explainer.explain_run()
        document, lines = _run_document(found), _run_lines(run, found)
    else:
        step = find_step(run, address.step)
        item = address.item or ("r" if not run.program.step(step)["sites"][step]["scopes"] else None)
        if item is None:
            groups = explainer.explain_step(step)
            document, lines = _step_document(groups), _step_lines(explainer, run, groups)
        else:
            one = explainer.explain_item(step, item)
            document, lines = _item_document(one), _item_lines(run, one)
    if request.json:
        print(as_json({"flow": run.doc["flow"], "run": run.doc["run"], **document}, indent=2))
    else:
        print("\n".join(shown(line) for line in lines))
    return int(run.damaged)


def _run_document(found: RunExplanation) -> dict[str, Any]:
    return {"status": found.status, "origin": found.origin, "steps": [_step_document(step) for step in found.steps]}


def _step_document(found: StepExplanation) -> dict[str, Any]:
    return {
        "step": found.step,
        "groups": [group.document() for group in found.groups],
        "waiting": found.waiting,
        "empty": found.empty or None,
        "blockers": [one.document() for one in found.blockers],
    }


def _item_document(found: ItemExplanation) -> dict[str, Any]:
    return {
        "step": found.step,
        "item": found.address,
        "state": found.state,
        "engine": found.engine,
        "taken_over": [*found.chain],
        "compared": [{"run": one.run, "reasons": [reason.document() for reason in one.reasons]} for one in found.compared],
        "attempts": [attempt._asdict() for attempt in found.attempts],
        "caught": found.caught,
        "blockers": [one.document() for one in found.blockers],
        "went_to": found.went,
    }


def _run_lines(run: Run, found: RunExplanation) -> Iterator[str]:
    origin = f", resumes run {found.origin}" if found.origin else ""
    yield f"{run.doc['flow']}/{run.doc['run']}: {found.status or 'unreadable'}{origin}"
    yield ""
    rows = [("STEP", "ITEMS", "WHY")]
    for step in found.steps:
        cells = list(_cells(step))
        rows += [(step.step if not number else "", *cell) for number, cell in enumerate(cells)]
    widths = [max(len(row[column]) for row in rows) for column in (0, 1)]
    for name, number, text in rows:
        yield f"{name:{widths[0]}}  {number:>{widths[1]}}  {text}".rstrip()


def _cells(step: StepExplanation) -> Iterator[tuple[str, str]]:
    """The lines of a step in the table of a run: how many items, and what became of them."""
    for group in step.groups:
        yield str(group.number), group_text(group) + _examples(group)
    if step.waiting:
        yield "", f"{step.waiting} task{'s' if step.waiting != 1 else ''} not begun"
    if not step.groups:
        yield "", _empty(step) or "; ".join(blocker_text(one) for one in step.blockers) or "not begun"


def _empty(step: StepExplanation) -> str:
    return f"the foreach of `{step.empty}` has no elements" if step.empty else ""


def _examples(group: Group) -> str:
    """The first items of a group; nothing for the one item outside of any foreach."""
    if group.examples in ((), ("r",)) or (group.state == "taken" and group.number > len(group.examples)):
        return ""
    return f" ({', '.join(group.examples)}{', ...' if group.number > len(group.examples) else ''})"


def _step_lines(explainer: Explainer, run: Run, found: StepExplanation) -> Iterator[str]:
    total = max(sum(group.number for group in found.groups), found.items)
    yield f"{found.step} of run {run.doc['run']}: {total} item{'s' if total != 1 else ''}"
    for group in found.groups:
        yield f"{group.number} {group_text(group)}{_examples(group)}"
        if group.reason is not None:
            yield from (
                f"  {group.examples[0]}: {line}" if not at else f"  {line}" for at, line in enumerate(_why(explainer, found, group))
            )
    if found.waiting:
        yield f"{found.waiting} task{'s' if found.waiting != 1 else ''} not begun"
    if found.empty:
        yield _empty(found)
    yield from blocker_lines(found.blockers)


def _why(explainer: Explainer, found: StepExplanation, group: Group) -> list[str]:
    return list(why_lines(explainer.followed(found.step, group)))


def _item_lines(run: Run, found: ItemExplanation) -> Iterator[str]:
    engine = f", on {found.engine}" if found.engine not in ("", "local") and not found.chain else ""
    yield f"{found.step}/{found.address} of run {run.doc['run']}{engine}: {_headline(run, found)}"
    if found.chain:
        yield from (f"  run {one} resumes run {other}" for one, other in zip(found.chain, found.chain[1:], strict=False))
        yield f"  it ran in run {found.chain[-1]}, and nothing that it read has changed since"
    yield from (f"  {line}" for line in why_lines(found.compared))
    if found.caught is not None:
        yield f"  `@catch` replaced {found.caught or 'an error, which its log says'}"
    if len(found.attempts) > 1 or found.state != "done":
        yield from (f"  {attempt_line(attempt)}" for attempt in found.attempts)
    yield from (f"  {other} went to {', '.join(targets)}" for other, targets in found.went.items())
    if not found.went:
        yield from (f"  {line}" for line in blocker_lines(found.blockers))
    if found.state == "waiting" and not found.blockers:
        yield "  all that it waits for is done"


def _headline(run: Run, found: ItemExplanation) -> str:
    """What became of an item, in some words."""
    if found.chain:
        return f"taken over from run {found.chain[-1]}"
    if found.state == "skipped":
        return "did not come to this step"
    if found.state == "waiting":
        return "not begun"
    again = "ran again" if found.compared and found.compared[-1].is_comparison else "ran"
    if found.state == "done":
        return f"done, {again}" + ("" if run.doc["origin"] else ", as the run resumes no other one")
    return found.state + (f", {again}" if found.compared else "")


COMMAND = Command(
    "why",
    "Explain why tasks ran, were tried again or wait",
    WhyRequest,
    why,
    (shared.address(), shared.json(), *shared.store_to_read()),
    help="Of a resumed run it says what was taken over and from which run, and what ran again because of which change in the source, in "
    "parameters or in artifacts. Of a step that has not begun it says what it waits for.",
    examples=("flowport why DigitsFlow", "flowport why DigitsFlow/latest/train/r.3", "flowport why DigitsFlow/latest/choose --json"),
)
