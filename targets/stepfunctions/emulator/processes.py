"""What AWS Batch does with a job, done with processes of this machine: a command with its `Ref::` parameters, attempts, exit codes.

A task of ECS is a job of the same kind, and so is an invocation of Lambda: `of_ecs` and `of_lambda` say what in the words of AWS Batch.

Standard library only, as two emulators with environments of their own use it. The image is ignored; `python` in it is `python` here.
"""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import tempfile
import threading
import uuid
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Protocol

PARAMETER = re.compile(r"Ref::([A-Za-z0-9_-]+)")
KEPT = ("PATH", "HOME", "LANG", "LC_ALL", "TMPDIR", "FLOWPORT_PYTHONS")
TAIL = 4000
"""Characters of a job's output that its report keeps."""


class Started(Protocol):
    """A process of a job."""

    pid: int

    def poll(self) -> int | None: ...

    def wait(self, timeout: float | None = None) -> int: ...


def new_process(command: Sequence[str], folder: str, environment: Mapping[str, str], output: Any) -> Started:
    """Start a command in a folder, with nothing but these variables; it leads a group."""
    return subprocess.Popen(
        command,
        cwd=folder,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=output,
        stderr=subprocess.STDOUT,
        start_new_session=True,
    )


class Rejected(Exception):
    """A submission that AWS Batch would not take, or could not run."""


class Job:
    """A submitted job; `wait` says whether it ended, `exit_code` how."""

    def __init__(self, name: str, definition: Mapping[str, Any], command: Sequence[str], size: int = 0, index: int | None = None) -> None:
        self.id = str(uuid.uuid4())
        self.name, self.definition, self.command = name, definition, command
        self.index = index
        """The number of a child of an array job; None for any other job."""
        self.children = [Job(name, definition, command, index=number) for number in range(size)]
        for child in self.children:
            child.id = f"{self.id}:{child.index}"
        nodes = definition.get("nodeProperties") or {}
        self.nodes = int(nodes.get("numNodes") or 1)
        self.container = container(definition)
        self.variables = {pair["name"]: pair["value"] for pair in self.container.get("environment") or []}
        self.is_task = "family" in definition
        """Whether it is a task of ECS, not a job of AWS Batch."""
        self.exit_code: int | None = None
        self.attempts = 0
        self.stopped = False
        self.ended = threading.Event()
        self.process: Started | None = None
        self.others: list[Started] = []
        """The processes of the other nodes, if this is a multi-node parallel job."""

    def wait(self, seconds: float) -> bool:
        return self.ended.wait(seconds)

    def stop(self) -> None:
        """End the job with its children, as TerminateJob does."""
        self.stopped = True
        for child in self.children:
            child.stop()
        for process in [self.process, *self.others]:
            if process is not None and process.poll() is None:
                _end(process)


