"""The settings of a target without a flow at hand: what names a deployment and leads to its engine."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from flowport.compiler.diagnostics.diagnostic import CompileError
from flowport.targets.settings_validation import MISSING, decoded
from flowport.workspace.targets import settings_for

if TYPE_CHECKING:
    from flowport.targets.registry import AnyTarget
    from flowport.workspace.config import Config


def decoded_settings(target: AnyTarget, config: Config, deployment: str) -> Any:
    """The settings for a deployment; raises CompileError for one of a wrong type. One that only compiling needs may be missing."""
    settings, found = decoded(target.settings, target.name, settings_for(target, config), deployment, target.dry_run_defaults)
    wrong = tuple(each for each in found if each.code != MISSING)
    if wrong:
        raise CompileError(wrong)
    return settings
