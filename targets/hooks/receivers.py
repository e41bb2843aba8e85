"""The settings `on_success` and `on_failure` -> receivers, and what is wrong with them.

on_failure = [{ slack = "kubernetes:alerts/slack" }, { webhook = "https://alerts.example.com/flows" }]

An address of Slack is a secret, and that of a webhook often is: no emitted file has it, only the name of where it is.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from urllib.parse import urlsplit

from flowport.compiler.diagnostics.diagnostic import Diagnostic
from flowport.compiler.ir import JSON
from flowport.compiler.record import record
from flowport.compiler.settings import Setting, TargetSettings, tables
from flowport.runtime.hooks.constants import KINDS
from flowport.runtime.secrets.sources import TYPES
from flowport.targets.settings_validation import toml

SETTINGS: Mapping[str, str] = {"success": "on_success", "failure": "on_failure"}
"""The setting for each end of a run."""

FORMS: Mapping[str, tuple[str, str]] = {
    "kubernetes": (r"[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?/[A-Za-z0-9._-]{1,253}", "`kubernetes:SECRET/KEY` for a key of a secret"),
    "connection": (r"[A-Za-z0-9_.:-]{1,250}", "`connection:ID` for a connection of Airflow"),
    "env": (r"[A-Za-z_][A-Za-z0-9_]*", "`env:NAME` for a variable of the environment"),
}
"""Where an address may be, by the word before its colon: the form of what follows, and how it is explained."""

SECRET_HOSTS = (
    *("slack.com", "slack-gov.com"),
    *("discord.com", "discordapp.com", "api.telegram.org"),
    *("webhook.office.com", "outlook.office.com", "outlook.office365.com", "logic.azure.com"),  # Microsoft Teams
)
"""Hosts whose webhooks have a token in the path, as those below them have."""


@record
class Receiver:
    """One receiver: of which `kind`, told `on` success or failure, and where its address is.

    `place` is one of `FORMS` with `name` in it, `secret` with the name of a secret of a service, or `address` with the address itself.
    """

    kind: str
    on: str
    place: str
    name: str

    @property
    def shown(self) -> str:
        """What messages call it."""
        where = {"secret": "", "address": ""}.get(self.place, f"{self.place}:")
        return f"{self.kind} {where}{self.name}"


def on_end(when: str, example: str) -> Setting[tuple[dict[str, JSON], ...]]:
    """The setting for one end of a run; `example` is an address in a form that the target has."""
    return tables(
        f"who is told that a run {when}, a list of tables: `{{ slack = ADDRESS }}` or `{{ webhook = ADDRESS }}`, where the address is the "
        "name of a secret",
        example=[{"slack": example}],
    )


def receivers(settings: TargetSettings) -> tuple[Receiver, ...]:
    """The receivers in the settings of a target, those that are well formed."""
    return tuple(one for on, entry in _entries(settings) if (one := _receiver(on, entry)) is not None)


def receiver_problems(settings: TargetSettings, target: str, places: Iterable[str]) -> Iterator[Diagnostic]:
    """What is wrong with the receivers, on a target that finds addresses in these places."""
    known = [FORMS[place][1] for place in places if place in FORMS]
    known += [f"`{next(iter(TYPES))}.NAME` and the like for a secret that the hook fetches"] if "secret" in places else []
    forms = f"write {', '.join(known)}"
    for on, entry in _entries(settings):
        shown = f"`{toml(dict(entry))}` in `{SETTINGS[on]}`"
        one = _receiver(on, entry)
        if one is None:
            way_out = f"an entry is `{{ slack = ADDRESS }}` or `{{ webhook = ADDRESS }}`, and for the address {forms}"
            yield Diagnostic("FP490", f"{shown} is no receiver", help=(way_out,))
        elif one.place == "address" and one.kind == "slack":
            yield Diagnostic("FP445", f"an entry of `{SETTINGS[on]}` has an address of Slack, which is a secret", help=(forms,))
        elif one.place == "address" and (problem := _address_problem(one.name)):
            yield Diagnostic("FP445", f"an address in `{SETTINGS[on]}` {problem}", help=(forms,))
        elif one.place not in (*places, "address"):
            yield Diagnostic("FP490", f"{shown} names a place that {target} does not have", help=(forms,))


def _entries(settings: TargetSettings) -> Iterator[tuple[str, Mapping[str, JSON]]]:
    for on, name in SETTINGS.items():
        found = settings.values.get(name)
        yield from ((on, entry) for entry in (found if isinstance(found, list | tuple) else ()) if isinstance(entry, dict))


def _receiver(on: str, entry: Mapping[str, JSON]) -> Receiver | None:
    """The receiver of an entry; None for one that is in no known form."""
    if len(entry) != 1:
        return None
    ((kind, where),) = entry.items()
    if kind not in KINDS or not isinstance(where, str):
        return None
    if where.startswith(("http://", "https://")):
        return Receiver(kind, on, "address", where)
    place, colon, name = where.partition(":")
    if colon and place in FORMS:
        return Receiver(kind, on, place, name) if re.fullmatch(FORMS[place][0], name) else None
    type, dot, name = where.partition(".")
    return Receiver(kind, on, "secret", where) if dot and name and type in TYPES else None


def _address_problem(address: str) -> str:
    """Why an address may not be in an emitted file; "" if it may."""
    try:
        parts = urlsplit(address)
        host = parts.hostname and (parts.port or True)
    except ValueError:
        return "cannot be read"
    if not host or any(letter <= " " for letter in address):
        return "cannot be read"
    if "@" in parts.netloc or parts.query:
        return "contains a password, a token or other parameters, which no emitted file may have"
    if secret := [each for each in SECRET_HOSTS if f".{parts.hostname}".rstrip(".").endswith(f".{each}")]:
        return f"is one of `{secret[0]}`, which is a secret: whoever knows it can write there"
    return ""


def as_variable(found: Iterable[Receiver], variables: Mapping[Receiver, str]) -> str:
    """The receivers as the process of the hooks reads them (`runtime/hooks/receivers.py`); `variables` have the addresses of some."""
    listed = []
    for one in found:
        variable = one.name if one.place == "env" else variables.get(one)
        own = {"variable": variable} if variable else {one.place: one.name}
        listed.append({"kind": one.kind, "on": one.on, "name": one.shown, **own})
    return json.dumps(listed, separators=(",", ":")) if listed else ""


def again(target: str, profile: str) -> str:
    """The options by which `flowport status` finds a run of a target."""
    return f" --target {target}" + (f" --profile {profile}" if profile else "")
