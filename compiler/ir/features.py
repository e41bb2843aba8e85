"""What a flow may use and an engine may lack."""

from __future__ import annotations

from flowport.compiler.record import record


@record
class Feature:
    """A feature by its title, as messages and docs/support.md call it. Decorators define their own.

    A feature that is one argument of a decorator has the names of both.
    """

    title: str
    decorator: str = ""
    argument: str = ""


def argument_feature(decorator: str, argument: str) -> Feature:
    """The feature that is one argument of a decorator."""
    return Feature(f"@{decorator}({argument}=...)", decorator, argument)


BRANCH = Feature("branches")
FOREACH = Feature("a foreach")
NESTED_FOREACH = Feature("a foreach inside a foreach")
SWITCH = Feature("a switch")
LOOP = Feature("a loop")
GANG = Feature("`num_parallel`")
"""A step on several nodes at once, which all run in the container of one task."""
FOREACH_IN_LOOP = Feature("a foreach inside a loop")
"""A foreach in a loop that runs as one task; in other loops it is an ordinary foreach."""

CONSTRUCTS = (BRANCH, FOREACH, NESTED_FOREACH, SWITCH, LOOP, FOREACH_IN_LOOP, GANG)
