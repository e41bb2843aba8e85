"""`@exit_hook(on_success=[tell], on_error=["alert"])`: functions that are called when a run has ended, with Metaflow's arguments.

A function is named by itself or in a text: one of the flow's own file, or `module.function`.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import Any

from flowport.compiler.decorators.arguments import Arguments
from flowport.compiler.decorators.decorator import FlowDecorator
from flowport.compiler.diagnostics.suggestions import did_you_mean
from flowport.compiler.evaluate.scope import Known
from flowport.compiler.ir import ExitHooks
from flowport.compiler.python.modules import Definition, External, Thing

FUNCTIONS = ("on_success", "on_error")


def _read(arguments: Arguments) -> ExitHooks | None:
    """The functions; None where there are none."""
    use = arguments.use
    node, options = arguments.named.get("options", (use.node, None))
    if options:
        message = "`options` of `@exit_hook` has no effect: hooks run in the image of the first step"
        arguments.reading.warn("FP141", message, use.source, node, "remove `options`")
    found = ExitHooks(tuple(_functions(arguments, "on_success")), tuple(_functions(arguments, "on_error")))
    if not any(arguments.named.get(name, (None, None))[1] for name in FUNCTIONS):
        arguments.say(use.node, "`@exit_hook` names no function", "write `@exit_hook(on_error=[alert])`, with a function of this file")
    return found if found != ExitHooks() else None


def _functions(arguments: Arguments, name: str) -> Iterator[str]:
    node, listed = arguments.named.get(name, (arguments.use.node, None))
    if listed is not None and not isinstance(listed, list | tuple):
        arguments.say(node, f"`{name}` of `@exit_hook` must be a list of functions", f"write `{name}=[alert]`")
        return
    for value in listed or ():
        thing = _named(arguments, value)
        if isinstance(thing, Definition):
            _check(arguments, node, name, thing)
            own = thing.source is arguments.reading.modules.start
            yield f"{'' if own else thing.source.module}:{thing.name}"
        elif isinstance(thing, External | Known) and "." in thing.name:
            if isinstance(value, str) and "." in value:
                _look_for(arguments, node, name, value)
            yield ":".join(thing.name.rsplit(".", 1))
        else:
            shown = f"`{value}`, which is no function of the flow's files" if isinstance(value, str) else "something that is no function"
            known = arguments.reading.modules.names(arguments.use.source) if isinstance(value, str) else ()
            ways_out = (*did_you_mean(str(value), known), f"write `{name}=[alert]`, with a function of this file")
            arguments.say(node, f"`{name}` of `@exit_hook` names {shown}", *ways_out)


def _named(arguments: Arguments, value: Any) -> Thing | Known | None:
    """What an entry of a list names: a text is looked up as a name of the file, or as `module.function`."""
    if not isinstance(value, str):
        return value if isinstance(value, Definition | External | Known) else None
    modules, source = arguments.reading.modules, arguments.use.source
    module, dot, name = value.rpartition(".")
    if not dot:
        return modules.look(source, value)
    own = modules.module(module)
    return modules.member(own, name) if own is not None else External(value)


def _look_for(arguments: Arguments, node: ast.expr, name: str, text: str) -> None:
    """Report a text that names nothing: a warning if the module may be installed in the image."""
    reading, source = arguments.reading, arguments.use.source
    module, _, function = text.rpartition(".")
    own = reading.modules.module(module)
    if own is not None and own.source is not None:
        known = reading.modules.names(own.source)
        if not {function, "*", "__getattr__"} & known.keys():
            message = f"`{name}` of `@exit_hook` names `{text}`, and `{own.source.place}` has no function `{function}`"
            arguments.say(node, message, *did_you_mean(function, known), f"write `def {function}(run):` in `{own.source.place}`")
        return
    imported = {each.module.split(".")[0] for found in reading.modules.names(source).values() for each in found if each.module}
    if text.split(".")[0] not in imported:
        message = f"`{name}` of `@exit_hook` names `{text}`, and the flow's folders have no module `{module}`"
        own_way = "if it is your own module, write it beside the flow, or add its folder to `roots` in flowport.toml"
        installed = f"if it is installed in the image, write `from {module} import {function}` and `{name}=[{function}]`"
        reading.warn("FP133", message, source, node, own_way, installed)


def _check(arguments: Arguments, node: ast.expr, name: str, thing: Definition) -> None:
    """Report a definition that cannot be called with the run alone."""
    function = thing.function
    if isinstance(function, ast.AsyncFunctionDef) or thing.type is not None:
        arguments.say(node, f"`{name}` of `@exit_hook` names `{thing.name}`, which is no plain function", f"write `def {thing.name}(run):`")
    elif function is not None:
        taken = function.args
        every = [*taken.posonlyargs, *taken.args]
        needed = every[: len(every) - len(taken.defaults)]
        needed += [one for one, default in zip(taken.kwonlyargs, taken.kw_defaults) if default is None]
        wrong = [one.arg for one in needed if one.arg != "run" or one in taken.posonlyargs]
        if wrong:
            message = f"the exit hook `{thing.name}` takes `{wrong[0]}`, and it is called with `run` at most"
            arguments.say(node, message, f"write `def {thing.name}(run):`, or `def {thing.name}():`")


EXIT_HOOK = FlowDecorator("exit_hook", (*FUNCTIONS, "options"), _read, names_functions=True, repeats=True)
