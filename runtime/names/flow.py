"""The names that a flow imports: `FlowSpec`, `step`, `Parameter`, `current` and the decorators.

The compiler reads the decorators from the source, so here they return what they decorate. A `StepContext` provides the artifacts of a
running flow.
"""

from __future__ import annotations

import os
import sys

from flowport.runtime.names.current import current as current

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from typing import Any, Protocol, TypeVar

    Decorated = TypeVar("Decorated")

    class StepContext(Protocol):
        """What an instance of a flow is given when a step runs on it."""

        def load(self, flow: FlowSpec, name: str) -> Any:
            """The artifact `name`; raises AttributeError when no earlier step set it."""

        def has_parameter(self, name: str) -> bool:
            """Whether the run has a value for the parameter with this attribute."""

        def parameter(self, name: str) -> Any:
            """A parameter's value."""

        def input(self) -> Any:
            """The item of the innermost foreach."""

        def index(self) -> int | None:
            """Its number, from 0."""

        def stack(self) -> list[tuple[int, int | None, Any]]:
            """For every foreach around the step: (index, number of items, item)."""

        def go(self, flow: FlowSpec, targets: tuple[Any, ...], named: dict[str, Any]) -> None:
            """Take `self.next(...)`; `named` has `foreach`, `condition` and `num_parallel`, None where they are not given."""

        def merge(self, flow: FlowSpec, inputs: Any, exclude: list[str], include: list[str]) -> None:
            """Take over what the inputs of a join agree on."""


CONTEXT = "_flowport_item"
"""The entry of a flow's `__dict__` that holds the StepContext."""


INTERNAL_ARTIFACTS_SET: set[str] = set()
"""Artifacts that `merge_artifacts` leaves out unless `include` names them. Metaflow has it in `metaflow.flowspec`, and flows add to it."""


class FlowSpec:
    """The base of a flow: steps are methods marked `@step`, artifacts are attributes of `self`.

    `MyFlow()` under `if __name__ == "__main__"` runs the command line: `python my_flow.py run`.
    """

    def __init__(self, use_cli: bool = True) -> None:
        if use_cli:
            from importlib import import_module

            kind = type(self)
            sys.exit(import_module("flowport.cli").flow_main(sys.modules[kind.__module__].__file__, kind.__name__, sys.argv[1:]))

    def __reduce_ex__(self, protocol: object) -> str | tuple[Any, ...]:
        raise TypeError("a flow is not a value: keep the artifacts that you need")

    def _context(self) -> StepContext:
        context: StepContext | None = self.__dict__.get(CONTEXT)
        if context is None:
            raise AttributeError(f"{type(self).__name__} is not running: its artifacts exist inside steps only")
        return context

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        # What the class has under this name has raised an AttributeError of its own: asked once more, it raises that again.
        for kind in type(self).__mro__:
            if hasattr(type(vars(kind).get(name)), "__get__"):
                return vars(kind)[name].__get__(self, type(self))
        if CONTEXT not in self.__dict__ and name in ("name", "script_name"):  # a flow that was made with `use_cli=False`
            kind = type(self)
            return kind.__name__ if name == "name" else os.path.basename(sys.modules[kind.__module__].__file__ or "")
        if CONTEXT not in self.__dict__ and name == "_graph":
            from importlib import import_module

            return import_module("flowport.client.step_graph").step_graph(type(self))
        return self._context().load(self, name)

    def __iter__(self) -> Iterator[Any]:
        """The steps, as functions with a `name`."""
        for name in dict.fromkeys(name for kind in reversed(type(self).__mro__) for name in vars(kind)):
            if getattr(step := getattr(type(self), name), "is_step", False) is True:  # of a config, any attribute is an expression
                yield step

    @property
    def input(self) -> Any:
        """The item of the innermost foreach that this task works on; None outside a foreach."""
        return self._context().input()

    @property
    def index(self) -> int | None:
        """The number of the item in the innermost foreach, from 0; None outside a foreach."""
        return self._context().index()

    def foreach_stack(self) -> list[tuple[int, int | None, Any]]:
        """For every foreach around the step, outermost first: (index, number of items, item); of a gang without the number."""
        return self._context().stack()

    def next(
        self,
        *targets: Any,
        foreach: str | None = None,
        condition: str | None = None,
        num_parallel: int | None = None,
        batch: int = 1,
        workers: int = 1,
        max_parallel: int | None = None,
    ) -> None:
        """Go on: the last statement of a step. The compiler checks its form; here the values are taken."""
        self._context().go(self, targets, {"foreach": foreach, "condition": condition, "num_parallel": num_parallel})

    def merge_artifacts(self, inputs: Any, exclude: Iterable[str] | None = None, include: Iterable[str] | None = None) -> None:
        """In a join: take over what the inputs agree on; raises when they differ in an artifact that was not set here or excluded."""
        self._context().merge(self, inputs, list(exclude or ()), list(include or ()))


