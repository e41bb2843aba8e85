"""`flowport lock FLOW...`: the exact versions of the packages that steps ask for, in files beside the flow."""

from __future__ import annotations

import os
import sys
from contextlib import suppress
from typing import NamedTuple

import click

from flowport.cli import shared_options as shared
from flowport.cli.command import Command
from flowport.cli.console import say, writing
from flowport.workspace.branch import require_project
from flowport.workspace.environments.beside import used_beside
from flowport.workspace.environments.lock import LockChoice, Locked, lock, requests, unused
from flowport.workspace.flow_file import UNCHANGED, Changes, FlowFile, open_flow
from flowport.workspace.folders.flows import flow_arguments


class LockRequest(NamedTuple):
    """Flows whose environments are locked, for these platforms, and with this Python where a flow names none.

    Versions stay as they are where they still fit, unless with `upgrade`. With `prune`, lock files that no flow beside them uses go.
    """

    flow: tuple[str, ...]
    python: str
    platform: tuple[str, ...]
    upgrade: bool
    prune: bool
    profile: str | None
    changes: Changes = UNCHANGED


def lock_flows(request: LockRequest) -> int:
    """Write the lock files of every flow."""
    used: dict[str, list[str]] = {}
    choice = LockChoice(request.python, request.platform, request.upgrade)
    for argument in flow_arguments(request.flow, request.profile):
        flow = _open(argument, request)
        asked = requests(flow.plan)
        used.setdefault(flow.folder, [])
        if not asked:
            print(f"{flow.name} asks for no packages: it needs no lock file")
        for name, one in asked.items():
            used[flow.folder].append(name)
            _report(lock(flow.folder, one, choice._replace(conda_from_pypi=flow.config.settings.get("conda") == "pypi")))
    for folder, names in used.items():
        if unused(folder, names):
            names += used_beside(folder, request.profile)
        for path in unused(folder, names):
            if request.prune:
                with writing(path), suppress(FileNotFoundError):
                    os.remove(path)
            state = "is removed" if request.prune else "is used by no flow of this folder; remove it, or add --prune"
            print(f"{os.path.relpath(path)} {state}")
    return 0


def _open(argument: str, request: LockRequest) -> FlowFile:
    """A flow, with its warnings; its lock files, which are going to be written, may be missing or damaged."""
    flow = open_flow(argument, request.profile, request.changes._replace(reads_locks=False))
    say(flow.warnings, flow.config.ignored)
    require_project(flow.plan.flow, request.changes.branch)
    return flow


def _report(locked: Locked) -> None:
    path = os.path.relpath(locked.path)
    if locked.damage:
        sys.stderr.write(f"flowport: `{path}` could not be read: {locked.damage}; its versions are chosen anew\n")
    state = "is written" if locked.changed else "is up to date"
    print(f"{path} {state}: Python {locked.lock.python}, {', '.join(locked.lock.platforms)}")
    for platform, names in locked.built.items():
        listed = ", ".join(f"`{name}`" for name in names)
        sys.stderr.write(f"flowport: {listed} has no wheel for {platform}: it is built where it is installed, and may need a compiler\n")


COMMAND = Command(
    "lock",
    "Write the exact versions of the packages of steps",
    LockRequest,
    lock_flows,
    (
        shared.flows(),
        click.Option(
            ["--python"],
            metavar="VERSION",
            default="",
            help="The Python of environments that name none. Default: that of the lock file, else the one that runs flowport.",
        ),
        click.Option(
            ["--platform"],
            metavar="PLATFORM",
            multiple=True,
            help="Lock for this platform, as images name it. You can repeat it. Default: linux/amd64. This machine's is always added.",
        ),
        click.Option(["--upgrade"], is_flag=True, help="Take the newest versions, also where those of the lock file still fit."),
        click.Option(["--prune"], is_flag=True, help="Remove the lock files that no flow of their folder uses."),
        *shared.changes(),
        shared.profile(),
    ),
    help="Writes `environments/NAME.txt` beside the flow, one file for each environment. Review and commit these files.",
    examples=("flowport lock flow.py", "flowport lock train.py score.py --prune", "flowport lock flow.py --platform linux/arm64"),
)
