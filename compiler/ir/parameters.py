"""The parameters of a flow."""

from __future__ import annotations

from flowport.compiler.ir.span import Span
from flowport.compiler.ir.values import Constant
from flowport.compiler.record import field, record


@record
class NoDefault:
    """A parameter that was given no default."""


@record
class Computed:
    """A default that is not constant: it is computed once, when the run starts, from the imported flow."""

    expression: str


@record
class Option:
    """How a command line takes a parameter: variables that have its value, and what help shows of it."""

    variables: tuple[str, ...] = ()
    hidden: bool = False
    metavar: str = ""
    shows_default: bool = True


@record
class Parameter:
    """A `Parameter` or an `IncludeFile`.

    `kind` is one of str, int, float, bool, json, list, dict, file. `name` is what the command line says, `attribute` what
    the flow says. A default of a `file` is its path, relative to the flow's folder; `text` and `encoding` belong to it.
    A `str` with a `separator` is a list in the steps. A `list` of an `element` kind is a tuple there, with one option for each value.
    """

    attribute: str
    name: str
    kind: str
    default: Constant | NoDefault | Computed = field(default_factory=NoDefault)
    required: bool = False
    help: str = ""
    choices: tuple[Constant, ...] = ()
    text: bool = True
    encoding: str | None = None
    separator: str | None = None
    element: str = ""
    option: Option = field(default_factory=Option)
    span: Span | None = field(default=None, compare=False)
