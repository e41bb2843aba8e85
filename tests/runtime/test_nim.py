"""`@nim`: models that are called like functions, behind a server on this machine in the place of NVIDIA's."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from flowport.runtime.protocol import FAILED
from flowport.runtime.records.attempts import failures
from flowport.runtime.serving import nim
from flowport.runtime.serving.errors import NimException
from flowport.runtime.serving.nim import Model, own_address
from flowport.runtime.store.keys import Keys
from solo import Solo


class Service:
    """A server that notes requests, and answers with what is next in `answers`: a status, a document and headers."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, Any, str | None]] = []
        self.answers: list[tuple[int, Any, dict[str, str]]] = []
        service = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                self.answer(None)

            def do_POST(self) -> None:
                self.answer(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))

            def answer(self, body: Any) -> None:
                service.asked.append((self.path, body, self.headers["Authorization"]))
                status, document, headers = service.answers.pop(0) if service.answers else (200, {"answer": len(service.asked)}, {})
                data = json.dumps(document).encode()
                self.send_response(status)
                for name, value in {"Content-Length": str(len(data)), **headers}.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(data)

            def log_message(self, *values: Any) -> None:
                """Nothing is printed."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/v1"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()


@pytest.fixture
def service(monkeypatch: pytest.MonkeyPatch) -> Iterator[Service]:
    made = Service()
    monkeypatch.setenv("NVIDIA_BASE_URL", made.url)
    monkeypatch.delenv("NVIDIA_API_KEY", raising=False)
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.setattr(nim, "PAUSES", (0.0, 0.0))
    yield made
    made.server.shutdown()
    made.server.server_close()


FLOW = """
from flowport import nim

ABOVE
class Served(FlowSpec):
    MARK
    @step
    def start(self):
        BODY
        self.next(self.end)

    @step
    def end(self):
        self.left = "nim" in current
