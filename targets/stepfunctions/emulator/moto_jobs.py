"""`batch:submitJob.sync`, `ecs:runTask.sync` and `lambda:invoke` in moto 5.2.5's interpreter, with jobs that are processes of this machine.

moto's own tasks ask its Batch, its ECS and its Lambda, which start Docker containers or nothing at all.
"""

from __future__ import annotations

import json
from typing import Any

from botocore.validate import ParamValidator
from moto.stepfunctions.parser.api import HistoryEventType, TaskFailedEventDetails
from moto.stepfunctions.parser.asl.component.common.error_name.custom_error_name import CustomErrorName
from moto.stepfunctions.parser.asl.component.common.error_name.failure_event import FailureEvent, FailureEventException
from moto.stepfunctions.parser.asl.component.common.error_name.states_error_name import StatesErrorName
from moto.stepfunctions.parser.asl.component.common.error_name.states_error_name_type import StatesErrorNameType
from moto.stepfunctions.parser.asl.component.state.exec.state_task.service import state_task_service_batch as batch
from moto.stepfunctions.parser.asl.component.state.exec.state_task.service import state_task_service_ecs as ecs
from moto.stepfunctions.parser.asl.component.state.exec.state_task.service import state_task_service_lambda as functions
from moto.stepfunctions.parser.asl.eval.event.event_detail import EventDetails

from flowport.targets.stepfunctions.emulator.job_definitions import JobDefinitions
from flowport.targets.stepfunctions.emulator.moto_patches import operation
from flowport.targets.stepfunctions.emulator.processes import Processes, Rejected, cause, described, of_ecs, of_exit, of_lambda


def apply(processes: Processes, definitions: JobDefinitions) -> None:
    """Have the interpreter submit its jobs to `processes`."""

    def submit(self: Any, env: Any, resource_runtime_part: Any, normalised_parameters: dict[str, Any], state_credentials: Any) -> None:
        asked = normalised_parameters
        _check(self, env, asked, "batch", "submit_job", "Batch.ClientException")
        definition = definitions.get(asked["jobDefinition"])
        if definition is None:
            raise _failure(env, self, "Batch.ClientException", f"JobDefinition {asked['jobDefinition']} does not exist")
        try:
            more = {name: asked.get(name) for name in ("arrayProperties", "retryStrategy")}
            job = processes.submit(asked["jobName"], definition, asked.get("parameters") or {}, **more)
        except Rejected as error:
            raise _failure(env, self, "Batch.ClientException", str(error)) from error
        env.stack.append({"job": job, "queue": asked["jobQueue"]})

    def run(self: Any, env: Any, resource_runtime_part: Any, normalised_parameters: dict[str, Any], state_credentials: Any) -> None:
        asked = normalised_parameters
        _check(self, env, asked, "ecs", "run_task", "ECS.InvalidParameterException")
        definition = definitions.task(asked["taskDefinition"])
        if definition is None:
            raise _failure(env, self, "ECS.ClientException", "TaskDefinition not found.")
        try:
            job = processes.submit(definition["family"], of_ecs(definition, asked.get("overrides") or {}), {})
        except Rejected as error:
            raise _failure(env, self, "ECS.InvalidParameterException", str(error)) from error
        env.stack.append({"job": job, "queue": asked["cluster"]})

    def invoke(self: Any, env: Any, resource_runtime_part: Any, normalised_parameters: dict[str, Any], state_credentials: Any) -> None:
        asked = normalised_parameters
        function = definitions.function(asked["FunctionName"])
        if function is None:
            raise _failure(env, self, "Lambda.ResourceNotFoundException", f"Function not found: {asked['FunctionName']}")
        payload = asked["Payload"]
        job = processes.submit(
            function["FunctionName"], of_lambda(function, payload if isinstance(payload, dict) else json.loads(payload)), {}
        )
        while not job.wait(0.2):
            if not env.is_running():
                job.stop()
        if job.exit_code != 0:
            raise _failure(env, self, *of_exit(job.exit_code))
        env.stack.append({"StatusCode": 200, "Payload": {}})

    def resolver(self: Any, env: Any, resource_runtime_part: Any, normalised_parameters: dict[str, Any], state_credentials: Any) -> Any:
        submitted = env.stack.pop()
        job = submitted["job"]

        def resolve() -> dict[str, Any]:
            while not job.wait(0.2):
                if not env.is_running():
                    job.stop()
            if job.exit_code != 0:
                raise _failure(env, self, "States.TaskFailed", cause(job, submitted["queue"]))
            return described(job, submitted["queue"])

        return resolve

    batch.StateTaskServiceBatch._eval_service_task = submit
    ecs.StateTaskServiceEcs._eval_service_task = run
    functions.StateTaskServiceLambda._eval_service_task = invoke
    for service in (batch.StateTaskServiceBatch, ecs.StateTaskServiceEcs):
        service._build_sync_resolver = resolver
        # moto waits for a task token at the same time, and on a second attempt that has already "timed out".
        service._eval_sync = lambda self, env, sync_resolver, *more, **named: sync_resolver()
        service._normalise_response = lambda self, response, *names, **more: None
        # A job's description has no place for what this machine adds to it, and moto's size check would copy a live job.
        service._verify_size_quota = lambda self, env, value: None


def _check(service: Any, env: Any, asked: dict[str, Any], name: str, action: str, error: str) -> None:
    """Whether AWS's own model of a request has these parameters."""
    report = ParamValidator().validate(asked, operation(name, action).input_shape)
    if report.has_errors():
        raise _failure(env, service, error, report.generate_report())


def _failure(env: Any, service: Any, error: str, cause: str) -> FailureEventException:
    known = error == "States.TaskFailed"
    name = StatesErrorName(typ=StatesErrorNameType.StatesTaskFailed) if known else CustomErrorName(error)
    details = TaskFailedEventDetails(
        resource=service._get_sfn_resource(), resourceType=service._get_sfn_resource_type(), error=error, cause=cause
    )
    return FailureEventException(
        FailureEvent(
            env=env, error_name=name, event_type=HistoryEventType.TaskFailed, event_details=EventDetails(taskFailedEventDetails=details)
        )
    )
