"""The configs of a flow."""

from __future__ import annotations

from flowport.compiler.ir.span import Span
from flowport.compiler.ir.values import Constant
from flowport.compiler.record import field, record


@record
class Config:
    """A `Config` and its value, which was read from a file or from the command line; None without one.

    `name` is what the command line and `config_expr` say, `attribute` what the flow says. The value of a `plain` one may be any, and steps
    get it as it is.
    """

    attribute: str
    name: str
    value: Constant = field(repr=False)
    plain: bool = False
    help: str = ""
    span: Span | None = field(default=None, compare=False)
