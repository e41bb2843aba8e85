"""Where tasks run, as a table: for each kind its operator, the arguments of the operator, and what it does not support."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TypeAlias

from flowport.compiler.decorators.step.batch import JOB_FEATURES, batch_feature
from flowport.compiler.decorators.step.kubernetes import POD_FEATURES
from flowport.compiler.decorators.step.resources import CPU_AND_MEMORY, DISK, GPU, SHARED_MEMORY
from flowport.compiler.ir import ExecutionSpec, Pod, Resources, Tmpfs
from flowport.compiler.ir import Settings as StepSettings
from flowport.compiler.lower.capabilities import Capabilities, Limit
from flowport.compiler.record import record
from flowport.targets.airflow.pods import container_resources, pod_arguments
from flowport.targets.airflow.python import Call, Value, duration
from flowport.targets.airflow.settings import Settings
from flowport.targets.containers.limits import IMAGES, POD_LACKS, TMPFS, without
from flowport.targets.sizes import disk, fargate, requirements

Named: TypeAlias = dict[str, Value]


@record
class Compute:
    """One kind of compute.

    `snippets` are the modules of `snippets` that a DAG file needs, and `constants` what they read. `defaults` are arguments of every task,
    and `arguments` those in which the task of one step differs. `counts` is what of an execution spec matters there, and `tmpfs` the
    folder in memory that a task gets. `needs` are settings, and `stores` what the addresses it reaches begin with. `expands` says that a
    `$` in a variable of the environment means something there, unless it stands twice. `limit` are arguments of a task that the engine
    ends after so many seconds.
    """

    snippets: tuple[str, ...]
    needs: tuple[str, ...]
    defaults: Callable[[Settings], Named]
    arguments: Callable[[StepSettings, Settings], Named]
    counts: Callable[[ExecutionSpec], object]
    constants: Callable[[Settings], Named] = lambda settings: {}
    stores: tuple[str, ...] = ("s3://", "gs://", "az://")
    expands: bool = False
    lacks: Capabilities = {}
    tmpfs: Callable[[ExecutionSpec], Tmpfs | None] = lambda spec: None
    limit: Callable[[int, Settings], Named] = lambda seconds, settings: {"execution_timeout": duration(seconds)}


def _pods(settings: Settings) -> Named:
    """The arguments of all pods."""
    patience: Named = {"startup_timeout_seconds": settings.startup_timeout} if settings.startup_timeout else {}
    priority: Named = {"priority_class_name": settings.priority_class} if settings.priority_class else {}
    return {"image": settings.image, "container_resources": container_resources(Resources(), Pod()), **priority, **patience}


def _pod_limit(seconds: int, settings: Settings) -> Named:
    """The operator waits for its pod to start, too."""
    return {"execution_timeout": duration(seconds + (settings.startup_timeout or 0))}


def _container(asked: StepSettings, settings: Settings) -> Named:
    spec, resources = asked.execution.for_docker(), asked.sizes
    named: Named = {"image": spec.image} if spec.image else {}
    if asked.resources:
        named |= {"cpus": float(resources.cpu), "mem_limit": f"{resources.memory}m"}
    if resources.gpu:
        named["device_requests"] = [Call("DeviceRequest", (), {"count": resources.gpu, "capabilities": [["gpu"]]})]
    if resources.shared_memory:
        named["shm_size"] = resources.shared_memory << 20
    if spec.tmpfs:
        memory: Named = {"type": "tmpfs", "tmpfs_size": spec.tmpfs.mib(resources.memory) << 20}
        named["mounts"] = [Call("Mount", (), {"target": spec.tmpfs.path, "source": None, **memory})]
    return named


def _job(asked: StepSettings, settings: Settings) -> Named:
    job = asked.execution.job
    named: Named = {"job_queue": job.queue} if job.queue else {}
    if job.aws_batch_tags:
        named["tags"] = dict(job.aws_batch_tags)
    if asked.resources:
        named["resources"] = [dict(each) for each in requirements(asked.sizes, settings.platform) if isinstance(each, dict)]
    return named


def _ecs_task(asked: StepSettings, settings: Settings) -> Named:
    if asked.resources is None:
        return {}
    resources = asked.sizes
    cpu, memory = fargate(resources) if settings.platform == "FARGATE" else (resources.cpu, resources.memory)
    size: Named = {"cpu": str(round(cpu * 1024)), "memory": str(memory)}
    if resources.disk and settings.platform == "FARGATE":
        size["ephemeralStorage"] = {"sizeInGiB": disk(resources.disk)}
    return {"size": size, **({"gpus": [{"type": "GPU", "value": str(resources.gpu)}]} if resources.gpu else {})}


def _nothing(asked: StepSettings, settings: Settings) -> Named:
    return {}


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
NO_POD = Limit("never", "tasks do not run as pods", 'use settings of the profile, or `compute = "kubernetes"`', harmless=True)
NO_JOB = Limit("never", "tasks do not run as jobs of AWS Batch", "use settings of the profile", harmless=True)
JOB_FIXED = Limit(
    "never", "the job definition determines it, and the profile names one for all steps", "set it in the job definition", harmless=True
)
TASK_FIXED = Limit("never", "the task definition of the profile determines it", "set it in the task definition", harmless=True)


def _no_spec(spec: ExecutionSpec) -> object:
    """Nothing of an execution spec matters."""
    return None


COMPUTE: Mapping[str, Compute] = {
    "kubernetes": Compute(
        ("kubernetes",),
        ("image",),
        _pods,
        lambda asked, settings: pod_arguments(asked),
        ExecutionSpec.for_pod,
        # Kubernetes API, EnvVar: "$(VAR_NAME)" is replaced by a variable's value, and "$$" becomes "$".
        expands=True,
        lacks=POD_LACKS,
        tmpfs=lambda spec: spec.for_pod().tmpfs,
        limit=_pod_limit,
    ),
    "docker": Compute(
        ("docker",),
        ("image",),
        lambda settings: {"image": settings.image, "auto_remove": "success", "mount_tmp_dir": False},
        _container,
        ExecutionSpec.for_docker,
        lacks={DISK: HOST_DISK, **without(NO_POD, POD_FEATURES, *IMAGES, *TMPFS), **without(NO_JOB, JOB_FEATURES, *IMAGES, *TMPFS)},
        tmpfs=lambda spec: spec.for_docker().tmpfs,
    ),
    "batch": Compute(
        ("answers", "batch"),
        ("job_queue", "job_definition"),
        lambda settings: {"job_queue": settings.job_queue, "job_definition": settings.job_definition},
        _job,
        lambda spec: (spec.job.queue, spec.job.aws_batch_tags),
        stores=("s3://",),
        lacks={
            DISK: JOB_DISK,
            SHARED_MEMORY: JOB_SHARED,
            **without(NO_POD, POD_FEATURES),
            **without(JOB_FIXED, JOB_FEATURES, batch_feature("queue"), batch_feature("aws_batch_tags")),
        },
    ),
    "ecs": Compute(
        ("answers", "ecs"),
        ("cluster", "task_definition", "container"),
        lambda settings: {"cluster": settings.cluster, "task_definition": settings.task_definition, "launch_type": settings.platform},
        _ecs_task,
        _no_spec,
        lambda settings: {"CONTAINER": settings.container},
        stores=("s3://",),
        lacks={SHARED_MEMORY: TASK_SHARED, **without(NO_POD, POD_FEATURES), **without(TASK_FIXED, JOB_FEATURES)},
    ),
    "local": Compute(
        ("local",),
        (),
        lambda settings: {},
        _nothing,
        _no_spec,
        lambda settings: {"PYTHON": settings.python},
        stores=("s3://", "gs://", "az://", "/"),
        lacks={
            **dict.fromkeys((CPU_AND_MEMORY, GPU, DISK, SHARED_MEMORY), LOCAL),
            **without(NO_POD, POD_FEATURES),
            **without(NO_JOB, JOB_FEATURES),
        },
    ),
}
