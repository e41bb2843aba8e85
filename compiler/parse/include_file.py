"""Reads the arguments of `IncludeFile`: the default is a file of the flow's folder, or an address, or a function that returns one."""

from __future__ import annotations

import ast
import os.path

from flowport.compiler.evaluate.paths import PathText
from flowport.compiler.evaluate.pure import HERE
from flowport.compiler.ir import Computed, Constant, NoDefault, Parameter
from flowport.compiler.parse.parameter_reader import ParameterReader
from flowport.compiler.python.containment import leads_out
from flowport.compiler.python.modules import Definition

OBJECTS = ("s3://", "gs://", "az://")
"""Addresses of files that a task can fetch."""


class IncludedFile(ParameterReader):
    """A call of `IncludeFile`."""

    def parameter(self) -> Parameter:
        """The parameter; adds a diagnostic for every argument that does not fit."""
        name = self.name()
        default, absent = self.file()
        self._check_parser()
        return Parameter(
            self.attribute,
            name,
            "file",
            default,
            absent or bool(self.argument("required", (bool, int), False)),
            str(self.argument("help", str, "")),
            text=bool(self.argument("is_text", (bool, int), True)),
            encoding=self.argument("encoding", str, None),
            option=self.option(),
            span=self.source.span(self.node),
        )

    def _check_parser(self) -> None:
        """The name of a function is imported in the task, from a module that is installed there."""
        node = self.arguments.get("parser")
        if node is None or not isinstance(node, ast.Constant) or node.value is None:
            return
        module, _, function = str(node.value).rpartition(".")
        if not isinstance(node.value, str) or not module or module.startswith(".") or not function.isidentifier():
            message = f"`parser` of `{self.attribute}` is not a function: `{self.source.segment(node)}`"
            self.say("FP153", message, node, 'write the function, or its name with that of its module: `parser="json.loads"`')
        elif self.reading.modules.module(module.split(".")[0]) is not None:
            message = f"`parser` of `{self.attribute}` names a function of your own, whose module would not be in the code package"
            self.say("FP153", message, node, f"write `from {module} import {function}` above, and here `parser={function}`")

    def file(self) -> tuple[Constant | NoDefault | Computed, bool]:
        """The path of an IncludeFile's default, relative to the flow's folder; and whether a run must name one, since it is not there."""
        node = self.arguments.get("default")
        if node is None:
            return NoDefault(), False
        if self._is_function(node):
            return Computed(self.source.segment(node)), False
        constant, value = self.constant(node, f"the default of `{self.attribute}`", located=True)
        if not constant or value is None:
            return NoDefault(), False
        path = str(value)
        if not isinstance(value, str | PathText):
            self.say(
                "FP155",
                f"the default of `{self.attribute}` must be a path, not `{path}`",
                node,
                "write the path of a file in the flow's folder",
            )
            return NoDefault(), False
        if path.startswith(OBJECTS):
            return path, False
        path = os.path.relpath(path.removeprefix(HERE), self.folder) if path.startswith(HERE) else os.path.normpath(path)
        outside = os.path.isabs(path) or path.split(os.sep)[0] == ".."
        if "://" in str(value):
            self.say(
                "FP155",
                f"the file `{value}` of `{self.attribute}` is not on this machine",
                node,
                "use a `Parameter` for the address, and read the file in a step",
            )
        elif outside or not os.path.isfile(os.path.join(self.folder, path)):
            problem = "is outside the flow's folder" if outside else "does not exist"
            way_out = (
                "copy the file to the flow's folder" if outside else "copy the file to this path, which is relative to the flow's folder"
            )
            message = f"the file `{path}` of `{self.attribute}` {problem}, so each run must name a file"
            self.reading.warn("FP155", message, self.source, node, way_out)
            return NoDefault(), True
        elif reason := leads_out(os.path.join(self.folder, path), [self.folder]):
            self.say("FP155", f"the file `{path}` of `{self.attribute}` {reason}", node, "copy the file to the flow's folder")
        else:
            return path.replace(os.sep, "/"), False
        return NoDefault(), False

    def _is_function(self, node: ast.expr) -> bool:
        """Whether a default is a function, which is called when the run starts."""
        thing = self.reading.modules.resolve(self.source, node) if not isinstance(node, ast.Lambda) else None
        return isinstance(node, ast.Lambda) or (isinstance(thing, Definition) and thing.function is not None)
