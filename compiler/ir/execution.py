"""Where a step runs: what `@kubernetes` says of its pod, and `@batch` of its job on AWS Batch."""

from __future__ import annotations

from typing import TypeAlias

from flowport.compiler.record import record, replace

Pairs: TypeAlias = "tuple[tuple[str, str], ...]"


@record
class Tmpfs:
    """A folder in memory at `path`; its `size` is in MiB, by default half the memory of the step.

    `tempdir` says that temporary files of the step go there; `current.tempdir` is the folder in either case.
    """

    size: int | None = None
    path: str = "/metaflow_temp"
    tempdir: bool = True

    def mib(self, memory: int) -> int:
        """Its size in a container with so much memory, both in MiB."""
        return self.size or memory // 2


@record
class Pod:
    """The pod of a step, apart from image, sizes and tmpfs.

    A toleration has the fields that Kubernetes defines. `volumes` are persistent volume claims with the folders that they are mounted at.
    `guaranteed` is the quality of service: the pod then has a limit for CPU, too. `security_context` has Metaflow's names, sorted.
    """

    service_account: str = ""
    node_selector: Pairs = ()
    tolerations: tuple[tuple[tuple[str, str | int], ...], ...] = ()
    labels: Pairs = ()
    secrets: tuple[str, ...] = ()
    volumes: Pairs = ()
    annotations: Pairs = ()
    namespace: str = ""
    image_pull_policy: str = ""
    image_pull_secrets: tuple[str, ...] = ()
    gpu_vendor: str = ""
    port: int | None = None
    guaranteed: bool = False
    extended_resources: Pairs = ()
    security_context: tuple[tuple[str, bool | int], ...] = ()


@record
class BatchJob:
    """The job of a step on AWS Batch, apart from its sizes. The fields are the arguments of `@batch`; volumes are pairs of a source and a
    folder in the container.
    """

    image: str = ""
    tmpfs: Tmpfs | None = None
    queue: str = ""
    iam_role: str = ""
    execution_role: str = ""
    max_swap: int | None = None
    swappiness: int | None = None
    aws_batch_tags: Pairs = ()
    inferentia: int = 0
    efa: int = 0
    host_volumes: Pairs = ()
    efs_volumes: Pairs = ()
    log_driver: str = ""
    log_options: Pairs = ()
    privileged: bool = False


@record
class ExecutionSpec:
    """Where a step runs. Steps with different specs cannot share a container; what is empty comes from the profile.

    Resources are not part of it: for two steps in one container the larger ones are enough. `image` and `tmpfs` are those of
    `@kubernetes`. Those of `@batch` are in `job`, and count in a pod if `@kubernetes` has none; and the other way round. With `built`
    both images are those that `flowport image` makes of them.
    """

    image: str = ""
    pod: Pod = Pod()
    tmpfs: Tmpfs | None = None
    job: BatchJob = BatchJob()
    built: bool = False

    def for_pod(self) -> ExecutionSpec:
        """What counts in a pod."""
        return ExecutionSpec(self.image or self.job.image, self.pod, self.tmpfs or self.job.tmpfs)

    def for_docker(self) -> ExecutionSpec:
        """What counts in a container that is neither a pod nor a job."""
        return replace(self.for_pod(), pod=Pod())

    def for_batch(self) -> BatchJob:
        """What counts in a job of AWS Batch."""
        return replace(self.job, image=self.job.image or self.image, tmpfs=self.job.tmpfs or self.tmpfs)
