"""Receivers -> callbacks of the DAG, which Airflow itself calls. Exit hooks -> a task that ends the DAG, as they need the flow's image.

A run that the gate ends is a success for Airflow, as all of its other tasks are skipped. So is one with exit hooks that somebody stopped:
Airflow leaves it to its teardown, and skips the last task (`_set_dag_run_terminal_state`). The callback of a DAG cannot ask for that on
every Airflow (the DAG processor of 3.0 does not answer `GetTaskStates`). So where there may be such runs, the last task tells of a success.

The task of the exit hooks is a teardown: it runs whatever became of the others, and counts nothing for the state of the run.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from flowport.compiler.ir import Flow
from flowport.compiler.lower.gate import first_step
from flowport.compiler.lower.run_ids import run_prefix
from flowport.compiler.record import replace
from flowport.runtime.hooks.constants import COMMAND_WORD
from flowport.runtime.protocol import GATE, variable
from flowport.targets.airflow.compute import COMPUTE
from flowport.targets.airflow.python import Call, Value
from flowport.targets.airflow.settings import Settings
from flowport.targets.hooks.receivers import Receiver, again, receivers
from flowport.targets.hooks.time_limits import hook_seconds

SNIPPET = "receivers"
"""The snippet with the callback."""

START = 900
"""Seconds until the task of the hooks has to have started."""


ENDS = (("on_success_callback", "success", "done"), ("on_failure_callback", "failure", "failed"))
"""The arguments with callbacks, what receivers call that end, and the status of the run then."""

OVERTIME = 18
"""Seconds for the callback of a task, whose process Airflow kills 20 seconds after its success (`task_success_overtime`)."""


def callbacks(flow: Flow, settings: Settings, last_task: bool = False) -> Iterator[tuple[str, Value]]:
    """The arguments of the DAG that have callbacks, or those of its last task."""
    for argument, on, status in ENDS:
        found = [(one.kind, _where(one)) for one in receivers(settings) if one.on == on]
        if found and last_task == (on == "success" and _may_look_done(flow)):
            named: dict[str, Value] = {"flow": flow.name, "before": run_prefix(flow), "options": again("airflow", settings.profile)}
            named["seconds"] = max(1, OVERTIME // len(found)) if last_task else None
            yield argument, Call("tell", (status, found), {name: value for name, value in named.items() if value})


def _may_look_done(flow: Flow) -> bool:
    """Whether a run may be a success for Airflow although its last task was skipped."""
    return flow.start == GATE or flow.has_exit_hooks


def _where(receiver: Receiver) -> str:
    return receiver.name if receiver.place == "address" else f"{receiver.place}:{receiver.name}"


def hooks_call(task_id: str, flow: Flow, settings: Settings, variables: Mapping[str, Value]) -> Call:
    """The call that makes the task of the exit hooks, which has these variables and is otherwise like that of the first step."""
    compute, asked = COMPUTE[settings.compute], first_step(flow).settings
    told = {variable("target"): "airflow", variable("again"): again("airflow", settings.profile)}
    named: dict[str, Value] = {"command": COMMAND_WORD, "environment": {**told, **variables}}
    named |= compute.limit(START + hook_seconds(flow.exit_hooks, ()), settings)
    return Call("step", (task_id,), named | compute.arguments(replace(asked, resources=None, gang=None), settings))
