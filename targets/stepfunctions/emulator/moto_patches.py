"""Patches for the Step Functions interpreter of moto 5.2.5; each says what is broken there.

They replace private names of moto, so `pyproject.toml` asks for that version exactly. Jobs are in `moto_jobs`; no other file imports moto.
"""

from __future__ import annotations

import functools
import json
import os
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from itertools import islice
from typing import Any

import botocore.session
from botocore.model import ListShape, Shape, StringShape, StructureShape
from moto.core import config
from moto.moto_server.werkzeug_app import DomainDispatcherApplication, MotoRequestHandler, create_backend_app
from moto.s3.models import S3Backend
from moto.stepfunctions import responses
from moto.stepfunctions.parser.api import ExecutionFailedEventDetails, HistoryEventType
from moto.stepfunctions.parser.asl.component.common.error_name.failure_event import FailureEvent, FailureEventException
from moto.stepfunctions.parser.asl.component.common.error_name.states_error_name import StatesErrorName
from moto.stepfunctions.parser.asl.component.common.error_name.states_error_name_type import StatesErrorNameType
from moto.stepfunctions.parser.asl.component.common.retry import retrier_decl
from moto.stepfunctions.parser.asl.component.state.exec.state_map.iteration import distributed_iteration_component as distributed
from moto.stepfunctions.parser.asl.component.state.exec.state_map.iteration.itemprocessor import (
    distributed_item_processor_worker as workers,
)
from moto.stepfunctions.parser.asl.component.state.exec.state_map.iteration.job import JobPool
from moto.stepfunctions.parser.asl.component.state.exec.state_task.service import state_task_service_aws_sdk as sdk
from moto.stepfunctions.parser.asl.component.state.exec.state_task.service.state_task_service import StateTaskService
from moto.stepfunctions.parser.asl.eval.event.event_detail import EventDetails
from moto.stepfunctions.parser.asl.eval.program_state import ProgramError
from moto.stepfunctions.parser.asl.utils import boto_client
from moto.stepfunctions.parser.asl.utils.encoding import to_json_str
from moto.stepfunctions.parser.backend.execution import Execution
from moto.stepfunctions.parser.utils import camel_to_snake_case
from werkzeug.serving import BaseWSGIServer, make_server

from flowport.runtime.store.keys import FLOWS
from flowport.targets.stepfunctions.emulator.bucket import COPIED
from flowport.targets.stepfunctions.emulator.job_definitions import Application

WORKERS = 32
"""The most children of a distributed map that run at once; each is a thread here."""

_session = botocore.session.get_session()


def apply() -> None:
    """Make the interpreter do what the States Language says, for what flowport emits."""
    _parameters_and_responses()
    _clients()
    _outputs()
    _start_time()
    _maps()
    _waits()
    # AWS names errors of an SDK call "S3.…", moto with boto's own name of the service.
    sdk._SERVICE_ERROR_NAMES.update(s3="S3", sfn="Sfn")


@functools.cache
def operation(service: str, action: str) -> Any:
    """The model of an API's action, whose name may be in another case."""
    model = _session.get_service_model(service)
    for name in model.operation_names:
        if camel_to_snake_case(name) == camel_to_snake_case(action):
            return model.operation_model(name)
    raise RuntimeError(f"no action {action!r} in the service {service!r}")


def cased(value: Any, shape: Shape) -> Any:
    """A value of a state's Parameters as boto wants it: names in the API's case, JSON where the API expects text or bytes."""
    if isinstance(shape, StructureShape) and isinstance(value, dict):
        names = {camel_to_snake_case(name): name for name in shape.members}
        known = {name: names.get(camel_to_snake_case(name), name) for name in value}
        return {
            known[name]: cased(inner, shape.members[known[name]]) if known[name] in shape.members else inner
            for name, inner in value.items()
        }
    if isinstance(shape, ListShape) and isinstance(value, list):
        return [cased(inner, shape.member) for inner in value]
    if shape.type_name == "blob":
        return value if isinstance(value, bytes) else json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()
    if isinstance(shape, StringShape) and value is not None and not isinstance(value, str):
        return json.dumps(value, separators=(",", ":"))
    return value