class Processes:
    """Runs jobs, at most `limit` at a time; `report` is called when a job begins or ends, and `start` starts its process."""

    def __init__(
        self,
        python: str,
        environment: Mapping[str, str],
        limit: int,
        report: Callable[[dict[str, Any]], None],
        start: Callable[[Sequence[str], str, Mapping[str, str], Any], Started] = new_process,
    ) -> None:
        self._python, self._environment, self._report, self._start = python, dict(environment), report, start
        self._limit, self._places = limit, threading.Semaphore(limit)
        self._running: set[Job] = set()
        self._lock = threading.Lock()

    def submit(self, name: str, definition: Mapping[str, Any], parameters: Mapping[str, str], **more: Any) -> Job:
        """Start a job of a definition, in the words of the Batch API; `more` is what else the request says. Raises Rejected."""
        if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9_-]{0,127}", name):
            raise Rejected(f"the job name {name!r} does not match [A-Za-z0-9][A-Za-z0-9_-]{{0,127}}")
        size = (more.pop("arrayProperties", None) or {}).get("size")
        if size is not None and not 2 <= size <= 10_000:
            raise Rejected(f"an array job has 2 to 10000 children, not {size}")
        definition = {**definition, **{key: value for key, value in more.items() if value is not None}}
        values = {**(definition.get("parameters") or {}), **parameters}
        job = Job(name, definition, [self._filled(word, values) for word in container(definition)["command"]], size or 0)
        with self._lock:
            self._running.add(job)
        threading.Thread(target=self._run, args=(job,), daemon=True).start()
        return job

    def stop(self) -> None:
        """End every job."""
        with self._lock:
            running = list(self._running)
        for job in running:
            job.stop()

    def _filled(self, word: str, values: Mapping[str, str]) -> str:
        if word == "python":
            return self._python
        missing = [name for name in PARAMETER.findall(word) if name not in values]
        if missing:
            raise Rejected(f"the parameter {missing[0]!r} of the command was not given")
        return PARAMETER.sub(lambda found: values[found[1]], word)

    def _run(self, job: Job) -> None:
        if job.children:
            with ThreadPoolExecutor(self._limit) as pool:
                list(pool.map(self._try, job.children))
            # All children run to their end; one that failed fails the array (AWS Batch User Guide, "Array jobs").
            job.exit_code = next((child.exit_code for child in job.children if child.exit_code != 0), 0)
        else:
            self._try(job)
        with self._lock:
            self._running.discard(job)
        job.ended.set()

    def _try(self, job: Job) -> None:
        """Run a job that is no array, as often as its retry strategy allows."""
        strategy = job.definition.get("retryStrategy") or {}
        with self._places:
            for _ in range(int(strategy.get("attempts") or 1)):
                if job.stopped:
                    break
                job.attempts += 1
                job.exit_code = self._attempt(job)
                if job.exit_code == 0 or _exits(strategy.get("evaluateOnExit") or [], job.exit_code):
                    break

    def _attempt(self, job: Job) -> int:
        about = {"job": job.id, "name": job.name, "command": job.command, "index": job.index}
        self._report({"event": "started", **about})
        timeout = (job.definition.get("timeout") or {}).get("attemptDurationSeconds")
        with tempfile.TemporaryDirectory(prefix="flowport-job-") as folder, tempfile.TemporaryFile("w+", errors="replace") as output:
            code = self._process(job, folder, output, timeout)
            output.seek(0)
            tail = output.read()[-TAIL:]
        self._report({"event": "ended", **about, "exit": code, "output": tail})
        return code

    def _process(self, job: Job, folder: str, output: Any, timeout: float | None) -> int:
        # A folder of its own and no PYTHONPATH: nothing of the user's can be imported but what the code package brings.
        try:
            # Libraries may read a step's own variables when they are imported.
            start = new_process if job.variables or job.nodes > 1 else self._start
            process = start(job.command, folder, self._variables(job, folder), output)
            job.process = process
            for index in range(1, job.nodes):
                job.others.append(start(job.command, folder, {**self._variables(job, folder), **_of_node(job, index)}, output))
        except OSError as error:
            output.write(str(error))
            return 127
        if job.stopped:
            job.stop()
        try:
            return process.wait(timeout)
        except subprocess.TimeoutExpired:
            _end(process)
            process.wait()
            return 137
        finally:
            # When the main node has ended, the others are stopped (AWS Batch User Guide, "Multi-node parallel jobs").
            _stop(job.others)
            job.others = []

    def _variables(self, job: Job, folder: str) -> dict[str, str]:
        own = {name: _own(job, value, folder) for name, value in job.variables.items()}
        mine = {} if job.is_task else {"AWS_BATCH_JOB_ID": job.id, "AWS_BATCH_JOB_ATTEMPT": str(job.attempts)}
        if job.index is not None:
            mine["AWS_BATCH_JOB_ARRAY_INDEX"] = str(job.index)
        return {**self._environment, **_of_shell(job.variables), **own, **mine, **(_of_node(job, 0) if job.nodes > 1 else {})}


