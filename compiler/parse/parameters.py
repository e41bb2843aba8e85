"""Reads the arguments of `Parameter` and `IncludeFile`. `parameter_calls` finds the calls.

A default that is not constant (a function, a clock, the environment) is computed once, when the run starts.
"""

from __future__ import annotations

import ast
import json
import os.path
from collections.abc import Iterable
from typing import Any

from flowport.compiler.decorators.arguments import is_text
from flowport.compiler.diagnostics.suggestions import did_you_mean
from flowport.compiler.evaluate.configs import MissingKey, UnreadConfig
from flowport.compiler.evaluate.expressions import evaluate
from flowport.compiler.evaluate.paths import PathText
from flowport.compiler.evaluate.pure import HERE, has_flow_path
from flowport.compiler.evaluate.reading import Reading
from flowport.compiler.evaluate.scope import Known, NotConstant, ReadsEnvironment, scope
from flowport.compiler.ir import Computed, Constant, NoDefault, Option, Parameter
from flowport.compiler.ir.parameter_kinds import as_kind, misfit
from flowport.compiler.parse.parameter_arguments import ARGUMENTS, KINDS, POSITIONAL, REFUSED
from flowport.compiler.parse.parameter_calls import ParameterCall
from flowport.compiler.python.containment import leads_out
from flowport.compiler.python.modules import Definition, External
from flowport.runtime.names.config import plain


def parameters(reading: Reading, found: Iterable[ParameterCall], folder: str) -> tuple[Parameter, ...]:
    """The parameters of a flow; `folder` is the flow's, where the files of IncludeFile are looked for."""
    return tuple(_Call(reading, made, folder).parameter() for made in found)


