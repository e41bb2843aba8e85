"""The rest of a loop in one container, step by step. Each step commits its own manifest.

Each task is a process of its own, so that it starts as in a container of its own. A second attempt adopts the tasks that the first one
finished, and continues there.
"""

from __future__ import annotations

import os
import sys

from flowport.runtime.process import lifecycle
from flowport.runtime.process.leave import leave
from flowport.runtime.process.lifeline import LIFELINE, outcome
from flowport.runtime.protocol import DONE, ENDED, FAILED, STOP, Invocation, finds_environment
from flowport.runtime.records.manifest import Manifests
from flowport.runtime.replay.scheduler import PlanScheduler
from flowport.runtime.store import documents
from flowport.runtime.store.keys import Keys
from flowport.runtime.store.open import open_store
from flowport.runtime.store.writes import ensure
from flowport.runtime.task.entry import perform
from flowport.runtime.task.route import write_route

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import Any, NoReturn

    from flowport.runtime.package.code_package import CodePackage
    from flowport.runtime.process.lifeline import Lifeline


def run(invocation: Invocation, program: CodePackage) -> int:
    """Run the loop with the header `invocation.step` from `invocation.turn` to its end; returns an exit code."""
    loop = next(node for node in _nodes(program.plan["body"]) if node.get("loop") == invocation.step)
    scheduler = PlanScheduler([loop], invocation.slice, invocation.turn)
    while not scheduler.finished:
        for step, slice in scheduler.ready():
            code, route = _apart(invocation, program, step, slice)
            if code != DONE:
                # The container is tried again for the sake of the steps that may be.
                granted = program.step(step)["times"] or program.step(step)["catch"] or code == ENDED
                return code if granted else STOP
            scheduler.done(step, slice, route)
    if targets := program.step(invocation.step)["left"]:
        _say_who_left(invocation, {target: target in scheduler.left for target in targets})
    return DONE


def _say_who_left(invocation: Invocation, left: dict[str, bool]) -> None:
    """Say which ways out of the loop were taken, beside the manifest that its header made where the block began."""
    store, keys = open_store(invocation.store), Keys(invocation.flow, invocation.run)
    first = Manifests(store, keys, invocation.last).find(invocation.step, f"{invocation.slice}.t{invocation.turn}")
    if first is not None:
        key = keys.rest(invocation.step, invocation.slice, invocation.turn, first.generation)
        ensure(store, key, documents.dump({"left": left}))
    write_route(invocation, [target for target, went in left.items() if went])


def _nodes(block: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """Every node of a block, and of the blocks in it."""
    waiting = list(block)
    while waiting:
        node = waiting.pop()
        yield node
        for inner in (node.get("body", []), *node.get("branches", []), *[arm["body"] for arm in node.get("arms", [])]):
            waiting += inner


def _route(task: Invocation, program: CodePackage) -> Any:
    plan = program.step(task.step)
    if not plan["routed"] and not plan["left"] and "foreach" not in plan["transition"]:
        return None
    store, keys = open_store(task.store), Keys(task.flow, task.run)
    found = Manifests(store, keys, task.last).find(task.step, task.slice)
    if found is None:  # no item came
        return [] if "foreach" in plan["transition"] else {"to": {}}
    return documents.load(store.read(keys.route(task.step, task.slice, found.generation)))


def _apart(block: Invocation, program: CodePackage, step: str, slice: str) -> tuple[int, Any]:
    """One task of the block in a process of its own, its exit code and its route; one slice at a time, as nothing runs beside it."""
    task = Invocation(block.flow, block.run, step, slice, block.store, block.code, width=1, total=1, epoch=block.epoch, last=block.last)
    if finds_environment(os.environ) and "locked" in program.step(step):
        # The task goes on as another program. The next process, of this one, tells its route.
        code, _ = _forked(lambda line: (_begin(task, line), None))
        return _forked(lambda line: (DONE, _route(task, program))) if code == DONE else (code, None)
    return _forked(lambda line: _performed(task, program))


def _performed(task: Invocation, program: CodePackage) -> tuple[int, Any]:
    code = perform(task, program)
    return code, _route(task, program) if code == DONE else None


def _begin(task: Invocation, line: Lifeline) -> NoReturn:
    """Become the command of a task, which finds its environment."""
    os.environ[LIFELINE] = line.handed_on()
    os.execv(sys.executable, [sys.executable, "-m", "flowport.runtime", *task.argv()])


def _forked(body: Callable[[Lifeline], tuple[int, Any]]) -> tuple[int, Any]:
    """The exit code and the document that `body` returns in a process of its own."""
    lifecycle.check()
    source, sink = os.pipe()
    pid, line = lifecycle.fork()
    if not pid:
        code = FAILED
        try:
            os.close(source)
            code, document = body(line)
            with open(sink, "wb") as file:
                file.write(documents.dump(document))
            line.say(code)
        except lifecycle.Ended:
            code = ENDED
        except BaseException:  # this process ends without the interpreter's own last words
            sys.excepthook(*sys.exc_info())
        leave(code)
    os.close(sink)
    status = lifecycle.wait(pid)
    code = outcome(status, line.result(), FAILED)
    with open(source, "rb", buffering=0) as file:
        os.set_blocking(source, False)
        data = file.read() or b"null"
    return (code if code >= 0 else FAILED), documents.load(data)
