"""`flowport compile FLOW... --target T`: the files of an engine, written to a folder or compared with what is there."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from flowport.cli.engine import TARGET, options, prepare, target
from flowport.cli.flow_file import FLOWS, PROFILE, has_errors, open_flow, say
from flowport.cli.options import Command, Option, Values, WrongUse
from flowport.cli.place import writing
from flowport.compiler.diagnostics.diagnostic import CompileError
from flowport.compiler.record import replace

if TYPE_CHECKING:
    from flowport.compiler.diagnostics.diagnostic import Diagnostic
    from flowport.compiler.target import File
    from flowport.targets.registry import AnyTarget


def compile_flow(values: Values) -> int:
    """Write or compare the files of every target; 1 when a comparison finds a difference."""
    if not values["target"]:
        from flowport.targets.registry import targets

        raise WrongUse("`--target` is missing: for which engine?", options(targets()))
    files = _files(values)
    output = values["output"]
    if values["check"]:
        return _compare(files, output)
    with writing(output):
        for file in files:
            _write(file, output)
        for path in _left_over(files, output):
            os.remove(path)
    print("\n".join(os.path.join(output, file.path) for file in files))
    return 0


def _files(values: Values) -> tuple[File, ...]:
    """The files of every flow and target, all made before the first is written; raises CompileError when one cannot be.

    Those of several targets are in folders of their own.
    """
    chosen = list(dict.fromkeys(target(name) for name in values["target"]))
    found: dict[str, File] = {}
    refused: list[Diagnostic] = []
    for name in dict.fromkeys(values["flow"]):
        try:
            made = _of_flow(name, chosen, values)
        except CompileError as error:
            refused += error.diagnostics
            continue
        for file in made:
            if file.path in found and found[file.path] != file:
                raise WrongUse(f"two flows would both write `{file.path}`", 'give one of them another name: `@flow(name="...")`')
            found[file.path] = file
    if refused:
        raise CompileError(tuple(dict.fromkeys(refused)))
    return tuple(found.values())


def _of_flow(name: str, chosen: list[AnyTarget], values: Values) -> list[File]:
    """The files of one flow; raises CompileError when one target cannot take it."""
    flow = open_flow({**values, "flow": name})
    prepared = [prepare(flow.plan, one, flow.config) for one in chosen]
    found = tuple(dict.fromkeys(diagnostic for each in prepared for diagnostic in each.diagnostics))
    if has_errors(found):
        raise CompileError(found)
    say(found)
    package = flow.package()
    both = zip(chosen, prepared, strict=True)
    made = [(one, file) for one, each in both for file in one.compiler.emit(each.plan, each.settings, package)]
    return [file if len(chosen) == 1 else replace(file, path=f"{one.name}/{file.path}") for one, file in made]


def _write(file: File, folder: str) -> None:
    """Write a file unless it is there already, so that what did not change keeps its time."""
    path = os.path.join(folder, file.path)
    if _content(path) != file.data:
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "wb") as opened:
            opened.write(file.data)


def _compare(files: tuple[File, ...], folder: str) -> int:
    """Say what compiling would change."""
    different = 0
    for file in files:
        path = os.path.join(folder, file.path)
        there = _content(path)
        if there != file.data:
            different += 1
            print(f"{path} is {'missing' if there is None else 'different'}")
            if there is not None:
                _differences(path, there, file.data)
    for path in _left_over(files, folder):
        different += 1
        print(f"{path} is left over")
    if not different:
        print(f"{folder} is up to date")
    return int(different > 0)


def _left_over(files: tuple[File, ...], folder: str) -> list[str]:
    """Code packages of earlier versions, beside the one of these files: their names change with every byte, so they would pile up."""
    packages = {os.path.join(folder, file.path) for file in files if _is_package(os.path.basename(file.path))}
    beside = {os.path.join(place, name) for place in map(os.path.dirname, packages) if os.path.isdir(place) for name in os.listdir(place)}
    return sorted(path for path in beside - packages if _is_package(os.path.basename(path)))


def _is_package(name: str) -> bool:
    """Whether a file is called as a code package is: a SHA-256 in hex, and `.zip`."""
    stem, ending = os.path.splitext(name)
    return ending == ".zip" and len(stem) == 64 and set(stem) <= set("0123456789abcdef")


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
    "compile", "write the files of an engine", compile_flow, (FLOWS,),
    (
        TARGET,
        Option("output", "the folder to write to (build); several targets have a folder each below it", "DIR", short="o", default="build"),
        Option("check", "write nothing; say what would change, and exit with 1 when anything would"),
        PROFILE,
    ),
)  # fmt: skip
