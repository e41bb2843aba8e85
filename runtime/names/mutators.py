"""Mutators: classes of a flow's that change its decorators and parameters while it is compiled.

A task imports them, and they do nothing there. `flowport compile --run-mutators` imports the flow in a process of its own, where decorators
note themselves as `Noted`, and `MutableFlow` and `MutableStep` change what they noted.
"""

from __future__ import annotations

from abc import ABC, abstractmethod

from flowport.runtime.names.config import Config
from flowport.runtime.names.flow import FlowSpec, Parameter
from flowport.runtime.names.step_decorators import DecoratorType, StepDecorator

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from typing import Any

    Spec = tuple[str, str, list[Any], dict[str, Any]]

FLOW_MUTATORS = "_flowport_mutators"
"""The attribute of a class with the mutators above it."""


class StepMutator(StepDecorator):
    """Changes one step: `pre_mutate` before the command line's decorators are added, `mutate` after that."""

    list_name = "mutators"
    takes_values = True

    def pre_mutate(self, mutable_step: MutableStep) -> None:
        """Called before all `mutate`."""

    def mutate(self, mutable_step: MutableStep) -> None:
        """Called last."""


class FlowMutatorType(DecoratorType):
    """Lets a mutator be used as `@Robust` and as `@Robust("x")` above a class."""

    def decorates(cls, value: Any) -> bool:
        return isinstance(value, type)


class FlowMutator(metaclass=FlowMutatorType):
    """Changes a flow: `pre_mutate` may change the flow and its steps, `mutate` the steps."""

    def __init__(self, *values: Any, **named: Any) -> None:
        if (values or named) and type(self).init is FlowMutator.init:
            raise TypeError(f"`@{type(self).__name__}` has no method `init` that takes its arguments")
        self._args, self._kwargs = list(values), named

    def __call__(self, kind: type) -> type:
        setattr(kind, FLOW_MUTATORS, [*vars(kind).get(FLOW_MUTATORS, ()), self])
        return kind

    def init(self, *values: Any, **named: Any) -> None:
        """Called with the arguments of the mutator before anything else."""

    def pre_mutate(self, mutable_flow: MutableFlow) -> None:
        """Called before all `mutate`."""

    def mutate(self, mutable_flow: MutableFlow) -> None:
        """Called last."""


class Noted:
    """A decorator of flowport on a step or a flow: `origin` is what added it, "" for the source."""

    def __init__(self, name: str, arguments: dict[str, Any], origin: str = "") -> None:
        self.name, self.arguments, self.origin = name, arguments, origin


class Refused(Exception):
    """A mutator asks for something that cannot be done; the message says what."""


class Changing:
    """What mutators may do to one flow. `find` gives the name of a decorator, or the class of one of the flow's own."""

    def __init__(self, kind: type, find: Callable[[Any], str | type[Any]], configs: dict[str, Any]) -> None:
        self.kind, self.find, self.configs = kind, find, configs
        self.flow_decorators: list[Noted] = list(getattr(kind, "_flowport_decorators", ()))
        self.parameters = {name: value for name in dir(kind) if is_parameter(value := _held(kind, name))}
        self.early, self.origin = True, ""

    def only_early(self, what: str) -> None:
        """Raise Refused unless `pre_mutate` is running."""
        if not self.early:
            raise Refused(f"`{what}` can be called in `pre_mutate` only, not in `mutate`")

    @property
    def steps(self) -> dict[str, Any]:
        """The functions of the steps, by name."""
        found = ((name, _held(self.kind, name)) for name in dir(self.kind))
        return {name: value for name, value in found if is_step(value)}


def is_step(value: Any) -> bool:
    """Whether an attribute of a flow is a step; what answers to every name, such as a config, is none."""
    return isinstance(value, type(is_step)) and getattr(value, "is_step", False) is True


def is_parameter(value: Any) -> bool:
    """Whether an attribute of a flow is a parameter, and no config."""
    return isinstance(value, Parameter) and not isinstance(value, Config)


def _held(kind: type, name: str) -> Any:
    return next((vars(one)[name] for one in kind.__mro__ if name in vars(one)), None)


class _Mutable(ABC):
    """What a flow and a step share."""

    IGNORE, ERROR, OVERRIDE = 1, 2, 3

    def __init__(self, changing: Changing) -> None:
        self._changing = changing

    @property
    @abstractmethod
    def decorator_specs(self) -> Iterator[Spec]:
        """Of each decorator: its name, its full name, and its arguments as far as they are given."""

    def has_decorator(self, name: str) -> bool:
        """Whether there is a decorator with this name, or this full name."""
        return bool(self.get_decorator_specs(name))

    def get_decorator_specs(self, name: str) -> list[Spec]:
        """The decorators with this name, or this full name."""
        return [spec for spec in self.decorator_specs if name == spec["." in name]]


