"""What is mounted into pods."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator, Mapping

from flowport.compiler.diagnostics.diagnostic import Diagnostic
from flowport.compiler.ir import JSON, ExecutionSpec, Resources, Span
from flowport.compiler.lower.names import legal
from flowport.compiler.record import field, record
from flowport.targets.kubernetes import Held


@record
class Volume:
    """A volume and its mount: `source` is the volume, and `how` the fields of the mount beside its path."""

    name: str
    path: str
    source: Mapping[str, JSON]
    how: Mapping[str, JSON] = field(default_factory=dict)


def own_volumes(spec: ExecutionSpec, resources: Resources) -> list[Volume]:
    """What a step asks for in a pod: claims, and memory."""
    found = [Volume(volume_name(claim), path, {"persistentVolumeClaim": {"claimName": claim}}) for claim, path in spec.pod.volumes]
    if resources.shared_memory:
        found.append(_memory("shared-memory", "/dev/shm", resources.shared_memory))
    if spec.tmpfs:
        found.append(_memory("tmpfs", spec.tmpfs.path, spec.tmpfs.mib(resources.memory)))
    return found


def _memory(name: str, path: str, mib: int) -> Volume:
    return Volume(name, path, {"emptyDir": {"medium": "Memory", "sizeLimit": f"{mib}Mi"}})


def volume_name(name: str) -> str:
    """A name as that of a volume."""
    return legal(name, "a-z0-9-", 63)


def mount_problems(mounted: list[Volume], held: Held, whose: str = "", span: Span | None = None) -> Iterator[Diagnostic]:
    """Volumes of one name, or at one place, or at none, or where the engine has its own.

    `whose` is ` of step x` for volumes of a step; without it all are those of the settings.
    """
    code = "FP405" if whose else "FP490"
    for volume in mounted:
        path = _folder(volume)
        if not path.startswith("/") or ":" in path or "{{" in path:
            message = f"volume `{volume.name}`{whose} is mounted at `{volume.path}`, which must be an absolute path without `:` and `{{{{`"
            yield Diagnostic(code, message, span, help=(f"write `/{volume.name}`",))
        elif {path, volume.name} & set(held.mounts):
            message = f"volume `{volume.name}`{whose} at `{volume.path}` has the name or the path of a volume that the engine mounts itself"
            yield Diagnostic(code, message, span, help=(f"use another name and a separate folder, such as `/{volume.name}`",))
        elif path in held.private and "emptyDir" not in volume.source:
            message = f"volume `{volume.name}`{whose} is mounted at `{volume.path}`, where each pod writes its own files"
            yield Diagnostic(code, message, span, help=(f"mount it at a separate folder, such as `/{volume.name}`",))
    for what, known in (("name", [each.name for each in mounted]), ("folder", [_folder(each) for each in mounted])):
        for twice in sorted({each for each in known if known.count(each) > 1}):
            yield Diagnostic(code, f"two volumes{whose} have the {what} `{twice}`", span, help=(f"give one of them another {what}",))


def _folder(volume: Volume) -> str:
    """Where it is mounted; POSIX leaves two slashes at the beginning as they are."""
    return posixpath.normpath(volume.path).replace("//", "/")
