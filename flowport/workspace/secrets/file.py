"""The file that has the secrets of runs on this machine: where it is, and whether git knows it. Only tasks read it."""

from __future__ import annotations

import os

from flowport.compiler.diagnostics.diagnostic import Diagnostic
from flowport.compiler.ir.plan import Plan
from flowport.compiler.lower.delivery import Place
from flowport.workspace.config import Config
from flowport.workspace.errors import NoSecretsFile
from flowport.workspace.flow_file import FlowFile

FILE = ".env"


def place_here(flow: FlowFile, target: str = "this machine") -> Place:
    """This machine as the place of a run or a dry run; raises NoSecretsFile if a profile names a file that is not there."""
    path = _path(flow)
    if not os.path.isfile(path):
        if _asks(flow.plan) and flow.config.settings.get("secrets_file"):
            raise NoSecretsFile(os.path.relpath(path), flow.config.path)
        path = ""
    return Place(target, here=True, file=path)


def secrets_file_problems(flow: FlowFile) -> tuple[Diagnostic, ...]:
    """That a profile names a file which is not there, or that the file of a flow with secrets is tracked by git."""
    if not _asks(flow.plan):
        return ()
    path, shown = _path(flow), os.path.relpath(_path(flow))
    if os.path.isfile(path):
        if not _is_tracked(path):
            return ()
        message = f"git tracks `{shown}`, the file with the secrets of this machine"
        ways_out = (
            f"git rm --cached {shown}",
            f"add `{os.path.basename(path)}` to .gitignore, and replace the secrets that were in a commit",
        )
        return (Diagnostic("FP427", message, flow.plan.flow.span, help=ways_out),)
    if not flow.config.settings.get("secrets_file"):
        return ()
    message = f"{flow.config.path}: `secrets_file` names `{shown}`, which is not there"
    return (
        Diagnostic(
            "FP428", message, help=("create it with a line `NAME=value` for each secret, or remove the setting",), severity="warning"
        ),
    )


def _asks(plan: Plan) -> bool:
    return any(step.settings.forwarded or step.settings.secrets for step in plan.flow.steps)


def _path(flow: FlowFile) -> str:
    config: Config = flow.config
    folder = config.folder if config.path else flow.folder
    return os.path.join(os.path.abspath(folder), config.settings.get("secrets_file") or FILE)


def _is_tracked(path: str) -> bool:
    """Whether git knows the file; not without git, and not outside of a repository."""
    import subprocess

    # No program that the settings of a repository name shall run.
    command = [
        "git",
        "-c",
        "core.fsmonitor=false",
        "-C",
        os.path.dirname(path),
        "ls-files",
        "--error-unmatch",
        "--",
        os.path.basename(path),
    ]
    try:
        return subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True).returncode == 0
    except OSError:
        return False
