"""`flowport list --target T`: what is deployed, and with a flow its versions."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from flowport.cli import shared_options as shared
from flowport.cli.advice import missing_target
from flowport.cli.command import Command
from flowport.cli.console import as_json
from flowport.cli.loading import load_flow
from flowport.runtime.text import shown
from flowport.workspace.flow_file import UNCHANGED, Changes
from flowport.workspace.operations.engine import engine_of_flow, engine_of_profile
from flowport.workspace.times import moment


class ListRequest(NamedTuple):
    """The flows that are deployed to an engine, or the versions of one."""

    flow: str | None
    target: str | None
    profile: str | None
    json: bool
    changes: Changes = UNCHANGED


def show_list(request: ListRequest) -> int:
    """Print the deployed flows, or the versions of a flow."""
    if request.target is None:
        raise missing_target("on which engine", lambda target: target.operations is not None)
    if request.flow is not None:
        engine = engine_of_flow(load_flow(request.flow, request.profile, request.changes), request.target)
        versions = engine.operations.versions(engine.settings)
        rows = [(each.name, "live" if each.is_live else "", f"{moment(each.created)} UTC", each.code[:12]) for each in versions]
        return _print([dict(vars(each)) for each in versions], ("VERSION", "", "DEPLOYED", "CODE"), rows, request.json)
    engine = engine_of_profile(request.target, request.profile)
    found = list(engine.operations.deployments(engine.settings))
    lines = [(each.name, each.flow, each.version, each.schedule) for each in found]
    return _print([dict(vars(each)) for each in found], ("NAME", "FLOW", "VERSION", "SCHEDULE"), lines, request.json)


def _print(documents: list[dict[str, object]], titles: tuple[str, ...], rows: Sequence[tuple[str, ...]], json: bool) -> int:
    if json:
        print(as_json(documents, indent=2))
        return 0
    if not rows:
        print("nothing is deployed")
        return 0
    widths = [max(len(row[column]) for row in (titles, *rows)) for column in range(len(titles))]
    for row in (titles, *rows):
        print(shown("  ".join(cell.ljust(width) for cell, width in zip(row, widths)).rstrip()))
    return 0


COMMAND = Command(
    "list",
    "List the flows that are deployed, or the versions of one",
    ListRequest,
    show_list,
    (
        shared.flow(required=False, help="A flow's file: list the versions of this flow. Default: list all flows that are deployed."),
        shared.target("The engine: airflow, argo or sfn."),
        shared.json(),
        *shared.changes(),
        shared.profile(),
    ),
    help="It lists what flowport has deployed, where the profile and your credentials lead.",
    examples=("flowport list --target sfn", "flowport list flow.py --target sfn"),
)
