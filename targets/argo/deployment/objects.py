"""The objects of a flow in a cluster: whose they are, and what makes them what they should be.

An object of somebody else is never touched, and what starts a flow no more is deleted: it would go on starting runs.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any, TypeAlias

from flowport.compiler.changes import Becomes, Change, DeployError
from flowport.compiler.record import record, replace
from flowport.targets.argo.deployment.cluster_errors import Refused, Resource
from flowport.targets.argo.settings import Settings
from flowport.targets.argo.text import encoded
from flowport.targets.deployment import difference

if TYPE_CHECKING:
    from flowport.targets.argo.deployment.cluster import Cluster

Document: TypeAlias = dict[str, Any]
OWNER, FLOW, TITLE = "app.kubernetes.io/managed-by", "flowport/flow", "workflows.argoproj.io/title"
"""Two labels and an annotation, which say whose an object is."""

TEMPLATES, SCHEDULES, WORKFLOWS = "workflowtemplates", "cronworkflows", "workflows"
TRIGGERS = ("workfloweventbindings", "sensors", "eventsources")
"""What starts workflows for events and for other flows; the last two are of Argo Events, which need not be there."""

STARTS = (SCHEDULES, *TRIGGERS)
"""All that starts workflows of a template, each called like that."""

SERVERS = ("managedFields", "resourceVersion", "uid", "generation", "creationTimestamp")
"""What only the server says about an object, in `metadata`."""


@record
class Owner:
    """The flow that objects are of: the name of its template, and that of its deployment.

    `Foo_bar` and `foo_bar` are one template's name, so the second one decides.
    """

    template: str
    flow: str

    def has(self, found: Document) -> bool:
        """Whether flowport made an object for this flow."""
        labels, title = _marks(found)
        return labels.get(OWNER) == "flowport" and labels.get(FLOW) == self.template and title in (None, self.flow)

    def require(self, there: Mapping[Resource, Document | None]) -> None:
        """Raise DeployError for objects that are not of this flow."""
        foreign = [self._foreign(resource, found) for resource, found in there.items() if found and not self.has(found)]
        if foreign:
            raise DeployError("\n".join(foreign))

    def _foreign(self, resource: Resource, found: Document) -> str:
        labels, title = _marks(found)
        owner = labels.get(OWNER)
        whose = f"flow `{title or labels.get(FLOW)}`" if owner == "flowport" else f"`{owner}`" if owner else "somebody else"
        kubectl = f"kubectl delete {resource.plural}.argoproj.io {resource.name} -n {resource.namespace}"
        return (
            f"{resource} belongs to {whose}, not to {self.flow}, and stays as it is\n"
            f'  write another `name = "..."` under [argo] in flowport.toml, or remove it: `{kubectl}`'
        )


def owner_of(settings: Settings) -> Owner:
    """The flow that settings are for."""
    return Owner(settings.name, settings.flow)


def resource_of(cluster: Cluster, settings: Settings, plural: str, name: str = "") -> Resource:
    """An object in the namespace of the settings, else that of the context: by default one with the name of the template."""
    return Resource(plural, name or settings.name, settings.namespace or cluster.namespace)


def by_resource(documents: Sequence[Document], cluster: Cluster) -> dict[Resource, Document]:
    """Documents with what they are about."""
    return {
        Resource(f"{each['kind'].lower()}s", each["metadata"]["name"], each["metadata"].get("namespace") or cluster.namespace): each
        for each in documents
    }


def object_changes(
    cluster: Cluster, documents: Mapping[Resource, Document], there: Mapping[Resource, Document | None], owner: Owner
) -> Iterator[Change]:
    """What makes the objects that are `there` what the documents say, tried in a dry run."""
    for resource, document in documents.items():
        make = partial(cluster.apply, resource, document)
        yield _change(resource, _content(there[resource]), _content(make(dry_run=True)), make)
    for template in [resource for resource in documents if resource.plural == TEMPLATES]:
        for starts in (replace(template, plural=plural) for plural in STARTS):
            if starts not in documents:
                yield from removal(cluster, starts, owner)


def removal(cluster: Cluster, resource: Resource, owner: Owner) -> Iterator[Change]:
    """What removes an object of the flow, tried in a dry run; nothing where there is none.

    Who may not see triggers has not deployed any.
    """
    try:
        found = cluster.read(resource)
    except Refused as error:
        if error.code != 403 or resource.plural not in TRIGGERS:
            raise
        return
    if found and owner.has(found):
        delete = partial(cluster.delete, resource, found["metadata"]["uid"])
        delete(dry_run=True)
        yield _change(resource, _content(found), None, delete)


def _change(resource: Resource, before: Document | None, after: Document | None, make: Callable[[], object]) -> Change:
    """From an object as it is in the cluster to one as it would be, without what only the server says; None where there is none."""
    becomes: Becomes = "unchanged" if before == after else "new" if before is None else "deleted" if after is None else "changed"
    shown = difference(f"{resource.plural}/{resource.name}", _lines(before), _lines(after))
    return Change(str(resource), becomes, shown, make)


def _lines(document: Document | None) -> list[str]:
    return [] if document is None else encoded(document).decode().splitlines()


def _marks(found: Document) -> tuple[Mapping[str, str], str | None]:
    about = found["metadata"]
    return about.get("labels") or {}, (about.get("annotations") or {}).get(TITLE)


def _content(found: Document | None) -> Document | None:
    if found is None:
        return None
    about = {name: value for name, value in found["metadata"].items() if name not in SERVERS}
    return {name: about if name == "metadata" else value for name, value in found.items() if name != "status"}
