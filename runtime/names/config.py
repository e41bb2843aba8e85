"""`Config` and `config_expr`: values that the compiler reads from files, and a task from its plan.

config = Config("config", default="config.json")     in the class
@resources(cpu=config.cpu)                            the value, or outside a task a ConfigExpression
self.config.train.rate                                a ConfigValue, read-only
"""

from __future__ import annotations

import operator
import sys

from flowport.runtime.names.flow import Parameter

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping
    from typing import Any, NoReturn

    from flowport.runtime.names.flow import FlowSpec

_known: list[Callable[[], Mapping[str, Any]]] = []
"""What gives the values of the flow of this process by the names of its configs; empty outside a task."""


def provide(values: Callable[[], Mapping[str, Any]]) -> None:
    """Let the configs of the flow that is imported next have these values, by name."""
    _known[:] = [values]


class ConfigValue(dict):  # type: ignore[type-arg]
    """A table of a config: a dictionary that cannot be changed, whose keys are attributes too."""

    def __init__(self, data: Any = ()) -> None:
        super().__init__({key: _wrapped(value) for key, value in dict(data).items()})

    @classmethod
    def fromkeys(cls, keys: Iterable[Any], value: Any = None) -> ConfigValue:
        """A table with one value under each of these keys."""
        return cls(dict.fromkeys(keys, value))

    def to_dict(self) -> dict[Any, Any]:
        """A copy that can be changed, with plain dictionaries inside."""
        return {key: plain(value) for key, value in self.items()}

    def copy(self) -> ConfigValue:
        return ConfigValue(self)

    def __getattr__(self, name: str) -> Any:
        try:
            return self[name]
        except KeyError:
            pass
        keys = ", ".join(f"`{key}`" for key in self) or "none"
        raise AttributeError(f"the config has no key `{name}` here; its keys are {keys}")

    def __dir__(self) -> list[str]:
        return [*super().__dir__(), *(key for key in self if isinstance(key, str) and key.isidentifier())]

    def __reduce__(self) -> tuple[Any, ...]:
        return ConfigValue, (self.to_dict(),)

    def _refuse(self, *values: object, **named: object) -> NoReturn:
        raise TypeError("a config cannot be changed: change a copy, `config.to_dict()`")

    __setattr__ = __delattr__ = __setitem__ = __delitem__ = __ior__ = _refuse
    update = setdefault = pop = popitem = clear = _refuse


ConfigValue.__module__ = "flowport"


def _wrapped(value: Any) -> Any:
    if isinstance(value, ConfigValue):
        return value
    if isinstance(value, dict):
        return ConfigValue(value)
    return type(value)([_wrapped(item) for item in value]) if type(value) in (list, tuple) else value


def plain(value: Any) -> Any:
    """A value with dictionaries for the tables of configs in it."""
    if isinstance(value, ConfigValue) or type(value) is dict:
        return {key: plain(inner) for key, inner in value.items()}
    return type(value)([plain(item) for item in value]) if type(value) in (list, tuple) else value


class ConfigExpression:
    """An expression with configs whose values are not known yet. What is done with it is another expression."""

    def __init__(self, compute: Callable[[], Any]) -> None:
        self._compute = compute

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return ConfigExpression(lambda: getattr(self._compute(), name))

    def __getitem__(self, key: Any) -> Any:
        return ConfigExpression(lambda: self._compute()[resolved(key)])

    def __call__(self, *values: Any, **named: Any) -> Any:
        return ConfigExpression(lambda: self._compute()(*values, **named))

    def __iter__(self) -> Iterator[Any]:
        return iter(())

    def keys(self) -> tuple[str, ...]:
        """What `**` unpacks before the keys are known: nothing."""
        return ()


