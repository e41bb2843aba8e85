"""Runs the body of a step for one item. Its outcome is plain data that can be stored and sent through a pipe."""

from __future__ import annotations

import os
import sys

from flowport.runtime.names.current import Parameters, current
from flowport.runtime.package.modules import recorded_lines
from flowport.runtime.process import lifecycle
from flowport.runtime.process.lifecycle import Ended, Step
from flowport.runtime.protocol import NonRetryable
from flowport.runtime.store import codec
from flowport.runtime.store.errors import Corrupt, Missing, StoreError
from flowport.runtime.task.item import MISMERGED, Item, Misuse

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from types import TracebackType
    from typing import Any

    from flowport.runtime.cards.item_cards import ItemCards
    from flowport.runtime.names.flow import FlowSpec
    from flowport.runtime.records.outcome import Failure, Outcome
    from flowport.runtime.task.context import ItemContext


_OURS = (__file__, os.path.join(os.path.dirname(os.path.dirname(__file__)), "names", "step_decorators.py"))
"""The files that call the user's step."""

KILLED = "Killed"
"""The type of the failure of an item whose process could not say how it ended."""

NEXT = frozenset({"foreach", "condition", "num_parallel"})
"""The arguments of `self.next` that a decorator may give."""

ADDITIONS = frozenset(("checkpoint", "model", "huggingface_hub", "tensorboard"))
"""The decorators that add to `current`, by their names in the plan of a step."""

SERVED = frozenset(("ollama", "vllm", "nim"))
"""The decorators that serve models beside the step, by their names in the plan of a step."""

_DECORATORS = "flowport.runtime.names.step_decorators"
"""The module that a flow has loaded if it defines decorators of steps."""


def execute(context: ItemContext, row: int, tried: int, over: Callable[[], None] | None = None) -> Outcome:
    """The outcome of one item after `tried` earlier attempts. An exception of the step becomes a failed outcome.

    `over` is called when the step is over, before what it left is stored. Raises Ended when the task was asked to end.
    """
    item, flow = begin(context, row, tried)
    try:
        return attempt(context, item, flow, tried, over)
    except (StoreError, Missing, Corrupt):  # the store's failures are no outcome of the step: nothing may catch them
        raise
    except (Exception, SystemExit, _cancelled()) as error:  # whatever the user's step raises is its outcome
        failed = _failed(context, item, flow, error)
        if is_printed(context, tried):
            sys.stderr.write(failed["error"]["traceback"])
        return failed
    except Ended:
        raise
    except BaseException as error:  # one that is no Exception fails the step, and `@catch` is not asked, as in Metaflow
        failed = _failed(context, item, flow, error)
        failed["error"]["fatal"] = True
        sys.stderr.write(failed["error"]["traceback"])
        return failed


def begin(context: ItemContext, row: int, tried: int) -> tuple[Item, FlowSpec]:
    """An item and the `self` of its step, with `current` filled for it."""
    item = Item(context, row)
    _announce(context, item, tried)
    flow = item.flow()
    if "cards" in context.plan:
        current._cards = lambda: _cards(context, item, flow).collector
    return item, flow


def _cards(context: ItemContext, item: Item, flow: FlowSpec) -> ItemCards:
    """The cards of an item, which are made when they are first needed: a step that adds nothing loads nothing more."""
    if item.cards is None:
        from flowport.runtime.cards.item_cards import ItemCards

        item.cards = ItemCards(context, item, flow, current.retry_count or 0)
    found: ItemCards = item.cards
    return found


def _shown(context: ItemContext, item: Item, flow: FlowSpec) -> dict[str, bytes]:
    """What is stored of the cards of an item whose step is over."""
    specs = context.plan.get("cards", ())
    is_rendered_here = any(spec["type"] not in ("default", "blank") for spec in specs)
    return _cards(context, item, flow).finished() if item.cards is not None or is_rendered_here else {}


def attempt(context: ItemContext, item: Item, flow: FlowSpec, tried: int, over: Callable[[], None] | None = None) -> Outcome:
    """The outcome of an item whose step succeeds; raises what the step raises."""
    with Step(f"step `{context.step}` ran longer than its timeout of {context.plan['timeout']} seconds", over):
        if _launched(context, item, tried):
            _with_additions(context, item, flow, getattr(flow, context.step), tried)
    if item.targets is None and "end" not in context.plan["transition"]:
        raise Misuse(f"step `{context.step}` ended without `self.next(...)`: make it the last statement of every way through the step")
    return _finished(context, item, flow)


def _launched(context: ItemContext, item: Item, tried: int) -> bool:
    """Have the decorator of a gang start its programs on this node; False if the step does not run on it, and goes on by itself."""
    launcher = context.plan.get("gang", {}).get("launcher")
    if launcher is None:
        return True
    from flowport.runtime.launchers.launch import launch

    storage = f"{context.store.url}/{context.keys.data()}{context.step}/{context.lineage.address(item.row)}/{tried}"
    if launch(launcher, context.plan["gang"]["options"], context.plan.get("resources", {}), storage):
        return True
    item.targets = [context.plan["transition"]["next"]]
    return False


