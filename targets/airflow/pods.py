"""What a step asks of its pod, as arguments of Airflow's operator for Kubernetes."""

from __future__ import annotations

from collections.abc import Mapping

from flowport.compiler.ir import Pod, Resources
from flowport.compiler.ir import Settings as StepSettings
from flowport.targets.airflow.python import Call, Value
from flowport.targets.containers.needs import sizes
from flowport.targets.volumes import Volume, own_volumes

FIELDS = {"tolerationSeconds": "toleration_seconds"}
"""The names that Python's client of Kubernetes has for fields of a toleration."""


def pod_arguments(asked: StepSettings) -> dict[str, Value]:
    """The arguments of a task that differ from those of all pods."""
    spec, resources = asked.execution.for_pod(), asked.sizes
    pod = spec.pod
    named: dict[str, Value] = {"container_resources": container_resources(resources, pod)} if _own_sizes(asked, pod) else {}
    if volumes := own_volumes(spec, resources):
        named["volumes"] = [_volume(volume) for volume in volumes]
        named["volume_mounts"] = [Call("k8s.V1VolumeMount", (), {"name": each.name, "mount_path": each.path}) for each in volumes]
    if spec.image:
        named["image"] = spec.image
    return {**named, **_texts(pod), **_objects(pod), **_secrets(asked)}


def _secrets(asked: StepSettings) -> dict[str, Value]:
    """Secrets that a profile names: without a variable each key is one, and without a key all of them are taken."""
    secrets = [each for each in asked.delivery.engine if each.kind == "kubernetes"]
    made = [Call("Secret", ("env", each.variable or None, each.name, each.key or None)) for each in secrets]
    return {"secrets": [*made]} if made else {}


def container_resources(resources: Resources, pod: Pod) -> Call:
    """The sizes of a container."""
    requests, limits = sizes(resources, pod)
    return Call("k8s.V1ResourceRequirements", (), {"requests": {**requests}, "limits": {**limits}})


def _own_sizes(asked: StepSettings, pod: Pod) -> bool:
    return asked.resources is not None or asked.sizes != Resources() or pod.guaranteed or bool(pod.extended_resources)


def _volume(volume: Volume) -> Value:
    match volume.source:
        case {"persistentVolumeClaim": {"claimName": claim}}:
            source: Mapping[str, Value] = {
                "persistent_volume_claim": Call("k8s.V1PersistentVolumeClaimVolumeSource", (), {"claim_name": str(claim)})
            }
        case {"emptyDir": {"medium": medium, "sizeLimit": limit}}:
            memory = Call("k8s.V1EmptyDirVolumeSource", (), {"medium": str(medium), "size_limit": str(limit)})
            source = {"empty_dir": memory}
        case other:
            raise ValueError(f"no volume of a step: {other}")
    return Call("k8s.V1Volume", (), {"name": volume.name, **source})


def _texts(pod: Pod) -> dict[str, Value]:
    """What the operator takes as texts and tables."""
    asked: dict[str, Value] = {
        "service_account_name": pod.service_account,
        "namespace": pod.namespace,
        "image_pull_policy": pod.image_pull_policy,
        "node_selector": dict(pod.node_selector),
        "labels": dict(pod.labels),
        "annotations": dict(pod.annotations),
    }
    return {name: value for name, value in asked.items() if value}


def _objects(pod: Pod) -> dict[str, Value]:
    """What the operator takes as objects of Kubernetes' client."""
    named: dict[str, Value] = {}
    if pod.tolerations:
        named["tolerations"] = [
            Call("k8s.V1Toleration", (), {FIELDS.get(key, key): value for key, value in each}) for each in pod.tolerations
        ]
    if pod.secrets:
        sources = [Call("k8s.V1SecretEnvSource", (), {"name": secret}) for secret in pod.secrets]
        named["env_from"] = [Call("k8s.V1EnvFromSource", (), {"secret_ref": source}) for source in sources]
    if pod.image_pull_secrets:
        named["image_pull_secrets"] = [Call("k8s.V1LocalObjectReference", (), {"name": name}) for name in pod.image_pull_secrets]
    if pod.port:
        named["ports"] = [Call("k8s.V1ContainerPort", (), {"container_port": pod.port})]
    if pod.security_context:
        named["container_security_context"] = Call("k8s.V1SecurityContext", (), dict(pod.security_context))
    return named
