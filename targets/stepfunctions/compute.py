"""The compute layer: what a flow's jobs run on, as a table. Another kind, such as ECS or Lambda, is another entry."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from flowport.compiler.ir import JSON
from flowport.compiler.record import record
from flowport.targets.stepfunctions import batch
from flowport.targets.stepfunctions.jobs import Job, Jobs
from flowport.targets.stepfunctions.settings import Settings
from flowport.targets.stepfunctions.states import State


@record
class Compute:
    """One kind of compute: the file with its job definitions, how one is written, the state that runs a job, and what that needs of IAM."""

    file: str
    definition: Callable[[Job, Settings], dict[str, JSON]]
    state: Callable[[Job, Settings, Mapping[str, JSON]], State]
    permissions: Callable[[Settings, Jobs], list[JSON]]


COMPUTE: Mapping[str, Compute] = {
    "batch": Compute("job-definitions.json", batch.definition, batch.state, batch.permissions),
}
