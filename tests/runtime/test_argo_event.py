"""`ArgoEvent` against a webhook, with the request that Metaflow 2.19 sends."""

from __future__ import annotations

import http.client
import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest

from flowport.runtime.names.argo_event import ArgoEvent, ArgoEventException


class Webhook(HTTPServer):
    """Answers every request with `status`, and keeps what it was sent."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.status = 200
        self.requests: list[tuple[dict[str, str], Any]] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/event"


class _Handler(BaseHTTPRequestHandler):
    server: Webhook

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.server.requests.append((dict(self.headers), body))
        self.send_response(self.server.status)
        if 300 <= self.server.status < 400:
            self.send_header("Location", self.server.url)
        self.end_headers()

    def log_message(self, format: str, *values: object) -> None:
        """Nothing is printed."""


@pytest.fixture
def webhook(monkeypatch: pytest.MonkeyPatch) -> Iterator[Webhook]:
    for name in ("ARGO_TEMPLATE", "ARGO_WORKFLOW_TEMPLATE", "METAFLOW_ARGO_EVENTS_WEBHOOK_AUTH", "METAFLOW_SERVICE_HEADERS"):
        monkeypatch.delenv(name, raising=False)
    server = Webhook()
    monkeypatch.setenv("METAFLOW_ARGO_EVENTS_WEBHOOK_URL", server.url)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


def test_an_event_has_its_name_and_its_payload(webhook: Webhook) -> None:
    number = ArgoEvent("trained", payload={"depth": 3}).add_to_payload("rows", 10).publish({"more": "x"})
    ((headers, body),) = webhook.requests
    assert headers["Content-Type"] == "application/json"
    assert body["name"] == "trained"
    payload = body["payload"]
    assert (payload["depth"], payload["rows"], payload["more"], payload["id"]) == (3, "10", "x", number)
    assert set(payload) == {"name", "id", "timestamp", "utc_date", "generated-by-metaflow", "depth", "rows", "more"}


def test_the_name_may_be_computed(webhook: Webhook) -> None:
    ArgoEvent(lambda: "late").publish()
    assert webhook.requests[0][1]["name"] == "late"
    with pytest.raises(ArgoEventException, match="returned a value of type int"):
        ArgoEvent(lambda: 3)  # type: ignore[arg-type, return-value]


def test_outside_of_argo_a_safe_event_is_not_sent(webhook: Webhook, capsys: pytest.CaptureFixture[str]) -> None:
    assert ArgoEvent("trained").safe_publish() is None
    assert webhook.requests == []
    assert "does not run on Argo" in capsys.readouterr().err
    with pytest.raises(ArgoEventException):
        ArgoEvent("trained").safe_publish(ignore_errors=False)


def test_on_argo_a_safe_event_is_sent(webhook: Webhook, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ARGO_TEMPLATE", "{}")
    assert ArgoEvent("trained").safe_publish() is not None
    assert len(webhook.requests) == 1


def test_a_webhook_that_refuses_is_an_error_unless_errors_are_ignored(webhook: Webhook, capsys: pytest.CaptureFixture[str]) -> None:
    webhook.status = 403
    assert ArgoEvent("trained").publish() is None
    assert "event `trained` was not sent: the webhook answers 403" in capsys.readouterr().err
    with pytest.raises(ArgoEventException, match="403"):
        ArgoEvent("trained").publish(ignore_errors=False)
    assert len(webhook.requests) == 2


def test_without_an_event_bus_the_message_says_what_to_set(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("METAFLOW_ARGO_EVENTS_WEBHOOK_URL", raising=False)
    with pytest.raises(ArgoEventException, match="set METAFLOW_ARGO_EVENTS_WEBHOOK_URL or give `url`"):
        ArgoEvent("trained").publish(ignore_errors=False)


@pytest.mark.parametrize("payload", [{"x": object()}, {"x": {1, 2}}, {(1, 2): "x"}])
def test_a_payload_that_is_not_json_is_an_error_that_can_be_ignored(
    webhook: Webhook, capsys: pytest.CaptureFixture[str], payload: dict[Any, Any]
) -> None:
    assert ArgoEvent("done", payload=payload).publish() is None
    assert "event `done` was not sent: its payload is not JSON" in capsys.readouterr().err
    with pytest.raises(ArgoEventException, match="its payload is not JSON"):
        ArgoEvent("done").publish(payload, ignore_errors=False)
    assert webhook.requests == []


def test_the_id_is_that_of_the_payload(webhook: Webhook) -> None:
    assert ArgoEvent("done", payload={"id": 17}).publish() == "17"
    assert webhook.requests[0][1]["payload"]["id"] == 17


@pytest.mark.parametrize("token", ["s3cret\n", "s3cret\r\nX: y", "s3cret\N{EURO SIGN}"])
def test_a_token_that_http_does_not_take_is_not_printed(webhook: Webhook, capsys: pytest.CaptureFixture[str], token: str) -> None:
    assert ArgoEvent("done", access_token=token).publish() is None
    printed = capsys.readouterr().err
    assert "the header `Authorization` has a line break or another character that HTTP does not take" in printed
    assert "s3cret" not in printed
    assert webhook.requests == []


def test_an_answer_that_is_no_http_is_an_error(monkeypatch: pytest.MonkeyPatch, webhook: Webhook) -> None:
    def answer(*arguments: object, **named: object) -> None:
        raise http.client.BadStatusLine("nonsense")

    monkeypatch.setattr("urllib.request.OpenerDirector.open", answer)
    monkeypatch.setattr("time.sleep", lambda seconds: None)
    with pytest.raises(ArgoEventException, match="event `done` was not sent: nonsense"):
        ArgoEvent("done").publish(ignore_errors=False)


def test_an_address_that_is_none_is_an_error() -> None:
    with pytest.raises(ArgoEventException, match="unknown url type"):
        ArgoEvent("trained", url="nowhere").publish(ignore_errors=False)


def test_tokens_and_headers_of_the_service_are_sent_and_never_printed(
    webhook: Webhook, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("METAFLOW_ARGO_EVENTS_WEBHOOK_AUTH", "service")
    monkeypatch.setenv("METAFLOW_SERVICE_HEADERS", '{"X-Key": "hush"}')
    webhook.status = 500
    ArgoEvent("trained", access_token="secret").publish()
    headers = webhook.requests[0][0]
    assert (headers["Authorization"], headers["X-Key"]) == ("Bearer secret", "hush")
    printed = capsys.readouterr()
    assert not {"secret", "hush"} & {*printed.err.split(), *printed.out.split()}


@pytest.mark.parametrize("status", [301, 302, 303, 307])
def test_a_redirect_gets_neither_the_event_nor_the_token(webhook: Webhook, status: int) -> None:
    webhook.status = status
    with pytest.raises(ArgoEventException, match=f"the webhook answers {status}"):
        ArgoEvent("trained", access_token="secret").publish(ignore_errors=False)
    assert len(webhook.requests) == 1
