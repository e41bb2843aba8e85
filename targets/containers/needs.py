"""What a step asks of the container in its pod, in the words of Kubernetes: sizes, rights, and where temporary files go."""

from __future__ import annotations

from collections.abc import Mapping

from flowport.compiler.ir import JSON, Pod, Resources, Tmpfs

TEMPDIR, ONLY_SHOWN = "METAFLOW_TEMPDIR", "FLOWPORT_TEMPDIR"
"""The variables that `current.tempdir` comes from; temporary files go to the first one only."""

RIGHTS: Mapping[str, str] = {
    "privileged": "privileged",
    "allow_privilege_escalation": "allowPrivilegeEscalation",
    "run_as_user": "runAsUser",
    "run_as_group": "runAsGroup",
    "run_as_non_root": "runAsNonRoot",
}
"""Metaflow's names for the fields of a security context (Kubernetes API, SecurityContext)."""


def sizes(resources: Resources, pod: Pod) -> tuple[dict[str, str], dict[str, str]]:
    """The requests and the limits of a container.

    Memory and disk are limited to what is requested. CPU is so only in a pod whose quality of service is guaranteed.
    """
    requests = {"cpu": f"{resources.cpu:g}", "memory": f"{resources.memory}Mi"}
    limits = {**({"cpu": requests["cpu"]} if pod.guaranteed else {}), "memory": requests["memory"]}
    if resources.gpu:
        limits[f"{pod.gpu_vendor or 'nvidia'}.com/gpu"] = str(resources.gpu)
    if resources.disk:
        requests["ephemeral-storage"] = limits["ephemeral-storage"] = f"{resources.disk}Mi"
    # An extended resource cannot be overcommitted: both must be equal (Kubernetes, "Extended resources").
    return {**requests, **dict(pod.extended_resources)}, {**limits, **dict(pod.extended_resources)}


def rights(pod: Pod, usual: Mapping[str, JSON]) -> dict[str, JSON]:
    """The security context of a container: what the step says, over what is `usual`."""
    own: dict[str, JSON] = {RIGHTS[name]: value for name, value in pod.security_context}
    made = dict(usual)
    if own.get("privileged"):
        # A privileged container has every capability, and Kubernetes refuses one that may not escalate.
        made.pop("capabilities", None)
        made.pop("allowPrivilegeEscalation", None)
    if own.get("runAsUser") == 0:
        made["runAsNonRoot"] = False
    return {**made, **own}


def tempdir(tmpfs: Tmpfs | None) -> tuple[tuple[str, str], ...]:
    """The variable that says where the folder in memory is, and unless the step says otherwise sends temporary files there."""
    return ((TEMPDIR if tmpfs.tempdir else ONLY_SHOWN, tmpfs.path),) if tmpfs else ()