def _parameters_and_responses() -> None:
    """moto maps no parameter's case and reads no response: `_normalise_parameters` and `_normalise_response` are `pass`."""

    def parameters(
        self: Any, parameters: dict[str, Any], boto_service_name: str | None = None, service_action_name: str | None = None
    ) -> None:
        shape = operation(self._get_boto_service_name(boto_service_name), self._get_boto_service_action(service_action_name)).input_shape
        made = cased(dict(parameters), shape)
        parameters.clear()
        parameters.update(made)

    def response(self: Any, response: Any, boto_service_name: str | None = None, service_action_name: str | None = None) -> None:
        shape = operation(self._get_boto_service_name(boto_service_name), self._get_boto_service_action(service_action_name)).output_shape
        if shape is not None:
            self._from_boto_response(response, shape)

    StateTaskService._normalise_parameters = parameters
    StateTaskService._normalise_response = response


def _clients() -> None:
    """moto makes a new boto client, some 20 ms of work, for every task; a client may be shared by threads."""
    cached = functools.lru_cache(maxsize=None)(boto_client.boto_client_for)
    client = functools.wraps(cached)(lambda region, service, state_credentials=None: cached(region, service))
    for module in [module for name, module in sys.modules.items() if name.startswith("moto.stepfunctions")]:
        if getattr(module, "boto_client_for", None) is boto_client.boto_client_for:
            module.boto_client_for = client  # type: ignore[attr-defined]


def _outputs() -> None:
    """DescribeExecution must say the output as a JSON text; moto says text bare, and stumbles over dates."""
    described = responses.StepFunctionResponse.describe_execution

    def describe(self: Any) -> Any:
        execution = self.stepfunction_backend.describe_execution(self._get_param("executionArn"))
        if isinstance(execution, Execution) and execution.status == "SUCCEEDED" and not getattr(execution, "encoded", False):
            execution.output = to_json_str(execution.output, separators=(",", ":"))
            execution.encoded = True
        return described(self)

    responses.StepFunctionResponse.describe_execution = describe


def _start_time() -> None:
    """`$$.Execution.StartTime` is a text, in moto a datetime that no state can pass on."""
    details = Execution.get_start_execution_details

    def start(self: Any) -> Any:
        made = details(self)
        made.start_time = made.start_time.isoformat()
        return made

    Execution.get_start_execution_details = start


def _maps() -> None:
    """In moto a distributed map succeeds, with nulls, when children fail; and it calls itself once per item, so it hangs at about 1,000."""

    def evaluate(self: Any, job: Any, worker_frame: Any) -> None:
        while job is not None:
            frame = worker_frame.open_inner_frame()
            self._eval_job(env=frame, job=job)
            if isinstance(state := frame.program_state(), ProgramError):
                self._job_pool.failure = state.error
            worker_frame.delete_frame(frame)
            over = isinstance(job.job_output, Exception) or self.stopped()
            following = None if over else self._job_pool.next_job()
            if following is None:
                self._env.delete_frame(worker_frame)
            self._job_pool.close_job(job)
            if following is None:
                return
            job = following
        self._env.delete_frame(worker_frame)

    def run(self: Any, env: Any, eval_input: Any) -> None:
        items = env.stack.pop()
        pool = JobPool(job_program=self._get_iteration_program(), job_inputs=items)
        for _ in range(min(eval_input.map_run_record.max_concurrency or len(items), len(items), WORKERS)):
            self._launch_worker(env=env, eval_input=eval_input, job_pool=pool)
        if items:
            pool.await_jobs()
        if pool.get_worker_exception() is not None:
            raise pool.get_worker_exception()
        counted = eval_input.map_run_record.item_counter.describe()
        if counted["succeeded"] != len(items):
            raise _too_many_failures(env, getattr(pool, "failure", {}))
        env.stack.append([job.job_output for job in pool.get_closed_jobs()])

    workers.DistributedItemProcessorWorker._eval_pool = evaluate
    distributed.DistributedIterationComponent._map_run = run


