"""What a target makes of a plan, and what it has to say about it."""

from __future__ import annotations

from typing import Any

from flowport.compiler.diagnostics.diagnostic import Diagnostic
from flowport.compiler.ir.plan import Plan
from flowport.compiler.package.archive import Package
from flowport.compiler.settings import Profile
from flowport.compiler.target import File, Target
from flowport.targets.prepare import prepare
from plans import NO_CODE


def files_of(target: Target[Any], plan: Plan, profile: Profile, package: Package = NO_CODE) -> tuple[File, ...]:
    """The files of a plan, whatever there is to say about it."""
    prepared = prepare(target, plan, profile)
    return target.compiler.emit(prepared.plan, prepared.settings, package)


def problems_of(target: Target[Any], plan: Plan, profile: Profile) -> tuple[Diagnostic, ...]:
    """What is wrong with a plan and a profile."""
    return prepare(target, plan, profile).diagnostics
