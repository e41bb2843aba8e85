"""Run a step's body for one item, and take what came of it as an outcome: plain data that can be stored and sent through a pipe."""

from __future__ import annotations

import os
import sys

from flowport.runtime import codec, process
from flowport.runtime.flow import Parameters, current
from flowport.runtime.item import Item, Misuse
from flowport.runtime.manifest import Stop
from flowport.runtime.modules import recorded_lines
from flowport.runtime.process import Ended, Step
from flowport.runtime.store import Corrupt, Missing, Refusal

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from types import TracebackType
    from typing import Any

    from flowport.runtime.flow import FlowSpec
    from flowport.runtime.work import Work

    Outcome = dict[str, Any]
    """Of a finished item: `row`, `own` {artifact: entry}, `to` [step], `values` [entry] of a foreach, `reads` {what: mark}, and `taken`,
    the run in which it ran when that was another one.
    Of a failed one: `row`, `error` {type, full, message, traceback, item}, and the artifacts that it set before in `own`."""


class CaughtError(Exception):
    """What `@catch(var=...)` stores: the type of an exception, `builtins.ValueError`, its message and its traceback, as text."""

    def __init__(self, type: str, message: str, stacktrace: str) -> None:
        super().__init__(type, message, stacktrace)
        self.type, self.message, self.stacktrace = type, message, stacktrace

    @property
    def exception(self) -> str:
        """The message, as the exception itself may not be importable where it is read."""
        return self.message

    def __str__(self) -> str:
        name = self.type.rpartition(".")[2]
        return f"{name}: {self.message}" if self.message else name

    def __repr__(self) -> str:
        return f"<CaughtError {self}>"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, CaughtError) and (self.type, self.message) == (other.type, other.message)

    def __hash__(self) -> int:
        return hash((self.type, self.message))


def execute(work: Work, row: int, tried: int, over: Callable[[], None] | None = None) -> Outcome:
    """The outcome of one item, tried `tried` times before; what the step raises becomes a failed outcome.

    `over` is called when the step is over, before what it left is stored. Raises Ended when the task was asked to end.
    """
    inputs = work.inputs(row)
    item = Item(work, row, inputs)
    if inputs is not None:
        inputs.belong(item)
    _announce(work, item, tried)
    flow = item.flow()
    body = getattr(flow, work.step)
    try:
        with Step(f"step `{work.step}` ran longer than its timeout of {work.plan['timeout']} seconds", over):
            body() if inputs is None else body(inputs)
        if item.targets is None and "end" not in work.plan["transition"]:
            raise Misuse(f"step `{work.step}` ended without `self.next(...)`: make it the last statement of every way through the step")
        return _finished(work, item, flow)
    except (Refusal, Missing, Corrupt):  # the store's failures are no outcome of the step: nothing may catch them
        raise
    except (Exception, SystemExit, _cancelled()) as error:  # whatever the user's step raises is its outcome
        failed = _failed(work, item, flow, error)
        if told(work, tried):
            sys.stderr.write(failed["error"]["traceback"])
        return failed
    except Ended:
        raise
    except BaseException as error:  # one that is no Exception fails the step, and `@catch` is not asked, as in Metaflow
        failed = _failed(work, item, flow, error)
        failed["error"]["fatal"] = True
        sys.stderr.write(failed["error"]["traceback"])
        return failed


def _cancelled() -> type[BaseException]:
    """asyncio's way to say that something was cancelled, which is no Exception; where asyncio was not imported, nothing says that."""
    kind: type[BaseException] = getattr(sys.modules.get("asyncio.exceptions"), "CancelledError", SystemExit)
    return kind


def told(work: Work, tried: int) -> bool:
    """Whether an item's error is printed: always, but for one that `@catch(print_exception=False)` is about to catch."""
    catch = work.plan["catch"]
    return not catch or catch["print"] or tried < work.plan["times"]


