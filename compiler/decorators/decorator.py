"""What a decorator is to the compiler. Each has a file of its own, which says all of this, and a row in `registry`."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TypeAlias

from flowport.compiler.decorators.arguments import Arguments
from flowport.compiler.ir import JSON, ExitHooks, OnEvent, OnFinish, Packages, Project, RunLimits, Schedule, Served, Settings
from flowport.compiler.ir.features import Feature
from flowport.compiler.record import field, record

FlowSetting: TypeAlias = Schedule | tuple[OnEvent, ...] | tuple[OnFinish, ...] | RunLimits | Project | Packages | Served | ExitHooks
"""What a decorator of a flow says of it: what starts its runs, what limits them, its project, its packages, what is served, or hooks."""


def _keep(group: Sequence[Settings], so_far: Settings) -> Settings:
    return so_far


def _nothing(settings: Settings) -> dict[str, JSON]:
    return {}


def _no_replacement(argument: str | None) -> tuple[str, ...]:
    return ()


@record(eq=False)
class Decorator:
    """A decorator of a step.

    read                adds what the arguments ask for to the settings of the step, and reports arguments that do not fit
    features            the features that the decorator brings, each with a test whether the settings of a step use it
    merge               what one container asks for that runs several steps; unless given, nothing
    to_plan             what a task of the step must know, as part of the step's document in the code package
    changes_results     False when a step computes the same without the decorator: its digest then leaves the decorator out
    without_effect      the arguments that are accepted and change nothing anywhere, each with the reason
    forwards            the arguments that may contain texts which are read from the environment of the task
    repeats             whether a step can have it several times
    instead_of_variable what to write when an argument would come from an environment variable; () for the usual advice
    """

    name: str
    arguments: tuple[str, ...]
    read: Callable[[Arguments, Settings], Settings]
    features: Mapping[Feature, Callable[[Settings], bool]]
    merge: Callable[[Sequence[Settings], Settings], Settings] = field(default=_keep)
    to_plan: Callable[[Settings], dict[str, JSON]] = field(default=_nothing)
    changes_results: bool = True
    without_effect: Mapping[str, str] = field(default_factory=dict)
    forwards: frozenset[str] = frozenset()
    repeats: bool = False
    instead_of_variable: Callable[[str | None], tuple[str, ...]] = field(default=_no_replacement)


@record(eq=False)
class FlowDecorator:
    """A decorator of a flow; `read` returns what it says of the flow, None where it says nothing.

    One that `names_functions` takes functions in its arguments, and one that `repeats` a flow can have several times.
    """

    name: str
    arguments: tuple[str, ...]
    read: Callable[[Arguments], FlowSetting | None]
    names_functions: bool = False
    repeats: bool = False
