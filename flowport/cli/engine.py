"""The target that a command line names, and what it makes of a flow."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flowport.cli.config import Config
from flowport.cli.options import Option, WrongUse

if TYPE_CHECKING:
    from flowport.compiler.diagnostics.diagnostic import Diagnostic
    from flowport.compiler.ir.plan import Plan
    from flowport.compiler.package.archive import Package
    from flowport.compiler.target import File, Target

TARGET = Option("target", "the engine to compile to; may be repeated", "NAME", short="t", many=True)


def target(name: str) -> Target:
    """The target with this name or alias; raises WrongUse."""
    from flowport.compiler.target import find, targets

    found = find(name)
    if found is None:
        from flowport.compiler.diagnostics.suggestions import did_you_mean

        known = targets()
        names = [*known, *(alias for one in known.values() for alias in one.aliases)]
        raise WrongUse(f"there is no target `{name}`", " ".join((*did_you_mean(name, names), "the targets are " + ", ".join(names))))
    return found


def fits(plan: Plan, one: Target, config: Config) -> tuple[Plan, tuple[Diagnostic, ...]]:
    """The plan as a target takes it, and what the target has to say about it."""
    lowered = one.lower(plan)
    return lowered, one.fits(lowered, config.for_target(one.name))


def emit(plan: Plan, one: Target, config: Config, package: Package) -> tuple[File, ...]:
    """The files of a plan that fits."""
    return one.emit(plan, config.for_target(one.name), package)
