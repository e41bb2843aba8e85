"""Reads the arguments of `Parameter`. `parameter_calls` finds the calls, and `include_file` reads those of `IncludeFile`.

A default that is not constant (a function, a clock, the environment) is computed once, when the run starts.
"""

from __future__ import annotations

import ast
import json
from collections.abc import Iterable

from flowport.compiler.decorators.arguments import is_text
from flowport.compiler.evaluate.configs import MissingKey, UnreadConfig
from flowport.compiler.evaluate.expressions import evaluate
from flowport.compiler.evaluate.pure import has_flow_path
from flowport.compiler.evaluate.reading import Reading
from flowport.compiler.evaluate.scope import Known, NotConstant, ReadsEnvironment, scope
from flowport.compiler.ir import Computed, Constant, NoDefault, Parameter
from flowport.compiler.ir.parameter_kinds import as_kind, misfit
from flowport.compiler.parse.include_file import IncludedFile
from flowport.compiler.parse.parameter_arguments import KINDS
from flowport.compiler.parse.parameter_calls import ParameterCall
from flowport.compiler.parse.parameter_reader import ParameterReader
from flowport.compiler.python.modules import External
from flowport.runtime.names.config import plain

_TYPES_HELP = "use str, int, float, bool, list, dict, JSONType or click.Choice"


def parameters(reading: Reading, found: Iterable[ParameterCall], folder: str) -> tuple[Parameter, ...]:
    """The parameters of a flow; `folder` is the flow's, where the files of IncludeFile are looked for."""
    return tuple(
        IncludedFile(reading, made, folder).parameter() if made.kind == "IncludeFile" else _Value(reading, made, folder).parameter()
        for made in found
    )


class _Value(ParameterReader):
    """A call of `Parameter`."""

    def parameter(self) -> Parameter:
        """The parameter; adds a diagnostic for every argument that does not fit."""
        name = self.name()
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

    def _check_characters(self, argument: str, values: tuple[object, ...]) -> None:
        if not all(is_text(value) for value in values if isinstance(value, str)):
            message = f"`{argument}` of `{self.attribute}` has an unpaired surrogate, which is not a character"
            self.say("FP153", message, self.arguments[argument], "remove it")

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


def is_constant(value: object) -> bool:
    """Whether a value can be written down where the flow is compiled: plain data, without a path of this machine."""
    if isinstance(value, str):
        return not has_flow_path(value)
    if isinstance(value, list | tuple | set | frozenset):
        return all(is_constant(inner) for inner in value)
    if isinstance(value, dict):
        return all(is_constant(key) and is_constant(inner) for key, inner in value.items())
    return value is None or isinstance(value, bool | int | float | complex | bytes)
