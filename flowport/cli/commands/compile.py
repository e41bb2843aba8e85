"""`flowport compile FLOW... --target T`: the files of an engine, written to a folder or compared with what is there."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, NamedTuple

import click

from flowport.cli import shared_options as shared
from flowport.cli.advice import WrongUse, missing_target
from flowport.cli.command import Command
from flowport.cli.console import say, warn, writing
from flowport.cli.loading import load_flow
from flowport.compiler.diagnostics.diagnostic import CompileError
from flowport.compiler.record import replace
from flowport.runtime.atomic_file import write_file
from flowport.workspace.errors import FilesCollide
from flowport.workspace.flow_file import UNCHANGED, Changes, has_errors
from flowport.workspace.folders.flows import flow_arguments
from flowport.workspace.folders.left_over import is_package, of_gone_flows, old_packages
from flowport.workspace.targets import emit, find_target, prepare

if TYPE_CHECKING:
    from flowport.compiler.diagnostics.diagnostic import Diagnostic
    from flowport.compiler.target import File
    from flowport.targets.registry import AnyTarget


class CompileRequest(NamedTuple):
    """Flows to compile for targets, into the folder `output`; with `check` the files there are only compared."""

    flow: tuple[str, ...]
    target: tuple[str, ...]
    profile: str | None
    output: str
    check: bool
    changes: Changes = UNCHANGED


def compile_flows(request: CompileRequest) -> int:
    """Write or compare the files of every target; 1 when a comparison finds a difference."""
    if not request.target:
        raise missing_target("for which engine", lambda target: True)
    output = request.output
    if os.path.exists(output) and not os.path.isdir(output):
        raise WrongUse(f"`{output}` is no folder", "-o DIR")
    files = _files(request)
    if request.check:
        return _compare(files, request)
    with writing(output):
        for file in sorted(files, key=_turn):
            _write(file, output)
        for path in old_packages(files, output):
            os.remove(path)
    print("\n".join(os.path.join(output, file.path) for file in files))
    for path in _of_gone_flows(request, files):
        warn(f"{path} is left over from a flow that is gone: delete it")
    return 0


def _files(request: CompileRequest) -> tuple[File, ...]:
    """The files of every flow and target, all made before the first is written; raises CompileError when one cannot be.

    Those of several targets are in folders of their own.
    """
    targets = list(dict.fromkeys(find_target(name) for name in request.target))
    found: dict[str, File] = {}
    refused: list[Diagnostic] = []
    for flow in flow_arguments(request.flow, request.profile):
        try:
            made = _of_flow(flow, targets, request)
        except CompileError as error:
            refused += error.diagnostics
            continue
        for file in made:
            if file.path in found and found[file.path] != file:
                raise FilesCollide(file.path)
            found[file.path] = file
    if refused:
        raise CompileError(tuple(dict.fromkeys(refused)))
    return tuple(found.values())


def _of_flow(argument: str, targets: list[AnyTarget], request: CompileRequest) -> list[File]:
    """The files of one flow; raises CompileError if a target does not support it."""
    flow = load_flow(argument, request.profile, request.changes)
    ready = [prepare(flow, target) for target in targets]
    found = tuple(dict.fromkeys(diagnostic for each in ready for diagnostic in each.diagnostics))
    if has_errors(found):
        raise CompileError(found)
    say(found)
    package = flow.package()
    made = [(target, file) for target, each in zip(targets, ready, strict=True) for file in emit(each, target, package)]
    return [file if len(targets) == 1 else replace(file, path=f"{target.name}/{file.path}") for target, file in made]


def _turn(file: File) -> int:
    """When a file is written: documents after the code packages that they name, and those after the file that lets Airflow ignore them."""
    name = os.path.basename(file.path)
    return 0 if name.startswith(".") else 1 if is_package(name) else 2


def _write(file: File, folder: str) -> None:
    """Write a file unless it is there already, so that what did not change keeps its time."""
    path = os.path.join(folder, file.path)
    if _content(path) != file.data:
        os.makedirs(os.path.dirname(path), exist_ok=True)
        write_file(path, file.data)


def _compare(files: tuple[File, ...], request: CompileRequest) -> int:
    """Say what compiling would change, and what to do."""
    changed = False
    for file in files:
        path = os.path.join(request.output, file.path)
        there = _content(path)
        if there != file.data:
            changed = True
            print(f"{path} is {'missing' if there is None else 'different'}")
            if there is not None:
                _differences(path, there, file.data)
    for path in old_packages(files, request.output):
        changed = True
        print(f"{path} is left over")
    gone = _of_gone_flows(request, files)
    for path in gone:
        print(f"{path} is left over from a flow that is gone")
    ways_out = [_way_to_write(request)] * changed + ["delete what is left over from flows that are gone"] * bool(gone)
    print(f"{', '.join(ways_out)}, and commit the files" if ways_out else f"{request.output} is up to date")
    return int(bool(ways_out))


def _of_gone_flows(request: CompileRequest, files: tuple[File, ...]) -> list[str]:
    """What is left over from flows that are gone: only a folder says which flows there are."""
    if not any(map(os.path.isdir, request.flow)):
        return []
    return of_gone_flows(files, request.output, list(dict.fromkeys(find_target(name).name for name in request.target)))


def _way_to_write(request: CompileRequest) -> str:
    """What to type so that the files are written."""
    from shlex import join

    targets = [word for name in request.target for word in ("--target", name)]
    profile = ["--profile", request.profile] if request.profile else []
    command = join(["flowport", "compile", *request.flow, *targets, *profile, "-o", request.output])
    return f"run `{command}`" + (" with your other options" if request.changes != UNCHANGED else "")


def _differences(path: str, there: bytes, data: bytes) -> None:
    from difflib import unified_diff

    try:
        old, new = there.decode().splitlines(), data.decode().splitlines()
    except UnicodeDecodeError:
        return
    print("\n".join(unified_diff(old, new, path, path + " (compiled)", lineterm="")))


def _content(path: str) -> bytes | None:
    try:
        with open(path, "rb") as file:
            return file.read()
    except (FileNotFoundError, NotADirectoryError):
        return None


COMMAND = Command(
    "compile",
    "Write the files that an engine runs",
    CompileRequest,
    compile_flows,
    (
        shared.flows(),
        shared.targets("The engine: airflow, argo or sfn. You can repeat it."),
        click.Option(
            ["-o", "--output"],
            metavar="DIR",
            default="build",
            help="The folder to write to. Several targets get a folder each in it. Default: build.",
        ),
        *shared.changes(),
        click.Option(["--check"], is_flag=True, help="Write nothing: show what would change, and exit with 1 if anything would."),
        shared.profile(),
    ),
    help="Reads the source and runs none of it. The same source and settings give the same bytes.",
    examples=(
        "flowport compile flow.py --target airflow -o dags/",
        "flowport compile flow.py --target sfn --profile prod",
        "flowport compile flow.py --target argo -o k8s/ --check",
    ),
)
