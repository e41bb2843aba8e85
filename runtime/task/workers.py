"""What the processes of a supervised task do: the clerk asks the supervisor to run items, and a worker runs them, one at a time."""

from __future__ import annotations

import os
import select
import sys

from flowport.runtime.process import lifecycle
from flowport.runtime.process.exit_code import guarded
from flowport.runtime.process.nodes import LOOPBACK
from flowport.runtime.store.errors import Corrupt, Missing, StoreError
from flowport.runtime.store.open import open_store
from flowport.runtime.task.commit import finish, open_context
from flowport.runtime.task.execute import execute, failure, is_printed
from flowport.runtime.task.items import Broken, run_items

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from flowport.runtime.package.code_package import CodePackage
    from flowport.runtime.process.channel import Channel
    from flowport.runtime.protocol import Invocation
    from flowport.runtime.records.attempts import Attempts
    from flowport.runtime.records.outcome import Failure, Outcome
    from flowport.runtime.task.context import TaskContext

END = "end"
"""What the clerk says to the supervisor when the nodes that still run shall end, because one of them has failed."""

OVER = "over"
"""What it says when it has the outcomes of all nodes of a gang: their processes may leave."""


def clerk(invocation: Invocation, program: CodePackage, channel: Channel, width: int) -> int:
    """Open the store, decide which items run, `width` at a time, and commit; returns the exit code of the task."""

    def body() -> int:
        context = open_context(invocation, program, open_store(invocation.store))
        ordering = Ordering(context, channel, width)
        if invocation.nodes:
            from flowport.runtime.task.gang_node import run_node

            return run_node(context, ordering)
        return finish(context, ordering.run)

    return guarded(body)


def work(invocation: Invocation, program: CodePackage, channel: Channel) -> int:
    """Run the items that come through the channel until it is closed. One may come with variables, which it finds in its environment."""
    context = open_context(invocation, program, open_store(invocation.store))
    while True:
        try:
            row, tried, variables = channel.receive()
        except EOFError:
            return 0
        os.environ.update(variables)
        channel.send(_outcome(context, row, tried, channel))


class Ordering:
    """The clerk's way of running items: ask the supervisor."""

    address = LOOPBACK
    apart = False

    def __init__(self, context: TaskContext, channel: Channel, width: int) -> None:
        self.context, self.channel, self.width = context, channel, width
        self.tried: dict[int, int] = {}
        self.ending = False

    def run(self, context: TaskContext, attempts: Attempts) -> list[Outcome]:
        """The outcomes of all items."""
        if "gang" not in context.plan:
            return run_items(context, self, attempts)
        from flowport.runtime.task.gang import run_gangs

        return run_gangs(context, self, attempts)

    def prepare(self) -> None:
        """Nothing: the workers import the user's module."""

    def begin(self, row: int, tried: int) -> None:
        self.begin_nodes(tried, {row: {}})

    def begin_nodes(self, tried: int, variables: dict[int, dict[str, str]]) -> None:
        # One message: of several, the last would wait for the supervisor, and the supervisor for the outcomes of the first to be read.
        self.tried.update(dict.fromkeys(variables, tried))
        self.channel.send([(row, tried, own) for row, own in variables.items()])

    def end(self) -> None:
        self.ending = True
        self.channel.send(END)

    def over(self) -> None:
        self.ending = False
        self.channel.send(OVER)

    def ready(self, seconds: float) -> bool:
        """Wait until there is an outcome, or the supervisor is gone; False if there is none after so many seconds."""
        return bool(select.select([self.channel.source], [], [], seconds)[0])

    def wait(self) -> Outcome:
        message: dict[str, Any] = self.channel.receive()
        if "ended" in message and self.ending:
            return {"row": message["row"], "ended": message["ended"]}
        if "refused" in message:
            raise StoreError(message["refused"])
        if "broken" in message:
            raise Broken(message["broken"])
        if "ended" in message:
            raise lifecycle.Ended(message["ended"])
        outcome: Outcome = message  # type: ignore[assignment]
        if "error" in outcome and not outcome["error"]["item"]:
            outcome["error"]["item"] = self.context.lineage.address(outcome["row"])
            if is_printed(self.context, self.tried[outcome["row"]]):
                sys.stderr.write(outcome["error"]["traceback"])
        return outcome


def _outcome(context: TaskContext, row: int, tried: int, channel: Channel) -> Outcome | dict[str, Any]:
    """What a worker has to say about an item."""
    try:
        if broken := _unimportable(context):
            return {"row": row, "broken": broken}
        return execute(context, row, tried, over=lambda: channel.send(None))
    except (StoreError, Missing, Corrupt) as error:
        return {"row": row, "refused": str(error)}
    except lifecycle.Ended as error:
        return {"row": row, "ended": str(error)}


def _unimportable(context: TaskContext) -> Failure | None:
    """What there is to say when the user's module cannot be imported, which is no failure of an item."""
    try:
        context.prepare()
    except Exception as error:  # whatever the module raises
        found = failure(error)
        sys.stderr.write(found["traceback"])
        return found
    return None