def _with_additions(context: ItemContext, item: Item, flow: FlowSpec, body: Callable[..., None], tried: int) -> None:
    """Run the step with what `@checkpoint`, `@model`, `@huggingface_hub` and `@tensorboard` add; a step without them loads nothing more."""
    if ADDITIONS.isdisjoint(context.plan):
        _served(context, item, flow, body)
        return
    from flowport.runtime.checkpoints.additions import Additions, ItemAccess
    from flowport.runtime.checkpoints.place import Place
    from flowport.runtime.records.run_record import origins
    from flowport.runtime.task.resume import unchanged

    record, row = context.record, item.row
    additions = Additions(
        ItemAccess(
            place=Place(context.store, context.keys, context.step, context.lineage.address(row), tried),
            origins=origins(context.store, context.invocation.flow, None if context.forced else record.origin),
            branch=_branch(context),
            artifact=lambda name: getattr(flow, name),
            reads=item.data_marks,
            parameters=lambda: {f"parameter.{name}": record.mark(name) for name in record.doc["parameters"]},
            unchanged=lambda reads: unchanged(context, reads, row),
            flow=flow,
        )
    )
    try:
        additions.add(context.plan)
        _served(context, item, flow, body)
    finally:
        additions.remove()


def _served(context: ItemContext, item: Item, flow: FlowSpec, body: Callable[..., None]) -> None:
    """Run the step with the models that `@ollama`, `@vllm` and `@nim` serve, after what these may read is there."""
    if SERVED.isdisjoint(context.plan):
        _run(context, item, flow, body)
        return
    from flowport.runtime.serving.served import Served

    served = Served()
    try:
        served.add(context.plan)
        _run(context, item, flow, body)
    finally:
        served.remove()


def _branch(context: ItemContext) -> str:
    """What an engine puts before the ids of the runs of a project's branch (`compiler/lower/run_ids.py`); "" for all other runs."""
    first, dash, _ = context.invocation.run.partition("-")
    project = context.program.flow.get("project")
    return first + dash if project and dash and first.startswith(f"{project['project_name']}.") else ""


def _run(context: ItemContext, item: Item, flow: FlowSpec, body: Callable[..., None]) -> None:
    """Run the step, with the decorators that the flow defines itself; they may skip it, and so its `self.next`."""
    wrappers = _wrappers(context, flow)
    if not wrappers:
        body() if item.inputs is None else body(item.inputs)
        return
    from flowport.runtime.names.step_decorators import call

    following = call(context.step, body, wrappers, flow, item.inputs)
    if following is None or "end" in context.plan["transition"]:
        return
    named = following if isinstance(following, dict) else {}
    if named.keys() - NEXT:
        takes = "`foreach`, `condition` and `num_parallel`"
        raise Misuse(f"a decorator of step `{context.step}` answers {named!r}: its `self.next` takes {takes} only")
    if "gang" in context.plan["transition"] and "num_parallel" not in named:
        way_out = 'it must say how many nodes that has, `{"num_parallel": 2}`'
        raise Misuse(f"a decorator skips step `{context.step}`, which starts a gang: {way_out}")
    flow.next(**named)


def _wrappers(context: ItemContext, flow: FlowSpec) -> list[Any]:
    """The user step decorators of the step: those of the source, and those from outside of it."""
    if "wrappers" not in context.plan and _DECORATORS not in sys.modules:
        return []
    from flowport.runtime.names.step_decorators import wrappers_of

    own = [] if "unwrapped" in context.plan else wrappers_of(type(flow), context.step)
    return [*own, *(context.program.wrapper(*one) for one in context.plan.get("wrappers", ()))]


def _cancelled() -> type[BaseException]:
    """asyncio's way to say that something was cancelled, which is no Exception; where asyncio was not imported, nothing says that."""
    kind: type[BaseException] = getattr(sys.modules.get("asyncio.exceptions"), "CancelledError", SystemExit)
    return kind


def is_printed(context: ItemContext, tried: int) -> bool:
    """Whether an item's error is printed: always, but for one that `@catch(print_exception=False)` is about to catch."""
    catch = context.plan["catch"]
    return not catch or catch["print"] or tried < context.plan["times"]


def _announce(context: ItemContext, item: Item, tried: int) -> None:
    """Fill `current` for this item."""
    flow = context.program.flow
    current._begin({
        "flow_name": flow["flow"],
        "run_id": context.invocation.run,
        "origin_run_id": context.record.origin,
        "step_name": context.step,
        "retry_count": tried,
        "script_name": flow["file"].rpartition("/")[2],
        "tags": {*context.record.doc["tags"]},
        "resources": {**context.plan.get("resources", {})},
        "parameters": Parameters(lambda: {name: item.parameter(name) for name in context.record.doc["parameters"]}),
        "_configs": flow.get("configs", ()),
        "is_running_flow": True,
        **({"is_parallel": True} if "gang" in context.plan else {}),
        "_has_gangs": "gangs" in flow,
        "_scheduled_time": context.record.doc["scheduled_time"],
        "_triggers": context.record.doc["triggers"] or (),
        "_metrics": item.metric_log,
        "_logs_artifact": item.log_artifact,
        "_store": context.store,
        "_branch": _branch(context),
        "_namespace": context.record.namespace,
        "_address": lambda: context.lineage.address(item.row),
        "_graph": lambda: _graph(context),
        "_project": item.project if "project" in flow else None,
    })  # fmt: skip