class Parameter:
    """A value given when a run starts; `self.name` in every step, read-only."""

    def __init__(
        self,
        name: str,
        default: Any = None,
        type: Any = None,
        help: str | None = None,
        required: bool = False,
        choices: Any = None,
        **more: Any,
    ) -> None:
        self.name, self.default = name, default
        self.attribute = name

    def __set_name__(self, owner: type, name: str) -> None:
        self.attribute = name

    def __get__(self, flow: FlowSpec | None, owner: type | None = None) -> Any:
        if flow is None:
            return self
        context = flow._context()
        return context.parameter(self.attribute_of(type(flow), context.has_parameter))

    def load_parameter(self, value: Any) -> Any:
        """What steps read for a value of the run."""
        return value

    def attribute_of(self, kind: type, known: Callable[[str], bool]) -> str:
        """The attribute of a flow that has this parameter's value in a run: one object may be several attributes, of several flows."""
        is_own: bool = getattr(kind, self.attribute, None) is self
        if is_own and known(self.attribute):
            return self.attribute
        names: list[str] = [name for base in kind.__mro__ for name, value in vars(base).items() if value is self]
        return next((name for name in names if known(name)), next(iter(names), self.attribute))

    def __set__(self, flow: FlowSpec, value: object) -> None:
        raise AttributeError(f"`self.{self.attribute}` is a parameter, which a step cannot set")

    def __delete__(self, flow: FlowSpec) -> None:
        raise AttributeError(f"`self.{self.attribute}` is a parameter, which a step cannot delete")


class IncludeFile(Parameter):
    """A file given when a run starts; `self.name` is its content."""

    def __init__(
        self,
        name: str,
        required: bool | None = None,
        is_text: bool | None = None,
        encoding: str | None = None,
        help: str | None = None,
        parser: str | Callable[[Any], Any] | None = None,
        **more: Any,
    ) -> None:
        super().__init__(name, **more)
        self._parser = parser

    def load_parameter(self, value: Any) -> Any:
        """What the parser makes of the content."""
        if value is None or self._parser is None:
            return value
        parser = self._parser
        try:
            if isinstance(parser, str):
                from importlib import import_module

                module, _, function = parser.rpartition(".")
                parser = getattr(import_module(module), function)
            assert callable(parser)
            return parser(value)
        except Exception as error:
            from flowport.runtime.names.exceptions import MetaflowException

            raise MetaflowException(f"the parser of parameter `{self.name}` raised {type(error).__name__}: {error}") from error


class _JSONType:
    """The type of a parameter that takes any JSON value."""

    name = "JSON"

    def __repr__(self) -> str:
        return "JSONType"


JSONType = _JSONType()


def step(function: Callable[..., Any] | None = None, *, start: bool = False, end: bool = False) -> Any:
    """Mark a method as a step: `@step`, or `@step(start=True)` where the first step has another name than `start`."""
    return _marked if function is None else _marked(function)


def _marked(function: Callable[..., Any]) -> Callable[..., Any]:
    function.is_step, function.name = True, function.__name__  # type: ignore[attr-defined]
    return function


def flow(kind: type | None = None, *, name: str | None = None) -> Any:
    """Make a flow of a class without the base: `@flow(name="training")`."""
    return _based if kind is None else _based(kind)


def _based(kind: type) -> type:
    if issubclass(kind, FlowSpec):
        return kind
    return type(
        kind.__name__, (kind, FlowSpec), {"__module__": kind.__module__, "__doc__": kind.__doc__, "__qualname__": kind.__qualname__}
    )


def _same(decorated: Decorated) -> Decorated:
    return decorated


def _setting(*values: Any, **named: Any) -> Any:
    """A decorator that the compiler has read: with or without arguments, it changes nothing when the step runs."""
    bare = len(values) == 1 and not named and (isinstance(values[0], type) or callable(values[0]))
    return values[0] if bare else _same


retry = catch = timeout = resources = environment = secrets = kubernetes = batch = schedule = limits = project = _setting
pypi = pypi_base = conda = conda_base = pip = checkpoint = model = huggingface_hub = parallel = _setting
pytorch_parallel = torchrun = metaflow_ray = deepspeed = mpi = tensorflow = tensorflow_parallel = _setting
ollama = vllm = nim = tensorboard = card = trigger = trigger_on_finish = exit_hook = _setting


def __getattr__(name: str) -> Any:
    if name.startswith("__") and name not in ("__all__", "__version__"):
        raise AttributeError(name)
    from flowport.runtime.names import exports

    return _setting if name in exports.WITHOUT_EFFECT else exports.load(name)
