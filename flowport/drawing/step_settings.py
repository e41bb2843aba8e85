"""What the decorators of a step ask for, in words."""

from __future__ import annotations

from flowport.compiler.ir import ExecutionSpec, Resources, Step


def step_settings(step: Step) -> list[str]:
    """One text for each decorator, such as `3 retries`."""
    settings = step.settings
    variables = sorted(name for name, _ in (*settings.environment, *settings.forwarded))
    found = [
        f"{settings.retry.times} {'retry' if settings.retry.times == 1 else 'retries'}" if settings.retry else "",
        "errors are caught" if settings.catch else "",
        f"at most {settings.timeout} s" if settings.timeout else "",
        *_resources(settings.resources),
        "sets " + ", ".join(variables) if variables else "",
        "secrets " + ", ".join(secret.name for secret in settings.secrets.sources) if settings.secrets else "",
        *_execution(settings.execution),
    ]
    return [text for text in found if text]


def _resources(asked: Resources | None) -> list[str]:
    if asked is None:
        return []
    return [
        f"{asked.cpu:g} CPU",
        f"{asked.memory} MiB",
        f"{asked.gpu} GPU" if asked.gpu else "",
        f"{asked.disk} MiB of disk" if asked.disk else "",
        f"{asked.shared_memory} MiB of shared memory" if asked.shared_memory else "",
    ]


def _execution(spec: ExecutionSpec) -> list[str]:
    pod, job = spec.pod, spec.job
    selected = [f"{key}={value}" for key, value in pod.node_selector]
    images = dict.fromkeys((spec.image, job.image))
    return [
        *(f"image {image}" for image in images if image),
        *(f"{each.path} in memory" for each in dict.fromkeys((spec.tmpfs, job.tmpfs)) if each),
        f"service account {pod.service_account}" if pod.service_account else "",
        "on nodes with " + ", ".join(selected) if selected else "",
        "secrets " + ", ".join(pod.secrets) if pod.secrets else "",
        "volumes " + ", ".join(name for name, _ in pod.volumes) if pod.volumes else "",
        f"namespace {pod.namespace}" if pod.namespace else "",
        f"queue {job.queue}" if job.queue else "",
        f"role {job.iam_role}" if job.iam_role else "",
        f"neuron devices: {job.inferentia}" if job.inferentia else "",
        f"network devices: {job.efa}" if job.efa else "",
        "mounts " + ", ".join(source for source, _ in (*job.host_volumes, *job.efs_volumes)) if job.host_volumes or job.efs_volumes else "",
    ]
