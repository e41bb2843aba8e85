"""Whose an object of AWS is: flowport marks what it creates with tags, and changes nothing that does not have them."""

from __future__ import annotations

from collections.abc import Mapping

from flowport.compiler.changes import DeployError
from flowport.targets.stepfunctions.settings import Settings

OWNER = "flowport:flow"
"""The tag with the name of the flow's deployment."""

PROFILE = "flowport:profile"


def tags(deployment: str, settings: Settings) -> dict[str, str]:
    """The tags of everything that is created for a deployment: those of the profile, and flowport's own."""
    own = {OWNER: deployment, **({PROFILE: settings.profile} if settings.profile else {})}
    return {**{name: str(value) for name, value in settings.tags.items()}, **own}


def require_own(what: str, found: Mapping[str, str], deployment: str, way_out: str) -> None:
    """Raise DeployError for something with other tags than ours."""
    owner = found.get(OWNER)
    if owner == deployment:
        return
    whose = f"the flow `{owner}`" if owner else "somebody else: it has no tag `flowport:flow`"
    raise DeployError(f"{what} belongs to {whose}, not to {deployment}, and stays as it is\n  {way_out}")


def listed(given: Mapping[str, str], key: str = "key", value: str = "value") -> list[dict[str, str]]:
    """Tags in the form of a service that takes a list."""
    return [{key: name, value: text} for name, text in given.items()]


def mapped(given: list[dict[str, str]], key: str = "key", value: str = "value") -> dict[str, str]:
    """Tags as a mapping, from the list of a service."""
    return {each[key]: each[value] for each in given}
