"""Where tasks run, as a table: for each kind its operator, the arguments of the operator, and what it does not support."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TypeAlias

from flowport.compiler.decorators.step.resources import CPU_AND_MEMORY, DISK, GPU, SHARED_MEMORY
from flowport.compiler.ir import Resources
from flowport.compiler.ir import Settings as StepSettings
from flowport.compiler.lower.capabilities import Capabilities, Limit
from flowport.compiler.record import record
from flowport.targets.airflow.python import Call, Value, duration
from flowport.targets.airflow.settings import Settings
from flowport.targets.sizes import disk, fargate, requirements
from flowport.targets.volumes import volume_name

Named: TypeAlias = dict[str, Value]
Asked: TypeAlias = "Resources | None"


@record
class Compute:
    """One kind of compute.

    `snippets` are the modules of `snippets` that a DAG file needs, and `constants` what they read. `defaults` are arguments of every task,
    `arguments` those of one that asks for resources, and `pod` those of one that asks for a pod of its own kind. `needs` are settings,
    and `stores` what the addresses it reaches begin with. `expands` says that a `$` in a variable of the environment means something
    there, unless it stands twice. `limit` are arguments of a task that the engine ends after so many seconds.
    """

    snippets: tuple[str, ...]
    needs: tuple[str, ...]
    defaults: Callable[[Settings], Named]
    arguments: Callable[[Resources, Settings], Named]
    constants: Callable[[Settings], Named] = lambda settings: {}
    stores: tuple[str, ...] = ("s3://", "gs://", "az://")
    expands: bool = False
    pod: Callable[[StepSettings, Settings], Named] | None = None
    lacks: Capabilities = {}
    limit: Callable[[int, Settings], Named] = lambda seconds, settings: {"execution_timeout": duration(seconds)}


def _pods(settings: Settings) -> Named:
    """The arguments of all pods."""
    patience: Named = {"startup_timeout_seconds": settings.startup_timeout} if settings.startup_timeout else {}
    return {"image": settings.image, **_pod(Resources(), settings), **patience}


def _pod_limit(seconds: int, settings: Settings) -> Named:
    """The operator waits for its pod to start, too."""
    return {"execution_timeout": duration(seconds + (settings.startup_timeout or 0))}


def _pod(resources: Resources, settings: Settings) -> Named:
    requests: Named = {"cpu": f"{resources.cpu:g}", "memory": f"{resources.memory}Mi"}
    limits: Named = {"memory": f"{resources.memory}Mi"}
    if resources.gpu:
        limits["nvidia.com/gpu"] = str(resources.gpu)
    if resources.disk:
        requests["ephemeral-storage"] = limits["ephemeral-storage"] = f"{resources.disk}Mi"
    named: Named = {"container_resources": Call("k8s.V1ResourceRequirements", (), {"requests": requests, "limits": limits})}
    if resources.shared_memory:
        memory = Call("k8s.V1EmptyDirVolumeSource", (), {"medium": "Memory", "size_limit": f"{resources.shared_memory}Mi"})
        named["volumes"] = [Call("k8s.V1Volume", (), {"name": "shared-memory", "empty_dir": memory})]
        named["volume_mounts"] = [Call("k8s.V1VolumeMount", (), {"name": "shared-memory", "mount_path": "/dev/shm"})]
    return named


def _pod_of(asked: StepSettings, settings: Settings) -> Named:
    """The arguments of a task that has a pod of its own kind; volumes for its resources stand beside its own."""
    spec, resources = asked.execution, asked.resources
    named: Named = {"image": spec.image} if spec.image else {}
    pod = spec.pod
    if secrets := [each for each in asked.delivery.engine if each.kind == "kubernetes"]:
        # Without a variable each key of the secret is one, and without a key all of them are taken.
        named["secrets"] = [Call("Secret", ("env", each.variable or None, each.name, each.key or None)) for each in secrets]
    if pod.service_account:
        named["service_account_name"] = pod.service_account
    if pod.node_selector:
        named["node_selector"] = dict(pod.node_selector)
    if pod.tolerations:
        fields = {"tolerationSeconds": "toleration_seconds"}
        named["tolerations"] = [
            Call("k8s.V1Toleration", (), {fields.get(key, key): value for key, value in each}) for each in pod.tolerations
        ]
    if pod.labels:
        named["labels"] = dict(pod.labels)
    if pod.secrets:
        sources = [Call("k8s.V1SecretEnvSource", (), {"name": secret}) for secret in pod.secrets]
        named["env_from"] = [Call("k8s.V1EnvFromSource", (), {"secret_ref": source}) for source in sources]
    if pod.volumes:
        beside = _pod(resources, settings) if resources else {}
        claims = [
            (volume_name(claim), Call("k8s.V1PersistentVolumeClaimVolumeSource", (), {"claim_name": claim})) for claim, _ in pod.volumes
        ]
        named["volumes"] = [
            *_listed(beside.get("volumes")),
            *(Call("k8s.V1Volume", (), {"name": name, "persistent_volume_claim": source}) for name, source in claims),
        ]
        named["volume_mounts"] = [
            *_listed(beside.get("volume_mounts")),
            *(Call("k8s.V1VolumeMount", (), {"name": volume_name(claim), "mount_path": path}) for claim, path in pod.volumes),
        ]
    return named


def _listed(value: Value) -> list[Value]:
    return value if isinstance(value, list) else []


def _container(resources: Resources, settings: Settings) -> Named:
    named: Named = {"cpus": float(resources.cpu), "mem_limit": f"{resources.memory}m"}
    if resources.gpu:
        named["device_requests"] = [Call("DeviceRequest", (), {"count": resources.gpu, "capabilities": [["gpu"]]})]
    if resources.shared_memory:
        named["shm_size"] = resources.shared_memory << 20
    return named


def _job(resources: Resources, settings: Settings) -> Named:
    return {"resources": [dict(each) for each in requirements(resources, settings.platform) if isinstance(each, dict)]}


def _ecs_task(resources: Resources, settings: Settings) -> Named:
    cpu, memory = fargate(resources) if settings.platform == "FARGATE" else (resources.cpu, resources.memory)
    size: Named = {"cpu": str(round(cpu * 1024)), "memory": str(memory)}
    if resources.disk and settings.platform == "FARGATE":
        size["ephemeralStorage"] = {"sizeInGiB": disk(resources.disk)}
    return {"size": size, **({"gpus": [{"type": "GPU", "value": str(resources.gpu)}]} if resources.gpu else {})}


def _nothing(resources: Resources, settings: Settings) -> Named:
    return {}


NO_POD_SECRET = Limit(
    "never",
    "tasks do not run as pods",
    'name a secret of a service, such as `"aws-secrets-manager.NAME"`, or write `"container"` and set its variables where tasks run',
)
NO_JOB_SECRET = Limit(
    "never",
    "the job definition or the task definition is yours, and has the secrets",
    'put it into the definition and write `"container"`, or let the task fetch it: `"aws-secrets-manager.NAME"`',
)
LOCAL = Limit("never", "a process on a worker takes what it needs", "use another `compute` if that matters", harmless=True)
HOST_DISK = Limit(
    "never",
    "a Docker container uses the disk of its host",
    "give the host a larger disk, or mount a volume with `default_args`",
    harmless=True,
)
JOB_DISK = Limit(
    "never", "the job definition determines the disk of a job", "set `ephemeralStorage` in a separate job definition", harmless=True
)
JOB_SHARED = Limit(
    "never", "the job definition determines the shared memory of a job", "set `sharedMemorySize` in a separate job definition"
)
TASK_SHARED = Limit(
    "never", "the task definition determines the shared memory of a task", "set `sharedMemorySize` in a separate task definition"
)

COMPUTE: Mapping[str, Compute] = {
    "kubernetes": Compute(
        ("kubernetes",),
        ("image",),
        _pods,
        _pod,
        # Kubernetes API, EnvVar: "$(VAR_NAME)" is replaced by a variable's value, and "$$" becomes "$".
        expands=True,
        pod=_pod_of,
        limit=_pod_limit,
    ),
    "docker": Compute(
        ("docker",),
        ("image",),
        lambda settings: {"image": settings.image, "auto_remove": "success", "mount_tmp_dir": False},
        _container,
        lacks={DISK: HOST_DISK},
    ),
    "batch": Compute(
        ("answers", "batch"),
        ("job_queue", "job_definition"),
        lambda settings: {"job_queue": settings.job_queue, "job_definition": settings.job_definition},
        _job,
        stores=("s3://",),
        lacks={DISK: JOB_DISK, SHARED_MEMORY: JOB_SHARED},
    ),
    "ecs": Compute(
        ("answers", "ecs"),
        ("cluster", "task_definition", "container"),
        lambda settings: {"cluster": settings.cluster, "task_definition": settings.task_definition, "launch_type": settings.platform},
        _ecs_task,
        lambda settings: {"CONTAINER": settings.container},
        stores=("s3://",),
        lacks={SHARED_MEMORY: TASK_SHARED},
    ),
    "local": Compute(
        ("local",),
        (),
        lambda settings: {},
        _nothing,
        lambda settings: {"PYTHON": settings.python},
        stores=("s3://", "gs://", "az://", "/"),
        lacks=dict.fromkeys((CPU_AND_MEMORY, GPU, DISK, SHARED_MEMORY), LOCAL),
    ),
}
