"""The tables `[environment]` and `[secrets]` of a profile -> what a plan is compiled with.

[environment]
REGION = "eu-central-1"                                    a value
TOKEN = { secret = "kubernetes:tokens/api" }               an entry of a secret of the engine
KEY = { secret = "aws-secrets-manager.keys", key = "a" }   a secret that the task fetches, and one of its entries
HOME = { container = true }                                the container has it

[secrets]
database = "kubernetes:database"                           all entries of a secret of the engine
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, TypeAlias

from flowport.compiler.diagnostics.suggestions import did_you_mean
from flowport.compiler.ir.secrets import Provisions, Reference
from flowport.runtime.secrets.sources import TYPES

Mistake: TypeAlias = "tuple[str, tuple[str, ...]]"
"""A message, and what to write."""

FORMS = (
    'write `"kubernetes:NAME"` or `"kubernetes:NAME/KEY"` for a secret of the pods, `"batch:ARN"` for one of a job of AWS Batch, '
    '`"aws-secrets-manager.NAME"` and the like for one that the task fetches, or `"container"` if the container has its variables'
)
NAME = r"[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?"
KEY = r"[A-Za-z0-9._-]{1,253}"
"""Names of secrets and their keys (Kubernetes, "Secrets": DNS subdomain names; alphanumeric characters, `-`, `_` and `.`)."""


def provisions(settings: Mapping[str, Any]) -> tuple[Provisions, list[Mistake]]:
    """What the settings of a profile say, and what is wrong with them."""
    tables = [found if isinstance(found := settings.get(name), dict) else {} for name in ("environment", "secrets")]
    mistakes = [*_environment_mistakes(tables[0]), *_secret_mistakes(tables[1])]
    if (type := settings.get("secrets_type") or "") and type not in TYPES:
        known = ", ".join(f"`{one}`" for one in TYPES)
        mistakes.append((f"`secrets_type` is `{type}`, and there are {known}", did_you_mean(str(type), TYPES)))
    if mistakes:
        return Provisions(), mistakes
    entries = tables[0].items()
    return (
        Provisions(
            values=tuple((name, value) for name, value in entries if isinstance(value, str)),
            references=tuple((name, _in_full(value)) for name, value in entries if isinstance(value, dict) and "secret" in value),
            container=tuple(name for name, value in entries if isinstance(value, dict) and "secret" not in value),
            secrets=tuple((name, _reference(value)) for name, value in tables[1].items()),
            type=type,
            role=settings.get("secrets_role") or "",
            prefix=settings.get("secrets_prefix") or "",
        ),
        [],
    )


def _in_full(entry: Mapping[str, Any]) -> Reference:
    found = _reference(entry["secret"])
    return Reference(found.kind, found.name, entry.get("key", found.key))


def _reference(text: str) -> Reference:
    """What a text refers to; the kind is "" for a text in no known form."""
    if text == "container":
        return Reference("container")
    kind, colon, rest = text.partition(":")
    if colon and kind == "kubernetes":
        name, slash, key = rest.partition("/")
        fits = re.fullmatch(NAME, name) and (not slash or re.fullmatch(KEY, key))
        return Reference(kind, name, key) if fits else Reference("")
    if colon and kind == "batch":
        return Reference(kind, rest) if re.match("arn:[^:]+:(secretsmanager|ssm):", rest) else Reference("")
    kind, dot, rest = text.partition(".")
    return Reference(kind, rest) if dot and rest and kind in TYPES else Reference("")


def _environment_mistakes(entries: Mapping[str, Any]) -> Iterator[Mistake]:
    for name, value in entries.items():
        shown = f"`environment.{name}`"
        example = (f'write `{name} = "..."`, `{name} = {{ secret = "..." }}` or `{name} = {{ container = true }}`',)
        if not re.fullmatch("[A-Za-z_][A-Za-z0-9_]*", name):
            yield f"{shown} is not the name of a variable", ("use letters, digits and `_`",)
        elif name.startswith("FLOWPORT_"):
            yield f"{shown} is reserved for flowport", ("use a name that does not begin with `FLOWPORT_`",)
        elif isinstance(value, str):
            if "\0" in value:
                yield f"{shown} has a NUL character, which no variable can have", example
        elif not isinstance(value, dict) or not (value.keys() <= {"secret", "key"} or value == {"container": True}) or not value:
            yield f"{shown} is neither a text, nor a secret, nor `{{ container = true }}`", example
        elif not all(isinstance(each, str) for each in value.values() if each is not True) or ("key" in value and "secret" not in value):
            yield f"{shown} has a secret or a key that is no text", example
        elif "secret" in value:
            yield from _entry_mistakes(shown, value)


def _entry_mistakes(shown: str, entry: Mapping[str, Any]) -> Iterator[Mistake]:
    """What is wrong with a reference for one variable."""
    found = _reference(entry["secret"])
    if found.kind in ("", "container"):
        yield f"{shown} refers to `{entry['secret']}`, which is no secret in a form that flowport knows", (FORMS,)
    elif found.kind == "kubernetes" and not (found.key or entry.get("key")):
        yield f"{shown} refers to all of `{entry['secret']}`, and a variable has one entry", (f'write `"{entry["secret"]}/KEY"`',)
    elif found.kind == "batch" and "key" in entry:
        way_out = f'write `"{entry["secret"]}:{entry["key"]}::"` (AWS Batch, "Specify sensitive data")'
        yield f"{shown} has a `key`, which AWS Batch takes as a part of the ARN", (way_out,)


def _secret_mistakes(entries: Mapping[str, Any]) -> Iterator[Mistake]:
    for name, value in entries.items():
        if not isinstance(value, str):
            yield f"`secrets.{name}` has to be a text", (FORMS,)
        elif not _reference(value).kind:
            yield f"`secrets.{name}` is `{value}`, which is no secret in a form that flowport knows", (FORMS,)
