"""The fused block: the rest of a loop in one container, step by step, each step committing its own manifest.

A second try adopts what the first one finished, so it goes on where that one stopped.
"""

from __future__ import annotations

from flowport.runtime import documents
from flowport.runtime.address import Keys
from flowport.runtime.contract import DONE, Invocation
from flowport.runtime.store import Missing, open_store
from flowport.runtime.task import perform
from flowport.runtime.walk import Walk

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from flowport.runtime.program import Program
    from flowport.runtime.store import Store


def rest(invocation: Invocation, program: Program) -> int:
    """Run the loop with the header `invocation.step` from `invocation.turn` to its end; returns an exit code."""
    loop = _loop(program.plan["body"], invocation.step)
    walk = Walk([loop], invocation.slice, invocation.turn)
    while not walk.finished:
        for step, slice in walk.ready():
            code = _once(invocation, program, step, slice)
            if code != DONE:
                return code
            walk.done(step, slice, _route(open_store(invocation.store), Keys(invocation.flow, invocation.run), program, step, slice))
    _left(invocation, program, loop)
    return DONE


def _once(block: Invocation, program: Program, step: str, slice: str) -> int:
    """One task of the block; one slice at a time, as nothing runs beside it."""
    task = Invocation(block.flow, block.run, step, slice, block.store, block.code, width=1, total=1, epoch=block.epoch, last=block.last)
    return perform(task, program)


def _loop(block: list[dict[str, Any]], header: str) -> dict[str, Any]:
    """The loop with this header, wherever it stands."""
    waiting = list(block)
    while waiting:
        node = waiting.pop()
        if node.get("loop") == header:
            return node
        for inner in (node.get("body", []), *node.get("branches", []), *[arm["body"] for arm in node.get("arms", [])]):
            waiting += inner
    raise LookupError(f"the plan has no loop with the header `{header}`")


def _route(store: Store, keys: Keys, program: Program, step: str, slice: str) -> Any:
    plan = program.step(step)
    if not plan["routed"] and not plan["left"] and "foreach" not in plan["transition"]:
        return None
    return documents.load(store.read(keys.route(step, slice, 0)))


def _left(block: Invocation, program: Program, loop: dict[str, Any]) -> None:
    """For a loop with several ways out: which of them somebody took, in any turn."""
    targets = program.step(block.step)["left"]
    if not targets:
        return
    store, keys = open_store(block.store), Keys(block.flow, block.run)
    turns = store.count(f"{keys.step(block.step)}{block.slice}.t", "@0.json")
    here = f"{block.slice}.t{turns - 1}"
    gone = documents.load(store.read(keys.route(block.step, here, 0)))["left"]
    for source, target in loop["exits"]:
        try:
            gone[target] = gone[target] or documents.load(store.read(keys.route(source, here, 0)))["to"][target]
        except Missing:
            continue  # nobody came to that step in the last turn
    store.create(keys.rest(block.step, block.slice, block.turn), documents.dump({"left": gone}))
