"""The pods that the container templates of a workflow stand for, and what Kubernetes' own schema says of them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from kubernetes_validate import ValidationError, latest_version, validate

SHARED = ("serviceAccountName", "imagePullSecrets", "nodeSelector", "tolerations", "securityContext", "affinity", "schedulerName")
"""What a template has of its own or from the spec."""


def pods(document: Any) -> dict[str, Any]:
    """The pod of each container template, by the template's path."""
    spec = document["spec"]
    metadata = {**spec.get("podMetadata", {}), "name": "pod"}
    return {
        f"spec.templates.{template['name']}": {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": _spec(spec, template)}
        for template in spec["templates"]
        if "container" in template
    }


def _spec(spec: Mapping[str, Any], template: Mapping[str, Any]) -> Any:
    volumes = [*spec.get("volumes", ()), *template.get("volumes", ())]
    return {
        **{key: each[key] for key in SHARED for each in (spec, template) if key in each},
        **({"volumes": volumes} if volumes else {}),
        "containers": [{"name": "main", **template["container"]}],
        "restartPolicy": "Never",
    }


def pod_problems(document: Any) -> list[str]:
    """What the schema has against the pods of a document; of several things it names one."""
    found = pods(document)
    try:
        # One list: the schema is read anew for every document.
        validate({"apiVersion": "v1", "kind": "PodList", "metadata": {}, "items": list(found.values())}, latest_version(), strict=True)
    except ValidationError as error:
        _, number, *path = error.path
        return [f"{list(found)[number]} {'.'.join(map(str, path))}: {error.message}"]
    return []
