"""What mutators may do to one flow, and when: its decorators, steps and parameters."""

from __future__ import annotations

from flowport.runtime.names.config import Config
from flowport.runtime.names.flow import Parameter
from flowport.runtime.names.mutable.noted import Noted, Refused

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any


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


def asked(changing: Changing, kind: Any, values: Any, named: Any) -> tuple[str | type[Any], list[Any], dict[str, Any]]:
    """The decorator that `add_decorator` is given, and its arguments."""
    if isinstance(kind, str) and ":" in kind:
        if values or named:
            raise Refused(f"`add_decorator({kind!r}, ...)` has arguments twice: in the text and beside it")
        from flowport.runtime.names.decorator_text import parse

        kind, named = parse(kind)
    return changing.find(kind), list(values or ()), dict(named or {})
