"""Reads of environment variables in an expression: `os.environ["A"]`, `os.getenv("A", "x")`, and texts that contain them.

    f"https://{os.environ['HOST']}/"  ->  Forwarded(("https://", Read("HOST"), "/"))

The value is known in the task only, so nothing else can be computed from it. `expressions.evaluate` refuses it, and
`expressions.forwarding` returns it to those who can hand the read on to the task.
"""

from __future__ import annotations

import ast
from typing import Any

from flowport.compiler.evaluate.pure import has_flow_path
from flowport.compiler.evaluate.scope import NotConstant, ReadsEnvironment
from flowport.compiler.ir.secrets import Read, Template, reads
from flowport.compiler.python.source import Source
from flowport.compiler.record import record

UNSET: Template = ("None",)
"""What a text has in the place of None, which `os.getenv("A")` is when the variable is not set."""


@record(eq=False)
class Forwarded:
    """A text that is read in the task, and where it stands. `may_be_none` says that it is None if the variable is not set."""

    template: Template
    source: Source
    node: ast.AST
    may_be_none: bool = False

    def refused(self) -> ReadsEnvironment:
        """The error that nothing but a variable of a step can have this value."""
        return ReadsEnvironment(self.source, self.node, next(reads(self.template)).name)

    def otherwise(self, other: Any) -> Forwarded | None:
        """The value of `self or other`; None if that is no text that a task can compute."""
        match self.template:
            case (Read(name, default),) if self.may_be_none or default == ("",):
                return Forwarded((Read(name, template_of(other), or_empty=True),), self.source, self.node)
        return None


def found_in(value: Any) -> Forwarded | None:
    """The first read in a value, or in the collections that it consists of."""
    if isinstance(value, Forwarded):
        return value
    inner = [*value, *value.values()] if isinstance(value, dict) else value if isinstance(value, list | tuple | set | frozenset) else ()
    return next((found for each in inner if (found := found_in(each)) is not None), None)


def template_of(value: Any) -> Template:
    """A value as the text that a variable has."""
    if isinstance(value, Forwarded):
        return value.template
    return (str(value),) if str(value) else ("",)


def joined(parts: list[Any], source: Source, node: ast.AST) -> Any:
    """Texts and reads, one after the other: a text, or a read if any of them is one."""
    if found_in(parts) is None:
        return "".join(parts)
    if has_flow_path([part for part in parts if isinstance(part, str)]):
        raise NotConstant(source, node, "it depends on where the flow's files are installed")
    whole: list[str | Read] = []
    for part in (part for value in parts for part in template_of(value)):
        if isinstance(part, str) and whole and isinstance(whole[-1], str):
            whole[-1] += part
        else:
            whole.append(part)
    return Forwarded(tuple(part for part in whole if part != ""), source, node)


def read(name: Any, default: Any, source: Source, node: ast.AST) -> Forwarded:
    """`os.environ[name]`, or with the arguments of `os.getenv` in `default`; raises ReadsEnvironment if the name is not known."""
    if not isinstance(name, str):
        raise ReadsEnvironment(source, node, None)
    if default == ():
        return Forwarded((Read(name),), source, node)
    (otherwise,) = default
    return Forwarded((Read(name, UNSET if otherwise is None else template_of(otherwise)),), source, node, otherwise is None)
