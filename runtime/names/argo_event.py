"""`ArgoEvent`: sends an event to Argo Events, which starts the flows that wait for it."""

from __future__ import annotations

import json
import os
import sys
import time

from flowport.runtime.names import metaflow_config
from flowport.runtime.names.exceptions import MetaflowException

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

ATTEMPTS = 5
TIMEOUT = 60
"""Seconds that one request may take."""


class ArgoEventException(MetaflowException):
    """An event that could not be sent, or has no name."""

    headline = "Argo Event Exception"


class ArgoEvent:
    """An event by name, with a payload. `url` is that of the webhook of the event source; unless given, METAFLOW_ARGO_EVENTS_WEBHOOK_URL.

    `name` may be a function without arguments that returns the name. With `access_token` the request has it as a bearer token.
    """

    def __init__(
        self, name: str | Callable[[], str], url: str | None = None, payload: dict[str, Any] | None = None, access_token: str | None = None
    ) -> None:
        found = name() if callable(name) else name
        if not isinstance(found, str):
            raise ArgoEventException(f"the name of an event is text, and its function returned a value of type {type(found).__name__}")
        self._name, self._payload, self._token = found, {**(payload or {})}, access_token
        self._url: str | None = url or metaflow_config.ARGO_EVENTS_WEBHOOK_URL

    def add_to_payload(self, key: str, value: object) -> ArgoEvent:
        """Add a pair to the payload, as text; returns the event."""
        self._payload[key] = str(value)
        return self

    def safe_publish(self, payload: dict[str, Any] | None = None, ignore_errors: bool = True) -> str | None:
        """Send the event if the task runs on Argo Workflows; anywhere else nothing happens."""
        return self.publish(payload, force=False, ignore_errors=ignore_errors)

    def publish(self, payload: dict[str, Any] | None = None, force: bool = True, ignore_errors: bool = True) -> str | None:
        """Send the event, with further pairs of a payload; returns its id.

        Without `force` only a task on Argo Workflows sends it. An error is printed, or with `ignore_errors=False` raised.
        """
        try:
            if not (force or os.environ.get("ARGO_WORKFLOW_TEMPLATE") or os.environ.get("ARGO_TEMPLATE")):
                raise ArgoEventException(
                    f"event `{self._name}` was not sent, because the task does not run on Argo: use `publish()` to send it"
                )
            return self._send(payload or {})
        except ArgoEventException as error:
            if not ignore_errors:
                raise
            print(error, file=sys.stderr)
            return None

    def _send(self, payload: dict[str, Any]) -> str:
        import uuid
        from http.client import HTTPException
        from urllib.error import HTTPError
        from urllib.request import Request

        from flowport.runtime.redirects import direct_opener

        if not self._url:
            raise ArgoEventException(
                f"event `{self._name}` was not sent: no event bus is configured, set METAFLOW_ARGO_EVENTS_WEBHOOK_URL or give `url`"
            )
        sent = {**self._stamp(str(uuid.uuid4())), **self._payload, **payload}
        try:
            data = json.dumps({"name": self._name, "payload": sent}).encode()
        except (TypeError, ValueError, RecursionError) as error:
            raise ArgoEventException(f"event `{self._name}` was not sent: its payload is not JSON: {error}") from error
        headers = {"Content-Type": "application/json", **self._headers()}
        for name, value in headers.items():
            if any(letter < " " or letter == "\x7f" or letter > "\xff" for letter in value):  # urllib would print the value, a token
                raise ArgoEventException(
                    f"event `{self._name}` was not sent: the header `{name}` has a line break or another character that HTTP does not take"
                )
        for attempt in range(ATTEMPTS):
            try:
                with direct_opener().open(Request(self._url, data, headers, method="POST"), timeout=TIMEOUT):
                    print(f"event `{self._name}` was sent", file=sys.stderr)
                    return str(sent["id"])
            except HTTPError as error:
                raise ArgoEventException(f"event `{self._name}` was not sent: the webhook answers {error.code} {error.reason}") from error
            except (OSError, HTTPException, ValueError) as error:
                if attempt == ATTEMPTS - 1 or isinstance(error, ValueError):
                    raise ArgoEventException(f"event `{self._name}` was not sent: {error}") from error
                time.sleep(2**attempt)
        raise AssertionError("the last attempt returns or raises")

    def _stamp(self, number: str) -> dict[str, Any]:
        """The fields that Metaflow's events have: those that wait for events filter by them."""
        now = time.time()
        date = time.strftime("%Y%m%d", time.gmtime(now))
        return {"name": self._name, "id": number, "timestamp": int(now), "utc_date": date, "generated-by-metaflow": True}

    def _headers(self) -> dict[str, str]:
        token = {"Authorization": f"Bearer {self._token}"} if self._token else {}
        service = metaflow_config.SERVICE_HEADERS if metaflow_config.ARGO_EVENTS_WEBHOOK_AUTH == "service" else {}
        return {**token, **service}
