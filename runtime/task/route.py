"""The route of a task: the document, or the file, from which an engine learns how to continue."""

from __future__ import annotations

from flowport.runtime.protocol import COUNTED
from flowport.runtime.store import documents
from flowport.runtime.store.writes import ensure

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from flowport.runtime.protocol import Invocation
    from flowport.runtime.records.manifest import Manifest
    from flowport.runtime.task.context import TaskContext


def publish(context: TaskContext, found: Manifest) -> None:
    """Write what the engine must know to go on, from the manifest in force, so that every attempt writes the same."""
    document = _route(context.plan, found, [name for kind, name in context.site["scopes"] if kind == "loop"][-1:])
    if document is None:
        return
    ensure(context.store, context.keys.route(context.step, context.slice, found.generation), documents.dump(document))
    if isinstance(document, list):
        fan = found.doc["fan"]
        most = max((count for count, _ in fan["counts"]), default=0) if "gang" in fan else None
        write_route(context.invocation, [f"{context.slice}.{number}" for number in document], most)
    else:
        write_route(context.invocation, [target for target, went in document["to"].items() if went])


def write_route(invocation: Invocation, route: list[str], nodes: int | None = None) -> None:
    """Write where to go on to the file that the engine looks into: slices of a foreach, else steps; nothing where it reads the store.

    `nodes` is how many a gang has that the step starts, of several gangs the most: it is in a file of its own.
    """
    if not invocation.route:
        return
    if nodes is not None:
        with open(invocation.route + COUNTED, "wb") as file:
            file.write(documents.dump(nodes))
    with open(invocation.route, "wb") as file:
        file.write(documents.dump(route))


def _route(plan: dict[str, Any], found: Manifest, headers: list[str]) -> Any:
    """The route of a manifest: the slices of a foreach, or the targets of a switch or a loop; None if the engine needs no route."""
    transition = plan["transition"]
    if "foreach" in transition:
        return list(range(found.doc["fan"]["k"]))
    if not plan["routed"] and not plan["left"]:
        return None
    targets = (
        {target for _, target in transition["cases"]}
        if "cases" in transition
        else set(transition.get("branch", [])) | {transition.get("next")} - {None}
    )
    document: dict[str, Any] = {
        "to": {target: bool(found.sent(target)) for target in sorted(targets)},
        "again": any(found.sent(header) for header in headers),
    }
    if plan["left"]:
        document["left"] = {target: bool(found.doc["left"].get(target)) for target in plan["left"]}
    return document
