"""Sends the message to receivers: a webhook gets it as JSON, and Slack as a text.

Which receivers there are is a JSON list in `FLOWPORT_RECEIVERS`, which the compiler writes (`targets/hooks/receivers.py`):

    kind      "slack" or "webhook"
    on        "success" or "failure"
    name      what messages about it say, such as `slack kubernetes:alerts/slack`
    address   the address itself, where it is no secret
    variable  else the variable of the environment that has it, or
    secret    the secret that has it, as in `aws-secrets-manager.alerts`
"""

from __future__ import annotations

import json
import os
import threading
import time

from flowport.runtime.hooks.constants import RECEIVER_SECONDS
from flowport.runtime.hooks.message import sentence
from flowport.runtime.secrets.get import get_secret

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

ATTEMPTS, PAUSE = 3, 2.0
"""How often a message is sent to a receiver that does not take it, and seconds between two attempts."""


class NotSent(Exception):
    """A message that a receiver did not get. What it says never contains the address."""


def send(receiver: Mapping[str, Any], told: dict[str, Any], seconds: float = RECEIVER_SECONDS) -> None:
    """Send a message to one receiver; raises NotSent, after so many seconds at the latest, and what flowport itself fails with."""
    address = _address(receiver)
    if not address.startswith(("http://", "https://")):
        raise NotSent("what it names is no address that begins with `https://` or `http://`")
    body = {"text": sentence(told)} if receiver["kind"] == "slack" else told
    outcome: list[str | Exception] = []

    def post() -> None:
        try:
            outcome.append(_posted(address, json.dumps(body).encode(), seconds))
        except Exception as error:  # raised below, instead of in the thread
            outcome.append(error)

    # A receiver that sends an answer byte by byte outlives every timeout of a socket.
    thread = threading.Thread(target=post, daemon=True)
    thread.start()
    thread.join(seconds)
    problem = outcome[0] if outcome else f"it has not answered within {seconds:g} seconds"
    if isinstance(problem, Exception):
        raise problem
    if problem:
        raise NotSent(problem)


def _address(receiver: Mapping[str, Any]) -> str:
    """Where a receiver is; raises NotSent."""
    if "address" in receiver:
        return str(receiver["address"])
    if "variable" in receiver:
        found = os.environ.get(receiver["variable"], "").strip()
        if not found:
            raise NotSent("there is no address: the secret or the variable that it names does not exist, or is empty")
        return found
    return _secret(receiver["secret"])


def _secret(reference: str) -> str:
    """The address in a secret: its text, or the one value of a JSON object."""
    from flowport.runtime.names.exceptions import MetaflowException

    type, _, id = reference.partition(".")
    try:
        (text,) = get_secret({"type": type, "id": id, "options": {"json": False}}).values()
    except MetaflowException as error:
        raise NotSent(str(error)) from None
    if not text.lstrip().startswith("{"):
        return text.strip()
    try:
        (value,) = json.loads(text).values()
    except ValueError:
        raise NotSent(f"the secret `{reference}` is a JSON object without exactly one value, the address") from None
    return str(value)


def _posted(address: str, body: bytes, seconds: float) -> str:
    """Post a message; what went wrong, "" if nothing did."""
    from http.client import HTTPException
    from urllib.error import HTTPError
    from urllib.request import Request

    from flowport.runtime.redirects import direct_opener

    until = time.monotonic() + seconds
    for attempt in range(ATTEMPTS):
        time.sleep(PAUSE if attempt else 0)
        try:
            request, left = Request(address, body, {"Content-Type": "application/json"}), max(1.0, until - time.monotonic())
            with direct_opener().open(request, timeout=left):
                return ""
        except HTTPError as error:
            problem = f"it answers {error.code}"
            if error.code < 500 and error.code != 429:
                break
        except (OSError, HTTPException) as error:
            problem = f"it cannot be reached: {type(getattr(error, 'reason', error)).__name__}"
        except ValueError:  # whose text has the address in it
            return "its address cannot be read"
    return problem
