"""A plan with its secrets, delivered as Kubernetes would: each is an entry of a secret that the `.env` file beside the flow stands for."""

from __future__ import annotations

from pathlib import Path

from flowport.compiler.ir.plan import Plan
from flowport.compiler.ir.secrets import Delivery, Provisions, Reference, read_names
from flowport.compiler.lower.delivery import Place, deliver
from flowport.compiler.record import replace
from flowport.runtime.secrets.dotenv import read
from flowport.runtime.secrets.fetch import short_name
from flowport.runtime.secrets.sources import Secret
from flowport.runtime.secrets.variables import variable_name


def delivered(plan: Plan, folder: Path) -> Plan:
    """The plan, with the variables that an engine gives to its containers."""
    sources = {secret.name: secret for step in plan.flow.steps if step.settings.secrets for secret in step.settings.secrets.sources}
    names = read_names(pair for step in plan.flow.steps for pair in step.settings.forwarded)
    if not sources and not names:
        return plan
    lines = read(str(folder / ".env"))
    keys = {name: variable_name(short_name(Secret(secret.id, secret.type))) for name, secret in sources.items()}
    entries = {name: Reference("kubernetes", "corpus", key) for name, key in {**keys, **{name: name for name in names}}.items()}
    given = Provisions(
        references=tuple((name, entries[name]) for name in names if name in lines), secrets=tuple((name, entries[name]) for name in sources)
    )
    steps = []
    for step in deliver(plan, given, Place("tests"))[0].flow.steps:
        values = {secret.variable: lines[secret.key] for secret in step.settings.delivery.engine}
        delivery = Delivery(tuple(sorted({**dict(step.settings.delivery.variables), **values}.items())))
        steps.append(replace(step, settings=replace(step.settings, delivery=delivery)))
    return replace(plan, flow=replace(plan.flow, steps=tuple(steps)))
