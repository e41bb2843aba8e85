"""How many children of each foreach run at once, divided so that `max_concurrency` holds for a whole nest: `MaxConcurrency` multiplies.

max_concurrency = 200, two regions with many shops each        regions 2, shops 100
max_concurrency = 200, nobody knows how many regions           regions 200, shops 1
max_parallel = 10 on the `self.next` to the regions            regions 10, as they never have more slices
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from flowport.compiler.diagnostics.diagnostic import Diagnostic
from flowport.compiler.ir import Foreach
from flowport.compiler.ir.plan import Block, Map, Plan, blocks, walk
from flowport.compiler.record import record
from flowport.targets.stepfunctions.settings import Settings

OUTER_CONCURRENCY = 100
"""How many slices run at once that hold a foreach of their own: an account may have about 1,000 open Map Runs."""


@record
class Share:
    """The children of a foreach that run at once, for each slice of the foreaches `around` it, outermost first.

    `counted` says that the step lists its items, so that there are no fewer children than that, but for `max_concurrency`.
    """

    concurrency: int
    counted: bool
    around: tuple[str, ...]


def shares(plan: Plan, settings: Settings) -> Mapping[str, Share]:
    """The share of every foreach, by the step that it starts from."""
    return dict(_shares(plan, settings, plan.body, settings.max_concurrency, ()))


def _shares(plan: Plan, settings: Settings, block: Block, left: int | None, around: tuple[str, ...]) -> Iterator[tuple[str, Share]]:
    """`left` is how many tasks may run at once in each slice of what is around the block; None if there is no limit."""
    for node in block:
        if isinstance(node, Map):
            slices, counted = _slices(plan, node, settings)
            if left is None:
                nested = any(isinstance(inner, Map) for inner in walk(node.body))
                most = _most(plan, node, settings)
                concurrency = min(most, OUTER_CONCURRENCY) if nested else most
            else:
                concurrency = max(1, min(left, slices))
            yield node.origin, Share(concurrency, counted, around)
            inside = None if left is None else left // concurrency
            yield from _shares(plan, settings, node.body, inside, (*around, node.origin))
        else:
            for inner in blocks(node):
                yield from _shares(plan, settings, inner, left, around)


def _most(plan: Plan, node: Map, settings: Settings) -> int:
    """The most slices of a foreach, however many items it has."""
    transition = plan.flow.step(node.origin).transition
    assert isinstance(transition, Foreach)
    return min(settings.width, transition.max_parallel or settings.width)


def _slices(plan: Plan, node: Map, settings: Settings) -> tuple[int, bool]:
    """The most slices of a foreach, and whether the step lists its items."""
    transition = plan.flow.step(node.origin).transition
    assert isinstance(transition, Foreach)
    if transition.gang:
        return 1, True
    most = _most(plan, node, settings)
    if transition.items is None:
        return most, False
    return min(most, -(-transition.items // transition.batch)), True


def starved(plan: Plan, settings: Settings) -> Iterator[Diagnostic]:
    """Foreaches that run one task at a time, as all of `max_concurrency` goes to foreaches around them that may have few items."""
    cap, known = settings.max_concurrency or 1, shares(plan, settings)
    maps = {node.origin: node for node in walk(plan.body) if isinstance(node, Map)}
    for origin, share in known.items():
        unknown = [maps[outer] for outer in share.around if not known[outer].counted and known[outer].concurrency > 1]
        width = _root(cap, len(share.around) + 1, settings.width)
        if share.concurrency == 1 and unknown and 1 < width < settings.width and _slices(plan, maps[origin], settings)[0] > 1:
            step, outer = plan.flow.step(origin), unknown[0]
            shown = " x ".join(f"{known[each].concurrency} of `{maps[each].over}`" for each in (*share.around, origin))
            yield Diagnostic(
                "FP422",
                f"max_concurrency = {cap} leaves the foreach over `{maps[origin].over}` in step `{origin}` one task at a time: {shown}",
                step.transition_span or step.span,
                (f"the number of items in `{outer.over}` is not known; where it is small, most of the {cap} are never used",),
                (
                    f"set `width = {width}`: then each foreach has at most {width} tasks, which share its items",
                    f"or, where the items are always the same, list them in step `{outer.origin}`: `self.{outer.over} = [...]`",
                ),
                "warning",
            )


def _root(number: int, degree: int, most: int) -> int:
    """The largest whole number up to `most` whose power is at most `number`."""
    root = 1
    while root < most and (root + 1) ** degree <= number:
        root += 1
    return root
