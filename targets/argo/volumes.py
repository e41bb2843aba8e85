"""What is mounted into pods: `volumes` of a profile in Kubernetes' own words, secrets as files, and what a step asks for."""

from __future__ import annotations

from collections.abc import Mapping

from flowport.compiler.ir import JSON, Kubernetes, Resources
from flowport.compiler.names import legal
from flowport.compiler.record import field, record
from flowport.targets.argo.settings import Settings

HOW = ("mountPath", "readOnly", "subPath", "mountPropagation")
"""The fields of a volume in a profile that say how it is mounted (Kubernetes API, VolumeMount); the others say what it is."""


@record
class Volume:
    """A volume and its mount: `source` is what it is, and `how` what is to be said of the mount beside its path."""

    name: str
    path: str
    source: Mapping[str, JSON]
    how: Mapping[str, JSON] = field(default_factory=dict)


def volumes(settings: Settings) -> list[Volume]:
    """The volumes of every pod."""
    found = []
    for volume in settings.volumes:
        source = {key: value for key, value in volume.items() if key not in (*HOW, "name")}
        how = {key: value for key, value in volume.items() if key in HOW[1:]}
        found.append(Volume(str(volume["name"]), str(volume["mountPath"]), source, how))
    for secret, path in settings.secret_files.items():
        found.append(Volume(volume_name(f"secret-{secret}"), str(path), {"secret": {"secretName": secret}}, {"readOnly": True}))
    return found


def own_volumes(asked: Kubernetes, resources: Resources) -> list[Volume]:
    """The volumes that the pod of a step has beside those."""
    found = [Volume(volume_name(claim), path, {"persistentVolumeClaim": {"claimName": claim}}) for claim, path in asked.volumes]
    if resources.shared_memory:
        memory: JSON = {"medium": "Memory", "sizeLimit": f"{resources.shared_memory}Mi"}
        found.append(Volume("shared-memory", "/dev/shm", {"emptyDir": memory}))
    return found


def volume_name(name: str) -> str:
    """A name as that of a volume."""
    return legal(name, "a-z0-9-", 63)