def _operation(function: Callable[[Any, Any], Any]) -> tuple[Any, Any]:
    """The methods for an operator with the expression on its left, and on its right."""

    def left(self: ConfigExpression, other: Any) -> Any:
        return ConfigExpression(lambda: function(self._compute(), resolved(other)))

    def right(self: ConfigExpression, other: Any) -> Any:
        return ConfigExpression(lambda: function(resolved(other), self._compute()))

    return left, right


for _name in ("add", "sub", "mul", "truediv", "floordiv", "mod", "pow", "or", "and"):
    _left, _right = _operation(getattr(operator, f"__{_name}__"))
    setattr(ConfigExpression, f"__{_name}__", _left)
    setattr(ConfigExpression, f"__r{_name}__", _right)


def resolved(value: Any) -> Any:
    """The value of an expression, now that the configs are known; any other value itself."""
    return value._compute() if isinstance(value, ConfigExpression) else value


def _values() -> Mapping[str, Any]:
    if not _known:
        raise LookupError("the values of configs are known only in a task, and where the flow is compiled")
    return _known[0]()


def _now(compute: Callable[[], Any]) -> Any:
    """The value of an expression, or the expression where it has none yet: names that a module defines below, configs of other flows."""
    try:
        value = compute()
        return _InClassBody(value) if type(value) is ConfigValue else value
    except (LookupError, AttributeError, NameError, TypeError):
        return ConfigExpression(compute)


class _InClassBody(ConfigValue):
    """A table in the body of a class, which may be that of another flow of the file: one with other keys in a config of the same name."""

    def __getitem__(self, key: Any) -> Any:
        if isinstance(key, str) and key.startswith("__"):
            return super().__getitem__(key)
        return _now(lambda: ConfigValue.__getitem__(self, resolved(key)))


def config_expr(expression: str) -> Any:
    """The value of a Python expression in which configs have their names: `config_expr("config.name.lower()")`.

    Other names are those of the module that calls this.
    """
    names = sys._getframe(1).f_globals
    return _now(lambda: eval(expression, names, dict(_values())))


class Config(Parameter):
    """A configuration that is read when the flow is compiled: `self.name` in every step, read-only."""

    def __init__(
        self,
        name: str,
        default: Any = None,
        default_value: Any = None,
        help: str | None = None,
        required: bool | None = None,
        parser: Any = None,
        plain: bool = False,
        **more: Any,
    ) -> None:
        # Any other name could be a key of the configuration.
        self.name = name
        self._attribute, self._default, self._default_value, self._parser = name, default, default_value, parser

    def __set_name__(self, owner: type, name: str) -> None:
        self._attribute = name

    def __get__(self, flow: FlowSpec | None, owner: type | None = None) -> Any:
        if flow is None:
            return self
        context = flow._context()
        return context.parameter(self.attribute_of(type(flow), context.has_parameter))

    def attribute_of(self, kind: type, known: Callable[[str], bool]) -> str:
        names: list[str] = [name for base in kind.__mro__ for name, value in vars(base).items() if value is self]
        return next((name for name in [self._attribute, *names] if getattr(kind, name, None) is self and known(name)), self._attribute)

    def __set__(self, flow: FlowSpec, value: object) -> None:
        raise AttributeError(f"`self.{self._attribute}` is a config, which a step cannot set")

    def __delete__(self, flow: FlowSpec) -> None:
        raise AttributeError(f"`self.{self._attribute}` is a config, which a step cannot delete")

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return _now(lambda: getattr(_values()[self.name], name))

    def __getitem__(self, key: Any) -> Any:
        return _now(lambda: _values()[self.name][resolved(key)])

    def __iter__(self) -> Iterator[Any]:
        return iter(_now(lambda: _values()[self.name]))

    def __len__(self) -> int:
        return len(_values()[self.name])

    def __bool__(self) -> bool:
        return True


def yaml_parser(content: str) -> Any:
    """The value of a YAML text, of plain types only: `Config("config", default="config.yaml", parser=yaml_parser)`."""
    import yaml

    return yaml.safe_load(content)