def of_ecs(definition: Mapping[str, Any], overrides: Mapping[str, Any]) -> dict[str, Any]:
    """A task definition with the overrides of RunTask, both in the words of ECS, as the definition of a job. Raises Rejected."""
    (described,) = definition["containerDefinitions"]
    command = [*(described.get("entryPoint") or ()), *(described.get("command") or ())]
    for each in overrides.get("containerOverrides") or ():
        if each["name"] != described["name"]:
            raise Rejected(f"Override for container named {each['name']} is not a container in the TaskDefinition.")
        command = [*(described.get("entryPoint") or ()), *each["command"]]
    return {
        "jobDefinitionName": definition["family"],
        "family": definition["family"],
        "containerProperties": {**described, "command": command},
    }


def of_lambda(function: Mapping[str, Any], payload: Mapping[str, str]) -> dict[str, Any]:
    """A function with the payload of an invocation, in the words of Lambda, as the definition of a job.

    What `flowport.runtime.process.on_lambda` does is done here without the API that hands out invocations.
    """
    words = [word for name, value in payload.items() for word in ("--" + name, value)]
    kept_here = ("FLOWPORT_CACHE", "HOME")  # they name a folder that only a function has to itself
    variables = {name: value for name, value in function["Environment"]["Variables"].items() if name not in kept_here}
    described = {
        "name": function["FunctionName"],
        "image": function["Code"]["ImageUri"],
        "command": ["python", "-m", "flowport.runtime", *function["ImageConfig"]["Command"], *words],
        "environment": [{"name": name, "value": value} for name, value in variables.items()],
    }
    timeout = {"attemptDurationSeconds": function["Timeout"]}
    return {"jobDefinitionName": function["FunctionName"], "family": "lambda", "timeout": timeout, "containerProperties": described}


def of_exit(code: int | None) -> tuple[str, str]:
    """The error that `flowport.runtime.process.on_lambda` makes of an exit code, and the payload that a state machine has as its cause."""
    error = "flowport.NotRetryable" if code == 78 else "flowport.TaskFailed"
    return error, json.dumps({"errorType": error, "errorMessage": f"the task ended with exit code {code}"})


def container(definition: Mapping[str, Any]) -> Mapping[str, Any]:
    """The container of a definition, or of one with several nodes that of all of them."""
    if "nodeProperties" not in definition:
        return definition["containerProperties"]  # type: ignore[no-any-return]
    (every,) = definition["nodeProperties"]["nodeRangeProperties"]
    return every["container"]  # type: ignore[no-any-return]


def _of_node(job: Job, index: int) -> dict[str, str]:
    """What a container of a multi-node parallel job finds (AWS Batch User Guide, "Environment variables"); all share this machine."""
    found = {
        "AWS_BATCH_JOB_ID": f"{job.id}#{index}",
        "AWS_BATCH_JOB_NODE_INDEX": str(index),
        "AWS_BATCH_JOB_NUM_NODES": str(job.nodes),
        "AWS_BATCH_JOB_MAIN_NODE_INDEX": "0",
        "FLOWPORT_NODE_ADDRESS": "127.0.0.1",
    }
    return {**found, **({"AWS_BATCH_JOB_MAIN_NODE_PRIVATE_IPV4_ADDRESS": "127.0.0.1"} if index else {})}


def _stop(nodes: Sequence[Started]) -> None:
    """End the nodes that still run, as ECS does: it asks, and kills those that have not ended 30 seconds later."""
    for process in nodes:
        if process.poll() is None:
            os.kill(process.pid, signal.SIGTERM)
    for process in nodes:
        try:
            process.wait(30)
        except subprocess.TimeoutExpired:
            _end(process)
            process.wait()


def _own(job: Job, value: str, folder: str) -> str:
    """A variable of a job: where it names a folder in memory of the container, it names one of the job's here."""
    linux = job.container.get("linuxParameters") or {}
    if not any(value == each["containerPath"] for each in linux.get("tmpfs") or ()):
        return value
    os.makedirs(folder + value, exist_ok=True)
    return folder + value


