"""`@ollama` and `OllamaManager`: a server with its models beside a step. The program is a stand-in (`fake_ollama`)."""

from __future__ import annotations

import os
import subprocess
import sys
import types
from pathlib import Path
from typing import Any

import pytest

from fake_ollama import Ollama, install
from flowport.runtime.protocol import DONE, FAILED
from flowport.runtime.records.attempts import failures
from flowport.runtime.serving.model_cache import parts
from flowport.runtime.serving.ollama import OllamaManager
from flowport.runtime.serving.ports import Port
from flowport.runtime.store.keys import Keys
from flowport.runtime.store.open import open_store
from progress import until
from solo import Solo

HEAD = """
import json
import os
import signal
import urllib.request
from flowport import ollama

def post(path, **body):
    data = json.dumps(body).encode()
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with opener.open(urllib.request.Request(f"http://{os.environ['OLLAMA_HOST']}/{path}", data), timeout=60) as answer:
        return json.loads(answer.read())

def chat(model, text):
    return post("api/chat", model=model, messages=[{"role": "user", "content": text}])["message"]["content"]
"""

FLOW = """
class Served(FlowSpec):
    MORE@ollama(ARGUMENTS)
    @step
    def start(self):
BODY
        self.next(self.end)

    @step
    def end(self):
        self.host = os.environ.get("OLLAMA_HOST")
"""


