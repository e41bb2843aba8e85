"""The graph of a flow that does not run: its file is compiled, and nothing is written."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING, Any

from flowport.compiler.diagnostics.diagnostic import CompileError
from flowport.compiler.package.documents import documents
from flowport.runtime.names.exceptions import MetaflowException
from flowport.runtime.package.code_package import CodePackage
from flowport.runtime.package.step_graph import FlowGraph
from flowport.workspace.flow_configs.choice import ConfigChoice
from flowport.workspace.flow_file import Changes, open_flow

if TYPE_CHECKING:
    from flowport.compiler.ir.plan import Plan
    from flowport.runtime.names.flow import FlowSpec


class _Compiled(CodePackage):
    """The documents of a code package that is nowhere on a disk, and the class that is imported already."""

    def __init__(self, plan: Plan, kind: type[FlowSpec]) -> None:
        super().__init__("")
        self._documents = dict(documents(plan))
        self._kind = kind

    def _document(self, path: str) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self._documents[path])
        return found


def step_graph(kind: type[FlowSpec]) -> FlowGraph:
    """The graph of a flow's class; raises MetaflowException for a flow with mistakes."""
    file = getattr(sys.modules[kind.__module__], "__file__", None)
    if file is None:
        raise MetaflowException(f"the graph of {kind.__name__} is not known, as its class is in no file")
    argument = f"{file}:{kind.__name__}"
    try:
        return FlowGraph(_Compiled(open_flow(argument, None, Changes(configs=ConfigChoice(missing="ignore"))).plan, kind))
    except CompileError as error:
        raise MetaflowException(f"{kind.__name__} has mistakes, which `flowport check {argument}` shows:\n{error}") from None