def described(job: Job, queue: str) -> dict[str, Any]:
    """The job as DescribeJobs shows it to Step Functions, or the task of ECS as DescribeTasks does; `queue` may be a cluster."""
    if job.is_task:
        return _described_task(job, queue)
    status = "SUCCEEDED" if job.exit_code == 0 else "FAILED"
    reason = "Terminated" if job.stopped else "Essential container in task exited"
    about = {
        "JobId": job.id,
        "JobName": job.name,
        "JobQueue": queue,
        "JobDefinition": job.definition["jobDefinitionName"],
        "Status": status,
    }
    if job.children:  # the description of an array says of its children only how many there are of each state
        failed = sum(child.exit_code != 0 for child in job.children)
        summary = {"FAILED": failed, "SUCCEEDED": len(job.children) - failed}
        return {**about, "Attempts": [], "ArrayProperties": {"Size": len(job.children), "StatusSummary": summary}}
    shown = {"ExitCode": job.exit_code, "Command": list(job.command), "Image": job.container.get("image")}
    attempts = [{"Container": {"ExitCode": job.exit_code}}] * job.attempts
    return {**about, "StatusReason": reason, "Attempts": attempts, "Container": shown}


def _described_task(job: Job, cluster: str) -> dict[str, Any]:
    shown = {"Name": job.container["name"], "ExitCode": job.exit_code, "Image": job.container["image"], "LastStatus": "STOPPED"}
    return {
        "TaskArn": job.id,
        "ClusterArn": cluster,
        "TaskDefinitionArn": job.definition["family"],
        "LastStatus": "STOPPED",
        "StopCode": "UserInitiated" if job.stopped else "EssentialContainerExited",
        "StoppedReason": "Task stopped by user" if job.stopped else "Essential container in task exited",
        "Containers": [shown],
    }


def cause(job: Job, queue: str) -> str:
    """Why a job or a task failed: its description, in the form of Step Functions."""
    return json.dumps(described(job, queue), separators=(",", ":"))


def kept() -> dict[str, str]:
    """The variables of this process that its jobs have, too."""
    return {name: os.environ[name] for name in KEPT if name in os.environ}


def _of_shell(variables: Mapping[str, str]) -> dict[str, str]:
    """What a step reads from the shell that starts a dry run; the variable is that of `flowport.runtime.protocol.SECRETS`."""
    names = json.loads(variables.get("FLOWPORT_SECRETS") or "{}").get("shell", ())
    return {name: os.environ[name] for name in names if name in os.environ}


def environment(endpoint: str, region: str, account: str, cache: str) -> dict[str, str]:
    """What a container needs to find the emulated S3; `cache` begins empty, as in a new container, so that the code is really fetched."""
    return {
        **kept(),
        "FLOWPORT_CACHE": cache,
        "AWS_ENDPOINT_URL": endpoint,
        "AWS_ALLOW_HTTP": "true",
        "AWS_REGION": region,
        "AWS_DEFAULT_REGION": region,
        "AWS_ACCESS_KEY_ID": account,
        "AWS_SECRET_ACCESS_KEY": "secret",
        "AWS_EC2_METADATA_DISABLED": "true",
    }


def _exits(rules: Sequence[Mapping[str, str]], code: int) -> bool:
    """Whether the first rule of `evaluateOnExit` that knows the exit code says to stop; the codes may end in `*`."""
    for rule in rules:
        pattern = rule.get("onExitCode", "*")
        if str(code) == pattern or (pattern.endswith("*") and str(code).startswith(pattern[:-1])):
            return rule["action"].upper() == "EXIT"
    return False


def _end(process: Started) -> None:
    """Kill a process and the group that it leads."""
    try:
        os.killpg(process.pid, signal.SIGKILL)
    except ProcessLookupError:
        return
