"""The fused block: the rest of a loop in one container, step by step, each step committing its own manifest.

A second try adopts what the first one finished, so it goes on where that one stopped.
"""

from __future__ import annotations

import os
import sys

from flowport.runtime import documents
from flowport.runtime.address import Keys
from flowport.runtime.contract import DONE, FAILED, STOP, Invocation
from flowport.runtime.manifest import Manifests
from flowport.runtime.store import ensure, open_store
from flowport.runtime.task import hand_over, perform, supervised
from flowport.runtime.walk import Walk

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import Any

    from flowport.runtime.program import Program


def rest(invocation: Invocation, program: Program) -> int:
    """Run the loop with the header `invocation.step` from `invocation.turn` to its end; returns an exit code."""
    loop = next(node for node in _nodes(program.plan["body"]) if node.get("loop") == invocation.step)
    steps = [node["task"] for node in _nodes([loop]) if "task" in node]
    # Who supervises forks, which a process that has used a remote store must not do: then every task is a process of its own.
    run = _apart if "://" in invocation.store and any(supervised(program.step(step)) for step in steps) else _here
    walk = Walk([loop], invocation.slice, invocation.turn)
    while not walk.finished:
        for step, slice in walk.ready():
            code, route = run(lambda: _once(invocation, program, step, slice))  # noqa: B023 - it is called at once
            if code != DONE:
                # The container is tried again for the sake of the steps that may be.
                granted = program.step(step)["times"] or program.step(step)["catch"]
                return code if granted else STOP
            walk.done(step, slice, route)
    if targets := program.step(invocation.step)["left"]:
        _say_who_left(invocation, {target: target in walk.left for target in targets})
    return DONE


def _say_who_left(invocation: Invocation, left: dict[str, bool]) -> None:
    """Say which ways out of the loop were taken, beside the manifest that its header made where the block began."""
    store, keys = open_store(invocation.store), Keys(invocation.flow, invocation.run)
    first = Manifests(store, keys, invocation.last).find(invocation.step, f"{invocation.slice}.t{invocation.turn}")
    if first is not None:
        key = keys.rest(invocation.step, invocation.slice, invocation.turn, first.generation)
        ensure(store, key, documents.dump({"left": left}))
    hand_over(invocation, [target for target, went in left.items() if went])


def _nodes(block: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """Every node of a block, and of the blocks in it."""
    waiting = list(block)
    while waiting:
        node = waiting.pop()
        yield node
        for inner in (node.get("body", []), *node.get("branches", []), *[arm["body"] for arm in node.get("arms", [])]):
            waiting += inner


def _once(block: Invocation, program: Program, step: str, slice: str) -> tuple[int, Any]:
    """One task of the block, its exit code and its route; one slice at a time, as nothing runs beside it."""
    task = Invocation(block.flow, block.run, step, slice, block.store, block.code, width=1, total=1, epoch=block.epoch, last=block.last)
    environment = dict(os.environ)
    try:
        code = perform(task, program)
    finally:
        os.environ.clear()
        os.environ.update(environment)
    return code, _route(task, program) if code == DONE else None


def _route(task: Invocation, program: Program) -> Any:
    plan = program.step(task.step)
    if not plan["routed"] and not plan["left"] and "foreach" not in plan["transition"]:
        return None
    store, keys = open_store(task.store), Keys(task.flow, task.run)
    found = Manifests(store, keys, task.last).find(task.step, task.slice)
    if found is None:  # nobody came
        return [] if "foreach" in plan["transition"] else {"to": {}}
    return documents.load(store.read(keys.route(task.step, task.slice, found.generation)))


def _here(body: Callable[[], tuple[int, Any]]) -> tuple[int, Any]:
    return body()


def _apart(body: Callable[[], tuple[int, Any]]) -> tuple[int, Any]:
    """What `body` returns in a process of its own."""
    source, sink = os.pipe()
    sys.stdout.flush()
    sys.stderr.flush()
    process = os.fork()
    if not process:
        try:
            os.close(source)
            with open(sink, "wb") as file:
                file.write(documents.dump(body()))
        except BaseException:  # this process ends without the interpreter's own last words
            sys.excepthook(*sys.exc_info())
        finally:
            sys.stdout.flush()
            sys.stderr.flush()
            os._exit(DONE)
    os.close(sink)
    with open(source, "rb") as file:
        data = file.read()
    os.waitpid(process, 0)
    if not data:
        return FAILED, None
    code, route = documents.load(data)
    return code, route
