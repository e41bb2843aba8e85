"""What `@batch` says of the container of a job, in the words of AWS Batch (RegisterJobDefinition, ContainerProperties)."""

from __future__ import annotations

from flowport.compiler.ir import JSON, BatchJob
from flowport.compiler.lower.names import legal
from flowport.targets.stepfunctions.jobs import Job

VOLUME_NAME = "A-Za-z0-9_-", 255
"""What Batch takes for the name of a volume (AWS Batch API, Volume)."""


def linux_parameters(job: Job) -> dict[str, JSON]:
    """Memory, swap and devices, which only containers on EC2 can be given."""
    own = job.batch
    made: dict[str, JSON] = {}
    if job.resources.shared_memory:
        made["sharedMemorySize"] = job.resources.shared_memory
    if own.max_swap is not None:
        made["maxSwap"] = own.max_swap
    if own.swappiness is not None:
        made["swappiness"] = own.swappiness
    if own.tmpfs:
        made["tmpfs"] = [{"containerPath": own.tmpfs.path, "size": job.tmpfs_mib, "mountOptions": ["defaults"]}]
    if devices := _devices(own):
        made["devices"] = devices
    return made


def _devices(own: BatchJob) -> list[JSON]:
    """The chips of Inferentia or Trainium, and the network devices of EFA, by their paths on the instance."""
    chips = (f"/dev/neuron{number}" for number in range(own.inferentia))
    made: list[JSON] = [{"hostPath": path, "containerPath": path, "permissions": ["READ", "WRITE"]} for path in chips]
    made.extend({"hostPath": f"/dev/infiniband/uverbs{number}"} for number in range(own.efa))
    return made


def logging(own: BatchJob) -> dict[str, JSON]:
    """Where the output of a container goes; by default to the log group of AWS Batch."""
    if not own.log_driver:
        return {}
    options: dict[str, JSON] = {"options": dict(own.log_options)} if own.log_options else {}
    return {"logConfiguration": {"logDriver": own.log_driver, **options}}


def mounts(own: BatchJob) -> dict[str, JSON]:
    """Folders of the instance, and file systems of EFS."""
    volumes: list[JSON] = []
    points: list[JSON] = []
    for source, path in own.host_volumes:
        volumes.append({"name": volume_name(source), "host": {"sourcePath": source}})
        points.append({"sourceVolume": volume_name(source), "containerPath": path})
    for system, path in own.efs_volumes:
        name = volume_name(f"efs_{system}")
        volumes.append({"name": name, "efsVolumeConfiguration": {"fileSystemId": system, "transitEncryption": "ENABLED"}})
        points.append({"sourceVolume": name, "containerPath": path})
    return {"volumes": volumes, "mountPoints": points} if volumes else {}


def volume_name(source: str) -> str:
    """The name of a volume."""
    return legal(source.strip("/").replace("/", "_").replace(".", "_"), *VOLUME_NAME)
