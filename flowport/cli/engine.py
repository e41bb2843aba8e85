"""The target that a command line names, and what it makes of a flow."""

from __future__ import annotations

import os
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from flowport.cli.config import Config
from flowport.cli.options import Option, WrongUse

if TYPE_CHECKING:
    from flowport.compiler.ir.plan import Plan
    from flowport.compiler.settings import Profile
    from flowport.targets.prepare import Prepared
    from flowport.targets.registry import AnyTarget

TARGET = Option("target", "the engine to compile to; may be repeated", "NAME", short="t", many=True)


def target(name: str) -> AnyTarget:
    """The target with this name or alias; raises WrongUse."""
    from flowport.targets.registry import find, targets

    found = find(name)
    if found is None:
        from flowport.compiler.diagnostics.suggestions import did_you_mean

        known = targets()
        names = [*known, *(alias for one in known.values() for alias in one.aliases)]
        raise WrongUse(f"there is no target `{name}`", " ".join((*did_you_mean(name, names), "the targets are " + ", ".join(names))))
    return found


def options(names: Iterable[str]) -> str:
    """What to type for one of these targets: `--target airflow, --target argo or --target stepfunctions`."""
    *first, last = (f"--target {name}" for name in names)
    return f"{', '.join(first)} or {last}" if first else last


def prepare(plan: Plan, one: AnyTarget, config: Config, defaults: Profile | None = None) -> Prepared[Any]:
    """The plan and the settings as a target takes them, and what it has to say about both. `defaults` fill in for the profile."""
    from flowport.targets import prepare

    return prepare.prepare(one, plan, {**(defaults or {}), **profile(one, config)})


def profile(one: AnyTarget, config: Config) -> Profile:
    """The profile for a target, with its folders where the file of settings means them."""
    declared = one.settings.declared()
    # A table above those of the targets may be a setting of several, such as `labels`.
    tables = {setting.name: config.settings[setting.name] for setting in declared if isinstance(config.settings.get(setting.name), dict)}
    values = {**tables, **config.for_target(one.name)}
    folders = [setting.name for setting in declared if setting.folder]
    beside = {name: value for name in folders if isinstance(value := values.get(name), str) and value and "://" not in value}
    return {**values, **{name: os.path.join(config.folder, value) for name, value in beside.items()}}
