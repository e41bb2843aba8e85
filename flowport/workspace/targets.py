"""The target of a name, and what it makes of a flow."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from flowport.compiler.diagnostics.diagnostic import CompileError, Diagnostic
from flowport.compiler.lower.delivery import Place, deliver, with_variable
from flowport.compiler.record import replace
from flowport.runtime.protocol import LIVE, is_interval
from flowport.workspace.config import SHARED
from flowport.workspace.errors import UnknownTarget
from flowport.workspace.flow_file import FlowFile, has_errors

if TYPE_CHECKING:
    from flowport.compiler.ir.plan import Plan
    from flowport.compiler.package.archive import Package
    from flowport.compiler.settings import Profile
    from flowport.compiler.target import File
    from flowport.targets.prepare import Prepared
    from flowport.targets.registry import AnyTarget
    from flowport.workspace.config import Config


def find_target(name: str) -> AnyTarget:
    """The target with this name or alias; raises UnknownTarget."""
    from flowport.targets.registry import find, targets

    found = find(name)
    if found is None:
        raise UnknownTarget(name, {own: one.aliases for own, one in targets().items()})
    return found


def prepare(flow: FlowFile, target: AnyTarget, defaults: Profile | None = None, here: bool = False) -> Prepared[Any]:
    """The plan and the settings as a target takes them, and what it has to say about both. `defaults` fill in for the profile.

    With `here` it is to run on this machine, and a profile need not say where variables, secrets and packages are.
    """
    from flowport.targets import prepare

    plan, found = deliver(flow.plan, flow.config.provisions, Place(target.name, profile=flow.config.profile or ""))
    settings = {**(defaults or {}), **settings_for(target, flow.config)}
    if here:
        return prepare.prepare(target, plan, settings)
    plan, wrong = _with_variables(plan, flow.config)
    found = (*found, *wrong)
    if not flow.config.environments.mode and not any(step.settings.requirements for step in plan.flow.steps):
        ready = prepare.prepare(target, plan, settings)
        return replace(ready, diagnostics=(*found, *ready.diagnostics))
    from flowport.workspace.images.place import place

    placed = place(plan, flow, target.name, str(settings.get("image") or ""))
    if placed.image:
        settings["image"] = placed.image
    ready = prepare.prepare(target, placed.plan, settings)
    return replace(ready, diagnostics=(*found, *placed.diagnostics, *ready.diagnostics))


REPORTS = {"openlineage_url": "OPENLINEAGE_URL", "mlflow_tracking_uri": "MLFLOW_TRACKING_URI"}
"""The variables of tasks by the settings that set them."""


def _with_variables(plan: Plan, config: Config) -> tuple[Plan, tuple[Diagnostic, ...]]:
    """The plan whose tasks know how often they give signs of life and where they report, as far as a profile says it, and what is wrong."""
    wrong = []
    for name, variable in REPORTS.items():
        address = config.settings.get(name)
        if address and "@" in address.partition("://")[2].partition("/")[0]:
            message = f"{config.path}: the setting `{name}` has a user and a password in it, which compiled files would show"
            wrong.append(Diagnostic("FP403", message, help=(f"let the container have `{variable}`, or a step with `@secrets`",)))
        elif address:
            plan = with_variable(plan, variable, address)
    live = config.settings.get("live")
    if live and is_interval(live):
        plan = with_variable(plan, LIVE, live)
    elif live:
        message = f"{config.path}: the setting `live` is `{live}`, which is neither a number of seconds from 1 to 86,400 nor `off`"
        wrong.append(Diagnostic("FP403", message, help=('write `live = "60"` or `live = "off"`',)))
    return plan, tuple(wrong)


def prepare_without_errors(flow: FlowFile, target: AnyTarget, defaults: Profile | None = None, here: bool = False) -> Prepared[Any]:
    """The same without errors; raises CompileError when the target cannot take the flow."""
    found = prepare(flow, target, defaults, here)
    if has_errors(found.diagnostics):
        raise CompileError(found.diagnostics)
    return found


def emit(ready: Prepared[Any], target: AnyTarget, package: Package) -> tuple[File, ...]:
    """The files of a flow that the target can take."""
    return target.compiler.emit(ready.plan, ready.settings, package)


def settings_for(target: AnyTarget, config: Config) -> Profile:
    """The profile for a target, with its folders where the file of settings means them."""
    declared = target.settings.declared()
    # A table above those of the targets may be a setting of several, such as `labels`.
    named = [setting.name for setting in declared if setting.name not in SHARED]
    tables = {name: config.settings[name] for name in named if isinstance(config.settings.get(name), dict)}
    values = {**tables, **config.for_target(target.name)}
    folders = [setting.name for setting in declared if setting.folder]
    beside = {name: value for name in folders if isinstance(value := values.get(name), str) and value and "://" not in value}
    return {**values, **{name: os.path.join(config.folder, value) for name, value in beside.items()}}
