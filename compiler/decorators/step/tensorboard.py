"""`@tensorboard`: a step that writes logs for TensorBoard with `self.obtb`, as in an extension of Metaflow."""

from __future__ import annotations

from flowport.compiler.decorators.arguments import Arguments
from flowport.compiler.decorators.decorator import Decorator
from flowport.compiler.ir import JSON, Settings
from flowport.compiler.ir.features import Feature
from flowport.compiler.record import replace

LOGS = Feature("@tensorboard")


def _read(arguments: Arguments, so_far: Settings) -> Settings:
    return replace(so_far, tensorboard=True)


def _to_plan(settings: Settings) -> dict[str, JSON]:
    return {"tensorboard": {}} if settings.tensorboard else {}


TENSORBOARD = Decorator("tensorboard", (), _read, {LOGS: lambda settings: settings.tensorboard}, to_plan=_to_plan, changes_results=False)
