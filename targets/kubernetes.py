"""What Kubernetes takes for names, labels and the like; each rule with its place in the documentation."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from flowport.compiler.ir import JSON
from flowport.compiler.record import record

LABEL = "use letters, digits, `-`, `_` and `.`, at most 63, the first and the last one a letter or a digit"
NAME = "use small letters, digits, `-` and `.`, the first and the last one a letter or a digit"
IMAGE = "write it as `registry.example.com/flows:1`"
TOLERATION = '{ key = "batch", operator = "Exists" }'
"""What to write instead."""

SECURITY: Mapping[str, type] = {
    **dict.fromkeys(("runAsUser", "runAsGroup", "fsGroup"), int),
    **dict.fromkeys(("fsGroupChangePolicy", "supplementalGroupsPolicy", "seLinuxChangePolicy"), str),
    **dict.fromkeys(("seLinuxOptions", "seccompProfile", "appArmorProfile", "windowsOptions"), dict),
    **dict.fromkeys(("supplementalGroups", "sysctls"), list),
    "runAsNonRoot": bool,
}
"""The fields of a pod's security context (Kubernetes API, PodSecurityContext)."""

MOUNT: Mapping[str, type] = {
    **dict.fromkeys(("mountPath", "subPath", "subPathExpr", "mountPropagation", "recursiveReadOnly"), str),
    "readOnly": bool,
}
"""The fields of a volume mount (Kubernetes API, VolumeMount)."""

# fmt: off
SOURCES = frozenset((
    "awsElasticBlockStore", "azureDisk", "azureFile", "cephfs", "cinder", "configMap", "csi", "downwardAPI", "emptyDir",
    "ephemeral", "fc", "flexVolume", "gcePersistentDisk", "glusterfs", "hostPath", "image", "iscsi", "nfs",
    "persistentVolumeClaim", "portworxVolume", "projected", "rbd", "scaleIO", "secret", "storageos", "vsphereVolume",
))
# fmt: on
"""What a volume can be (Kubernetes API, Volume)."""

PULL_POLICIES = ("Always", "IfNotPresent", "Never")
PORTS = 65_535
EFFECTS = ("NoSchedule", "PreferNoSchedule", "NoExecute")
TOLERATES = {"key": "", "operator": "Equal", "value": "", "effect": ""}
PART = "[a-z0-9]([a-z0-9-]*[a-z0-9])?"
HOST = r"[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)*(:[0-9]+)?"
PATH = r"[a-z0-9]+((\.|_|__|-+)[a-z0-9]+)*"
WORD = r"[A-Za-z0-9]([A-Za-z0-9_.-]{0,61}[A-Za-z0-9])?"


@record
class Held:
    """What an engine keeps for itself in pods.

    `private` are folders where each pod writes what is its own; volumes of the names or at the folders in `mounts` are the engine's, and
    so are labels and variables that begin so.
    """

    private: tuple[str, ...]
    mounts: tuple[str, ...]
    labels: tuple[str, ...] = ()
    variables: tuple[str, ...] = ()


def is_name(text: str) -> bool:
    """Whether a secret, a claim or a service account may be called so ("Object Names and IDs", DNS subdomain names)."""
    return len(text) <= 253 and bool(re.fullmatch(rf"{PART}(\.{PART})*", text))


def is_short_name(text: str) -> bool:
    """Whether a volume or a namespace may be called so ("Object Names and IDs", DNS label names)."""
    return len(text) <= 63 and bool(re.fullmatch(PART, text))


def is_key(text: str) -> bool:
    """Whether a label or an annotation may have this key ("Labels and Selectors", Syntax and character set)."""
    prefix, slash, name = text.rpartition("/")
    return (not slash or is_name(prefix)) and bool(re.fullmatch(WORD, name))


def is_label(key: str, value: JSON) -> bool:
    """Whether something may have this label ("Labels and Selectors", Syntax and character set)."""
    return is_key(key) and isinstance(value, str) and bool(re.fullmatch(f"({WORD})?", value))


def is_image(text: str) -> bool:
    """Whether a text may be an image's name (distribution, "reference": a host in any letters, a path in small ones, a tag, a digest)."""
    return bool(re.fullmatch(rf"({HOST}/)?{PATH}(/{PATH})*(:[A-Za-z0-9_][A-Za-z0-9_.-]{{0,127}})?(@[a-z0-9]+:[0-9a-f]{{32,}})?", text))


def is_variable(name: str) -> bool:
    """Whether a container may have a variable of this name (Kubernetes API, EnvVar, as up to 1.31; since then it takes more)."""
    return bool(re.fullmatch(r"[-._a-zA-Z][-._a-zA-Z0-9]*", name))


def is_extended(name: str, amount: str) -> bool:
    """Whether a container may ask for so much of an extended resource ("Resource Management for Pods", Extended resources)."""
    prefix, slash, _ = name.partition("/")
    return is_key(name) and bool(slash) and not f".{prefix}".endswith(".kubernetes.io") and bool(re.fullmatch(r"[0-9]{1,9}", amount))


def is_toleration(table: Mapping[str, JSON]) -> bool:
    """Whether a pod may have this toleration (Kubernetes API, Toleration)."""
    kinds = {"key": str, "operator": str, "value": str, "effect": str, "tolerationSeconds": int}
    if not all(name in kinds and type(value) is kinds[name] for name, value in table.items()):
        return False
    key, operator, value, effect = (table.get(name, otherwise) for name, otherwise in TOLERATES.items())
    fits = (not key or is_key(str(key))) and operator in ("Equal", "Exists") and effect in ("", *EFFECTS)
    fits = fits and bool(re.fullmatch("" if operator == "Exists" else f"({WORD})?", str(value)))
    # Without a key everything is tolerated, and then no value is compared; a time is that of evictions.
    return fits and (bool(key) or operator == "Exists") and ("tolerationSeconds" not in table or effect == "NoExecute")


def misfits(table: Mapping[str, JSON], fields: Mapping[str, type]) -> Iterator[str]:
    """The fields of a table that are none of these, or of another kind."""
    for name, value in table.items():
        if name not in fields or type(value) is not fields[name]:
            yield name