def _announce(work: Work, item: Item, tried: int) -> None:
    """Fill `current` for this item."""
    current.flow_name, current.run_id, current.origin_run_id = work.program.flow["flow"], work.invocation.run, work.start.origin
    current.step_name, current._address, current.retry_count = work.step, lambda: work.lineage.address(item.row), tried
    current.tags, current.is_running_flow = frozenset(work.start.doc["tags"]), True
    current.parameters = Parameters(lambda: {name: item.parameter(name) for name in work.start.doc["parameters"]})


def _finished(work: Work, item: Item, flow: FlowSpec) -> Outcome:
    if work.plan["catch"] and work.plan["catch"]["var"]:
        flow.__dict__[work.plan["catch"]["var"]] = None
    own = item.written(flow)
    values = None
    if item.values is not None:
        values = [_element(work, value) for value in item.values]
    return {"row": item.row, "own": own, "to": item.targets or [], "values": values, "reads": item.read_marks()}


def _element(work: Work, value: Any) -> bytes:
    try:
        return codec.encode(value, work.store)
    except codec.Unstorable as error:
        raise Misuse(f"the foreach of step `{work.step}` goes over values that cannot be stored: {error}") from error


def _failed(work: Work, item: Item, flow: FlowSpec, error: BaseException) -> Outcome:
    what = {**told_of(error), "item": work.lineage.address(item.row)}
    own = item.written(flow, failed=True) if work.plan["catch"] else {}
    return {"row": item.row, "error": what, "own": own}


def told_of(error: BaseException) -> dict[str, Any]:
    """What is kept of an exception: its type, by name and with its module, its message and its traceback."""
    kind = type(error)
    full = f"{kind.__module__}.{kind.__name__}"
    return {"type": kind.__name__, "full": full, "message": _text(error), "traceback": trace(error)}


def _text(error: BaseException) -> str:
    """The message of an exception; making it may fail too."""
    try:
        return str(error)
    except Exception as another:  # whatever a `__str__` of the user's raises
        return f"<its text cannot be made: {type(another).__name__}>"


def trace(error: BaseException) -> str:
    """The traceback, beginning in the user's step; of what this runtime says itself, the sentence and the line that asked for it."""
    if isinstance(error, Refusal | Missing | Corrupt | Stop):
        return f"{error}\n"
    if isinstance(error, Misuse):
        return f"{error}\n{_asked(error)}"
    from traceback import TracebackException

    recorded_lines()
    place: TracebackType | None = error.__traceback__
    while place is not None and place.tb_frame.f_code.co_filename == __file__:
        place = place.tb_next
    told = TracebackException(type(error), error, place or error.__traceback__)
    while told.stack and told.stack[-1].filename == process.__file__:  # where a signal was turned into the error
        told.stack.pop()
    return "".join(told.format())


def _asked(error: BaseException) -> str:
    """The innermost line of the user's that led to an error of this runtime's own; nothing when it came after the step had ended."""
    from traceback import extract_tb

    ours = os.path.dirname(__file__)
    for frame in reversed(extract_tb(error.__traceback__)):
        if os.path.dirname(frame.filename) != ours:
            return f'  File "{frame.filename}", line {frame.lineno}, in {frame.name}\n    {frame.line}\n'
    return ""


def caught(work: Work, row: int, error: dict[str, Any], own: dict[str, bytes]) -> Outcome:
    """The outcome of an item whose last try failed in a step with `@catch`: it goes on, with the exception in `var`."""
    transition = work.plan["transition"]
    variable = work.plan["catch"]["var"]
    if variable:
        held = CaughtError(error.get("full", error["type"]), error["message"], error["traceback"])
        own = {**own, variable: codec.encode(held, work.store)}
    targets = [transition["next"]] if "next" in transition else list(transition.get("branch", []))
    return {"row": row, "own": own, "to": targets, "values": None, "reads": {}, "caught": True}