class MutableStep(_Mutable):
    """A step that a mutator may change."""

    def __init__(self, changing: Changing, name: str, step: Any) -> None:
        super().__init__(changing)
        self.name, self._step = name, step

    @property
    def flow(self) -> MutableFlow:
        """The flow that the step belongs to."""
        return MutableFlow(self._changing)

    @property
    def decorator_specs(self) -> Iterator[Spec]:
        for one in self._list("decorators"):
            yield one.name, f"metaflow.{one.name}", [], dict(one.arguments)
        for user in dict.fromkeys([*self._list("wrappers"), *self._list("mutators")]):
            yield type(user).__name__, full_name(type(user)), list(user._args), dict(user._kwargs)

    def add_decorator(self, deco_type: Any, deco_args: Any = None, deco_kwargs: Any = None, duplicates: int = 1) -> Any:
        """Add a decorator, by its name, with or without arguments (`retry:times=2`), or as it is imported."""
        found, values, named = _asked(self._changing, deco_type, deco_args, deco_kwargs)
        if isinstance(found, str):
            if values:
                raise Refused(f"`@{found}` takes its arguments by name")
            return _add(self._list("decorators"), Noted(found, named, self._changing.origin), duplicates)
        if not issubclass(found, StepDecorator):
            raise Refused(f"`{found.__name__}` is no decorator of steps")
        if issubclass(found, StepMutator):
            self._changing.only_early(f"add_decorator({found.__name__})")
        own = [name for name in ("wrappers", "mutators") if any(type(one) is found for one in self._list(name))]
        if own and duplicates != self.OVERRIDE:
            _check_error(found.__name__, duplicates)
            return None
        for name in own:
            self._list(name)[:] = [one for one in self._list(name) if type(one) is not found]
        made = type.__call__(found, *values, **named)
        made.origin = self._changing.origin
        made(self._step)
        return made

    def remove_decorator(self, deco_name: str, deco_args: Any = None, deco_kwargs: Any = None) -> bool:
        """Remove the decorators with a name, or those of them with these arguments; whether there were any."""
        wanted = None if deco_args is None and deco_kwargs is None else (list(deco_args or ()), dict(deco_kwargs or {}))
        removed = False
        for name in ("decorators", "wrappers", "mutators"):
            kept = []
            for one in self._list(name):
                named, given = _identity(one)
                gone = deco_name in named and wanted in (None, given)
                if gone and isinstance(one, StepMutator):
                    self._changing.only_early(f"remove_decorator({deco_name!r})")
                removed |= gone
                kept += [] if gone else [one]
            self._list(name)[:] = kept
        return removed

    def _list(self, name: str) -> Any:
        return self._step.__dict__.setdefault(name, [])


