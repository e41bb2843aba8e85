"""What a DAG run needs: its task instances, and the longest list that Airflow maps over. Skipped tasks have instances too."""

from __future__ import annotations

from collections.abc import Iterator

from flowport.compiler.estimate import ONCE, Estimate, Figure, Range, Shape, exactly
from flowport.compiler.ir.plan import Block, Map, Plan, walk
from flowport.compiler.lower.fuse import fuse_loops
from flowport.compiler.target import File
from flowport.targets.airflow.groups import Branch, Each, Job, Listing, Member, groups
from flowport.targets.airflow.limits import MAP_LENGTH
from flowport.targets.airflow.settings import Settings
from flowport.targets.figures.layout import Layout, Limits, Place


class AirflowEstimator:
    """The figures of a DAG run."""

    def estimate(self, plan: Plan, settings: Settings, files: tuple[File, ...], shape: Shape) -> Estimate:
        """The figures of a lowered plan."""
        fused = fuse_loops(plan)
        layout = Layout(fused, shape, Limits(settings.width, settings.total))
        slices = dict(_slices(fused.body, layout, [(layout.root, ONCE)]))
        longest = Range()
        for number in slices.values():
            longest = longest.most(number)
        figures = (
            Figure("task instances", _instances(groups(fused), slices)),
            Figure("longest mapped list", longest, MAP_LENGTH),
            Figure("DAG file", exactly(next(len(file.data) for file in files if file.path == settings.file)), unit="bytes"),
        )
        return Estimate(figures, ("a retry has the task instance of its first attempt",))


def _slices(block: Block, layout: Layout, places: list[tuple[Place, Range]]) -> Iterator[tuple[str, Range]]:
    """How many slices each foreach has in the whole run, by the step that it starts from."""
    for node in walk(block):
        if isinstance(node, Map) and not _is_inside(node, block):
            inner = [(found, number.times(times)) for place, times in places for found, number in layout.fan(node.origin, place)]
            yield node.origin, sum((number for _, number in inner), Range())
            yield from _slices(node.body, layout, inner)


def _is_inside(node: Map, block: Block) -> bool:
    """Whether a foreach is in another one of a block."""
    return any(isinstance(other, Map) and other is not node and any(each is node for each in walk(other.body)) for other in walk(block))


def _instances(members: tuple[Member, ...], slices: dict[str, Range], times: Range = ONCE) -> Range:
    """The task instances of some members; a group that is mapped over an empty list has one of each of its tasks, which is skipped."""
    found = Range()
    for member in members:
        match member:
            case Job() | Listing():
                found += times
            case Branch(members=inner):
                found += _instances(inner, slices, times)
            case Each(origin=origin, members=inner):
                found += _instances(inner, slices, slices[origin].most(ONCE))
    return found
