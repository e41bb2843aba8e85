"""Plan and profile -> what a target compiles from: its settings, decoded once, and the lowered plan, with all that is wrong with both."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Generic, TypeVar

from flowport.compiler.diagnostics.diagnostic import Diagnostic
from flowport.compiler.ir import Flow
from flowport.compiler.ir.plan import Plan
from flowport.compiler.record import record
from flowport.compiler.settings import Profile, TargetSettings
from flowport.compiler.target import Target
from flowport.targets.settings_validation import MISSING, decoded

S = TypeVar("S", bound=TargetSettings)

ABSENT = (MISSING, "FP404")
"""The codes of missing settings. The plan can be checked without them."""


@record
class Prepared(Generic[S]):
    """What a target compiles from. With an error among `diagnostics` nothing may be emitted."""

    plan: Plan
    settings: S
    diagnostics: tuple[Diagnostic, ...]


def prepare(target: Target[S], plan: Plan, profile: Profile) -> Prepared[S]:
    """Decode the settings, lower the plan and check both.

    The settings are checked further only when all have their types, and the plan only when no setting is wrong.
    """
    compiler = target.compiler
    # What a flow says of its runs is called like the settings, and a profile comes before it.
    profile = {**plan.flow.limits.given(), **profile}
    settings, found = decoded(target.settings, target.name, profile, plan.flow.deployment, target.dry_run_defaults)
    if all(problem.code == MISSING for problem in found):
        found += tuple(compiler.setting_problems(settings))
    lowered = compiler.lower(plan, settings)
    if all(problem.severity != "error" or problem.code in ABSENT for problem in found):
        found += (
            *_unsupported_limits(target, plan.flow),
            *_project_problems(target, plan.flow, settings),
            *compiler.fits(lowered, settings),
        )
    return Prepared(lowered, settings, found)


def _unsupported_limits(target: Target[Any], flow: Flow) -> Iterator[Diagnostic]:
    known = {setting.name for setting in target.settings.declared()}
    for name in (name for name in flow.limits.given() if name not in known):
        message = f"`@limits` of {flow.name} has `{name}`, and target {target.name} has no such limit"
        way_out = f"set it in the engine, or remove `{name}` if you use no other target"
        yield Diagnostic("FP308", message, flow.limits.span, help=(way_out,), severity="warning")


def _project_problems(target: Target[Any], flow: Flow, settings: TargetSettings) -> Iterator[Diagnostic]:
    """What makes two branches of a project share a name."""
    if flow.project is None:
        return
    name = settings.name_setting
    if name and settings.values.get(name):
        message = f"the setting `{name}` gives every branch of the project `{flow.project.name}` the same name"
        way_out = f"remove `{name}`: {flow.name} is called `{flow.deployment}`, in the form that {target.name} allows"
        yield Diagnostic("FP434", message, flow.project.span, help=(way_out,))
    if flow.project.is_user_branch and not flow.project.user:
        message = (
            f"nothing says for which branch of the project `{flow.project.name}` {flow.name} is compiled, so it is `{flow.deployment}`"
        )
        ways_out = ("add `--branch NAME` or `--production`", 'or write `branch = "..."` or `production = true` in flowport.toml')
        notes = ("compiled files do not depend on who compiles them, so two users would write the same files",)
        yield Diagnostic("FP315", message, flow.project.span, notes, ways_out, severity="warning")
