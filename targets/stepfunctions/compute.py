"""The compute layer: what a flow's jobs run on, as a table. Another kind is another entry."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from flowport.compiler.ir import JSON
from flowport.compiler.record import record
from flowport.targets.stepfunctions import batch
from flowport.targets.stepfunctions.ecs import run_task, task_definition
from flowport.targets.stepfunctions.functions import function, invoke
from flowport.targets.stepfunctions.jobs import Job, Jobs
from flowport.targets.stepfunctions.settings import Settings
from flowport.targets.stepfunctions.states import State


@record
class Compute:
    """One kind of compute: the settings that it needs, the file with its definitions of jobs, how one is written, the state that runs a
    job, and what that needs of IAM."""

    needs: tuple[str, ...]
    file: str
    definition: Callable[[Job, Settings], dict[str, JSON]]
    state: Callable[[Job, Settings, Mapping[str, JSON]], State]
    permissions: Callable[[Settings, Jobs], list[JSON]]


COMPUTE: Mapping[str, Compute] = {
    "batch": Compute(("job_queue",), "job-definitions.json", batch.definition, batch.state, batch.permissions),
    "ecs": Compute(("cluster",), "task-definitions.json", task_definition.definition, run_task.state, run_task.permissions),
    "lambda": Compute((), "functions.json", function.definition, invoke.state, invoke.permissions),
}
