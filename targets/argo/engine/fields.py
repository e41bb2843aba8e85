"""The fields of a WorkflowTemplate that the local engine knows; another one is refused, by its path, and never ignored."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, TypeAlias

Shape: TypeAlias = "dict[str, Shape] | list[Shape] | None"
"""A table with these fields, a list of one shape, or None: anything at all, which matters to a cluster only."""

PARAMETER: Shape = {"name": None, "value": None, "enum": None, "description": None}
ARGUMENTS: Shape = {"parameters": [PARAMETER]}
TASK: Shape = {
    "name": None,
    "template": None,
    "depends": None,
    "when": None,
    "arguments": ARGUMENTS,
    "withSequence": {"count": None},
    "continueOn": {"failed": None, "error": None},
}
ENV: Shape = [{"name": None, "value": None, "valueFrom": {"secretKeyRef": {"name": None, "key": None, "optional": None}}}]
TEMPLATE: Shape = {
    "name": None,
    "inputs": {"parameters": [{"name": None}]},
    "outputs": {"parameters": [{"name": None, "globalName": None, "valueFrom": {"path": None, "expression": None}}]},
    "dag": {"tasks": [TASK]},
    **dict.fromkeys(("metadata", "serviceAccountName", "nodeSelector", "tolerations", "podSpecPatch")),
    "retryStrategy": {"limit": None, "retryPolicy": None, "backoff": {"duration": None}, "expression": None},
    "activeDeadlineSeconds": None,
    **dict.fromkeys(("pendingTimeout", "timeout")),
    "container": {
        "image": None,
        "imagePullPolicy": None,
        "command": None,
        "ports": None,
        "env": ENV,
        "envFrom": None,
        "resources": None,
        "securityContext": None,
        "volumeMounts": None,
    },
    "volumes": None,
}
DOCUMENT: Shape = {
    "apiVersion": None,
    "kind": None,
    "metadata": None,
    "spec": {
        "entrypoint": None,
        "onExit": None,
        "arguments": ARGUMENTS,
        "parallelism": None,
        "activeDeadlineSeconds": None,
        "templateDefaults": {"container": {"env": ENV}},
        "templates": [TEMPLATE],
        **dict.fromkeys(("serviceAccountName", "imagePullSecrets", "nodeSelector", "tolerations", "podPriorityClassName")),
        "securityContext": None,
        **dict.fromkeys(("podGC", "ttlStrategy", "workflowMetadata", "podMetadata")),
    },
}


def unknown(document: Any, shape: Shape = DOCUMENT, path: str = "") -> Iterator[str]:
    """The paths of unknown fields."""
    if isinstance(shape, dict) and isinstance(document, dict):
        for name, value in document.items():
            if name in shape:
                yield from unknown(value, shape[name], f"{path}.{name}")
            else:
                yield f"{path}.{name}".lstrip(".")
    elif isinstance(shape, list) and isinstance(document, list):
        for number, value in enumerate(document):
            yield from unknown(value, shape[0], f"{path}[{number}]")
    elif shape is not None:
        yield path.lstrip(".")
