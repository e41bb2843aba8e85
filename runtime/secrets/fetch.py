"""Fetches what a secret consists of: from the container, from the file of a developer's machine, or from a service.

A service is asked by a process of its own, because its library may start threads, and a task with `@timeout` or `workers` forks. What it
says comes back through a pipe, so that a value is never in a file or in the arguments of a process.
"""

from __future__ import annotations

import json
import os
import re
import sys
from importlib import import_module

from flowport.runtime.process import lifecycle
from flowport.runtime.process.leave import leave
from flowport.runtime.protocol import ENDED, FAILED
from flowport.runtime.secrets import dotenv
from flowport.runtime.secrets.errors import SecretError, Unreachable
from flowport.runtime.secrets.sources import TYPES, Secret, Sources
from flowport.runtime.secrets.variables import Payload, variable_name

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Any, NoReturn

SERVICES = {"aws-secrets-manager": "aws", "gcp-secret-manager": "gcp", "az-key-vault": "azure"}


class Fetch:
    """The secrets of one task; the file is read once."""

    def __init__(self, sources: Sources) -> None:
        self.sources = sources
        self._lines: dict[str, str] | None = None

    def line(self, name: str) -> str | None:
        """The value of a line of the file; None if there is no file, or no such line."""
        if self._lines is None:
            self._lines = dotenv.read(self.sources.file) if self.sources.file else {}
        return self._lines.get(name)

    def payload(self, secret: Secret, place: Mapping[str, Any]) -> Payload:
        """What a secret consists of; raises SecretError or Unreachable."""
        if "payload" in place:
            return Payload(short_name(secret), self._delivered(secret, place["payload"]))
        name = variable_name(short_name(secret))
        line = self.line(name)
        if line is not None:
            return Payload(short_name(secret), line)
        if place.get("file"):
            where = f"a line `{name}=...` to `{self.sources.file}`" if self.sources.file else "`secrets_file` to the profile"
            raise SecretError(f"the secret `{secret.name}` comes from the engine, so on this machine it has no value: add {where}")
        asked = Secret(place.get("id", secret.id), place.get("type", "") or secret.type or self.sources.type, secret.role, secret.options)
        if asked.type not in SERVICES:
            raise SecretError(self._unknown(secret, name))
        asked.role = asked.role or self.sources.role
        return _apart(asked, self.sources.prefix)

    def _delivered(self, secret: Secret, variable: str) -> str:
        """The engine has put it into a variable, which is not for the step."""
        try:
            return os.environ.pop(variable)
        except KeyError:
            raise SecretError(
                f"the engine did not set `{variable}`, which the secret `{secret.name}` is in: deploy the flow again"
            ) from None

    def _unknown(self, secret: Secret, name: str) -> str:
        known = ", ".join(f"`{type}`" for type in TYPES)
        line = f"add a line `{name}=...` to `{self.sources.file}`, or " if self.sources.file else ""
        if secret.type:
            return (
                f"nothing says where the secret `{secret.name}` is: {line}name its place under `[secrets]` in the profile, or use another "
                f"type than `{secret.type}`; the types that a task can fetch are {known}"
            )
        return (
            f"nothing says where the secret `{secret.name}` is: {line}name its type, as in `aws-secrets-manager.{secret.id}`, "
            f"or set `secrets_type` in the profile; the types are {known}"
        )


def short_name(secret: Secret) -> str:
    """What a person calls a secret: the name in an ARN, in an address of Azure, or in a path of Google."""
    if secret.id.startswith("arn:"):
        # The six characters that AWS adds to a name ("What's in a Secrets Manager secret?").
        return re.sub("-[A-Za-z0-9]{6}$", "", secret.id.split(":", 6)[-1])
    found = re.search("/secrets/([^/]+)", secret.id)
    return found[1] if found else re.sub("/versions/[^/]+$", "", secret.id) if secret.type == "gcp-secret-manager" else secret.id


def _apart(secret: Secret, prefix: str) -> Payload:
    """Fetch a secret in a process of its own."""
    lifecycle.check()
    source, sink = os.pipe()
    pid, line = lifecycle.fork()
    if not pid:
        os.close(source)
        _child(secret, prefix, sink)
    os.close(sink)
    with open(source, "rb") as file:
        data = file.read()
    lifecycle.wait(pid)
    line.result()  # which the process did not report: this closes the descriptors
    lifecycle.check()
    if not data:
        raise Unreachable(f"the process that fetched the secret `{secret.name}` ended without an answer")
    kind, *said = json.loads(data)
    if kind == "payload":
        return Payload(*said)
    raise (SecretError if kind == "refused" else Unreachable)(said[0])


def _child(secret: Secret, prefix: str, sink: int) -> NoReturn:
    code = FAILED
    try:
        answer = _answer(secret, prefix)
        with open(sink, "wb") as file:
            file.write(json.dumps(answer).encode())
        code = 0
    except lifecycle.Ended:
        code = ENDED
    except BaseException as error:  # of a library: its message, and its frames, may have anything in them
        sys.stderr.write(f"flowport: fetching the secret `{secret.name}` failed with {type(error).__name__}\n")
    leave(code)


def _answer(secret: Secret, prefix: str) -> list[Any]:
    fetch: Callable[[Secret, str], Payload] = import_module(f"flowport.runtime.secrets.{SERVICES[secret.type]}").fetch
    try:
        return ["payload", *fetch(secret, prefix)]
    except SecretError as error:
        return ["refused", str(error)]
    except Unreachable as error:
        return ["later", str(error)]
