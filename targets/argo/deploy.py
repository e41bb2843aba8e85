"""A flow's objects on their way to Argo: all are tried in a dry run, then the code goes into the store, and what changes into the cluster.

An object of somebody else is never touched, and a CronWorkflow that the flow has no more is deleted: it would go on starting runs.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from difflib import unified_diff
from functools import partial
from os.path import isdir
from typing import Any, TypeAlias

import yaml

from flowport.compiler.record import record, replace
from flowport.compiler.target import Deployment
from flowport.runtime.store.errors import StoreError
from flowport.runtime.store.keys import code_key
from flowport.runtime.store.open import open_store
from flowport.targets.argo.cluster import Cluster, connect
from flowport.targets.argo.refusals import Resource
from flowport.targets.argo.settings import Settings
from flowport.targets.argo.text import encoded
from flowport.targets.argo.volumes import holding

DONE, CHANGES = 0, 1
"""Exit statuses; one who only wants to see learns whether anything would change."""

Document: TypeAlias = dict[str, Any]
OWNER, FLOW, TITLE = "app.kubernetes.io/managed-by", "flowport/flow", "workflows.argoproj.io/title"
"""Two labels and an annotation, which say whose an object is."""

SERVERS = ("managedFields", "resourceVersion", "uid", "generation", "creationTimestamp")
"""What only the server says about an object, in `metadata`."""


@record
class Change:
    """An object as it is in the cluster and as it would be, without what only the server says; None where there is none."""

    resource: Resource
    before: Document | None
    after: Document | None
    make: Callable[[], object]

    @property
    def word(self) -> str:
        """What becomes of the object."""
        if self.before == self.after:
            return "unchanged"
        return "new" if self.before is None else "deleted" if self.after is None else "changed"


def deploy(request: Deployment, settings: Settings) -> int:
    """Put the code into the store and the objects into the cluster, or say what that would change; the exit status."""
    _mounted_here(settings)
    changes = list(_changes(connect(), request, settings.name))
    store, key = open_store(settings.store), code_key(request.package.digest)
    new = [] if store.exists(key) else [f"{store.url}/{key}"]
    if request.diff:
        return _show(request, changes, new)
    if new:
        store.create(key, request.package.data)
        request.echo(f"{new[0]} is new")
    for change in changes:
        if change.word != "unchanged":
            change.make()
        request.echo(f"{change.resource} is {change.word}")
    return DONE


def _mounted_here(settings: Settings) -> None:
    """A store in a volume is written to where that is mounted on this machine, too; raises StoreError where it is not."""
    for volume in holding(settings):
        if not isdir(volume.path):
            raise StoreError(
                f"the store `{settings.store}` is in the volume `{volume.name}`, and there is no `{volume.path}` on this machine\n"
                "  mount it here, or compile: copy the folder `code` into the store and apply the YAML with kubectl"
            )


def _show(request: Deployment, changes: list[Change], new: list[str]) -> int:
    for name in new:
        request.echo(f"{name} would be new")
    for change in changes:
        if change.word == "unchanged":
            request.echo(f"{change.resource} is up to date")
            continue
        request.echo(f"{change.resource} would be {change.word}")
        path = f"{change.resource.plural}/{change.resource.name}"
        request.echo("\n".join(unified_diff(_lines(change.before), _lines(change.after), path, f"{path} (compiled)", lineterm="")))
    return CHANGES if new or any(change.word != "unchanged" for change in changes) else DONE


def _lines(document: Document | None) -> list[str]:
    return [] if document is None else encoded(document).decode().splitlines()


def _changes(cluster: Cluster, request: Deployment, template: str) -> Iterator[Change]:
    """What is to be done, tried in a dry run; raises StoreError before that when an object of the same name is not this flow's."""
    flow, documents = request.plan.flow.name, dict(_documents(cluster, request))
    there = {resource: cluster.read(resource) for resource in documents}
    if foreign := [_foreign(resource, found, flow) for resource, found in there.items() if found and not _owned(found, template, flow)]:
        raise StoreError("\n".join(foreign))
    for resource, document in documents.items():
        make = partial(cluster.apply, resource, document)
        yield Change(resource, _content(there[resource]), _content(make(dry_run=True)), make)
    for resource in documents:
        schedule = replace(resource, plural="cronworkflows")
        found = None if schedule in documents else cluster.read(schedule)
        if found and _owned(found, template, flow):
            delete = partial(cluster.delete, schedule, found["metadata"]["uid"])
            delete(dry_run=True)
            yield Change(schedule, _content(found), None, delete)


def _documents(cluster: Cluster, request: Deployment) -> Iterator[tuple[Resource, Document]]:
    for file in request.files:
        for document in yaml.safe_load_all(file.data) if file.path.endswith(".yaml") else ():
            about = document["metadata"]
            yield Resource(f"{document['kind'].lower()}s", about["name"], about.get("namespace") or cluster.namespace), document


def _owned(found: Document, template: str, flow: str) -> bool:
    """Whether flowport made an object for this flow: `Foo_bar` and `foo_bar` are one template's name, so the title decides."""
    labels, title = _marks(found)
    return labels.get(OWNER) == "flowport" and labels.get(FLOW) == template and title in (None, flow)


def _foreign(resource: Resource, found: Document, flow: str) -> str:
    labels, title = _marks(found)
    owner = labels.get(OWNER)
    whose = f"flow `{title or labels.get(FLOW)}`" if owner == "flowport" else f"`{owner}`" if owner else "somebody else"
    kubectl = f"kubectl delete {resource.plural}.argoproj.io {resource.name} -n {resource.namespace}"
    return (
        f"{resource} belongs to {whose}, not to {flow}, and stays as it is\n"
        f'  write another `name = "..."` under [argo] in flowport.toml, or remove it: `{kubectl}`'
    )


def _marks(found: Document) -> tuple[Mapping[str, str], str | None]:
    about = found["metadata"]
    return about.get("labels") or {}, (about.get("annotations") or {}).get(TITLE)


def _content(found: Document | None) -> Document | None:
    if found is None:
        return None
    about = {name: value for name, value in found["metadata"].items() if name not in SERVERS}
    return {name: about if name == "metadata" else value for name, value in found.items() if name != "status"}
