"""Plan and what a profile says of secrets -> Plan: what an engine sets for each step, so that its task finds its variables.

    @secrets(sources=["db"])     [secrets]  db = "kubernetes:database"    ->  the pod gets the keys of the secret `database`
    vars={"A": os.environ["A"]}  [environment]  A = "x"                   ->  all containers of the flow have the variable A

All of them, because Python evaluates the arguments of decorators wherever it imports the flow. What no engine delivers, the task fetches
itself; where, it reads in a variable (`runtime/secrets/sources.py`). On this machine, for a dry run too, secrets of an engine come from a
`.env` file.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

from flowport.compiler.diagnostics.diagnostic import Diagnostic
from flowport.compiler.ir import JSON, Step
from flowport.compiler.ir.plan import Plan
from flowport.compiler.ir.secrets import Delivery, EngineSecret, Provisions, Reference, Secret, read_names
from flowport.compiler.record import record, replace
from flowport.runtime.protocol import SECRETS
from flowport.runtime.secrets.sources import TYPES
from flowport.runtime.store.documents import dump

ENGINES = ("kubernetes", "batch")
"""The kinds of references that an engine delivers."""

PAYLOAD = "FLOWPORT_SECRET_"
"""What a variable begins with in which an engine delivers a secret that the task takes apart."""


@record
class Place:
    """Where the tasks run: an engine, or with `here` this machine, on which `file` has secrets, "" for none."""

    target: str
    here: bool = False
    file: str = ""
    profile: str = ""


def deliver(plan: Plan, given: Provisions, place: Place) -> tuple[Plan, tuple[Diagnostic, ...]]:
    """The plan with the deliveries of its steps, and what a profile leaves open."""
    pass_ = _Pass(plan, given, place)
    steps = tuple(pass_.step(step) for step in plan.flow.steps)
    return replace(plan, flow=replace(plan.flow, steps=steps)), tuple(pass_.found)


def with_variable(plan: Plan, name: str, value: str) -> Plan:
    """The plan whose tasks have this variable."""

    def given(step: Step) -> Step:
        delivery = step.settings.delivery
        variables = tuple(sorted({**dict(delivery.variables), name: value}.items()))
        return replace(step, settings=replace(step.settings, delivery=replace(delivery, variables=variables)))

    return replace(plan, flow=replace(plan.flow, steps=tuple(given(step) for step in plan.flow.steps)))


def whereabouts(plan: Plan, given: Provisions, place: Place) -> str:
    """What the tasks of a run on this machine are told about secrets; "" if no step has any."""
    return _Pass(plan, given, place).document(shell=False) if any(map(_asks, plan.flow.steps)) else ""


def forwarded_here(plan: Plan, given: Provisions) -> tuple[Diagnostic, ...]:
    """That steps read variables, for somebody who asks for no engine."""
    return tuple(_open(step, names, Place("", here=True)) for step, names in unset(plan, given))


def unset(plan: Plan, given: Provisions) -> Iterator[tuple[Step, dict[str, bool]]]:
    """The steps with variables that they read and of which a profile says nothing, and whether the flow has no default for each."""
    known = {*dict(given.values), *dict(given.references), *given.container}
    for step in plan.flow.steps:
        if names := {name: required for name, required in read_names(step.settings.forwarded).items() if name not in known}:
            yield step, names


class _Pass:
    def __init__(self, plan: Plan, given: Provisions, place: Place) -> None:
        self.given, self.place = given, place
        self.found: list[Diagnostic] = []
        self._names = [*read_names(pair for step in plan.flow.steps for pair in step.settings.forwarded)]
        self._engine: dict[str, EngineSecret] = {}
        self._fetched: dict[str, Secret] = {}
        self._where = {secret.name: self._whereabouts(secret) for secret in _secrets(plan)}
        self._variables = {name: self._variable(name, reference) for name, reference in given.references}
        if place.here:
            self._variables |= {name: {"value": value} for name, value in given.values}
        if not place.here:
            self.found += (_open(step, names, place) for step, names in unset(plan, given))

    def step(self, step: Step) -> Step:
        """The step with what is delivered to it."""
        names = self._names
        if not names and not step.settings.secrets:
            return step
        asked = [secret.name for secret in _own(step)]
        variables = {name: value for name, value in self.given.values if name in names}
        if self.place.here or asked or any("id" in self._variables.get(name, {}) for name in names):
            variables[SECRETS] = self.document()
        variables = {name: value for name, value in variables.items() if value or name != SECRETS}
        if not self.place.here:
            self.found += (_nowhere(step, secret, self.place) for secret in _own(step) if self._where[secret.name] is None)
        delivered = [name for name in (*names, *asked) if name in self._engine]
        fetched = [name for name in (*names, *asked) if name in self._fetched]
        delivery = Delivery(
            tuple(sorted(variables.items())),
            tuple(self._engine[name] for name in delivered),
            tuple(self._fetched[name] for name in fetched),
        )
        return replace(step, settings=replace(step.settings, delivery=delivery))

    def document(self, shell: bool = True) -> str:
        """The whereabouts of every secret of the flow: references alone, so that all its steps may have it; "" if there is nothing to say.

        With `shell`, a container on this machine gets the variables that the flow reads from the shell.
        """
        given = self.given
        said: dict[str, JSON] = {
            "file": self.place.file,
            "shell": [*self._names] if shell and self.place.here else [],
            "type": given.type,
            "role": given.role,
            "prefix": given.prefix,
            "sources": {name: where for name, where in self._where.items() if where},
            "variables": {name: where for name, where in self._variables.items() if where},
        }
        found = {name: value for name, value in said.items() if value}
        return dump(found).decode() if found else ""

    def _whereabouts(self, secret: Secret) -> dict[str, JSON] | None:
        """What a task is told about a secret; an empty table if the flow says it all, None if nothing does."""
        mapped = dict(self.given.secrets)
        reference = mapped.get(secret.name) or mapped.get(secret.id)
        if reference is None:
            type = secret.type or self.given.type
            if type in TYPES:
                self._fetched[secret.name] = replace(secret, type=type, role=secret.role or self.given.role)
            return {} if type in (*TYPES, "inline") else None
        if reference.kind == "container":
            return {"file": True} if self.place.here else {"container": True}
        if reference.kind not in ENGINES:
            self._fetched[secret.name] = replace(secret, type=reference.kind, id=reference.name, role=secret.role or self.given.role)
            return {"type": reference.kind, "id": reference.name}
        if self.place.here:
            return {"file": True}
        if reference.kind == "kubernetes" and not reference.key:
            self._engine[secret.name] = EngineSecret("kubernetes", reference.name)
            return {"container": True}
        variable = f"{PAYLOAD}{len(self._engine)}"
        self._engine[secret.name] = EngineSecret(reference.kind, reference.name, reference.key, variable)
        return {"payload": variable}

    def _variable(self, name: str, reference: Reference) -> dict[str, JSON]:
        """The same for a variable that the flow reads."""
        if reference.kind not in ENGINES:
            self._fetched[name] = Secret(reference.name, reference.kind, self.given.role)
            return {"type": reference.kind, "id": reference.name, **({"key": reference.key} if reference.key else {})}
        if self.place.here:
            return {"file": True}
        self._engine[name] = EngineSecret(reference.kind, reference.name, reference.key, name)
        return {}


def _asks(step: Step) -> bool:
    return bool(step.settings.forwarded or step.settings.secrets)


def _own(step: Step) -> tuple[Secret, ...]:
    return step.settings.secrets.sources if step.settings.secrets else ()


def _secrets(plan: Plan) -> list[Secret]:
    """The secrets of all steps, each name once."""
    return list({secret.name: secret for step in plan.flow.steps for secret in _own(step)}.values())


def _open(step: Step, names: dict[str, bool], place: Place) -> Diagnostic:
    """A warning about variables of which a profile says nothing."""
    table = f"[profiles.{place.profile}.environment]" if place.profile else "[environment]"
    *others, last = (f"`{name}`" for name in names)
    listed = f"{', '.join(others)} and {last}" if others else last
    it = "them" if others else "it"
    where = (
        f"on this machine the shell that starts the run has to set {it}, or `.env`"
        if place.here
        else f"on {place.target} the container has to have {it}"
    )
    needed = [name for name, required in names.items() if required]
    first = [*needed, *names][0]
    table_help = (
        f'under {table} in flowport.toml, write `{first} = "..."` or `{first} = {{ secret = "aws-secrets-manager.NAME" }}`',
        f"if the container has it, write `{first} = {{ container = true }}`",
    )
    notes = (f"the tasks of the flow fail where {', '.join(f'`{name}`' for name in needed)} is not set",) if needed else ()
    return Diagnostic(
        "FP425",
        f"step `{step.name}` reads {listed} from the environment of its task; {where}",
        step.span,
        notes=notes,
        help=("for an engine, " + table_help[0],) if place.here else table_help,
        severity="warning",
    )


def _nowhere(step: Step, secret: Secret, place: Place) -> Diagnostic:
    table = f"[profiles.{place.profile}.secrets]" if place.profile else "[secrets]"
    key = secret.id if re.fullmatch("[A-Za-z0-9_-]+", secret.id) else json.dumps(secret.id)
    return Diagnostic(
        "FP426",
        f"nothing says where {place.target} finds the secret `{secret.name}` of step `{step.name}`",
        step.span,
        notes=(f"no task can fetch the type `{secret.type}`" if secret.type else "a secret without a type is one that a profile knows",),
        help=(
            f'under {table} in flowport.toml, write `{key} = "aws-secrets-manager.NAME"`, or `"kubernetes:NAME"`',
            *([] if secret.type else ['or set `secrets_type = "aws-secrets-manager"` for all secrets without a type']),
        ),
    )
