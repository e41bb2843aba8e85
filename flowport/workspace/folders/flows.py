"""The flows of a file, and of all files below a folder."""

from __future__ import annotations

import os
from collections.abc import Iterable
from typing import NamedTuple

from flowport.compiler.diagnostics.diagnostic import CompileError
from flowport.compiler.parse.flow_listing import list_flows
from flowport.workspace.errors import NoFlows
from flowport.workspace.folders.defects import Defect, attempt
from flowport.workspace.folders.files import files_with_flows, looks_like_a_flow, python_files, roots_of


class FoundFlow(NamedTuple):
    """A flow: its file, its class and its line. A file that cannot be read is one flow, called "", with the `defect` of flowport, if any.

    `inherits` are the classes that it inherits from, each as the absolute path of its file and its name.
    """

    path: str
    name: str
    line: int = 1
    inherits: tuple[tuple[str, str], ...] = ()
    defect: Defect | None = None

    @property
    def argument(self) -> str:
        """What names it on a command line."""
        return f"{self.path}:{self.name}" if self.name else self.path


def flows_of_file(path: str, profile: str | None) -> list[FoundFlow]:
    """The flows of a file that no other flow of the file inherits from; raises BadVariable."""
    found = attempt(_listed, path, profile)
    return [FoundFlow(path, "", defect=found)] if isinstance(found, Defect) else found


def _listed(path: str, profile: str | None) -> list[FoundFlow]:
    try:
        return [FoundFlow(path, one.name, one.line, one.inherits) for one in list_flows(path, roots_of(path, profile))]
    except CompileError:
        return [FoundFlow(path, "")]


def likely_flows_of_file(path: str, profile: str | None) -> list[FoundFlow]:
    """The same for a file that nobody has named, and that need not be about flows if it cannot be read."""
    return [one for one in flows_of_file(path, profile) if one.name or one.defect or looks_like_a_flow(path)]


def flows_below(folder: str, profile: str | None) -> list[FoundFlow]:
    """The flows below a folder that no other flow there inherits from; raises NoFlows and BadVariable."""
    paths = [os.path.normpath(os.path.join(folder, file)) for file in files_with_flows(folder, python_files(folder))]
    found = [one for path in paths for one in likely_flows_of_file(path, profile)]
    inherited = {base for one in found for base in one.inherits}
    flows = [one for one in found if (os.path.abspath(one.path), one.name) not in inherited]
    if not flows:
        raise NoFlows(folder)
    return flows


def flow_arguments(arguments: Iterable[str], profile: str | None) -> list[str]:
    """The arguments of a command line without duplicates, in place of each folder the flows below it; raises NoFlows."""
    found: dict[str, None] = {}
    for argument in arguments:
        flows = [one.argument for one in flows_below(argument, profile)] if os.path.isdir(argument) else [argument]
        found.update(dict.fromkeys(flows))
    return list(found)
