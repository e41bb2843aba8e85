"""`@secrets(sources=[...], role=None, allow_override=False)`: secrets as environment variables, by reference and with Metaflow's forms.

"aws-secrets-manager.ID"    {"type": "aws-secrets-manager", "id": "ID", "options": {"json": False}, "role": "arn:..."}    "ID"
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from functools import reduce
from typing import Any

from flowport.compiler.decorators.arguments import Arguments
from flowport.compiler.decorators.decorator import Decorator
from flowport.compiler.diagnostics.suggestions import did_you_mean
from flowport.compiler.ir import JSON, Settings
from flowport.compiler.ir.features import Feature
from flowport.compiler.ir.secrets import Delivery, Secret, Secrets
from flowport.compiler.record import replace
from flowport.runtime.secrets.sources import TYPES

SECRETS = Feature("@secrets")
OF_KUBERNETES = Feature("a secret of Kubernetes")
OF_BATCH = Feature("a secret of AWS Batch")

OPTIONS: Mapping[str, Mapping[str, type]] = {
    "aws-secrets-manager": {"json": bool, "env_var_name": str, "region": str},
    "gcp-secret-manager": {"json": bool, "env_var_name": str, "binary": bool},
    "az-key-vault": {"env_var_name": str},
    "inline": {"env_vars": dict},
}
"""The types of secrets that a task can fetch, and `inline`, with their options. Where a secret of another type is, a profile says."""

EXAMPLE = 'write `sources=["aws-secrets-manager.NAME"]`'
RESERVED = ("METAFLOW_", "FLOWPORT_")


def _read(arguments: Arguments, so_far: Settings) -> Settings:
    node, sources = arguments.named.get("sources", (arguments.use.node, []))
    if not isinstance(sources, list | tuple):
        arguments.say(node, f"`sources` of `@secrets` must be a list, not `{_brief(sources)}`", EXAMPLE)
        return so_far
    role = arguments.text("role", "arn:aws:iam::123456789012:role/reader")
    found = [secret for source in sources if (secret := _secret(arguments, source, role)) is not None]
    _say_twice(arguments, found)
    override_node, override = arguments.named.get("allow_override", (node, False))
    if not isinstance(override, bool):
        arguments.say(
            override_node, f"`allow_override` of `@secrets` must be True or False, not `{override!r}`", "write `allow_override=True`"
        )
    return replace(so_far, secrets=Secrets(tuple(found), bool(override))) if found else so_far


def _secret(arguments: Arguments, source: Any, role: str) -> Secret | None:
    """One source; None, and a diagnostic, if it has another form."""
    node = arguments.named["sources"][0]
    if isinstance(source, str):
        first, dot, rest = source.partition(".")
        fields: Mapping[Any, Any] = {"type": first, "id": rest} if dot else {"id": source}
    else:
        fields = source if isinstance(source, dict) else {}
    type, id, options = fields.get("type", ""), fields.get("id"), fields.get("options", {})
    own = fields.get("role") or role
    if (
        not isinstance(id, str)
        or not id
        or "\0" in id
        or not isinstance(type, str)
        or not isinstance(own, str)
        or not isinstance(options, dict)
    ):
        arguments.say(node, f"a source of `@secrets` must be a string or a dict with an `id`, not `{_brief(source)}`", EXAMPLE, _FORM)
        return None
    if further := [name for name in fields if name not in ("type", "id", "options", "role")]:
        arguments.say(
            node, f"a source of `@secrets` has no `{further[0]}`", *did_you_mean(str(further[0]), ("type", "id", "options", "role")), _FORM
        )
        return None
    if type not in OPTIONS and (likely := did_you_mean(type, OPTIONS)):
        arguments.say(node, f"the secret `{type}.{id}` has the unknown type `{type}`", *likely)
        return None
    made = Secret(id, type, own, tuple(sorted(options.items(), key=str)))
    wrong = next(_wrong_options(made), None)
    if wrong:
        arguments.say(node, *wrong)
    if type == "inline":
        message = f"the values of the secret `{id}` are in the source of the flow, and so in its code package"
        arguments.reading.warn("FP147", message, arguments.use.source, node, "use this in tests only, or name a secret of a service")
    return None if wrong else made


_FORM = 'in full: `{"type": "aws-secrets-manager", "id": "NAME", "options": {"json": False}}`'


def _wrong_options(secret: Secret) -> Iterator[tuple[str, str]]:
    """Options that the type does not have, or of another kind; the values of inline secrets are in no message."""
    known = OPTIONS.get(secret.type) or {name: kind for type in TYPES for name, kind in OPTIONS[type].items()}
    for name, value in secret.options:
        if name not in known:
            listed = ", ".join(f"`{one}`" for one in known)
            yield f"the secret `{secret.name}` has the option `{name}`, and its type has {listed}", f"remove `{name}`"
        elif not isinstance(value, known[name]):
            yield f"the option `{name}` of the secret `{secret.name}` must be {_KINDS[known[name]]}", "see the documentation of `@secrets`"
    for name in _sets(secret):
        if not isinstance(name, str) or not re.fullmatch("[A-Za-z_][A-Za-z0-9_]*", name):
            yield f"the secret `{secret.name}` sets `{name}`, which is not the name of a variable", "use letters, digits and `_`"
        elif name.startswith(RESERVED):
            yield f"the secret `{secret.name}` sets `{name}`, which is reserved", "use a name that does not begin so"
    values = dict(secret.options).get("env_vars")
    if secret.type == "inline" and isinstance(values, dict) and not all(isinstance(value, str) for value in values.values()):
        yield f"the values of the secret `{secret.name}` must be strings", 'write `"env_vars": {"NAME": "value"}`'


_KINDS = {bool: "True or False", str: "a string", dict: "a dict of strings"}


def _sets(secret: Secret) -> tuple[Any, ...]:
    """The variables of a secret that are known before it is fetched."""
    options = dict(secret.options)
    inline = options.get("env_vars")
    plain = options.get("json", secret.type != "aws-secrets-manager") is False or secret.type in ("gcp-secret-manager", "az-key-vault")
    named = options.get("env_var_name")
    if secret.type == "inline":
        return tuple(inline) if isinstance(inline, dict) else ()
    return (re.sub("[-./]", "_", named),) if isinstance(named, str) and named and plain and options.get("json") is not True else ()


def _say_twice(arguments: Arguments, found: Sequence[Secret]) -> None:
    """Two sources that set one variable."""
    setter: dict[str, Secret] = {}
    for secret in found:
        for name in _sets(secret):
            if name in setter:
                message = f"the secrets `{setter[name].name}` and `{secret.name}` both set the variable `{name}`"
                arguments.say(arguments.named["sources"][0], message, 'name one of them otherwise: `"options": {"env_var_name": "NAME"}`')
            setter[name] = secret
    for number, secret in enumerate(found):
        if secret in found[:number]:
            arguments.say(arguments.named["sources"][0], f"`@secrets` names `{secret.name}` twice", "keep one of them")


def _brief(source: Any) -> str:
    """A source in a message; options may have values."""
    text = repr({name: value for name, value in source.items() if name != "options"} if isinstance(source, dict) else source)
    return text if len(text) <= 60 else text[:57] + "..."


def _merge(group: Sequence[Settings], so_far: Settings) -> Settings:
    """What a profile adds for all the steps; each task in the container sets the variables of its own step."""
    secrets = next((settings.secrets for settings in group if settings.secrets is not None), None)
    return replace(so_far, secrets=secrets, delivery=reduce(Delivery.beside, (settings.delivery for settings in group), Delivery()))


def _to_plan(settings: Settings) -> dict[str, JSON]:
    if settings.secrets is None:
        return {}
    sources: list[JSON] = [_document(secret) for secret in settings.secrets.sources]
    return {"secrets": {"sources": sources, **({"allow_override": True} if settings.secrets.allow_override else {})}}


def _document(secret: Secret) -> dict[str, JSON]:
    given: dict[str, JSON] = {"id": secret.id, "type": secret.type, "role": secret.role, "options": dict(secret.options)}
    return {name: value for name, value in given.items() if value}


def _delivers(kind: str) -> Any:
    return lambda settings: any(each.kind == kind for each in settings.delivery.engine)


SECRET = Decorator(
    "secrets",
    ("sources", "role", "allow_override"),
    _read,
    {SECRETS: lambda settings: settings.secrets is not None, OF_KUBERNETES: _delivers("kubernetes"), OF_BATCH: _delivers("batch")},
    _merge,
    _to_plan,
)
