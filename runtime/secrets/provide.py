"""Sets the variables of a step that only its task knows, before the user's module is imported."""

from __future__ import annotations

import os

from flowport.runtime.secrets.errors import SecretError
from flowport.runtime.secrets.fetch import Fetch
from flowport.runtime.secrets.sources import TYPES, Secret, Sources
from flowport.runtime.secrets.variables import key_of, variables

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any


def provide(plan: Mapping[str, Any]) -> None:
    """Set the variables of a step; raises SecretError or Unreachable, and then sets none."""
    fetch = Fetch(Sources.here())
    own = _reads(plan.get("reads", {}), fetch)
    known = {**own, **os.environ}
    forwarded = {name: _text(parts, known) for name, parts in plan.get("forwarded", {}).items()}
    asked = plan.get("secrets") or {"sources": []}
    found = _secrets(plan["step"], asked["sources"], fetch)
    for name, (secret, _) in found.items():
        if (name in known or name in forwarded) and not asked.get("allow_override"):
            raise SecretError(
                f"step `{plan['step']}`: the secret `{secret}` would replace the variable `{name}`, which is set already: "
                "remove it there, or write `@secrets(..., allow_override=True)`"
            )
    os.environ.update({**own, **forwarded, **{name: value for name, (_, value) in found.items()}})


def _reads(names: Mapping[str, bool], fetch: Fetch) -> dict[str, str]:
    """The values of variables that the flow reads and that this process does not have yet; those that need none may lack one."""
    found: dict[str, str] = {}
    for name, required in names.items():
        value = None if name in os.environ else _found(name, fetch)
        if value is not None:
            found[name] = value
        elif required and name not in os.environ:
            file = f", in `{fetch.sources.file}`" if fetch.sources.file else ""
            raise SecretError(
                f"the flow reads the variable `{name}`, which is not set: set it where the step runs{file} "
                "or under `[environment]` in the profile"
            )
    return found


def _secrets(step: str, asked: list[dict[str, Any]], fetch: Fetch) -> dict[str, tuple[str, str]]:
    """The variables of all secrets, each with the secret that it comes from."""
    found: dict[str, tuple[str, str]] = {}
    for secret in (Secret(**each) for each in asked):
        place = fetch.sources.place(secret)
        # A container with `container` began with its variables.
        values = {} if place.get("container") else values_of(secret, place, fetch)
        for name, value in values.items():
            if name in found:
                raise SecretError(f"step `{step}`: the secrets `{found[name][0]}` and `{secret.name}` both set the variable `{name}`")
            found[name] = (secret.name, value)
    return found


def values_of(secret: Secret, place: Mapping[str, Any], fetch: Fetch) -> dict[str, str]:
    """The variables of a secret."""
    if secret.type == "inline":
        return {name: str(value) for name, value in secret.options.get("env_vars", {}).items()}
    return variables(_typed(secret, place, fetch), fetch.payload(secret, place))


def _typed(secret: Secret, place: Mapping[str, Any], fetch: Fetch) -> Secret:
    """The secret with the type whose rules count: that of the flow comes first, as its options were written for it.

    A type that no service has has no rules.
    """
    if secret.type in TYPES:
        return secret
    own = "payload" in place or place.get("file")
    type = "" if own else place.get("type", "") or ("" if secret.type else fetch.sources.type)
    return Secret(secret.id, type, secret.role, secret.options)


def _text(parts: list[Any], known: Mapping[str, str]) -> str:
    """The value of a variable with parts that are read."""
    return "".join([part if isinstance(part, str) else _read(part, known) for part in parts])


def _read(read: Mapping[str, Any], known: Mapping[str, str]) -> str:
    value = known.get(read["read"])
    if "default" not in read or value or (value is not None and not read.get("or_empty")):
        return known[read["read"]]
    return _text(read["default"], known)


def _found(name: str, fetch: Fetch) -> str | None:
    """The value of a variable that this process lacks: of a secret, of the file, or of the profile."""
    place: Mapping[str, Any] = fetch.sources.variables.get(name, {})
    line = fetch.line(name)
    if line is not None:
        return line
    if "id" in place:
        secret = Secret(place["id"], place["type"])
        payload = fetch.payload(secret, {})
        return key_of(secret, payload, place["key"]) if place.get("key") else payload.text
    return place.get("value")
