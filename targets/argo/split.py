"""A DAG of more tasks than Argo takes, cut where everything before is over when what follows begins."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import accumulate

from flowport.compiler.record import replace
from flowport.targets.argo.graph import Each, Job, Member, Turns

TASKS = 200
"""Tasks of a DAG (Argo's CRDs)."""


def split(members: tuple[Member, ...]) -> list[tuple[Member, ...]]:
    """Consecutive parts of at most 200 members; longer ones where there is no place to cut, as in very many branches."""
    if len(members) <= TASKS:
        return [members]
    where = {_name(member): number for number, member in enumerate(members)}
    # The first of the members that those from each one on wait for, or ask about.
    needed = [min((where[step] for step in _needs(member)), default=number) for number, member in enumerate(members)]
    earliest = [*list(accumulate(reversed(needed), min))[::-1], len(members)]
    places = [number for number in range(1, len(members)) if earliest[number + 1] >= number and _waits_for_one(members[number])]
    found, begin = [], 0
    while len(members) - begin > TASKS and (near := [place for place in places if begin < place <= begin + TASKS]):
        found.append(_alone(members[begin : near[-1]]))
        begin = near[-1]
    return [*found, _alone(members[begin:])]


def _name(member: Member) -> str:
    match member:
        case Job(step):
            return step
        case Each(origin):
            return f"foreach {origin}"
        case Turns(job):
            return job.step


def _needs(member: Member) -> Iterator[str]:
    """The members that a member waits for, or asks about."""
    match member:
        case Each(origin):
            yield origin
        case Turns(job):
            yield from _needs(job)
        case Job(after=after, ways=ways):
            for each in after:
                yield f"foreach {each.step}" if each.each else each.step
                yield from each.unless
            yield from (way.source for way in ways)


def _waits_for_one(member: Member) -> bool:
    """Whether a member begins when the one before it succeeded, whatever else."""
    if isinstance(member, Each):
        return False
    job = member.job if isinstance(member, Turns) else member
    return not job.ways and len(job.after) == 1 and not job.after[0].each and not job.after[0].unless


def _alone(part: tuple[Member, ...]) -> tuple[Member, ...]:
    """A part, whose first member waits for nothing in it."""
    first = part[0]
    match first:
        case Job():
            return (replace(first, after=()), *part[1:])
        case Turns(job):
            return (replace(first, job=replace(job, after=())), *part[1:])
        case Each():
            return part