"""


def served(folder: Path, body: str, above: str = "", mark: str = "") -> Solo:
    return Solo(folder, FLOW.replace("ABOVE", above).replace("MARK", mark).replace("BODY", body))


@pytest.mark.parametrize("is_above", [True, False])
def test_a_model_is_called_like_a_function(tmp_path: Path, service: Service, is_above: bool) -> None:
    mark = '@nim(models=["meta/llama3-8b-instruct"])'
    body = 'self.answer = current.nim.models["meta/llama3-8b-instruct"](messages=[{"role": "user", "content": "hi"}], n=1)'
    solo = served(tmp_path, body, mark if is_above else "", "" if is_above else mark)
    solo.run()
    assert solo.artifacts("end")["answer"] == {"answer": 1}
    assert solo.artifacts("end")["left"] is is_above
    expected = {"model": "meta/llama3-8b-instruct", "messages": [{"role": "user", "content": "hi"}], "n": 1}
    assert service.asked == [("/v1/chat/completions", expected, None)]


@pytest.mark.parametrize(
    ("payload", "path"),
    [
        ({"messages": []}, "/v1/chat/completions"),
        ({"input": ["a"], "input_type": "query"}, "/v1/embeddings"),
        ({"prompt": "a"}, "/v1/completions"),
        ({"query": {"text": "a"}, "passages": []}, "/v1/ranking"),
    ],
)
def test_what_is_given_says_what_is_asked_for(service: Service, payload: dict[str, Any], path: str) -> None:
    Model("a/b", "", "")(**payload)
    assert service.asked == [(path, {"model": "a/b", **payload}, None)]


@pytest.mark.parametrize(
    ("model", "payload", "address"),
    [
        (Model("a/b", "", ""), {"messages": []}, "https://integrate.api.nvidia.com/v1/chat/completions"),
        (Model("nvidia/rank-3.2", "", ""), {"passages": []}, "https://ai.api.nvidia.com/v1/retrieval/nvidia/rank-3_2/reranking"),
        (Model("mine", "f", "v"), {"messages": []}, "https://api.nvcf.nvidia.com/v2/nvcf/pexec/functions/f/versions/v"),
        (Model("mine", "f", ""), {"anything": 1}, "https://api.nvcf.nvidia.com/v2/nvcf/pexec/functions/f"),
    ],
)
def test_the_addresses_of_nvidia(
    monkeypatch: pytest.MonkeyPatch, service: Service, model: Model, payload: dict[str, Any], address: str
) -> None:
    asked: list[Any] = []

    def send(url: str, body: object, seconds: float, headers: Any) -> Any:
        asked.append((url, headers))
        return nim.Reply(200, {}, {})  # type: ignore[arg-type]

    monkeypatch.setattr(nim, "send", send)
    monkeypatch.delenv("NVIDIA_BASE_URL")
    monkeypatch.setenv("NVIDIA_API_KEY", "secret")
    model(**payload)
    assert asked == [(address, {"Authorization": "Bearer secret"})]


def test_further_fields_and_the_key_are_sent(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NVIDIA_API_KEY", "secret")
    Model("a", "", "")(messages=[], extra_body={"nvext": {"guided_json": {}}})
    assert service.asked == [("/v1/chat/completions", {"model": "a", "messages": [], "nvext": {"guided_json": {}}}, "Bearer secret")]


def test_a_service_that_is_busy_is_asked_again(service: Service) -> None:
    service.answers = [(429, {}, {"Retry-After": "0"}), (503, {}, {}), (200, {"fine": True}, {})]
    assert Model("a", "", "")(messages=[]) == {"fine": True}
    assert len(service.asked) == 3


def test_an_answer_that_takes_long_is_asked_for(service: Service) -> None:
    service.answers = [(202, None, {"NVCF-REQID": "r1"}), (202, None, {"NVCF-REQID": "r1"}), (200, {"fine": True}, {})]
    assert Model("a", "", "")(messages=[]) == {"fine": True}
    assert [path for path, _, _ in service.asked] == ["/v1/chat/completions", "/v1/status/r1", "/v1/status/r1"]


@pytest.mark.parametrize(
    ("answers", "message"),
    [
        (
            [(401, {"detail": "no such key"}, {})],
            "/chat/completions does not accept the key in `NVIDIA_API_KEY` for `a` (status 401): no such key",
        ),
        ([(404, {"error": {"message": "gone"}}, {})], "/chat/completions does not have the model `a` (status 404): gone"),
        ([(422, {"detail": [{"loc": "n"}]}, {})], '/chat/completions answers with status 422: [{"loc": "n"}]'),
        ([(503, {}, {})] * 3, "/chat/completions answers with status 503"),
        ([(200, [], {})], "/chat/completions answers with something that is no JSON object"),
    ],
)
def test_what_the_service_refuses_is_named(service: Service, answers: list[Any], message: str) -> None:
    service.answers = answers
    with pytest.raises(NimException) as raised:
        Model("a", "", "")(messages=[])
    assert str(raised.value).endswith(message) or message in str(raised.value)


def test_a_service_that_is_not_there_is_named(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NVIDIA_BASE_URL", "http://127.0.0.1:1/v1")
    with pytest.raises(NimException, match=r"`a` cannot be reached at http://127.0.0.1:1/v1/chat/completions: .*refused"):
        Model("a", "", "")(messages=[])


def test_a_call_that_asks_for_nothing_is_named(service: Service) -> None:
    with pytest.raises(NimException, match="is called without any of `messages`, `input`, `prompt`, `passages`"):
        Model("a", "", "")(text="hi")


def test_a_missing_key_is_named_with_what_to_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("NVIDIA_BASE_URL", "NVIDIA_API_KEY"):
        monkeypatch.delenv(name, raising=False)
    solo = served(tmp_path, 'current.nim.models["a"](messages=[])', '@nim(models=["a"])')
    assert solo.perform("start") == FAILED
    assert failures(solo.store, Keys("Served", "1"))[0]["message"] == (
        "`current.nim.models['a']` asks NVIDIA's API, which needs a key: set the variable `NVIDIA_API_KEY`, "
        "or have `NVIDIA_BASE_URL` name a NIM container of your own"
    )


def test_a_model_that_the_decorator_does_not_name_is_named(tmp_path: Path) -> None:
    solo = served(tmp_path, 'current.nim.models["b"]', '@nim(models=["a"])')
    assert solo.perform("start") == FAILED
    assert (
        "`@nim` does not name the model `b`, but `a`: write `@nim(models=['b'])`" in failures(solo.store, Keys("Served", "1"))[0]["message"]
    )


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("", ""),
        ("http://nim:8000/v1/", "http://nim:8000/v1"),
        ("a/b=http://one/v1,http://all/v1", "http://one/v1"),
        ("c=http://one/v1, http://all/v1", "http://all/v1"),
        ("c=https://one/v1", ""),
    ],
)
def test_the_address_of_a_container(monkeypatch: pytest.MonkeyPatch, value: str, expected: str) -> None:
    monkeypatch.setenv("NVIDIA_BASE_URL", value)
    assert own_address("a/b") == expected
