"""What a profile mounts into every pod: `volumes` in Kubernetes' own words, and secrets as files."""

from __future__ import annotations

from flowport.targets.argo.settings import Settings
from flowport.targets.kubernetes import MOUNT
from flowport.targets.volumes import Volume, volume_name


def volumes(settings: Settings) -> list[Volume]:
    """The volumes of every pod."""
    found = []
    for volume in settings.volumes:
        source = {key: value for key, value in volume.items() if key not in (*MOUNT, "name")}
        how = {key: value for key, value in volume.items() if key in MOUNT and key != "mountPath"}
        found.append(Volume(str(volume.get("name")), str(volume.get("mountPath")), source, how))
    for secret, path in settings.secret_files.items():
        found.append(Volume(volume_name(f"secret-{secret}"), str(path), {"secret": {"secretName": secret}}, {"readOnly": True}))
    return found


def holding(settings: Settings) -> list[Volume]:
    """The volumes that a store in a folder is in; none for a bucket."""
    return [volume for volume in volumes(settings) if f"{settings.store}/".startswith(f"{volume.path.rstrip('/')}/")]
