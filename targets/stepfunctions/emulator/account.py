"""The emulated account, through boto3: put a flow's files on it, run an execution to its end."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterable, Mapping
from functools import cache
from typing import Any

import boto3
from botocore.config import Config

from flowport.compiler.ir import JSON
from flowport.compiler.record import field, record
from flowport.compiler.target import File

REGION = "us-east-1"
ACCOUNT = "123456789012"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/dry-run"
SERVICES = ("s3", "batch", "stepfunctions")
LONGEST_PAUSE = 0.3
"""Seconds between two questions whether an execution has ended; each costs the emulator what it could do for a job."""


@cache
def _session() -> Any:
    """One session, as the models that its clients read are kept in it."""
    return boto3.session.Session(ACCOUNT, "secret", region_name=REGION)


def read_models() -> None:
    """Read the models of the APIs ahead of time."""
    for service in SERVICES:
        _session().client(service, endpoint_url="http://127.0.0.1")


@record
class Deployed:
    """A flow's machine on the emulator, where its store is, and the machine for the end of its runs, "" if it has none."""

    machine: str
    bucket: str
    prefix: str
    exit_machine: str = ""


@record
class Execution:
    """An execution that ended; `error` and `cause` are Step Functions' own words."""

    status: str
    error: str = ""
    cause: str = ""


@record(frozen=False)
class Account:
    """Clients of an emulated account behind an endpoint."""

    endpoint: str
    _clients: dict[str, Any] = field(default_factory=dict)

    def client(self, service: str) -> Any:
        """A boto3 client; one for each service, which threads may share."""
        if service not in self._clients:
            patient = Config(retries={"max_attempts": 0}, read_timeout=120, max_pool_connections=50, s3={"addressing_style": "path"})
            self._clients[service] = _session().client(service, endpoint_url=self.endpoint, config=patient)
        return self._clients[service]

    def deploy(self, files: Iterable[File], store: str) -> Deployed:
        """Create what the emitted files describe: the bucket, the code in it, the definitions of jobs or tasks, the machine."""
        bucket, _, prefix = store.removeprefix("s3://").partition("/")
        prefix = prefix.strip("/") + "/" if prefix.strip("/") else ""
        contents = {file.path.partition("/")[2]: file.data for file in files}
        folder = next(file.path for file in files).partition("/")[0]
        self.bucket(bucket)
        for path, data in contents.items():
            if path.startswith("code/"):
                self.client("s3").put_object(Bucket=bucket, Key=prefix + path, Body=data)
        for definition in json.loads(contents.get("job-definitions.json", "[]")):
            self.client("batch").register_job_definition(**definition)
        for definition in json.loads(contents.get("task-definitions.json", "[]")):
            self.client("ecs").register_task_definition(**definition)
        for definition in json.loads(contents.get("functions.json", "[]")):
            self.client("lambda").create_function(**definition)
        text = contents["state-machine.json"].decode()
        given = json.loads(contents["machine-settings.json"])
        made = self.client("stepfunctions").create_state_machine(name=folder, definition=text, roleArn=ROLE, **given)
        exit_machine = ""
        if "exit-machine.json" in contents:
            text = contents["exit-machine.json"].decode()
            answer = self.client("stepfunctions").create_state_machine(name=f"{folder}-exit", definition=text, roleArn=ROLE)
            exit_machine = answer["stateMachineArn"]
        return Deployed(made["stateMachineArn"], bucket, prefix, exit_machine)

    def bucket(self, name: str) -> None:
        """Create a bucket unless it is there."""
        if name not in {bucket["Name"] for bucket in self.client("s3").list_buckets()["Buckets"]}:
            self.client("s3").create_bucket(Bucket=name)

    def run(self, machine: str, name: str, given: Mapping[str, JSON], look: Callable[[], None] = lambda: None) -> Execution:
        """Start an execution and wait until it ends, calling `look` now and then; an exception of that, or an interrupt, stops it."""
        functions = self.client("stepfunctions")
        execution = functions.start_execution(stateMachineArn=machine, name=name, input=json.dumps(given))["executionArn"]
        began = time.monotonic()
        try:
            while (shown := functions.describe_execution(executionArn=execution))["status"] == "RUNNING":
                look()
                time.sleep(min(LONGEST_PAUSE, 0.02 + (time.monotonic() - began) / 20))
        except BaseException:
            functions.stop_execution(executionArn=execution)
            raise
        return Execution(shown["status"], shown.get("error", ""), shown.get("cause", ""))
