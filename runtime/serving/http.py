"""Requests with JSON, to a server of the step or to a service."""

from __future__ import annotations

import json
import time
from http.client import HTTPException
from typing import NamedTuple
from urllib.error import HTTPError, URLError
from urllib.request import ProxyHandler, Request, build_opener

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from email.message import Message
    from typing import Any, TypeVar

    Result = TypeVar("Result")

LOCAL = build_opener(ProxyHandler({}))
"""Reaches servers of this machine: a proxy that the environment names knows nothing of them."""


class Reply(NamedTuple):
    """An answer that is a success: the status of HTTP, the headers, and the JSON."""

    status: int
    headers: Message
    document: Any


class Answered(Exception):
    """An answer that is no success: the status of HTTP, what the server says, and its headers."""

    def __init__(self, status: int, text: str, headers: Message) -> None:
        super().__init__(f"{status}: {text}" if text else str(status))
        self.status, self.text, self.headers = status, text, headers


class Unreachable(Exception):
    """No answer, or not a whole one."""


def ask(url: str, body: object = None, seconds: float = 10) -> Any:
    """The JSON with which a server of this machine answers a GET, or a POST with `body`; raises Answered and Unreachable."""
    return _told(lambda: _reply(LOCAL.open(_request(url, body), timeout=seconds)), seconds).document


def ask_for_lines(url: str, body: object, seconds: float) -> Iterator[Any]:
    """The lines of JSON with which it answers a POST, until `seconds` have passed; raises Answered and Unreachable."""
    limit = time.monotonic() + seconds
    with _told(lambda: LOCAL.open(_request(url, body), timeout=seconds), seconds) as response:
        while line := _told(response.readline, seconds):
            if line.strip():
                yield _told(lambda: json.loads(line), seconds)
            if time.monotonic() > limit:
                raise Unreachable(f"the answer was not complete after {seconds:g} seconds")


def send(url: str, body: object, seconds: float, headers: Mapping[str, str]) -> Reply:
    """The answer of a service anywhere, through the proxy that the environment names; raises Answered and Unreachable."""
    opener = build_opener()
    return _told(lambda: _reply(opener.open(_request(url, body, headers), timeout=seconds)), seconds)


def _request(url: str, body: object, headers: Mapping[str, str] | None = None) -> Request:
    data = None if body is None else json.dumps(body).encode()
    return Request(url, data, {"Content-Type": "application/json", "Accept": "application/json", **(headers or {})})


def _reply(response: Any) -> Reply:
    with response:
        return Reply(response.status, response.headers, json.loads(response.read() or b"null"))


def _told(action: Callable[[], Result], seconds: float) -> Result:
    """What `action` returns, with what it may raise as Answered or Unreachable."""
    try:
        return action()
    except HTTPError as error:
        with error:
            raise Answered(error.code, message(error.read()), error.headers) from error
    except URLError as error:
        raise Unreachable(str(error.reason)) from error
    except TimeoutError as error:
        raise Unreachable(f"there was no answer within {seconds:g} seconds") from error
    except (OSError, HTTPException) as error:
        raise Unreachable(str(error) or type(error).__name__) from error
    except ValueError as error:
        raise Unreachable(f"the answer is not JSON: {error}") from error


def message(data: bytes) -> str:
    """What an answer says of its error: as Ollama (`error`), OpenAI (`error.message`) and NVIDIA (`detail`) do, or its text."""
    text = data.decode(errors="replace").strip()
    try:
        found = json.loads(text)
    except ValueError:
        return text[:500]
    for name in ("error", "message", "detail", "title"):
        value = found.get(name) if isinstance(found, dict) else None
        value = value.get("message") if isinstance(value, dict) else value
        if value:
            return value if isinstance(value, str) else json.dumps(value)
    return text[:500]
