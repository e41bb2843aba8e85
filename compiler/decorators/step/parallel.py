"""`@parallel`: a step that runs on several nodes at once, which find each other. `num_parallel` before the step says how many."""

from __future__ import annotations

from flowport.compiler.decorators.arguments import Arguments
from flowport.compiler.decorators.decorator import Decorator
from flowport.compiler.ir import JSON, Gang, Settings
from flowport.compiler.record import replace


def _read(arguments: Arguments, so_far: Settings) -> Settings:
    return replace(so_far, gang=Gang(arguments.use.name))


def _to_plan(settings: Settings) -> dict[str, JSON]:
    return {} if settings.gang is None else {"gang": {}}


PARALLEL = Decorator("parallel", (), _read, {}, to_plan=_to_plan, changes_results=False)
