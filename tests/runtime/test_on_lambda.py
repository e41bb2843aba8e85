"""A function of Lambda: invocations that its API hands out become tasks, and how they end becomes an error with a name."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from progress import until
from solo import Solo


class Lambda:
    """The API that hands out invocations; it keeps what it is answered."""

    def __init__(self, deadline: float = 900) -> None:
        self.waiting: list[dict[str, str]] = []
        self.answers: list[tuple[str, Any]] = []
        lock, api = threading.Condition(), self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                with lock:
                    lock.wait_for(lambda: bool(api.waiting))
                    body = json.dumps(api.waiting.pop(0)).encode()
                self.send_response(200)
                self.send_header("Lambda-Runtime-Aws-Request-Id", "id")
                self.send_header("Lambda-Runtime-Deadline-Ms", str(int((time.time() + deadline) * 1000)))
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def do_POST(self) -> None:
                said = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                api.answers.append((self.path.rpartition("/")[2], said))
                self.send_response(202)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *given: Any) -> None:
                return

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.address = f"127.0.0.1:{self.server.server_port}"
        self._lock = lock
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def invoke(self, given: dict[str, str]) -> tuple[str, Any]:
        """The answer of a function to an invocation."""
        before = len(self.answers)
        with self._lock:
            self.waiting.append(given)
            self._lock.notify_all()
        until(lambda: len(self.answers) > before, "an answer")
        return self.answers[before]


FLOW = """
import os
import time


class Invoked(FlowSpec):
    @step
    def start(self):
        with open("note.txt", "w") as file:
            file.write("a folder that may be written to")
        self.folder = os.getcwd()
        self.codes = [0, 1, 78]
        self.next(self.each, foreach="codes")

    @step
    def each(self):
        if self.input:
            os._exit(self.input)
        self.next(self.join)

    @step
    def join(self, inputs):
        time.sleep(1000)
        self.next(self.end)

    @step
    def end(self):
        pass
"""


class Function:
    """A function for the tasks of a step: its process, and the API that it asks."""

    def __init__(self, solo: Solo, step: str, deadline: float = 900) -> None:
        self._solo, self._step = solo, step
        words = solo.invocation(step, "GIVEN", "GIVEN").argv()
        pairs = [pair for pair in zip(words[1::2], words[2::2]) if pair[0] not in ("--run", "--slice", "--code")]
        fixed = [words[0], *(word for pair in pairs for word in pair)]
        self.lambda_ = Lambda(deadline)
        command = [sys.executable, "-m", "flowport.runtime.process.on_lambda", *fixed]
        self.process = subprocess.Popen(command, env={**os.environ, "AWS_LAMBDA_RUNTIME_API": self.lambda_.address})

    def invoke(self, slice: str = "s") -> tuple[str, Any]:
        return self.lambda_.invoke({"run": "1", "slice": slice, "code": self._solo.package.digest})

    def close(self) -> None:
        self.process.kill()
        self.process.wait()
        self.lambda_.server.shutdown()


@pytest.fixture
def functions() -> Iterator[list[Function]]:
    """The functions of a test, which are ended with it."""
    made: list[Function] = []
    yield made
    for each in made:
        each.close()


def test_one_function_runs_one_task_after_the_other(tmp_path: Path, functions: list[Function]) -> None:
    solo = Solo(tmp_path, FLOW)
    functions += [Function(solo, "start"), Function(solo, "each")]
    assert functions[0].invoke() == ("response", {})
    folder = solo.artifacts("start")["folder"]
    assert not Path(folder).exists(), "nothing is left for the next invocation"
    found = [functions[1].invoke(f"s.{number}") for number in range(3)]
    assert [(place, said.get("errorType")) for place, said in found] == [
        ("response", None),
        ("error", "flowport.TaskFailed"),
        ("error", "flowport.NotRetryable"),
    ]
    assert found[2][1]["errorMessage"] == "the task ended with exit code 78; its log is in the store"
    assert functions[1].invoke("s.0") == ("response", {}), "a task that failed leaves its function as it was"


def test_a_task_is_ended_before_its_function_is(tmp_path: Path, functions: list[Function], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    solo = Solo(tmp_path, FLOW.replace("[0, 1, 78]", "[0]"))
    assert [solo.perform("start"), solo.perform("each", "s.0")] == [0, 0]
    functions.append(Function(solo, "join", deadline=7))
    place, said = functions[0].invoke()
    assert (place, said) == ("error", {"errorType": "flowport.TaskFailed", "errorMessage": "the task took longer than its function may"})


def test_a_function_ends_when_nobody_hands_out_invocations() -> None:
    command = [sys.executable, "-m", "flowport.runtime.process.on_lambda", "task"]
    done = subprocess.run(command, env={**os.environ, "AWS_LAMBDA_RUNTIME_API": "127.0.0.1:9"}, capture_output=True, text=True)
    assert done.returncode == 1
