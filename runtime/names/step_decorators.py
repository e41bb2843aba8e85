"""Decorators of steps that a flow defines itself: `user_step_decorator` for generators, and `UserStepDecorator` for classes.

A step keeps its decorators in `wrappers`, the innermost first. `call` runs a step with them; who calls it takes `self.next` for a step
that was skipped.
"""

from __future__ import annotations

from flowport.runtime.store.errors import Corrupt, Missing, StoreError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Generator
    from types import TracebackType
    from typing import Any

USER_SKIP_STEP: dict[str, Any] = {}
"""What a generator yields to skip the step."""

_FUNCTION = type(lambda: None)
_GENERATOR = 0x20
"""The flag of the code of a generator (CO_GENERATOR)."""


class DecoratorType(type):
    """Lets a class of decorators be used as `@Traced` and as `@Traced(level=2)`: the step itself stays what it is."""

    def __call__(cls, *values: Any, **named: Any) -> Any:
        bare = len(values) == 1 and not named and cls.decorates(values[0])
        made = super().__call__(*(() if bare else values), **named)
        return made(values[0]) if bare else made

    def decorates(cls, value: Any) -> bool:
        """Whether a value is what the class decorates, and no argument."""
        return isinstance(value, _FUNCTION)


_of_methods: dict[tuple[str, str], list[Any]] = {}
"""The user step decorators of methods, by module and name: a plain decorator above them may hide the function that has the list."""


class StepDecorator(metaclass=DecoratorType):
    """What user step decorators and step mutators share. A step has its decorators in lists: each class names its own."""

    takes_values = False
    """Whether the decorator takes arguments without a name."""
    list_name = ""

    def __init__(self, *values: Any, **named: Any) -> None:
        if values and not self.takes_values:
            raise TypeError(f"`@{type(self).__name__}` takes its arguments by name, not `{values[0]!r}`")
        if (values or named) and type(self).init is StepDecorator.init:
            given = ", ".join([*map(repr, values), *named])
            raise TypeError(f"`@{type(self).__name__}` has no method `init` that takes its arguments: {given}")
        self._args, self._kwargs = list(values), named

    def __call__(self, step: Callable[..., Any]) -> Callable[..., Any]:
        for name in dict.fromkeys(vars(kind).get("list_name", "") for kind in type(self).__mro__):
            if name:
                step.__dict__.setdefault(name, []).append(self)
        if "wrappers" in step.__dict__:
            _of_methods[step.__module__, step.__qualname__] = step.__dict__["wrappers"]
        return step

    def fresh(self) -> Any:
        """A decorator as it is before the step of an item."""
        made = type.__call__(type(self), *self._args, **self._kwargs)
        made.init(*self._args, **self._kwargs)
        return made

    def init(self, *values: Any, **named: Any) -> None:
        """Called with the arguments of the decorator before anything else."""


class UserStepDecorator(StepDecorator):
    """A decorator of steps: `pre_step` runs before the step, `post_step` after it. Each item that the step runs for has an instance."""

    list_name = "wrappers"
    _skip_step: Any = False

    def pre_step(self, step_name: str, flow: Any, inputs: Any = None) -> Callable[..., Any] | None:
        """Called before the step; may return a function that is called in its place."""
        return None

    def post_step(self, step_name: str, flow: Any, exception: Exception | None = None) -> Any:
        """Called after the step. What it returns is raised; None lets the step succeed. With a pair the second goes to `self.next`."""
        return exception

    @property
    def skip_step(self) -> Any:
        """True when the step is not to run, or a dict with arguments of its `self.next`."""
        return self._skip_step

    @skip_step.setter
    def skip_step(self, value: Any) -> None:
        self._skip_step = value


class GeneratorDecorator(UserStepDecorator):
    """A decorator from a generator, which runs up to its `yield` before the step, and from there on after it."""

    function: Callable[..., Generator[Any, Any, Any]]
    _running: Generator[Any, Any, Any]

    def init(self, *values: Any, **named: Any) -> None:
        """The arguments are the `attributes` of the generator."""

    def pre_step(self, step_name: str, flow: Any, inputs: Any = None) -> Any:
        function = type(self).function
        attributes = (self._kwargs,) if count(function) == 4 else ()
        self._running = function(step_name, flow, inputs, *attributes)
        try:
            value = next(self._running)
        except StopIteration:
            raise RuntimeError(f"the decorator `{type(self).__name__}` of step `{step_name}` ended without a `yield`") from None
        if isinstance(value, dict):
            self.skip_step = value or True
            return None
        return value

    def post_step(self, step_name: str, flow: Any, exception: Exception | None = None) -> Any:
        try:
            if exception is None:
                self._running.send(None)
            else:
                self._running.throw(exception)
        except StopIteration as ended:
            return ended.value
        raise RuntimeError(f"the decorator `{type(self).__name__}` of step `{step_name}` has more than one `yield`")