def _too_many_failures(env: Any, failure: Mapping[str, str]) -> FailureEventException:
    """What AWS says, and here, too, what became of a child, unless that was a job, of which everybody has heard."""
    error = StatesErrorNameType.StatesExceedToleratedFailureThreshold
    cause = "The specified tolerated failure threshold was exceeded"
    if failure.get("error") == error.to_name():
        cause = failure["cause"]
    elif failure.get("error") != StatesErrorNameType.StatesTaskFailed.to_name():
        cause += f": {failure.get('error')}: {failure.get('cause')}"
    details = ExecutionFailedEventDetails(error=error.to_name(), cause=cause)
    return FailureEventException(
        FailureEvent(
            env=env,
            error_name=StatesErrorName(typ=error),
            event_type=HistoryEventType.MapRunFailed,
            event_details=EventDetails(executionFailedEventDetails=details),
        )
    )


def _waits() -> None:
    """A dry run does not wait between the attempts of a task; what moto sleeps there is all that its module uses `time` for."""

    class Unhurried:
        sleep = staticmethod(lambda seconds: time.sleep(min(seconds, 0.01)))

    retrier_decl.time = Unhurried


def serve_store(folder: str) -> None:
    """Serve what is in a folder store through S3, as steps may read other runs: each object is put into the bucket when it is first read,
    and each document when it is listed. A list of the documents of all flows has those that are in the bucket.
    """
    find, listed, lock = S3Backend.get_object, S3Backend.list_objects, threading.Lock()

    def put(self: Any, bucket: str, key: str, path: str) -> None:
        with lock, open(path, "rb") as file:
            if find(self, bucket, key) is None:
                self.put_object(bucket, key, file.read(), storage=COPIED)

    def get_object(self: Any, bucket_name: str, key_name: str, *given: Any, **named: Any) -> Any:
        found = find(self, bucket_name, key_name, *given, **named)
        paths = [os.path.join(folder, name) for name in _tails(key_name, "blobs/", "code/", FLOWS)] if found is None else []
        for path in filter(os.path.isfile, paths):
            put(self, bucket_name, key_name, path)
            found = find(self, bucket_name, key_name, *given, **named)
        return found

    def list_objects(self: Any, bucket: Any, prefix: str | None, delimiter: str | None, *given: Any, **named: Any) -> Any:
        for tail in _tails(prefix or "", FLOWS) if delimiter or not (prefix or "").endswith(FLOWS) else ():
            for name in _names(folder, tail, one_of_each_folder=delimiter is not None):
                put(self, bucket.name, f"{prefix}{name[len(tail) :]}", os.path.join(folder, name))
        return listed(self, bucket, prefix, delimiter, *given, **named)

    S3Backend.get_object, S3Backend.list_objects = get_object, list_objects


def _tails(key: str, *starts: str) -> list[str]:
    """What a key may be in the store: where the store is inside the bucket is not known."""
    places = {0, *(place + 1 for place, letter in enumerate(key) if letter == "/")}
    return [key[place:] for place in sorted(places) if key.startswith(starts, place)]


def _names(folder: str, prefix: str, one_of_each_folder: bool) -> Iterator[str]:
    """The names of the files in a folder that begin with a prefix; of the folders next to it only one each, where that is enough."""
    parent = os.path.dirname(prefix)
    base = os.path.join(folder, parent)
    for entry in os.scandir(base) if os.path.isdir(base) else ():
        if f"{parent}/{entry.name}".startswith(prefix):
            inner = (os.path.join(place, file) for place, _, files in os.walk(entry.path) for file in files)
            paths = islice(inner, 1 if one_of_each_folder else None) if entry.is_dir() else (entry.path,)
            yield from (os.path.relpath(path, folder) for path in paths)


def server(serve: Callable[[Application], Application]) -> BaseWSGIServer:
    """A server of moto on a free port of this machine, which interprets machines; `serve` may take requests before moto does."""
    config.default_user_config["stepfunctions"] = {"execute_state_machine": True}
    application = serve(DomainDispatcherApplication(create_backend_app))
    return make_server("127.0.0.1", 0, application, threaded=True, request_handler=MotoRequestHandler)
