"""What a decorator above the class has served beside each step of the flow.

@nim(models=["a"]) above the class   ->   as if it were above each step that has no `@nim`
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence

from flowport.compiler.decorators.serving.served import add
from flowport.compiler.ir import Served, Step
from flowport.compiler.record import replace
from flowport.runtime.store import digests


def with_served(steps: Iterable[Step], of_flow: Sequence[Served]) -> tuple[Step, ...]:
    """The steps, with what the flow has served."""
    found = tuple(steps)
    for one in of_flow:
        found = tuple(step if _has(step, one.decorator) else _with(step, one) for step in found)
    return found


def _has(step: Step, decorator: str) -> bool:
    return any(one.decorator == decorator for one in step.settings.served)


def _with(step: Step, served: Served) -> Step:
    options = dict(served.options)
    digest = digests.of(f"{step.digest}\n{json.dumps([served.decorator, options])}".encode(errors="surrogatepass"))
    return replace(step, settings=add(step.settings, served.decorator, options), digest=digest)