def _graph(context: ItemContext) -> dict[str, Any]:
    from flowport.runtime.package import flow_graph

    return flow_graph.document(context.program)


def _finished(context: ItemContext, item: Item, flow: FlowSpec) -> Outcome:
    if context.plan["catch"] and context.plan["catch"]["var"]:
        flow.__dict__[context.plan["catch"]["var"]] = None
    own = item.written(flow)
    values = None
    if item.values is not None:
        values = [_element(context, value) for value in item.values]
    outcome: Outcome = {"row": item.row, "own": own, "to": item.targets or [], "values": values, "reads": item.read_marks()}
    if cards := _shown(context, item, flow):
        outcome["cards"] = cards
    if item.metrics is not None:
        outcome["metrics"] = item.metrics.entries()
    if item.logged:
        outcome["logged"] = sorted(item.logged)
    return outcome


def _element(context: ItemContext, value: Any) -> bytes:
    try:
        return codec.encode(value, context.store)
    except codec.Unstorable as error:
        raise Misuse(f"the foreach of step `{context.step}` goes over values that cannot be stored: {error}") from error


def _failed(context: ItemContext, item: Item, flow: FlowSpec, error: BaseException) -> Outcome:
    own = item.written(flow, failed=True) if context.plan["catch"] else {}
    outcome: Outcome = {"row": item.row, "error": failure(error, context.lineage.address(item.row)), "own": own}
    if item.metrics is not None:
        outcome["error"]["metrics"] = item.metrics.recent()
    if item.cards is not None and (cards := item.cards.failed()):
        outcome["cards"] = cards
    return outcome


def failure(error: BaseException, item: str = "") -> Failure:
    """What is kept of an exception that stopped an item."""
    from flowport.runtime.names.exports import metaflow_name

    kind = type(error)
    return {"type": kind.__name__, "full": metaflow_name(kind), "message": _text(error), "traceback": trace(error), "item": item}


def _text(error: BaseException) -> str:
    """The message of an exception; making it may fail too."""
    try:
        return str(error)
    except Exception as another:  # whatever a `__str__` of the user's raises
        return f"<its text cannot be made: {type(another).__name__}>"


def trace(error: BaseException) -> str:
    """The traceback from the user's step on. For an error of the runtime itself: its message, and the line of the user that led to it."""
    if isinstance(error, StoreError | Missing | Corrupt | NonRetryable):
        return f"{error}\n"
    if isinstance(error, (Misuse, *MISMERGED)):
        return f"{error}\n{_asked(error)}"
    from traceback import TracebackException

    recorded_lines()
    place: TracebackType | None = error.__traceback__
    while place is not None and place.tb_frame.f_code.co_filename in _OURS:
        place = place.tb_next
    formatted = TracebackException(type(error), error, place or error.__traceback__)
    while formatted.stack and formatted.stack[-1].filename == lifecycle.__file__:  # where a signal was turned into the error
        formatted.stack.pop()
    return "".join(formatted.format())


def _asked(error: BaseException) -> str:
    """The innermost line of the user's that led to an error of this runtime's own; nothing when it came after the step had ended."""
    from traceback import extract_tb

    ours = os.path.dirname(os.path.dirname(__file__))
    for frame in reversed(extract_tb(error.__traceback__)):
        if not frame.filename.startswith(ours):
            return f'  File "{frame.filename}", line {frame.lineno}, in {frame.name}\n    {frame.line}\n'
    return ""


def caught(context: ItemContext, row: int, error: Failure, own: dict[str, bytes], cards: dict[str, bytes] | None = None) -> Outcome:
    """The outcome of an item whose last attempt failed in a step with `@catch`: the item continues, with the exception in `var`."""
    transition = context.plan["transition"]
    variable = context.plan["catch"]["var"]
    if variable:
        from flowport.runtime.names.caught_error import CaughtError

        full = error["full"]
        if full == KILLED:
            from flowport.runtime.names.exceptions import FailureHandledByCatch
            from flowport.runtime.names.exports import metaflow_name

            full = metaflow_name(FailureHandledByCatch)
        held = CaughtError(full, error["message"], error["traceback"])
        own = {**own, variable: codec.encode(held, context.store)}
    targets = [transition["next"]] if "next" in transition else list(transition.get("branch", []))
    outcome: Outcome = {"row": row, "own": own, "to": targets, "values": None, "reads": {}, "caught": True}
    if metrics := error.get("metrics"):
        from flowport.runtime.metrics.log import stored

        outcome["metrics"] = stored(metrics)
    return {**outcome, "cards": cards} if cards else outcome
