"""A flow's objects on their way to Argo: all are tried in a dry run, then the code goes into the store, and what changes into the cluster.

An object of somebody else is never touched, and a CronWorkflow that the flow has no more is deleted: it would go on starting runs.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import partial
from os.path import isdir
from typing import TYPE_CHECKING, Any, TypeAlias

import yaml

from flowport.compiler.changes import Becomes, Change, Changes, DeployError, apply
from flowport.compiler.record import replace
from flowport.compiler.target import Deployment
from flowport.targets.argo.deployment.cluster_errors import Resource
from flowport.targets.argo.settings import Settings
from flowport.targets.argo.text import encoded
from flowport.targets.argo.volumes import holding
from flowport.targets.deployment import code_changes, difference

if TYPE_CHECKING:
    from flowport.targets.argo.deployment.cluster import Cluster

Document: TypeAlias = dict[str, Any]
OWNER, FLOW, TITLE = "app.kubernetes.io/managed-by", "flowport/flow", "workflows.argoproj.io/title"
"""Two labels and an annotation, which say whose an object is."""

SERVERS = ("managedFields", "resourceVersion", "uid", "generation", "creationTimestamp")
"""What only the server says about an object, in `metadata`."""


class ArgoDeployer:
    """Puts the code into the store and the objects into the cluster of kubectl's current context."""

    makes_roles = False

    def plan(self, deployment: Deployment[Settings]) -> Changes:
        """The changes that are needed. The cluster tries each of them in a dry run."""
        settings = deployment.settings
        _mounted_here(settings)
        objects = tuple(_changes(_connect(), deployment))
        return Changes((*code_changes(settings.store, deployment.package), *objects))

    def apply(self, changes: Changes) -> Iterator[Change]:
        """Put the code and the objects in their places, in this order."""
        return apply(changes)


def _connect() -> Cluster:
    try:
        from flowport.targets.argo.deployment.cluster import connect
    except ModuleNotFoundError as error:
        if not str(error.name).startswith("kubernetes"):
            raise
        raise DeployError("deploying to Argo needs the client of Kubernetes: pip install 'flowport[argo]'") from error
    return connect()


def _mounted_here(settings: Settings) -> None:
    """A store in a volume is written to where that is mounted on this machine, too; raises DeployError where it is not."""
    for volume in holding(settings):
        if not isdir(volume.path):
            raise DeployError(
                f"the store `{settings.store}` is in the volume `{volume.name}`, and there is no `{volume.path}` on this machine\n"
                "  mount it here, or compile: copy the folder `code` into the store and apply the YAML with kubectl"
            )


def _lines(document: Document | None) -> list[str]:
    return [] if document is None else encoded(document).decode().splitlines()


def _changes(cluster: Cluster, deployment: Deployment[Settings]) -> Iterator[Change]:
    """What is to be done, tried in a dry run; raises DeployError before that when an object of the same name is not this flow's."""
    flow, template = deployment.plan.flow.deployment, deployment.settings.name
    documents = dict(_documents(cluster, deployment))
    there = {resource: cluster.read(resource) for resource in documents}
    if foreign := [_foreign(resource, found, flow) for resource, found in there.items() if found and not _owned(found, template, flow)]:
        raise DeployError("\n".join(foreign))
    for resource, document in documents.items():
        make = partial(cluster.apply, resource, document)
        yield _change(resource, _content(there[resource]), _content(make(dry_run=True)), make)
    for resource in documents:
        schedule = replace(resource, plural="cronworkflows")
        found = None if schedule in documents else cluster.read(schedule)
        if found and _owned(found, template, flow):
            delete = partial(cluster.delete, schedule, found["metadata"]["uid"])
            delete(dry_run=True)
            yield _change(schedule, _content(found), None, delete)


def _change(resource: Resource, before: Document | None, after: Document | None, make: Callable[[], object]) -> Change:
    """From an object as it is in the cluster to one as it would be, without what only the server says; None where there is none."""
    becomes: Becomes = "unchanged" if before == after else "new" if before is None else "deleted" if after is None else "changed"
    shown = difference(f"{resource.plural}/{resource.name}", _lines(before), _lines(after))
    return Change(str(resource), becomes, shown, make)


def _documents(cluster: Cluster, deployment: Deployment[Settings]) -> Iterator[tuple[Resource, Document]]:
    for file in deployment.files:
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
