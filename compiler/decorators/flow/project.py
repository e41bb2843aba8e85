"""`@project(name="demo", branch="main", production=False)`: which project a flow belongs to, with Metaflow's arguments and rules."""

from __future__ import annotations

from flowport.compiler.decorators.arguments import Arguments
from flowport.compiler.decorators.decorator import FlowDecorator
from flowport.compiler.ir import Project
from flowport.compiler.ir.project import name_like, name_problem


def _read(arguments: Arguments) -> Project:
    """The project, with the branch that the decorator chooses; whoever compiles the flow may choose what it leaves open."""
    name = arguments.text("name", "demo")
    if not name:
        node = arguments.named.get("name", (arguments.use.node, None))[0]
        arguments.say(node, "`@project` has no name", 'write `@project(name="demo")`')
    else:
        _check(arguments, "name", name)
    branch = arguments.text("branch", "main") or None
    if branch is not None:
        _check(arguments, "branch", branch)
    return Project(name, branch, _production(arguments), span=arguments.use.source.span(arguments.use.node))


def _check(arguments: Arguments, argument: str, name: str) -> None:
    if problem := name_problem(name):
        shown = name if len(name) <= 60 else f"{name[:60]}..."
        message = f"the {'name' if argument == 'name' else 'branch'} of `@project` is `{shown}`, which {problem}"
        arguments.say(arguments.named[argument][0], message, f'write `{argument}="{name_like(name)[:60]}"`')


def _production(arguments: Arguments) -> bool | None:
    node, value = arguments.named.get("production", (arguments.use.node, None))
    if value is not None and not isinstance(value, bool):
        arguments.say(node, f"`production` of `@project` must be True or False, not `{value!r}`", "write `production=True`")
        return None
    return value


PROJECT = FlowDecorator("project", ("name", "branch", "production"), _read)