class MutableFlow(_Mutable):
    """A flow that a mutator may change. Its steps, parameters and configs are attributes."""

    @property
    def decorator_specs(self) -> Iterator[Spec]:
        for one in self._changing.flow_decorators:
            yield one.name, f"metaflow.{one.name}", [], dict(one.arguments)
        for user in mutators_of(self._changing.kind):
            yield type(user).__name__, full_name(type(user)), list(user._args), dict(user._kwargs)

    @property
    def steps(self) -> Iterator[tuple[str, MutableStep]]:
        """The steps with their names."""
        for name, step in self._changing.steps.items():
            yield name, MutableStep(self._changing, name, step)

    @property
    def parameters(self) -> Iterator[tuple[str, Parameter]]:
        """The parameters, by the attributes that they are."""
        yield from self._changing.parameters.items()

    @property
    def configs(self) -> Iterator[tuple[str, Any]]:
        """The configs, by the attributes that they are."""
        yield from self._changing.configs.items()

    def add_parameter(self, name: str, value: Any, overwrite: bool = False) -> None:
        """Add a parameter as the attribute `name`."""
        self._changing.only_early("add_parameter")
        if not is_parameter(value):
            raise Refused(f"`add_parameter` takes a `Parameter` or an `IncludeFile`, not one of type `{type(value).__name__}`")
        if hasattr(self._changing.kind, name) and not overwrite:
            raise Refused(f"the flow has the attribute `{name}` already: `add_parameter(..., overwrite=True)` replaces it")
        self._changing.parameters[name] = value

    def remove_parameter(self, parameter_name: str) -> bool:
        """Remove the parameter that is called so; whether there was one."""
        self._changing.only_early("remove_parameter")
        found = [name for name, value in self._changing.parameters.items() if value.name == parameter_name]
        for name in found:
            del self._changing.parameters[name]
        return bool(found)

    def add_decorator(self, deco_type: Any, deco_args: Any = None, deco_kwargs: Any = None, duplicates: int = 1) -> Any:
        """Add a decorator of the flow, by its name, with or without arguments, or as it is imported."""
        self._changing.only_early("add_decorator")
        found, values, named = _asked(self._changing, deco_type, deco_args, deco_kwargs)
        if isinstance(found, type) and issubclass(found, FlowMutator):
            if any(type(one) is found for one in mutators_of(self._changing.kind)):
                _check_error(found.__name__, duplicates)
                return None
            made = type.__call__(found, *values, **named)
            made.init(*values, **named)
            return made(self._changing.kind) and made
        if not isinstance(found, str) or values:
            raise Refused(f"`add_decorator` of a flow takes a decorator of flows with arguments by name, not `{deco_type!r}`")
        return _add(self._changing.flow_decorators, Noted(found, named, self._changing.origin), duplicates)

    def remove_decorator(self, deco_name: str, deco_args: Any = None, deco_kwargs: Any = None) -> bool:
        """Remove the decorators of the flow with a name, or those of them with these arguments; whether there were any."""
        self._changing.only_early("remove_decorator")
        if any(deco_name in _identity(one)[0] for one in mutators_of(self._changing.kind)):
            raise Refused(f"the mutator `{deco_name}` cannot be removed: it may have run already")
        wanted = None if deco_args is None and deco_kwargs is None else dict(deco_kwargs or {})
        own = self._changing.flow_decorators
        kept = [one for one in own if one.name != deco_name or wanted not in (None, one.arguments)]
        removed = len(kept) < len(own)
        own[:] = kept
        return removed

    def __getattr__(self, name: str) -> Any:
        changing: Changing = self.__dict__["_changing"]
        if name in changing.steps:
            return MutableStep(changing, name, changing.steps[name])
        if name in changing.configs:
            return changing.configs[name]
        if name in changing.parameters:
            return changing.parameters[name]
        raise AttributeError(f"the flow has no step, config or parameter `{name}`")


def change_parameters(kind: type, added: Iterable[str], removed: Iterable[str]) -> None:
    """Give the class of a flow the parameters that its mutators added, and take those that they removed."""
    for attribute in added:
        parameter = Parameter(attribute)
        parameter.attribute = attribute
        setattr(kind, attribute, parameter)
    for attribute in removed:
        for base in kind.__mro__:
            if attribute in vars(base):
                delattr(base, attribute)


def mutators_of(kind: type) -> list[FlowMutator]:
    """The mutators of a flow, those that it inherits first; the lowest above a class comes before the others."""
    return [one for base in reversed(kind.__mro__) if base is not FlowSpec for one in vars(base).get(FLOW_MUTATORS, ())]


def full_name(kind: type) -> str:
    """A decorator's name with its module."""
    return f"{kind.__module__}.{kind.__name__}"


def _identity(one: Any) -> tuple[tuple[str, ...], tuple[list[Any], dict[str, Any]]]:
    """The names of a decorator, and its arguments."""
    if isinstance(one, Noted):
        return (one.name, f"metaflow.{one.name}"), ([], one.arguments)
    return (type(one).__name__, full_name(type(one))), (one._args, one._kwargs)


def _asked(changing: Changing, kind: Any, values: Any, named: Any) -> tuple[str | type[Any], list[Any], dict[str, Any]]:
    """The decorator that `add_decorator` is given, and its arguments."""
    if isinstance(kind, str) and ":" in kind:
        if values or named:
            raise Refused(f"`add_decorator({kind!r}, ...)` has arguments twice: in the text and beside it")
        from flowport.runtime.names.decorator_text import parse

        kind, named = parse(kind)
    return changing.find(kind), list(values or ()), dict(named or {})


def _add(own: list[Noted], one: Noted, duplicates: int) -> Noted | None:
    there = any(each.name == one.name for each in own) and one.name not in SEVERAL
    if there and duplicates != MutableStep.OVERRIDE:
        _check_error(one.name, duplicates)
        return None
    if there:
        own[:] = [each for each in own if each.name != one.name]
    own.append(one)
    return one


def _check_error(name: str, duplicates: int) -> None:
    if duplicates == MutableStep.ERROR:
        raise Refused(f"`@{name}` is there already, and `duplicates` says that this is an error")
    if duplicates != MutableStep.IGNORE:
        raise Refused(f"`duplicates` must be `IGNORE`, `ERROR` or `OVERRIDE`, not `{duplicates!r}`")


SEVERAL = frozenset({"card", "secrets"})
"""The decorators that a step may have more than once."""
