"""`@catch(var=None, print_exception=True)`: a step that fails after its last attempt counts as done."""

from __future__ import annotations

from flowport.compiler.decorators.arguments import Arguments
from flowport.compiler.decorators.decorator import Decorator
from flowport.compiler.ir import JSON, Catch, Settings
from flowport.compiler.ir.features import Feature
from flowport.compiler.record import replace

CATCHING = Feature("@catch")


def _read(arguments: Arguments, so_far: Settings) -> Settings:
    node, var = arguments.named.get("var", (arguments.use.node, None))
    if var is not None and not (isinstance(var, str) and var.isidentifier()):
        arguments.say(node, f"`var` of `@catch` must be the name of an artifact, not `{var!r}`", 'write `var="failure"`')
        var = None
    return replace(so_far, catch=Catch(var, bool(arguments.named.get("print_exception", (None, True))[1])))


def _to_plan(settings: Settings) -> dict[str, JSON]:
    catch = settings.catch
    return {"catch": {"var": catch.var, "print": catch.print_exception} if catch else None}


# Each step in a container catches its own errors, so nothing is merged.
CATCH = Decorator("catch", ("var", "print_exception"), _read, {CATCHING: lambda settings: settings.catch is not None}, to_plan=_to_plan)
