"""Requests with JSON, to a server of the step or to a service."""

from __future__ import annotations

import json
import time
from http.client import HTTPException
from urllib.error import HTTPError, URLError
from urllib.request import OpenerDirector, ProxyHandler, Request, build_opener

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from typing import Any

LOCAL = build_opener(ProxyHandler({}))
"""Reaches servers of this machine: a proxy that the environment names knows nothing of them."""


class Answered(Exception):
    """An answer that is no success; `status` is that of HTTP, and `text` what the server says."""

    def __init__(self, status: int, text: str) -> None:
        super().__init__(f"{status}: {text}" if text else str(status))
        self.status, self.text = status, text


class Unreachable(Exception):
    """No answer, or not a whole one."""


def ask(
    url: str, body: object = None, seconds: float = 10, headers: Mapping[str, str] | None = None, opener: OpenerDirector = LOCAL
) -> Any:
    """The JSON that answers a GET, or a POST with `body`; raises Answered and Unreachable."""
    return next(_answers(_request(url, body, headers), seconds, opener, whole=True))


def ask_for_lines(url: str, body: object, seconds: float) -> Iterator[Any]:
    """The lines of JSON that answer a POST, until `seconds` have passed; raises Answered and Unreachable."""
    yield from _answers(_request(url, body, None), seconds, LOCAL, whole=False)


def _request(url: str, body: object, headers: Mapping[str, str] | None) -> Request:
    data = None if body is None else json.dumps(body).encode()
    return Request(url, data, {"Content-Type": "application/json", "Accept": "application/json", **(headers or {})})


def _answers(request: Request, seconds: float, opener: OpenerDirector, whole: bool) -> Iterator[Any]:
    limit = time.monotonic() + seconds
    try:
        with opener.open(request, timeout=seconds) as response:
            if whole:
                yield json.loads(response.read() or b"null")
                return
            for line in response:
                if line.strip():
                    yield json.loads(line)
                if time.monotonic() > limit:
                    raise Unreachable(f"the answer was not complete after {seconds:g} seconds")
    except HTTPError as error:
        raise Answered(error.code, message(error.read())) from error
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