class _Call:
    def __init__(self, reading: Reading, made: ParameterCall, folder: str) -> None:
        self.reading, self.folder = reading, folder
        self.attribute, self.function, self.node, self.source, self.members = (
            made.attribute,
            made.kind,
            made.call,
            made.source,
            made.members,
        )
        self.arguments = self._arguments_by_name()

    def _arguments_by_name(self) -> dict[str, ast.expr]:
        """The arguments by name, `**NAME` unfolded as far as it is written out."""
        known = ARGUMENTS[self.function]
        arguments: dict[str, ast.expr] = dict(zip(known, self.node.args[: POSITIONAL[self.function]]))
        for extra in self.node.args[POSITIONAL[self.function] :]:
            self.say("FP152", f"`{self.function}` takes this argument by name", extra, f"write `{known[2]}={self.source.segment(extra)}`")
        for keyword in self.node.keywords:
            if keyword.arg is None:
                self._unfold(keyword.value, arguments)
            elif keyword.arg in known:
                arguments[keyword.arg] = keyword.value
            else:
                self.say("FP152", f"`{self.function}` has no argument `{keyword.arg}`", keyword, *did_you_mean(keyword.arg, known))
        return arguments

    def _unfold(self, node: ast.expr, arguments: dict[str, ast.expr]) -> None:
        constant, value = self.constant(node, "`**`")
        if constant and isinstance(value, dict):
            for name, inner in value.items():
                if name in ARGUMENTS[self.function]:
                    arguments[name] = ast.copy_location(
                        ast.Name(inner.name, ast.Load()) if isinstance(inner, Known) else ast.Constant(inner), node
                    )
                else:
                    self.say(
                        "FP152", f"`{self.function}` has no argument `{name}`", node, *did_you_mean(str(name), ARGUMENTS[self.function])
                    )

    def say(self, code: str, message: str, node: ast.AST, *ways_out: str) -> None:
        self.reading.say(code, message, self.source, node, *ways_out)

    def constant(self, node: ast.expr, what: str, located: bool = False) -> tuple[bool, Any]:
        return self.reading.constant(node, self.source, self.members, what, located)

    def argument(self, name: str, kind: type | tuple[type, ...], otherwise: Any) -> Any:
        """The value of an argument, or `otherwise` when it is absent, None, or something else than it may be."""
        node = self.arguments.get(name)
        if node is None:
            return otherwise
        constant, value = self.constant(node, f"`{name}` of `{self.attribute}`")
        if not constant or value is None:
            return otherwise
        if not isinstance(value, kind):
            self.say(
                "FP153",
                f"`{name}` of `{self.attribute}` cannot be `{self.source.segment(node)}`",
                node,
                f"write `{name}={otherwise!r}`",
            )
            return otherwise
        return value

    def parameter(self) -> Parameter:
        """The parameter; adds a diagnostic for every argument that does not fit."""
        name = self.argument("name", str, self.attribute)
        if "name" not in self.arguments:
            self.say(
                "FP151", f"the parameter `{self.attribute}` has no name", self.node, f'write `{self.function}("{self.attribute}", ...)`'
            )
        self._refused(name)
        return self._included_file(name) if self.function == "IncludeFile" else self._value(name)

    def _included_file(self, name: str) -> Parameter:
        """The parameter of an `IncludeFile`."""
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

    def _value(self, name: str) -> Parameter:
        """The parameter of a `Parameter`."""
        required, text = bool(self.argument("required", (bool, int), False)), str(self.argument("help", str, ""))
        default = self.default()
        kind = self.kind(default)
        if kind == "":
            kind, default = "str", NoDefault()
        multiple = bool(self.argument("multiple", (bool, int), False))
        element, kind = (self._element(kind, default), "list") if multiple else ("", kind)
        if multiple and not isinstance(default, NoDefault | Computed) and misfit(default, "list") is not None:
            message = f"the default `{default!r}` of `{self.attribute}` is not a list, so each run must give a value"
            self.reading.warn("FP236", message, self.source, self.arguments["default"], f"write `default=[{default!r}]`")
            default, required = NoDefault(), True
        if not isinstance(default, NoDefault | Computed) and misfit(default, kind) is None:
            default = as_kind(default, kind)
            if kind == "json" and isinstance(default, str):
                # Readers parse a string of this kind as JSON.
                default = json.dumps(default, ensure_ascii=False)
        choices = tuple(choice if misfit(choice, element or kind) else as_kind(choice, element or kind) for choice in self.choices())
        self._check_characters("default", (default,))
        self._check_characters("choices", choices)
        required = required and isinstance(default, NoDefault)
        return Parameter(
            self.attribute,
            name,
            kind,
            default,
            required,
            text,
            choices,
            separator=self._separator("list" if multiple else kind),
            element=element,
            option=self.option(),
            span=self.source.span(self.node),
        )

    def _element(self, kind: str, default: Constant | NoDefault | Computed) -> str:
        """The kind of each value of a parameter with `multiple`: from `type=`, else from the first of the default."""
        if "type" in self.arguments or not isinstance(default, list | tuple) or not default:
            return kind if kind != "list" or "type" in self.arguments else "str"
        return KINDS.get(type(default[0]).__name__, "str")

    def _separator(self, kind: str) -> str | None:
        """What separates the values of a text, which steps get as a list."""
        separator: str | None = self.argument("separator", str, None) or None
        if separator and kind != "str":
            message = f"`{self.attribute}` has a `separator`, which only a text can have"
            self.say("FP153", message, self.arguments["separator"], "remove it, or write `type=str` and the default as a text")
            return None
        return separator

    def option(self) -> Option:
        """How the command line takes the parameter."""
        node = self.arguments.get("envvar")
        variables = self.argument("envvar", (str, list, tuple), ())
        variables = (variables,) if isinstance(variables, str) else tuple(variables)
        if node is not None and not all(isinstance(one, str) for one in variables):
            message = f"`envvar` of `{self.attribute}` is the name of a variable or a list of names, not `{self.source.segment(node)}`"
            self.say("FP153", message, node, f'write `envvar="{self.attribute.upper()}"`')
            variables = ()
        return Option(
            variables,
            bool(self.argument("hidden", (bool, int), False)),
            str(self.argument("metavar", str, "")),
            bool(self.argument("show_default", (bool, int), True)),
        )

    def _check_characters(self, argument: str, values: tuple[object, ...]) -> None:
        if not all(is_text(value) for value in values if isinstance(value, str)):
            message = f"`{argument}` of `{self.attribute}` has an unpaired surrogate, which is not a character"
            self.say("FP153", message, self.arguments[argument], "remove it")

    def _refused(self, name: str) -> None:
        """Report arguments that are not supported and would change the value."""
        for argument, (reason, way_out) in REFUSED.items():
            node = self.arguments.get(argument)
            if node is not None and not (isinstance(node, ast.Constant) and node.value is None):
                self.say("FP152", f"`{argument}` of `{self.attribute}` is not supported: {reason}", node, way_out.format(name=name))

    def default(self) -> Constant | NoDefault | Computed:
        """The default: a constant, or Computed for what only a running flow can say."""
        node = self.arguments.get("default")
        if node is None:
            return NoDefault()
        if isinstance(node, ast.Lambda) and not (node.args.args or node.args.posonlyargs or node.args.vararg):
            message = f"the default of `{self.attribute}` is called with one argument, but takes none"
            self.say("FP153", message, node, f"write `lambda context: {self.source.segment(node.body)}`")
        try:
            value = plain(evaluate(node, scope(self.reading.modules, self.source, self.members)))
        except (MissingKey, UnreadConfig) as error:
            self.reading.say_not_constant(error, self.source, node, f"the default of `{self.attribute}`")
            return NoDefault()
        except (ReadsEnvironment, NotConstant):
            return Computed(self.source.segment(node))
        if value is None:
            return NoDefault()
        return Computed(self.source.segment(node)) if not is_constant(value) else value

    def kind(self, default: Constant | NoDefault | Computed) -> str:
        """The kind: from `type=`, else from the default, else text; "" when the default is of none."""
        node = self.arguments.get("type")
        if self.argument("is_flag", (bool, int), False):
            return self._flag(node)
        if node is not None and not (isinstance(node, ast.Constant) and node.value is None):
            return self._named_kind(node)
        if isinstance(default, NoDefault | Computed):
            return "str"
        kind = KINDS.get("list" if isinstance(default, tuple) else type(default).__name__)
        if kind is None:
            self.say(
                "FP154",
                f"the default of `{self.attribute}` has a type that is not supported: `{self.source.segment(self.arguments['default'])}`",
                self.arguments["default"],
                _TYPES_HELP,
            )
        return kind or ""

    def _flag(self, node: ast.expr | None) -> str:
        if node is not None and self._named_kind(node) != "bool":
            message = f"`{self.attribute}` is a flag, which is True or False"
            self.say("FP154", message, node, "write `type=bool`, or remove `is_flag`")
        return "bool"

    def _named_kind(self, node: ast.expr) -> str:
        function = node.func if isinstance(node, ast.Call) else node
        thing = self.reading.modules.resolve(self.source, function)
        name = thing.name if isinstance(thing, External) else ""
        if name.partition(".")[0] != "click":
            try:
                value = evaluate(node, scope(self.reading.modules, self.source, self.members))
            except NotConstant:
                value = None
            name = value.name.rpartition(".")[2] if isinstance(value, Known) else ""
        if name not in KINDS:
            self.say(
                "FP154",
                f"`{self.source.segment(node)}` is not a supported type for the parameter `{self.attribute}`",
                node,
                _TYPES_HELP,
            )
            return "str"
        return KINDS[name]

    def choices(self) -> tuple[Constant, ...]:
        """The choices."""
        node = self.arguments.get("choices") or self._choices_of_type()
        if node is None:
            return ()
        constant, value = self.constant(node, f"`choices` of `{self.attribute}`")
        if not constant:
            return ()
        if not isinstance(value, list | tuple | set | frozenset | dict) or not value:
            self.say("FP153", f"`choices` of `{self.attribute}` must be a list with at least one value", node, 'write `choices=["a", "b"]`')
            return ()
        return tuple(value if not isinstance(value, set | frozenset) else sorted(value, key=repr))

    def _choices_of_type(self) -> ast.expr | None:
        """The list in `type=click.Choice([...])`."""
        node = self.arguments.get("type")
        thing = self.reading.modules.resolve(self.source, node.func) if isinstance(node, ast.Call) else None
        if not isinstance(node, ast.Call) or not isinstance(thing, External) or thing.name != "click.Choice":
            return None
        return next(iter([*node.args, *(keyword.value for keyword in node.keywords if keyword.arg == "choices")]), None)

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


OBJECTS = ("s3://", "gs://", "az://")
"""Addresses of files that a task can fetch."""

_TYPES_HELP = "use str, int, float, bool, list, dict, JSONType or click.Choice"


def is_constant(value: object) -> bool:
    """Whether a value can be written down where the flow is compiled: plain data, without a path of this machine."""
    if isinstance(value, str):
        return not has_flow_path(value)
    if isinstance(value, list | tuple | set | frozenset):
        return all(is_constant(inner) for inner in value)
    if isinstance(value, dict):
        return all(is_constant(key) and is_constant(inner) for key, inner in value.items())
    return value is None or isinstance(value, bool | int | float | complex | bytes)
