"""`MutableFlow` and `MutableStep`: a flow and its steps, as mutators see and change them. Names and arguments are Metaflow's."""

from __future__ import annotations

from abc import ABC, abstractmethod

from flowport.runtime.names.flow import Parameter
from flowport.runtime.names.mutable import noted
from flowport.runtime.names.mutable.changing import Changing, asked, is_parameter
from flowport.runtime.names.mutable.noted import FlowMutatorType, Noted, Refused
from flowport.runtime.names.step_decorators import StepDecorator

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    Spec = tuple[str, str, list[Any], dict[str, Any]]

MUTATORS = "mutators"
"""The list of a step with its mutators."""


class _Mutable(ABC):
    """What a flow and a step share."""

    IGNORE, ERROR, OVERRIDE = noted.IGNORE, noted.ERROR, noted.OVERRIDE

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
            yield type(user).__name__, noted.full_name(type(user)), list(user._args), dict(user._kwargs)

    def add_decorator(self, deco_type: Any, deco_args: Any = None, deco_kwargs: Any = None, duplicates: int = 1) -> Any:
        """Add a decorator, by its name, with or without arguments (`retry:times=2`), or as it is imported."""
        found, values, named = asked(self._changing, deco_type, deco_args, deco_kwargs)
        if isinstance(found, str):
            if values:
                raise Refused(f"`@{found}` takes its arguments by name")
            return noted.add(self._list("decorators"), Noted(found, named, self._changing.origin), duplicates)
        if not issubclass(found, StepDecorator):
            raise Refused(f"`{found.__name__}` is no decorator of steps")
        if found.list_name == MUTATORS:
            self._changing.only_early(f"add_decorator({found.__name__})")
        own = [name for name in ("wrappers", "mutators") if any(type(one) is found for one in self._list(name))]
        if own and duplicates != self.OVERRIDE:
            noted.check_error(found.__name__, duplicates)
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
                named, given = noted.identity(one)
                gone = deco_name in named and wanted in (None, given)
                if gone and name == MUTATORS:
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
        for user in noted.mutators_of(self._changing.kind):
            yield type(user).__name__, noted.full_name(type(user)), list(user._args), dict(user._kwargs)

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
        found, values, named = asked(self._changing, deco_type, deco_args, deco_kwargs)
        if isinstance(found, FlowMutatorType):
            if any(type(one) is found for one in noted.mutators_of(self._changing.kind)):
                noted.check_error(found.__name__, duplicates)
                return None
            made = type.__call__(found, *values, **named)
            made.init(*values, **named)
            return made(self._changing.kind) and made
        if not isinstance(found, str) or values:
            raise Refused(f"`add_decorator` of a flow takes a decorator of flows with arguments by name, not `{deco_type!r}`")
        return noted.add(self._changing.flow_decorators, Noted(found, named, self._changing.origin), duplicates)

    def remove_decorator(self, deco_name: str, deco_args: Any = None, deco_kwargs: Any = None) -> bool:
        """Remove the decorators of the flow with a name, or those of them with these arguments; whether there were any."""
        self._changing.only_early("remove_decorator")
        if any(deco_name in noted.identity(one)[0] for one in noted.mutators_of(self._changing.kind)):
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
