"""The emulator seen from outside: start its process, put a flow's files on it, run an execution to its end."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from contextlib import ExitStack
from types import TracebackType
from typing import Any

import boto3
from botocore.config import Config

from flowport.compiler.ir import JSON
from flowport.compiler.record import field, record
from flowport.compiler.target import File

REGION = "us-east-1"
ACCOUNT = "123456789012"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/dry-run"
LONGEST_PAUSE = 0.3
"""Seconds between two questions whether an execution has ended; each costs the emulator what it could do for a job."""

STARTED_IN = 60
"""Seconds that the emulator may take to come up."""


class NotStarted(Exception):
    """The emulator did not come up; the message has the last words of its process."""


@record
class Deployed:
    """A flow's machine on the emulator, and where its store is."""

    machine: str
    bucket: str
    prefix: str


@record
class Ended:
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
            self._clients[service] = boto3.client(
                service,
                endpoint_url=self.endpoint,
                region_name=REGION,
                aws_access_key_id=ACCOUNT,
                aws_secret_access_key="secret",
                config=patient,
            )
        return self._clients[service]

    def deploy(self, files: Iterable[File], store: str) -> Deployed:
        """Create what the emitted files describe: the bucket, the code in it, the job definitions, the machine."""
        bucket, _, prefix = store.removeprefix("s3://").partition("/")
        prefix = prefix.strip("/") + "/" if prefix.strip("/") else ""
        contents = {file.path.partition("/")[2]: file.data for file in files}
        folder = next(file.path for file in files).partition("/")[0]
        self.bucket(bucket)
        for path, data in contents.items():
            if path.startswith("code/"):
                self.client("s3").put_object(Bucket=bucket, Key=prefix + path, Body=data)
        for definition in json.loads(contents["job-definitions.json"]):
            self.client("batch").register_job_definition(**definition)
        text = contents["state-machine.json"].decode()
        made = self.client("stepfunctions").create_state_machine(name=folder, definition=text, roleArn=ROLE)
        return Deployed(made["stateMachineArn"], bucket, prefix)

    def bucket(self, name: str) -> None:
        """Create a bucket unless it is there."""
        if name not in {bucket["Name"] for bucket in self.client("s3").list_buckets()["Buckets"]}:
            self.client("s3").create_bucket(Bucket=name)

    def run(self, machine: str, name: str, given: Mapping[str, JSON], look: Callable[[], None] = lambda: None) -> Ended:
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
        return Ended(shown["status"], shown.get("error", ""), shown.get("cause", ""))


class Emulator:
    """The emulator's process; a context manager that gives the account on it. Entering it raises NotStarted.

    `hear` is called, from a thread, for every event of a job. `blobs` is a folder store whose blobs the emulated S3 has, too.
    """

    def __init__(self, limit: int, hear: Callable[[dict[str, Any]], None], blobs: str | None = None) -> None:
        self._hear = hear
        self._command = [sys.executable, "-m", "flowport.targets.stepfunctions.emulator.server", str(limit)]
        if blobs:
            self._command.append(os.path.abspath(blobs))
        self._endpoint = ""
        self._up = threading.Event()
        self._stack = ExitStack()

    def __enter__(self) -> Account:
        said = self._stack.enter_context(tempfile.TemporaryFile("w+"))
        # A session of its own: Ctrl-C is for us, and we end it by closing its input, also when we die. In the root folder,
        # as `-m` would find whatever lies in this one first.
        process = subprocess.Popen(
            self._command, cwd=os.sep, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=said, text=True, start_new_session=True
        )
        listener = threading.Thread(target=self._listen, args=(process,), daemon=True)
        listener.start()
        self._stack.callback(listener.join)
        self._stack.callback(_ended, process)
        if not self._up.wait(STARTED_IN) or not self._endpoint:
            said.seek(0)
            last = said.read().strip().rpartition("\n")[2]
            self._stack.close()
            raise NotStarted(f"the emulator did not start: {last}")
        return Account(self._endpoint)

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._stack.close()

    def _listen(self, process: subprocess.Popen[str]) -> None:
        assert process.stdout is not None
        with process.stdout:
            for line in process.stdout:
                event = json.loads(line)
                if event["event"] == "serving":
                    self._endpoint = event["endpoint"]
                    self._up.set()
                else:
                    self._hear(event)
        self._up.set()


def _ended(process: subprocess.Popen[str]) -> None:
    """End the server by closing its input, and wait until it has ended its jobs."""
    assert process.stdin is not None
    process.stdin.close()
    try:
        process.wait(10)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
