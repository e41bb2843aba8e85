"""The jobs of the emulators do what AWS Batch does with a job definition."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest

from flowport.targets.stepfunctions.emulator.processes import Job, Processes, Rejected, described
from progress import until

ECHO = "import os, sys; print(sys.argv[1:], os.environ.get('NOTE'), sorted(os.listdir()))"


class Batch:
    """Processes, and everything that they reported."""

    def __init__(self) -> None:
        self.events: list[dict[str, Any]] = []
        self.processes = Processes(sys.executable, {}, 2, self.events.append)

    def run(self, *command: str, parameters: dict[str, str] | None = None, **definition: Any) -> Job:
        container = {"command": list(command), "environment": definition.pop("environment", [])}
        job = self.processes.submit("job", {"jobDefinitionName": "job", "containerProperties": container, **definition}, parameters or {})
        until(lambda: job.wait(0), "the job to end", seen=lambda: len(self.events))
        return job

    @property
    def output(self) -> str:
        return "".join(event.get("output", "") for event in self.events)


@pytest.fixture
def batch() -> Batch:
    return Batch()


def test_parameters_take_their_places_in_the_command_and_no_shell_sees_them(batch: Batch) -> None:
    job = batch.run("python", "-c", ECHO, "Ref::run", "--at=Ref::slice", parameters={"run": "$(touch x) 'y'", "slice": "s.1"})
    assert job.exit_code == 0
    assert batch.output == repr(["$(touch x) 'y'", "--at=s.1"]) + " None []\n"


def test_a_parameter_that_is_not_given_is_refused(batch: Batch) -> None:
    with pytest.raises(Rejected, match="'slice'"):
        batch.run("python", "-c", "pass", "Ref::slice")


def test_a_name_that_batch_does_not_take_is_refused(batch: Batch) -> None:
    with pytest.raises(Rejected):
        batch.processes.submit("a b", {"containerProperties": {"command": []}}, {})


def test_the_environment_of_the_definition_arrives_as_it_is(batch: Batch) -> None:
    batch.run("python", "-c", ECHO, environment=[{"name": "NOTE", "value": "$HOME {{x}} 😀"}])
    assert "$HOME {{x}} 😀" in batch.output


def test_a_job_has_as_many_attempts_as_its_definition_says(batch: Batch) -> None:
    job = batch.run("python", "-c", "raise SystemExit(3)", retryStrategy={"attempts": 3})
    assert (job.exit_code, job.attempts) == (3, 3)
    assert described(job, "queue")["Status"] == "FAILED"


def test_an_exit_status_may_end_the_attempts(batch: Batch) -> None:
    rules = [{"onExitCode": "78", "action": "EXIT"}, {"onExitCode": "*", "action": "RETRY"}]
    job = batch.run("python", "-c", "raise SystemExit(78)", retryStrategy={"attempts": 3, "evaluateOnExit": rules})
    assert job.attempts == 1


CHILD = "import os; raise SystemExit({'0': 0, '1': 3, '2': 78}[os.environ['AWS_BATCH_JOB_ARRAY_INDEX']])"


def test_an_array_job_has_children_that_are_tried_each_on_its_own(batch: Batch) -> None:
    rules = [{"onExitCode": "78", "action": "EXIT"}]
    definition = {"jobDefinitionName": "job", "containerProperties": {"command": ["python", "-c", CHILD]}}
    strategy = {"attempts": 2, "evaluateOnExit": rules}
    job = batch.processes.submit("job", definition, {}, arrayProperties={"size": 3}, retryStrategy=strategy)
    until(lambda: job.wait(0), "the job to end", seen=lambda: len(batch.events))
    assert [(child.exit_code, child.attempts) for child in job.children] == [(0, 1), (3, 2), (78, 1)]
    assert described(job, "queue")["ArrayProperties"]["StatusSummary"] == {"FAILED": 2, "SUCCEEDED": 1}
    assert described(job, "queue")["Status"] == "FAILED"


@pytest.mark.parametrize("size", [0, 1, 10_001])
def test_an_array_job_has_two_to_ten_thousand_children(batch: Batch, size: int) -> None:
    with pytest.raises(Rejected, match="2 to 10000 children"):
        batch.processes.submit("job", {"containerProperties": {"command": []}}, {}, arrayProperties={"size": size})


def test_a_job_that_takes_too_long_is_killed(batch: Batch) -> None:
    job = batch.run("python", "-c", "import time; time.sleep(1000)", timeout={"attemptDurationSeconds": 0.5})
    assert job.exit_code == 137


def test_stopping_ends_what_runs_and_what_waits(batch: Batch, tmp_path: Path) -> None:
    definition = {"jobDefinitionName": "job", "containerProperties": {"command": ["python", "-c", "import time; time.sleep(1000)"]}}
    jobs = [batch.processes.submit("job", definition, {}) for _ in range(4)]
    until(lambda: len(batch.events) == 2, "as many jobs as there are places")
    batch.processes.stop()
    until(lambda: all(job.wait(0) for job in jobs), "the jobs to end", seen=lambda: len(batch.events))
    assert all(job.exit_code != 0 for job in jobs)


NODE = """
import os, sys, time
index = os.environ["AWS_BATCH_JOB_NODE_INDEX"]
print(index, os.environ["AWS_BATCH_JOB_NUM_NODES"], os.environ.get("AWS_BATCH_JOB_MAIN_NODE_PRIVATE_IPV4_ADDRESS"), flush=True)
open(sys.argv[1] + index, "w").close()
if index == "0":
    while not all(os.path.exists(sys.argv[1] + other) for other in "12"):
        time.sleep(0.01)
    sys.exit(3)
time.sleep(1000)
"""


def test_a_job_of_several_nodes_ends_as_its_main_node_does_and_the_others_with_it(batch: Batch, tmp_path: Path) -> None:
    nodes = {"targetNodes": "0:", "container": {"command": ["python", "-c", NODE, f"{tmp_path}/"]}}
    properties = {"numNodes": 3, "mainNode": 0, "nodeRangeProperties": [nodes]}
    job = batch.processes.submit("job", {"jobDefinitionName": "job", "type": "multinode", "nodeProperties": properties}, {})
    until(lambda: job.wait(0), "the job to end", seen=lambda: len(batch.events))
    assert job.exit_code == 3
    assert sorted(batch.output.splitlines()) == ["0 3 None", "1 3 127.0.0.1", "2 3 127.0.0.1"]
    assert described(job, "queue")["Status"] == "FAILED"
