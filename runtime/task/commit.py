"""Opens a task, and finishes it: adopts the existing manifest, or runs the items and commits one.

A task is done when its manifest exists.
"""

from __future__ import annotations

import os
import sys

from flowport.runtime.process.lifecycle import Ended
from flowport.runtime.protocol import DONE, FAILED, REPORTS, NonRetryable
from flowport.runtime.records import manifest
from flowport.runtime.records.attempts import Attempts
from flowport.runtime.store import digests, documents, row_ranges
from flowport.runtime.store.errors import Corrupt, Missing, StoreError
from flowport.runtime.store.keys import is_spin
from flowport.runtime.task.context import TaskContext
from flowport.runtime.task.execute import failure
from flowport.runtime.task.items import AttemptPolicy
from flowport.runtime.task.manifest_document import manifest_document
from flowport.runtime.task.route import publish, write_route

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from flowport.runtime.package.code_package import CodePackage
    from flowport.runtime.protocol import Invocation
    from flowport.runtime.records.manifest import Manifest
    from flowport.runtime.records.outcome import Failure, Outcome
    from flowport.runtime.reports.reporter import Reporter
    from flowport.runtime.store.interface import Store


def open_context(invocation: Invocation, program: CodePackage, store: Store) -> TaskContext:
    """What a task reads: of a spin the item of an earlier run. Raises NonRetryable."""
    if not is_spin(invocation.run):
        return TaskContext(invocation, program, store)
    from flowport.runtime.task.spin import SpinContext

    return SpinContext(invocation, program, store)


def finish(context: TaskContext, run: Callable[[TaskContext, Attempts], list[Outcome]]) -> int:
    """Adopt the existing manifest, or `run` the items and commit one. Returns the exit code. Without items there is nothing to do."""
    if not context.arrived or not any(map(os.environ.get, REPORTS)) or is_spin(context.invocation.run):
        return _finish(context, run, None)
    from flowport.runtime.reports.reporter import Reporter

    with Reporter(context) as reporter:
        return _finish(context, run, reporter)


def _finish(context: TaskContext, run: Callable[[TaskContext, Attempts], list[Outcome]], reporter: Reporter | None) -> int:
    if not context.arrived:
        sys.stderr.write(f"flowport: no item comes to step `{context.step}` on {context.slice}: nothing is left to do\n")
        write_route(context.invocation, [], 0 if "gang" in context.plan["transition"] else None)
        return DONE
    after = context.manifests.after()
    key = _key(context, after)
    found = context.manifests.highest(context.step, context.slice)
    if found is None or not context.manifests.agrees(found, {"key": key, "epoch": context.invocation.epoch}):
        generation = context.manifests.next(found)
        # An attempt of one item that is not counted has nothing to hand on: looking for it would be a request for nothing.
        policy = AttemptPolicy(context.plan)
        counted = policy.is_counted or row_ranges.count(context.arrived) > 1
        attempts = Attempts(context.store, context.prefix_of_attempts, context.plan["digest"], key, policy.granted, counted)
        if reporter is not None:
            reporter.begins(attempts)
        try:
            outcomes = run(context, attempts)
        except (Exception, Ended) as error:  # also what the user's module raises when it is imported
            broken = _broken(context, attempts, error)
            if reporter is not None:
                reporter.failed(attempts, [broken])
            raise
        if failed := [outcome for outcome in outcomes if "error" in outcome]:
            if reporter is not None:
                reporter.failed(attempts, [outcome["error"] for outcome in failed])
            return _failed(context, attempts, failed, len(outcomes))
        document = manifest_document(context, key, after, outcomes)
        if context.step == context.program.flow["end"]:
            from flowport.runtime.records.index import enter_done

            # First, so that no run that is done is missing in the index.
            enter_done(context.store, context.keys, context.record.doc["started"], context.record.doc["system_tags"] or [])
        found = context.manifests.commit(context.step, context.slice, document, generation)
    _announce(context, found)
    if reporter is not None:
        reporter.done(found.doc)
    return DONE


def _announce(context: TaskContext, found: Manifest) -> None:
    """Say what the manifest in force says where others look for it: the engine, the metrics of the run, and, of the last task, its end."""
    publish(context, found)
    if "final" in found.doc:
        from flowport.runtime.metrics.latest import enter_latest

        enter_latest(context.store, context.keys, found, context.lineage.address)
    if context.step == context.program.flow["end"]:
        from flowport.runtime.records.life import write_end

        write_end(context.store, context.keys, "done")
        from flowport.runtime.table import rows

        rows.enter_done(context.store, context.keys, context.record.doc, found, context.lineage)


def is_done(context: TaskContext) -> bool:
    """Whether the manifest in force was made from what the task would read now."""
    found = context.manifests.highest(context.step, context.slice)
    key = _key(context, context.manifests.after())
    return found is not None and context.manifests.agrees(found, {"key": key, "epoch": context.invocation.epoch})


def _key(context: TaskContext, after: list[list[Any]]) -> str:
    """By which a manifest can be adopted; `after` are the manifests that were read."""
    parameters = digests.of(documents.dump(context.record.doc["parameters"], in_order=True))
    return manifest.key(context.plan["digest"] + parameters if not after else context.plan["digest"], after)


def _broken(context: TaskContext, attempts: Attempts, error: BaseException) -> Failure:
    """Leave a record that says what stopped the task, when that was not an item's own step; the store itself may be what is broken."""
    row = next(row_ranges.iterate(context.arrived))
    found: Failure = getattr(error, "error", None) or failure(error)
    try:
        attempts.done({"row": row, "error": {**found, "item": context.lineage.address(row)}})
        attempts.close(isinstance(error, NonRetryable))
    except (StoreError, Missing, Corrupt) as refused:
        sys.stderr.write(f"flowport: this attempt is not recorded: {refused}\n")
    return found


def _failed(context: TaskContext, attempts: Attempts, failed: list[Outcome], number: int) -> int:
    attempts.close()
    where = ", ".join(outcome["error"]["item"] for outcome in failed[:5]) + (", ..." if len(failed) > 5 else "")
    sys.stderr.write(f"flowport: step `{context.step}` failed for {len(failed)} of {number} item{'s' if number > 1 else ''}: {where}\n")
    return FAILED
