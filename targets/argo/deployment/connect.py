"""The cluster and the store that a deployment reaches from this machine."""

from __future__ import annotations

from os.path import isdir
from typing import TYPE_CHECKING

from flowport.compiler.changes import DeployError
from flowport.runtime.store.open import open_store
from flowport.targets.argo.settings import Settings
from flowport.targets.argo.volumes import holding

if TYPE_CHECKING:
    from flowport.runtime.store.interface import Store
    from flowport.targets.argo.deployment.cluster import Cluster


def connect() -> Cluster:
    """The cluster of kubectl's current context; raises DeployError where it cannot be found, or the client of Kubernetes is missing."""
    try:
        from flowport.targets.argo.deployment.cluster import connect
    except ModuleNotFoundError as error:
        if not str(error.name).startswith("kubernetes"):
            raise
        raise DeployError("Argo is reached through the client of Kubernetes: pip install 'flowport[argo]'") from error
    return connect()


def store_here(settings: Settings) -> Store:
    """The store; raises DeployError for one in a volume that is not mounted on this machine."""
    for volume in holding(settings):
        if not isdir(volume.path):
            raise DeployError(
                f"the store `{settings.store}` is in the volume `{volume.name}`, and there is no `{volume.path}` on this machine\n"
                "  mount it here; `flowport compile` writes the folder `code` and the YAML for those who deploy without flowport"
            )
    return open_store(settings.store)
