"""From what a service has for a secret to variables, by the rules of Metaflow.

{"user": "a", "pass-word": "b"}   user=a  pass_word=b      each key of a JSON object, with `_` for `-`, `.` and `/`
abc                               token=abc                the name of the secret, or the option `env_var_name`
"""

from __future__ import annotations

import json
import re
from typing import NamedTuple

from flowport.runtime.secrets.errors import SecretError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from flowport.runtime.secrets.sources import Secret

RESERVED = ("METAFLOW_", "FLOWPORT_")
"""What no variable of a secret may begin with."""


class Payload(NamedTuple):
    """What a service has for a secret; what is `binary` there is base64 here. `name` is what the service calls the secret."""

    name: str
    text: str
    binary: bool = False


def variables(secret: Secret, payload: Payload) -> dict[str, str]:
    """The variables of a secret; raises SecretError if it has another form or a name that no variable can have."""
    if payload.binary or not _is_object(secret, payload.text):
        pairs = [(secret.options.get("env_var_name") or payload.name, payload.text)]
    else:
        pairs = [(name, str(value)) for name, value in _object(secret, payload.text).items()]
    found: dict[str, str] = {}
    for original, value in pairs:
        name = variable_name(original)
        if name in found:
            raise SecretError(f"the secret `{secret.name}` sets `{name}` twice: two of its keys differ in `-`, `.`, `/` and `_` alone")
        if not re.fullmatch("[A-Za-z_][A-Za-z0-9_]*", name):
            way_out = "" if len(pairs) > 1 else ': name it with `options={"env_var_name": "NAME"}`'
            raise SecretError(f"the secret `{secret.name}` would set `{name}`, which is not the name of a variable{way_out}")
        if name.startswith(RESERVED):
            raise SecretError(f"the secret `{secret.name}` would set `{name}`, which is reserved: variables of secrets do not begin so")
        if "\0" in value:
            raise SecretError(f"the value of `{name}` in the secret `{secret.name}` has a NUL character, which no variable can have")
        found[name] = value
    return found


def key_of(secret: Secret, payload: Payload, key: str) -> str:
    """One entry of a secret that is a JSON object."""
    found = _object(secret, payload.text)
    if key not in found:
        raise SecretError(f"the secret `{secret.name}` has no key `{key}`")
    return str(found[key])


def variable_name(text: str) -> str:
    """A key, or the name of a secret, as the name of a variable."""
    return re.sub("[-./]", "_", text)


def _is_object(secret: Secret, text: str) -> bool:
    """Whether a secret has several variables: AWS as `json` says, true by default; Google false by default; Azure never."""
    if secret.type == "az-key-vault":
        return False
    if secret.type:
        return bool(secret.options.get("json", secret.type == "aws-secrets-manager"))
    # Without a type there is no rule of a service, and what it looks like decides.
    return bool(secret.options.get("json", text.lstrip().startswith("{")))


def _object(secret: Secret, text: str) -> dict[str, Any]:
    plain = 'or write `options={"json": False}` if it is one plain text'
    try:
        found = json.loads(text)
    except ValueError:
        # Without the cause, whose message has the text.
        raise SecretError(f"the secret `{secret.name}` is not JSON: store an object with a key for each variable, {plain}") from None
    if not isinstance(found, dict):
        raise SecretError(f"the secret `{secret.name}` is JSON, but no object: store one with a key for each variable, {plain}")
    return found