@pytest.fixture
def fake(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Ollama:
    monkeypatch.setenv("PATH", f"{tmp_path / 'fake' / 'bin'}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setenv("OLLAMA_MODELS", str(tmp_path / "models"))
    monkeypatch.delenv("OLLAMA_HOST", raising=False)
    return install(tmp_path / "fake")


def served(folder: Path, body: str = "pass", arguments: str = 'models=["small"]', more: str = "", store: Any = None) -> Solo:
    lines = "\n".join("        " + line for line in body.strip().splitlines())
    return Solo(folder, HEAD + FLOW.replace("BODY", lines).replace("ARGUMENTS", arguments).replace("MORE", more), store)


def failed(solo: Solo) -> str:
    """The message with which the first step fails."""
    assert solo.perform("start") == FAILED
    return str(failures(solo.store, Keys("Served", "1"))[0]["message"])


def test_a_step_talks_to_its_models_and_the_server_ends_with_it(tmp_path: Path, fake: Ollama) -> None:
    solo = served(tmp_path, 'self.said = chat("small", "hi"), chat("other:1b", "ho")', 'models=["small", "other:1b"]')
    solo.run()
    assert solo.artifacts("end")["said"] == ("small says: HI", "other:1b says: HO")
    assert solo.artifacts("end")["host"] is None
    assert sorted(fake.asked[:2]) == ["pull other:1b", "pull small"]
    assert fake.asked[2:4] == ["generate small", "generate other:1b"]
    assert len(fake.processes) == 1
    assert not fake.alive


def test_a_model_that_is_there_is_not_pulled_again(tmp_path: Path, fake: Ollama) -> None:
    for folder in "ab":
        served(tmp_path / folder).run()
    assert [line for line in fake.asked if line.startswith("pull")] == ["pull small"]
    served(tmp_path / "c", arguments='models=["small"], force_pull=True').run()
    assert [line for line in fake.asked if line.startswith("pull")] == ["pull small"] * 2


@pytest.mark.parametrize(
    "body",
    ['raise ValueError("no")', "os.kill(os.getpid(), signal.SIGTERM)", 'raise SystemExit("no")', "os.kill(os.getpid(), signal.SIGALRM)"],
)
def test_the_server_ends_however_the_step_does(tmp_path: Path, fake: Ollama, body: str) -> None:
    assert subprocess.run(served(tmp_path, body).command("start")).returncode != DONE
    assert len(fake.processes) == 1
    assert not fake.alive


def test_the_server_ends_with_a_task_that_is_killed(tmp_path: Path, fake: Ollama) -> None:
    solo = served(tmp_path, "os.kill(os.getpid(), signal.SIGKILL)", more="@timeout(hours=1)\n    ")
    assert solo.perform("start") == FAILED
    assert len(fake.processes) == 1
    assert not fake.alive


def test_a_timeout_counts_while_the_server_starts(tmp_path: Path, fake: Ollama, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FAKE_OLLAMA", "silent")
    assert failed(served(tmp_path, more="@timeout(seconds=1)\n    ")) == "step `start` ran longer than its timeout of 1 seconds"
    assert len(fake.processes) == 1
    assert not fake.alive


def test_a_server_that_does_not_end_when_it_is_asked_is_killed(tmp_path: Path, fake: Ollama, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FAKE_OLLAMA", "stubborn")
    served(tmp_path, arguments='models=["small"], timeout_config={"stop": 0.1}').run()
    assert len(fake.processes) == 1
    assert not fake.alive


def test_two_servers_of_one_machine_have_ports_of_their_own(fake: Ollama) -> None:
    first = OllamaManager(["small"])
    before = os.environ["OLLAMA_HOST"]
    second = OllamaManager(["small"])
    assert len({before, os.environ["OLLAMA_HOST"], *fake.addresses}) == 2
    assert len(fake.alive) == 2
    second.terminate_models()
    assert os.environ["OLLAMA_HOST"] == before
    first.terminate_models()
    assert "OLLAMA_HOST" not in os.environ
    assert not fake.alive


def test_a_port_is_the_usual_one_if_that_is_free(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import tempfile

    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    first = Port(18_473)
    second = Port(18_473)
    assert first.number == 18_473 != second.number
    first.release()
    third = Port(18_473)
    assert third.number == 18_473
    third.release()


def test_a_program_that_is_missing_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert failed(served(tmp_path)) == (
        "`@ollama` needs the program `ollama`, which is not on PATH where the step runs: "
        "install Ollama in the image of the step, or where the flow runs (ollama.com/download)"
    )


def test_a_model_that_cannot_be_pulled_is_named(tmp_path: Path, fake: Ollama) -> None:
    assert failed(served(tmp_path, arguments='models=["broken"]')) == (
        "`broken` cannot be pulled: pull model manifest: file does not exist"
    )
    assert not fake.alive


def test_a_model_that_is_not_pulled_in_time_is_named_with_what_to_write(tmp_path: Path, fake: Ollama) -> None:
    assert failed(served(tmp_path, arguments='models=["slow"], timeout_config={"pull": 0.3}')) == (
        '`slow` cannot be pulled: there was no answer within 0.3 seconds: give it longer with `@ollama(timeout_config={"pull": 3600})`'
    )
    assert not fake.alive


def test_a_model_that_cannot_be_loaded_is_named(tmp_path: Path, fake: Ollama) -> None:
    assert failed(served(tmp_path, arguments='models=["huge"]')) == (
        "`huge` cannot be loaded: model requires more system memory (40.1 GiB) than is available (2.0 GiB)"
    )


def test_a_model_that_only_embeds_is_served_too(tmp_path: Path, fake: Ollama) -> None:
    served(tmp_path, arguments='models=["embedder"]').run()


def test_a_server_that_dies_says_what_it_printed(tmp_path: Path, fake: Ollama, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FAKE_OLLAMA", "dies")
    message = failed(served(tmp_path))
    assert message == "`ollama serve` ended with exit code 3 before it answered; it printed:\nfake ollama begins\nError: no memory is left"


def test_a_server_that_never_answers_is_named_with_what_to_write(tmp_path: Path, fake: Ollama, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FAKE_OLLAMA", "silent")
    message = failed(served(tmp_path, arguments='models=["small"], timeout_config={"server_startup": 0.2, "stop": 1}'))
    longer = '@ollama(timeout_config={"server_startup": 600})'
    assert message.startswith(f"`ollama serve` did not answer within 0.2 seconds: give it longer with `{longer}`")
    assert not fake.alive


def test_models_are_kept_in_a_bucket_and_come_from_there(
    tmp_path: Path, fake: Ollama, bucket: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    served(tmp_path / "a", store=open_store(f"s3://{bucket}/runs")).run()
    monkeypatch.setenv("OLLAMA_MODELS", str(tmp_path / "another machine"))
    solo = served(tmp_path / "b", 'self.said = chat("small", "hi")', store=open_store(f"s3://{bucket}/runs"))
    solo.run("2")
    assert solo.artifacts("end", run="2")["said"] == "small says: HI"
    assert [line for line in fake.asked if line.startswith("pull")] == ["pull small"]


def test_a_folder_keeps_models_only_if_that_is_asked_for(tmp_path: Path, fake: Ollama) -> None:
    solo = served(tmp_path / "a")
    solo.run()
    assert not list(solo.store.entries("flows/Served/ollama-models/"))
    for policy, number in (("'never'", 0), ("'force'", 1)):
        solo = served(tmp_path / policy, arguments=f'models=["small", "small"], cache_update_policy={policy}')
        solo.run()
        assert len(list(solo.store.entries("flows/Served/ollama-models/"))) == number


def test_a_branch_of_a_project_keeps_models_of_its_own(tmp_path: Path, fake: Ollama) -> None:
    source = FLOW.replace("BODY", "        pass").replace("ARGUMENTS", 'models=["small"], force_cache_update=True').replace("MORE", "")
    solo = Solo(tmp_path, HEAD + source.replace("class Served", '@project(name="shop")\nclass Served'))
    solo.run("shop.test.me-1")
    (kept,) = solo.store.entries("flows/Served/ollama-models/")
    assert kept.key.startswith("flows/Served/ollama-models/shop.test.me-")


def test_a_model_that_the_store_has_not_whole_is_pulled(tmp_path: Path, fake: Ollama, monkeypatch: pytest.MonkeyPatch) -> None:
    solo = served(tmp_path, arguments='models=["small"], force_cache_update=True')
    solo.run()
    for entry in list(solo.store.entries("blobs/")):
        solo.store.delete(entry.key)
    monkeypatch.setenv("OLLAMA_MODELS", str(tmp_path / "another machine"))
    solo.run("2")
    assert [line for line in fake.asked if line.startswith("pull")] == ["pull small"] * 2


@pytest.mark.parametrize(
    ("model", "expected"),
    [
        ("llama3.2", ["llama3.2", "latest"]),
        ("llama3.2:1b", ["llama3.2", "1b"]),
        ("me/mine:v1", ["me", "mine", "v1"]),
        ("hf.co/org/model:Q4_K_M", ["hf.co", "org", "model", "Q4_K_M"]),
        ("host:5000/org/model", ["host:5000", "org", "model", "latest"]),
    ],
)
def test_the_parts_of_a_name(model: str, expected: list[str]) -> None:
    assert parts(model) == expected


BY_HAND = """
from metaflow.plugins.ollama import OllamaManager
manager = OllamaManager(models=["small"], flow_datastore_backend=self._datastore.parent_datastore._storage_impl, skip_push_check=True)
self.said = chat("small", "hi"), self._datastore.parent_datastore._storage_impl.TYPE
manager.terminate_models()
"""


def test_a_step_starts_and_ends_the_server_itself(tmp_path: Path, fake: Ollama) -> None:
    solo = served(tmp_path, BY_HAND)
    solo.run()
    assert solo.artifacts("end")["said"] == ("small says: HI", "local")
    assert not fake.alive


class Package(types.ModuleType):
    """Stands for the Python package `ollama`."""

    def __init__(self) -> None:
        super().__init__("ollama")
        self.hosts: list[str] = []
        self._client = self

    def chat(self, fails: Exception | None = None) -> str:
        if fails is not None:
            raise fails
        return "fine"


def test_requests_do_not_reach_a_server_that_does_not_answer(fake: Ollama, monkeypatch: pytest.MonkeyPatch) -> None:
    class Client:
        def __init__(self, host: str) -> None:
            hosts.append(host)

    hosts: list[str] = []
    package: Any = Package()
    package._client = Client("at import")
    monkeypatch.setitem(sys.modules, "ollama", package)
    original = package.chat
    manager = OllamaManager(["small"], circuit_breaker_config={"failure_threshold": 2, "recovery_timeout": 10**6, "reset_timeout": 10**6})
    try:
        assert hosts == ["at import", manager.ollama_url]
        missing = ValueError("there is no such model")
        missing.status_code = 404  # type: ignore[attr-defined]
        for error in (missing, missing, missing, ConnectionError("gone"), ConnectionError("gone")):
            with pytest.raises(type(error)):
                package.chat(error)
        with pytest.raises(RuntimeError, match="the Circuit Breaker is OPEN"):
            package.chat()
    finally:
        manager.terminate_models()
    assert package.chat == original
    assert package.chat() == "fine"


def test_a_server_that_is_gone_is_started_again(fake: Ollama) -> None:
    manager = OllamaManager(["small"], circuit_breaker_config={"failure_threshold": 1, "recovery_timeout": 0, "reset_timeout": 0})
    try:
        os.kill(fake.processes[0], 9)
        until(lambda: len(fake.processes) == 2 and manager.circuit_breaker.state == "CLOSED", "the server that is started again")
    finally:
        manager.terminate_models()
    assert not fake.alive
    assert len(set(fake.addresses)) == 1


def test_a_server_that_cannot_be_started_again_is_tried_again(
    fake: Ollama, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("FAKE_OLLAMA", "first")
    manager = OllamaManager(["small"], circuit_breaker_config={"recovery_timeout": 10**6, "reset_timeout": 0.3})
    try:
        os.kill(fake.processes[0], 9)
        until(lambda: len(fake.processes) > 2, "another try")
        assert manager.circuit_breaker.state == "OPEN"
    finally:
        manager.terminate_models()
    assert not fake.alive
    assert "@ollama: `ollama serve` ended with exit code 3 before it answered; it printed:" in capfd.readouterr().err


def test_the_stand_in_refuses_what_ollama_refuses(fake: Ollama) -> None:
    """A canary: a server that answered everything would make all of the above pass."""
    from flowport.runtime.serving.http import Answered, ask

    manager = OllamaManager([])
    try:
        with pytest.raises(Answered, match="model 'small' not found"):
            ask(f"{manager.ollama_url}/api/chat", {"model": "small", "messages": [{"content": "hi"}]})
    finally:
        manager.terminate_models()


def test_another_backend_is_refused() -> None:
    with pytest.raises(ValueError, match='`backend` of `@ollama` is `remote`: write `backend="local"`'):
        OllamaManager([], backend="remote")
