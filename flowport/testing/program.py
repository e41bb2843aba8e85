"""The flow of a class that a test has imported: compiled as for a run, and with that class instead of one that is imported again."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from typing import Any, NamedTuple

from flowport.client.options import text
from flowport.compiler.diagnostics.diagnostic import CompileError
from flowport.compiler.package.documents import documents
from flowport.runtime.names.flow import FlowSpec
from flowport.runtime.package.code_package import CodePackage
from flowport.runtime.store.documents import load
from flowport.testing.problems import FlowMistakes
from flowport.workspace.branch import on_branch_of_user
from flowport.workspace.flow_configs.choice import ConfigChoice
from flowport.workspace.flow_file import Changes, FlowFile, open_flow

MUTATORS = "FP128"
"""The code of a flow whose mutators have to run before it can be read."""


class ImportedProgram(CodePackage):
    """The code package of an imported class. Nothing of it is on the disk: its documents are in memory, its files are the user's."""

    def __init__(self, kind: type[FlowSpec], flow: FlowFile) -> None:
        plan = on_branch_of_user(flow.plan)
        self._held = dict(documents(plan, [path for path, _ in flow.config.included(flow.folder)]))
        file = os.path.abspath(flow.path)
        super().__init__(file.removesuffix(plan.flow.file.replace("/", os.sep)).rstrip(os.sep) or os.sep, "")
        self._imported_class = kind
        self.change_parameters(kind)

    def _document(self, path: str) -> dict[str, Any]:
        if path not in self._held:
            raise FileNotFoundError(path)
        document: dict[str, Any] = load(self._held[path])
        return document

    @property
    def module(self) -> str:
        return self._imported_class.__module__

    def flow_class(self) -> type[FlowSpec]:
        return self._imported_class


def program_of(kind: type[FlowSpec], configs: Mapping[str, Any]) -> ImportedProgram:
    """The program of a flow's class; raises FlowMistakes, TypeError and WorkspaceError."""
    values = tuple((name, text(value)) for name, value in configs.items())
    return ImportedProgram(kind, opened(argument_of(kind), values).flow)


def argument_of(kind: type[FlowSpec]) -> str:
    """`FILE.py:ClassName` of an imported class; raises TypeError for what is no flow that can be read from a file."""
    if not (isinstance(kind, type) and issubclass(kind, FlowSpec)):
        raise TypeError(
            f"{kind!r} is no flow of flowport: import `flowport.testing` before the flow, "
            "so that `from metaflow import FlowSpec` means the one of flowport"
        )
    file = getattr(sys.modules.get(kind.__module__), "__file__", None)
    if file is None or "." in kind.__qualname__:
        raise TypeError(f"`{kind.__qualname__}` cannot be compiled: define the flow at the top of a file, because flowport reads that")
    return f"{file}:{kind.__name__}"


class Opened(NamedTuple):
    """A flow, and whether its mutators had to run before it could be read."""

    flow: FlowFile
    with_mutators: bool


def opened(argument: str, configs: tuple[tuple[str, str], ...]) -> Opened:
    """The flow, with its mutators and the parsers of its configs run if there are any: the test has imported them already."""
    changes = Changes(configs=ConfigChoice(values=configs, run_parsers=True))
    profile = os.environ.get("FLOWPORT_PROFILE")
    try:
        return Opened(open_flow(argument, profile, changes), False)
    except CompileError as refused:
        if not any(diagnostic.code == MUTATORS for diagnostic in refused.diagnostics):
            raise FlowMistakes(refused.diagnostics) from None
    try:
        return Opened(open_flow(argument, profile, changes._replace(run_mutators=True)), True)
    except CompileError as refused:
        raise FlowMistakes(refused.diagnostics) from None
