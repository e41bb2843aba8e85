"""One run on this machine, from the unpacked code package to the exit status.

The command line compiles, packages and unpacks; this needs none of the compiler.
"""

from __future__ import annotations

import json
import os
import tempfile
import time
from typing import TYPE_CHECKING, Any, NamedTuple

from flowport.runtime.address import Keys
from flowport.runtime.local.coordinator import Coordinator
from flowport.runtime.local.labels import Labels
from flowport.runtime.local.link import Link, Lost
from flowport.runtime.local.routes import Routes
from flowport.runtime.local.screen import Screen
from flowport.runtime.local.source import note
from flowport.runtime.local.summary import explain
from flowport.runtime.local.terms import Terms
from flowport.runtime.program import Program
from flowport.runtime.store import open_store

if TYPE_CHECKING:
    from flowport.runtime.store import Store

DONE, FAILED, WRONG_USE, INTERRUPTED = 0, 1, 2, 130
"""The exit statuses of a run."""


class Request(NamedTuple):
    """What shall run, and how.

    `folder` is the unpacked code package, `code` its digest, `source` the folder of the user's own files ("" for none).
    `document` is the run's input: its parameters and, when it takes over results, `origin_run` and `from`.
    `argument` names the flow on a command line; `again` is what the commands about this run, which are suggested, have to repeat.
    """

    folder: str
    code: str
    source: str
    store: str
    run: str
    document: dict[str, Any]
    argument: str
    workers: int
    fork: bool = True
    quiet: bool = False
    again: str = ""


def run(request: Request) -> int:
    """Run a flow; the exit status: 0 done, 1 failed, 2 when the run id is taken, 130 when it was interrupted."""
    with tempfile.TemporaryDirectory(prefix="flowport-") as scratch:
        return _run(request, Program.unpacked(request.folder), scratch)


def _run(request: Request, program: Program, scratch: str) -> int:
    # The server is started first: it imports the flow while this process opens the store.
    plan = program.plan
    folder = _folder(request.store)
    terms = Terms(
        flow=plan["flow"],
        run=request.run,
        store=request.store,
        code=request.code,
        folder=request.folder,
        source=request.source,
        engine=f"local/{os.urandom(16).hex()}",
        logs=folder or scratch,
        workers=request.workers,
        fork=request.fork,
        again=request.again,
    )
    link = Link(terms)
    try:
        store = open_store(request.store)
        keys = Keys(terms.flow, terms.run)
        labels = Labels(plan["body"], store, keys)
        screen = Screen(terms, labels, None if folder else store, request.quiet)
        if store.exists(keys.input()) or store.exists(keys.run()):
            return _taken(screen, terms)
        if not _imported(terms, link, screen):
            return FAILED
        # Two runs that begin at once with the same id differ in their engine.
        if not store.create(keys.input(), json.dumps({**request.document, "engine": terms.engine}).encode()):
            return _taken(screen, terms)
        note(store, terms.flow, terms.run, request.argument)
        routes = Routes(program, store, keys, resumed=bool(request.document.get("origin_run")))
        return _conduct(Coordinator(terms, plan, link, routes, screen), store)
    finally:
        link.close()


def _folder(store: str) -> str | None:
    """Where a folder store is; None for any other store, which is not even opened to tell."""
    return None if "://" in store and not store.startswith("file:") else open_store(store).url


def _taken(screen: Screen, terms: Terms) -> int:
    screen.error(f"there is a run `{terms.run}` of {terms.flow} already; two runs with the same id cannot mix: choose another `--run-id`")
    return WRONG_USE


def _imported(terms: Terms, link: Link, screen: Screen) -> bool:
    """Wait until the server has imported the flow; what the flow prints meanwhile is shown."""
    try:
        answer = next(link.receive())[0]
    except Lost:
        answer = "broken"
    printed = link.printed()
    if answer == "broken":
        screen.error(f"{terms.flow} cannot be imported\n{printed or 'its process ended while it was imported'}")
        return False
    if printed:
        screen.say(printed)
    terms.fork = answer == "fork"
    return True


def _conduct(coordinator: Coordinator, store: Store) -> int:
    terms, screen = coordinator.terms, coordinator.screen
    screen.say(f"run {terms.run} of {terms.flow}")
    began = time.monotonic()
    try:
        coordinator.run()
    except Lost:
        coordinator.abandon()
        screen.close()
        screen.error("\n".join(["the process that starts tasks is gone, and every task with it", coordinator.link.printed()]).rstrip())
        return _unfinished(screen, terms, FAILED)
    screen.close()
    if coordinator.walk.finished:
        screen.say(f"run {terms.run} is done: {_count(coordinator.done)} in {time.monotonic() - began:.1f} s")
        return DONE
    for text in (*explain(store, screen, coordinator.failed), coordinator.link.printed()):
        if text:
            screen.error(text)
    return _unfinished(screen, terms, INTERRUPTED if coordinator.interrupted else FAILED)


def _count(tasks: int) -> str:
    return f"{tasks} task" + "s" * (tasks != 1)


def _unfinished(screen: Screen, terms: Terms, status: int) -> int:
    what = "was stopped" if status == INTERRUPTED else "failed"
    screen.error(f"run {terms.run} {what}; go on from what is done: flowport resume {terms.flow}/{terms.run}{terms.again}")
    return status
