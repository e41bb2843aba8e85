"""Decorators from outside of the source: what they are, and which steps lack them.

--with retry:times=2           @retry(times=2), as if it were written above each step without `@retry`
--with shared.tracing.traced   a user step decorator of the flow's own files, which the task puts around the step
"""

from __future__ import annotations

import ast
from collections.abc import Collection, Iterable

from flowport.compiler.decorators.registry import FLOW_DECORATORS, STEP_DECORATORS
from flowport.compiler.decorators.spec import DecoratorSpec
from flowport.compiler.decorators.unsupported import UNSUPPORTED
from flowport.compiler.decorators.use import DecoratorUse
from flowport.compiler.decorators.user_defined import kind
from flowport.compiler.diagnostics.diagnostic import Diagnostic
from flowport.compiler.diagnostics.suggestions import did_you_mean
from flowport.compiler.evaluate.reading import Reading
from flowport.compiler.ir import Wrapper
from flowport.compiler.python.modules import Definition
from flowport.compiler.python.source import Source, parse_source
from flowport.compiler.record import record, replace

_KNOWN = frozenset({*STEP_DECORATORS, *FLOW_DECORATORS, *UNSUPPORTED})


@record(eq=False)
class Attached:
    """A decorator from outside. It has a `wrapper` and a `definition` if the flow's own files define it."""

    use: DecoratorUse
    wrapper: Wrapper | None = None
    definition: Definition | None = None

    @property
    def changes_results(self) -> bool:
        """Whether a step computes something else with it."""
        decorator = STEP_DECORATORS.get(self.use.name)
        return decorator.changes_results if decorator is not None else self.wrapper is not None


def attached(reading: Reading, start: Source, specs: Iterable[DecoratorSpec], several: bool = False) -> tuple[Attached, ...]:
    """The decorators of `specs` for the flow in `start`; of those with one name the first, unless a step has `several`.

    Adds diagnostics about what is wrong with them.
    """
    found: dict[object, Attached] = {}
    for number, spec in enumerate(specs):
        one = _attached(reading, start, spec)
        if one is not None:
            found.setdefault(number if several else spec.name, one)
    return tuple(found.values())


def lacking(reading: Reading, uses: Iterable[DecoratorUse], among: Iterable[Attached]) -> tuple[Attached, ...]:
    """Those of `among` that a step does not have."""
    own = list(uses)
    names = {use.name for use in own}
    defined = {_node(reading.modules.resolve(use.source, use.call.func if use.call else use.node)) for use in own if not use.name}
    return tuple(one for one in among if (_node(one.definition) not in defined if one.definition else one.use.name not in names))


def _node(thing: object) -> ast.AST | None:
    return thing.bindings[-1].node if isinstance(thing, Definition) else None


def _attached(reading: Reading, start: Source, spec: DecoratorSpec) -> Attached | None:
    wrong = [name for name in spec.arguments if not name.isidentifier()]
    if wrong:
        _say(reading, spec, "FP131", f"`@{spec.name}` has no argument `{wrong[0]}`")
        return None
    if spec.name in _KNOWN:
        return Attached(_use(spec, spec.name))
    thing = _own(reading, start, spec)
    if thing is None:
        return None
    if kind(reading.modules, thing) != "user step decorator":
        message = f"`{spec.name}` is no decorator for a step"
        _say(reading, spec, "FP122", message, "make it one with `@user_step_decorator`, or a class that inherits from `UserStepDecorator`")
        return None
    module = "" if thing.source is start else thing.source.module
    return Attached(_use(spec, ""), Wrapper(module, thing.name, spec.arguments), thing)


def _own(reading: Reading, start: Source, spec: DecoratorSpec) -> Definition | None:
    """What the flow's own files define under a name, with its module in front or as the flow's file knows it."""
    module, _, name = spec.name.rpartition(".")
    found = reading.modules.module(module) if module else None
    source = found.source if found is not None else None
    thing = reading.modules.look(source or start, name) if source or not module else None
    if isinstance(thing, Definition):
        return thing
    if module and source is None:
        message = f"there is no module `{module}` in the flow's own files"
        _say(reading, spec, "FP122", message, "name a decorator as `module.name`, as an import would")
        return None
    names = {*STEP_DECORATORS} if not module else {*reading.modules.names(source or start)}
    ways_out = did_you_mean(name, names) or (f"there are {', '.join(f'`{one}`' for one in sorted(STEP_DECORATORS))}",)
    _say(reading, spec, "FP122", f"there is no decorator `{spec.name}`", *ways_out)
    return None


def _use(spec: DecoratorSpec, name: str) -> DecoratorUse:
    """The decorator as if it were written in a file of its own, which messages call by its origin."""
    called = (spec.name if name else "decorator") + "(" + ", ".join(f"{one}={value!r}" for one, value in spec.arguments.items()) + ")"
    source = parse_source(called.encode(errors="surrogatepass"), "", "", spec.origin, "")
    node = source.tree.body[0]
    assert isinstance(node, ast.Expr)
    return DecoratorUse(node.value, name, source, {})


def _say(reading: Reading, spec: DecoratorSpec, code: str, message: str, *ways_out: str) -> None:
    reading.diagnostics.append(Diagnostic(code, f"`{spec.origin}`: {message}", help=ways_out))


def without_places(diagnostics: Iterable[Diagnostic], origins: Collection[str]) -> list[Diagnostic]:
    """The diagnostics about decorators from outside say where these come from, instead of a place in a file, and each of them once."""
    found: dict[object, Diagnostic] = {}
    for one in diagnostics:
        if one.span is not None and one.span.file in origins:
            key: object = (one.code, one.span)
            found.setdefault(key, replace(one, span=None, message=f"`{one.span.file}`: {one.message}"))
        else:
            found.setdefault(one, one)
    return list(found.values())
