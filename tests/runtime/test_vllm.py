"""`@vllm`: an engine in the process of a step, and a server beside it. The package `vllm` is a stand-in."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Any

import pytest

from flowport.runtime.protocol import FAILED
from flowport.runtime.records.attempts import failures
from flowport.runtime.serving.vllm import _options
from flowport.runtime.store.keys import Keys
from solo import Solo

LLM = """
class LLM:
    def __init__(self, model, **engine_args):
        if "wrong" in engine_args:
            raise TypeError("there is no `wrong`")
        self.about = model, engine_args
"""

SERVER = """
import json, os, sys, time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

with open(os.environ["SAID"], "a") as file:
    file.write(json.dumps({"pid": os.getpid(), "args": sys.argv[1:]}) + "\\n")
print("a server of vllm", flush=True)
if "--dies" in sys.argv:
    sys.exit("no GPU was found")
if "--silent" in sys.argv:
    time.sleep(10**6)

class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"{}")

ThreadingHTTPServer((sys.argv[4], int(sys.argv[6])), Handler).serve_forever()
"""

FLOW = """
import os
import urllib.request
from flowport import vllm

class Served(FlowSpec):
    @vllm(ARGUMENTS)
    @step
    def start(self):
        BODY
        self.next(self.end)

    @step
    def end(self):
        self.left = "vllm" in current
"""


@pytest.fixture(autouse=True)
def _no_vllm(monkeypatch: pytest.MonkeyPatch) -> None:
    """What an earlier test imported is not there any more."""
    for name in [name for name in sys.modules if name.partition(".")[0] == "vllm"]:
        monkeypatch.delitem(sys.modules, name)


@pytest.fixture
def said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The file in which the server says how it was started."""
    packages = tmp_path / "packages"
    folder = packages / "vllm" / "entrypoints" / "openai"
    folder.mkdir(parents=True)
    for place in (folder, folder.parent):
        (place / "__init__.py").touch()
    (packages / "vllm" / "__init__.py").write_text(LLM)
    (folder / "api_server.py").write_text(SERVER)
    monkeypatch.syspath_prepend(str(packages))
    monkeypatch.setenv("PYTHONPATH", f"{packages}{os.pathsep}{os.environ.get('PYTHONPATH', '')}")
    monkeypatch.setenv("SAID", str(tmp_path / "said"))
    return tmp_path / "said"


def served(folder: Path, arguments: str, body: str = "pass") -> Solo:
    return Solo(folder, FLOW.replace("ARGUMENTS", arguments).replace("BODY", body))


def failed(solo: Solo) -> str:
    assert solo.perform("start") == FAILED
    return str(failures(solo.store, Keys("Served", "1"))[0]["message"])


def starts(said: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in said.read_text().splitlines()]


def is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def test_the_engine_is_in_the_process_of_the_step(tmp_path: Path, said: Path) -> None:
    solo = served(
        tmp_path, 'model="a/b", engine_args={"dtype": "half", "gpu_memory_utilization": 0.5}', "self.about = current.vllm.llm.about"
    )
    solo.run()
    assert solo.artifacts("end")["about"] == ("a/b", {"dtype": "half", "gpu_memory_utilization": 0.5})
    assert solo.artifacts("end")["left"] is False
    assert not said.exists()


def test_a_server_answers_at_the_address_that_the_step_is_given(tmp_path: Path, said: Path) -> None:
    body = """with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(current.vllm.local_endpoint + "/models") as answer:
            self.seen = answer.status, current.vllm.local_api_key, current.vllm.model_name"""
    solo = served(tmp_path, 'model=["a/b"], openai_api_server=True, engine_args={"max_model_len": 10}', body)
    solo.run()
    assert solo.artifacts("end")["seen"] == (200, "token123", "a/b")
    (one,) = starts(said)
    assert one["args"][:4] == ["--model", "a/b", "--host", "127.0.0.1"]
    assert one["args"][6:] == ["--served-model-name", "a/b", "--max-model-len", "10"]
    assert not is_alive(one["pid"])


def test_a_server_ends_with_a_step_that_fails(tmp_path: Path, said: Path) -> None:
    assert failed(served(tmp_path, 'model="a", openai_api_server=True', "1 / 0")) == "division by zero"
    assert not is_alive(starts(said)[0]["pid"])


def test_the_arguments_of_the_engine_become_options() -> None:
    values = {"max_model_len": 4096, "enforce_eager": True, "trust_remote_code": False, "revision": None, "rope_scaling": {"type": "x"}}
    assert _options(values) == ["--max-model-len", "4096", "--enforce-eager", "--rope-scaling", '{"type": "x"}']


@pytest.mark.parametrize("mode", ["openai_api_server=True", "openai_api_server=False"])
def test_a_package_that_is_missing_is_named(tmp_path: Path, mode: str) -> None:
    assert failed(served(tmp_path, f'model="a", {mode}')) == (
        "`@vllm` needs the package `vllm`, which is not installed where the step runs: "
        'add `@pypi(packages={"vllm": "..."})` to the step, or install it in the image'
    )


def test_an_engine_that_cannot_be_made_is_named_with_the_reason(tmp_path: Path, said: Path) -> None:
    message = failed(served(tmp_path, 'model="a", engine_args={"wrong": 1}'))
    assert message == "`vllm.LLM` cannot be made for `a`: TypeError: there is no `wrong`"


def test_a_server_that_dies_says_what_it_printed(tmp_path: Path, said: Path) -> None:
    message = failed(served(tmp_path, 'model="a", openai_api_server=True, engine_args={"dies": True}'))
    assert "ended with exit code 1 before it answered; it printed:\na server of vllm\nno GPU was found" in message


def test_a_server_that_never_answers_is_named_with_what_to_write(tmp_path: Path, said: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("flowport.runtime.serving.vllm.EACH_TRY", 2)
    message = failed(served(tmp_path, 'model="a", openai_api_server=True, max_retries=1, engine_args={"silent": True}'))
    assert "did not answer within 2 seconds: give it longer with `@vllm(max_retries=300)`" in message
    assert not is_alive(starts(said)[0]["pid"])
