"""Compiled files that nothing compiles to any more: those of flows that are gone, and code packages of earlier versions."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Sequence
from glob import escape, glob
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from flowport.compiler.target import File

DEPLOYMENTS = {"airflow": "*.py", "argo": "*.yaml", "stepfunctions": "*/state-machine.json"}
"""The file of a deployment that says which flow it was compiled from, by its target."""

ORIGIN = re.compile(rb'(?:# |\{\s*"Comment": ")([^\s,]+), compiled by flowport (?:\S+ )?from ([^\n":]+)')
BEGINNING = 4096
"""How many bytes of a file are read for its origin."""


def of_gone_flows(files: Sequence[File], folder: str, targets: Sequence[str]) -> list[str]:
    """What is in the folder for flows that none of these files is made from; what another profile or branch made of their flows may stay.

    A state machine is a folder; a DAG file and a document of Argo have one beside them for their code.
    """
    here = {_origin(file.data) for file in files}
    places = {target: folder if len(targets) == 1 else os.path.join(folder, target) for target in targets if target in DEPLOYMENTS}
    there = [path for target, place in places.items() for path in sorted(glob(os.path.join(escape(place), DEPLOYMENTS[target])))]
    compiled = {os.path.join(folder, file.path) for file in files}
    gone = [path for path in there if path not in compiled and os.path.isfile(path) and _origin(_beginning(path)) not in {None, *here}]
    return [one for path in gone for one in _with_code(path)]


def old_packages(files: Sequence[File], folder: str) -> list[str]:
    """Code packages of earlier versions, beside the one of these files: their names change with every byte, so they would pile up."""
    packages = {os.path.join(folder, file.path) for file in files if is_package(os.path.basename(file.path))}
    beside = {os.path.join(place, name) for place in map(os.path.dirname, packages) if os.path.isdir(place) for name in os.listdir(place)}
    return sorted(path for path in beside - packages if is_package(os.path.basename(path)))


def is_package(name: str) -> bool:
    """Whether a file is called as a code package is: a SHA-256 in hex, and `.zip`."""
    stem, ending = os.path.splitext(name)
    return ending == ".zip" and len(stem) == 64 and set(stem) <= set("0123456789abcdef")


def _origin(data: bytes) -> tuple[bytes, bytes] | None:
    """The flow, without project and branch, and the file that a compiled file says it was made from."""
    found = ORIGIN.match(data)
    return (found[1].rpartition(b".")[2], found[2]) if found else None


def _beginning(path: str) -> bytes:
    with open(path, "rb") as file:
        return file.read(BEGINNING)


def _with_code(path: str) -> Iterator[str]:
    stem, ending = os.path.splitext(path)
    if ending == ".json":
        yield os.path.dirname(path)
        return
    yield path
    if os.path.isdir(os.path.join(stem, "code")):
        yield stem