def user_step_decorator(function: Callable[..., Any] | None = None, **named: Any) -> Any:
    """Make a decorator of steps of a generator `def traced(step_name, flow, inputs, attributes)`."""
    if function is None:
        return user_step_decorator
    name = getattr(function, "__name__", repr(function))
    if not isinstance(function, _FUNCTION) or not function.__code__.co_flags & _GENERATOR:
        raise TypeError(f"`{name}` is no generator: `@user_step_decorator` needs a function with a `yield`")
    if count(function) not in (3, 4):
        raise TypeError(f"the decorator `{name}` must take `step_name, flow, inputs` or `step_name, flow, inputs, attributes`")
    members = {"function": staticmethod(function), "__module__": function.__module__, "__doc__": function.__doc__}
    return DecoratorType(name, (GeneratorDecorator,), members)


def wrappers_of(kind: type, step: str) -> list[UserStepDecorator]:
    """The user step decorators of a step, the innermost first."""
    owner = next((base for base in kind.__mro__ if step in vars(base)), kind)
    found: list[UserStepDecorator] | None = getattr(vars(owner).get(step), "wrappers", None)
    return _of_methods.get((owner.__module__, f"{owner.__qualname__}.{step}"), []) if found is None else found


def count(function: Any) -> int:
    """How many arguments a function takes by their place."""
    taken: int = function.__code__.co_argcount
    return taken


def call(step: str, body: Callable[..., Any], wrappers: list[UserStepDecorator], flow: Any, inputs: Any) -> Any:
    """Run a step with decorators, the last first; what `self.next` is to be called with, None when the step has called it."""
    arguments = () if inputs is None else (inputs,)
    entered: list[UserStepDecorator] = []
    instead: Any = None
    following: Any = None
    for wrapper in reversed(wrappers):
        decorator = wrapper.fresh()
        instead = decorator.pre_step(step, flow, inputs)
        entered.append(decorator)
        following = decorator.skip_step or None
        if following is not None or instead:
            break
    failure: Exception | None = None
    place: TracebackType | None = None
    try:
        if following is None and instead:
            following = _replacement(step, entered[-1], instead)(flow, *arguments) or None
        elif following is None:
            body(*arguments)
    except (StoreError, Missing, Corrupt):  # the store's failures are no outcome of the step: nothing may catch them
        raise
    except Exception as error:
        failure, place = error, error.__traceback__
    failed = failure is not None
    first = failure
    for decorator in reversed(entered):
        failure, following = _after(decorator, step, flow, failure, following)
    if failure is not None:
        raise failure.with_traceback(place.tb_next) if failure is first and place else failure
    return following if following not in (None, False) else True if failed else None


def _replacement(step: str, decorator: UserStepDecorator, instead: Any) -> Callable[..., Any]:
    if not callable(instead):
        raise TypeError(
            f"the decorator `{type(decorator).__name__}` of step `{step}` gives {instead!r} in the place of the step: "
            "give a function, or a dict with the arguments of `self.next`"
        )
    function: Callable[..., Any] = instead
    return function


def _after(decorator: UserStepDecorator, step: str, flow: Any, failure: Exception | None, following: Any) -> tuple[Exception | None, Any]:
    """What is raised after a decorator, and what goes to `self.next`."""
    try:
        answer = decorator.post_step(step, flow, failure)
    except (StoreError, Missing, Corrupt):
        raise
    except Exception as error:
        return error, following
    if answer is None or isinstance(answer, Exception):
        return answer, following
    if isinstance(answer, tuple) and len(answer) == 2:
        return answer[0], answer[1]
    raise TypeError(
        f"the decorator `{type(decorator).__name__}` returns {answer!r} after step `{step}`: "
        "return an exception or None, or a pair of it and a dict with the arguments of `self.next`"
    )
