"""The decorators of Metaflow that a later version brings: whether a flow runs the same without them, and what to do until then."""

from __future__ import annotations

from collections.abc import Mapping

from flowport.compiler.record import record


@record
class Unsupported:
    """`same` says that the flow's results do not depend on it."""

    same: bool
    effect: str
    way_out: str


_PACKAGES = "put the packages into the image, or into the environment that runs the flow, and remove the decorator"
_START = "start the flow by hand, or from the scheduler's own rules"

UNSUPPORTED: Mapping[str, Unsupported] = {
    "card": Unsupported(True, "no card is made", "the step runs without it"),
    "trigger": Unsupported(True, "no event starts the flow", _START),
    "trigger_on_finish": Unsupported(True, "no other flow's end starts it", _START),
    "project": Unsupported(True, "names and tags do not carry the project", "the flow runs without it"),
    "exit_hook": Unsupported(True, "the hook is not called", "call it in the last step, or from the scheduler"),
    "batch": Unsupported(
        True, "where a step runs is the target's to say", "write `@resources(cpu=..., memory=...)` for what the step needs"
    ),
    "conda": Unsupported(False, "its packages would be missing", _PACKAGES),
    "conda_base": Unsupported(False, "its packages would be missing", _PACKAGES),
    "pypi": Unsupported(False, "its packages would be missing", _PACKAGES),
    "pypi_base": Unsupported(False, "its packages would be missing", _PACKAGES),
    "secrets": Unsupported(False, "its variables would be missing", "read the secret inside the step, with the cloud's own library"),
    "checkpoint": Unsupported(True, "nothing is kept between tries", "keep what must survive a try in a store of your own"),
    "model": Unsupported(False, "its models would not be loaded", "load the model inside the step"),
    "huggingface_hub": Unsupported(False, "its models would not be loaded", "load the model inside the step"),
    "nim": Unsupported(False, "its service would not be there", "call the service from the step"),
    "parallel": Unsupported(False, "its tasks would not know each other", "use `foreach` when the tasks do not talk to each other"),
    "pytorch_parallel": Unsupported(False, "its tasks would not know each other", "use `foreach` when the tasks do not talk to each other"),
    "airflow_external_task_sensor": Unsupported(False, "the flow would not wait for the other task", "wait for it in a step of your own"),
    "airflow_s3_key_sensor": Unsupported(False, "the flow would not wait for the object", "wait for it in a step of your own"),
}
