"""A flow's objects on their way to Argo: all are tried in a dry run before anything changes.

Then the code and the record of the deployment go into the store, and what changes into the cluster.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import yaml

from flowport.compiler.changes import Change, Changes, apply
from flowport.compiler.target import Deployment
from flowport.targets.argo.deployment.connect import connect, store_here
from flowport.targets.argo.deployment.objects import TEMPLATES, Document, by_resource, object_changes, owner_of, resource_of
from flowport.targets.argo.deployment.versions import Versions, number_of
from flowport.targets.argo.settings import Settings
from flowport.targets.deployment import code_changes

if TYPE_CHECKING:
    from flowport.compiler.target import File


class ArgoDeployer:
    """Puts the code into the store and the objects into the cluster of kubectl's current context."""

    makes_roles = False

    def plan(self, deployment: Deployment[Settings]) -> Changes:
        """The changes that are needed. The cluster tries each of them in a dry run."""
        settings = deployment.settings
        store = store_here(settings)
        cluster, owner = connect(), owner_of(settings)
        compiled = _documents(deployment.files)
        there = {resource: cluster.read(resource) for resource in by_resource(compiled, cluster)}
        owner.require(there)
        template = resource_of(cluster, settings, TEMPLATES)
        version, recorded = Versions(store, template).of(compiled, deployment.package.digest, number_of(there[template]))
        objects = tuple(object_changes(cluster, by_resource(version.numbered(), cluster), there, owner))
        return Changes((*code_changes(settings.store, deployment.package), *recorded, *objects))

    def apply(self, changes: Changes) -> Iterator[Change]:
        """Put the code and the objects in their places, in this order."""
        return apply(changes)


def _documents(files: Sequence[File]) -> list[Document]:
    return [document for file in files if file.path.endswith(".yaml") for document in yaml.safe_load_all(file.data)]
