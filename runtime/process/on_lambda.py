"""The command of a function of AWS Lambda: `python -m flowport.runtime.process.on_lambda task ...`, with the arguments that every task has.

It asks Lambda for one invocation after the other, and runs each as a task in a process of its own, with the arguments that the invocation
adds. How a task ends becomes an error with a name that a state machine sees: Lambda knows no exit codes.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from http.client import HTTPConnection

from flowport.runtime.protocol import DONE, STOP

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from email.message import Message

RUNTIME = "/2018-06-01/runtime"
"""The path of the API that hands out invocations (AWS Lambda, "Using the Lambda runtime API for custom runtimes")."""

FAILED_TASK, USELESS = "flowport.TaskFailed", "flowport.NotRetryable"
"""The errors of a task that may be tried again, and of one that may not."""

EARLY = 5.0
"""Seconds before the end of the function at which its task is asked to end, so that it can write down that it failed."""


def main(fixed: Sequence[str], api: str) -> None:
    """Serve invocations for as long as there is somebody who hands them out."""
    while True:
        body, headers = _ask(api, "GET", "next")
        number = headers["Lambda-Runtime-Aws-Request-Id"]
        until = float(headers.get("Lambda-Runtime-Deadline-Ms") or "inf") / 1000
        error, text = run(fixed, json.loads(body), until - EARLY)
        place = "error" if error else "response"
        said = json.dumps({"errorType": error, "errorMessage": text} if error else {})
        _ask(api, "POST", f"{number}/{place}", said, {"Lambda-Runtime-Function-Error-Type": error} if error else {})


def _ask(api: str, method: str, path: str, said: str | None = None, more: Mapping[str, str] | None = None) -> tuple[bytes, Message]:
    """A request about an invocation, on a connection of its own, as many minutes may lie between two of them; it has no timeout, as a
    function sleeps while it waits."""
    connection = HTTPConnection(api)
    connection.request(method, f"{RUNTIME}/invocation/{path}", said, {"Content-Type": "application/json", **(more or {})})
    answer = connection.getresponse()
    body = answer.read()
    connection.close()
    if not 200 <= answer.status < 300:
        raise ConnectionError(f"Lambda answers {answer.status} to {method} {path}")
    return body, answer.headers


def run(fixed: Sequence[str], given: Mapping[str, str], until: float) -> tuple[str, str]:
    """Run one task; the error and its message, both empty for one that is done. At the time `until` it is ended."""
    words = [*fixed, *(word for name, value in given.items() for word in ("--" + name, value))]
    # The folder of a function is all that it may write to, and it stays for the next invocation.
    with tempfile.TemporaryDirectory(prefix="flowport-task-") as folder:
        process = subprocess.Popen([sys.executable, "-m", "flowport.runtime", *words], cwd=folder, start_new_session=True)
        late = False
        try:
            code = process.wait(None if until == float("inf") else max(0.0, until - time.time()))
        except subprocess.TimeoutExpired:
            late = True
            code = _ended(process)
        finally:
            _kill(process.pid)
    if code == DONE:
        return "", ""
    if late:
        return FAILED_TASK, "the task took longer than its function may"
    return USELESS if code == STOP else FAILED_TASK, f"the task ended with exit code {code}; its log is in the store"


def _ended(process: subprocess.Popen[bytes]) -> int:
    """Ask a task to end, and kill one that does not."""
    process.send_signal(signal.SIGTERM)
    try:
        return process.wait(EARLY - 2)
    except subprocess.TimeoutExpired:
        _kill(process.pid)
        return process.wait()


def _kill(group: int) -> None:
    """Kill what a task has left: it would go on in the next invocation."""
    try:
        os.killpg(group, signal.SIGKILL)
    except ProcessLookupError:
        return


if __name__ == "__main__":
    main(sys.argv[1:], os.environ["AWS_LAMBDA_RUNTIME_API"])
