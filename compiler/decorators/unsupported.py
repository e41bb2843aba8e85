"""The decorators of Metaflow that flowport does not support yet: whether a flow computes the same without, and what to do instead."""

from __future__ import annotations

from collections.abc import Mapping

from flowport.compiler.decorators.registry import STEP_DECORATORS
from flowport.compiler.decorators.use import DecoratorUse
from flowport.compiler.diagnostics.suggestions import did_you_mean
from flowport.compiler.evaluate.reading import Reading
from flowport.compiler.record import record


@record
class Unsupported:
    """`same` means that the results of the flow do not depend on the decorator."""

    same: bool
    effect: str
    way_out: str


UNSUPPORTED: Mapping[str, Unsupported] = {
    "huggingface_card": Unsupported(True, "no card is created", "you can keep it: the step runs without a card"),
    "datadog": Unsupported(True, "no metrics are sent to Datadog", "send them from the code of the step, with a client of Datadog"),
    "gpu_profile": Unsupported(True, "no profile of the GPU is recorded", "you can keep it: the step runs without a profile"),
    "airflow_external_task_sensor": Unsupported(False, "the flow would not wait for the other task", "wait for it in a step"),
    "airflow_s3_key_sensor": Unsupported(False, "the flow would not wait for the object", "wait for it in a step"),
}


def say_unsupported(reading: Reading, use: DecoratorUse, place: str) -> None:
    """Report a decorator that flowport does not support."""
    known = UNSUPPORTED.get(use.name)
    source = use.source
    if use.name in reading.rejected_imports:
        return
    if known is None:
        reading.say(
            "FP142",
            f"flowport does not have the decorator `@{use.name}`",
            source,
            use.node,
            *did_you_mean(use.name, {*STEP_DECORATORS, "step"}),
            "remove it; provide its packages and services in the image or in the code of the step",
        )
    elif known.same:
        reading.warn("FP141", f"`@{use.name}` on {place} is not supported yet; {known.effect}", source, use.node, known.way_out)
    else:
        reading.say("FP140", f"`@{use.name}` on {place} is not supported yet; {known.effect}", source, use.node, known.way_out)
