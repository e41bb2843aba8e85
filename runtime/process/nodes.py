"""The nodes of a gang: how many there may be, and the variables by which the processes of one find each other.

The variables that begin with `MF_PARALLEL_` are Metaflow's. The others are those that torch, DeepSpeed and Lightning read. A node is a
machine of its own to them, wherever it runs: it is the only process of its machine, and sees the GPUs that are its own.
"""

from __future__ import annotations

import os

from flowport.runtime.protocol import NonRetryable

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

MOST_NODES = 1_000
"""The most nodes of one gang."""

FILES, OWN_FILES = 5, 60
"""Open files of the process that starts the nodes: for each of them, and of its own."""

NODES = "_parallel_ubf_iter"
"""Metaflow's name for what a step with `num_parallel` goes over."""


MEETING = "FLOWPORT_GANG"
"""The variable that names a folder which the nodes of a gang in one container share as long as it runs."""

WORKERS = "FLOWPORT_NODE_WORKERS"
"""The variable with the address and a free port of each node, where each has a container of its own and the program asks for them."""

LOOPBACK = "127.0.0.1"

ADDRESS = "FLOWPORT_NODE_ADDRESS"
"""The variable with the address by which other containers reach this one; without it, that of the network with the default route."""


INDEX, NUMBER = "FLOWPORT_NODE_INDEX", "FLOWPORT_NODE_COUNT"
"""The variables of a node on Argo: which one it is, and how many there are."""


class Place:
    """Which node of a gang this container is: `index` of `number`, and what the engine calls this attempt of the gang, `round`.

    `repeats` says that the engine has no name for an attempt of the whole gang: `round` is the same for all of them.
    """

    def __init__(self, index: int, number: int, round: str, repeats: bool = False) -> None:
        self.index, self.number, self.round, self.repeats = index, number, round, repeats

    @classmethod
    def of(cls, engine: str, environment: Mapping[str, str]) -> Place:
        """The place on an engine, as the command of a task names it. Raises NonRetryable."""
        return cls.of_batch(environment) if engine == "batch" else cls.of_argo(environment)

    @classmethod
    def of_argo(cls, environment: Mapping[str, str]) -> Place:
        """The place among the pods of a gang, each of which Argo tries again by itself. Raises NonRetryable."""
        found = [environment.get(name, "") for name in (INDEX, NUMBER)]
        wrong = [name for name, value in zip((INDEX, NUMBER), found) if not value.isdecimal()]
        if wrong:
            raise NonRetryable(f"the command is that of a node of a gang on Argo, and `{wrong[0]}` is not set to a number")
        return cls(int(found[0]), int(found[1]), "pods", repeats=True)

    @classmethod
    def of_batch(cls, environment: Mapping[str, str]) -> Place:
        """The place in a multi-node parallel job (AWS Batch User Guide, "Environment variables"); its main node is node 0.

        The id of a node's job is that of the whole job, `#` and the index. Raises NonRetryable where the variables are missing.
        """
        names = ("AWS_BATCH_JOB_NODE_INDEX", "AWS_BATCH_JOB_NUM_NODES", "AWS_BATCH_JOB_ID", "AWS_BATCH_JOB_ATTEMPT")
        missing = [name for name in names if not environment.get(name)]
        if missing:
            raise NonRetryable(f"the command is that of a node of a multi-node job of AWS Batch, and `{missing[0]}` is not set")
        index, number, job, attempt = (environment[name] for name in names)
        return cls(int(index), int(number), f"{job.partition('#')[0]}.{attempt}")


def own_address(environment: Mapping[str, str]) -> str:
    """The address by which other containers reach this one."""
    if environment.get(ADDRESS):
        return environment[ADDRESS]
    import socket

    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as one:
        try:
            # No packet is sent: this only chooses the network by which one would leave.
            one.connect(("192.0.2.1", 9))
            address: str = one.getsockname()[0]
        except OSError:
            address = socket.gethostbyname(socket.gethostname())
    return address


def variables(index: int, number: int, control: str, address: str, port: int) -> dict[str, str]:
    """The variables of the node `index` of `number`; `control` is the task id of node 0, which is at `address` and has `port` free."""
    return {
        "MF_PARALLEL_MAIN_IP": address,
        "MF_PARALLEL_NUM_NODES": str(number),
        "MF_PARALLEL_NODE_INDEX": str(index),
        "MF_PARALLEL_CONTROL_TASK_ID": control,
        "MASTER_ADDR": address,
        "MASTER_PORT": str(port),
        "RANK": str(index),
        "WORLD_SIZE": str(number),
        "NODE_RANK": str(index),
        "LOCAL_RANK": "0",
        "LOCAL_WORLD_SIZE": "1",
    }


def free_port() -> int:
    """A port that nothing on this machine listens on."""
    import socket

    with socket.socket() as one:
        one.bind(("", 0))
        port: int = one.getsockname()[1]
        return port


def allow_files() -> None:
    """Allow this process as many open files as it may have."""
    import resource

    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = OWN_FILES + FILES * MOST_NODES
    if soft < wanted and soft != hard:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted if hard == resource.RLIM_INFINITY else min(wanted, hard), hard))


def file_problem(number: int) -> str:
    """Why this process cannot start so many nodes: it may not have as many open files; "" if it may."""
    import resource

    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = OWN_FILES + FILES * number
    if soft == resource.RLIM_INFINITY or soft >= wanted:
        return ""
    return (
        f"a gang of {number:,} nodes in one container needs {wanted:,} open files, and this one may have {soft:,}: allow more (`ulimit -n`)"
    )


def devices(index: int, number: int, gpus: int) -> dict[str, str]:
    """The variable that shows a node its own of the GPUs that all of them share; `gpus` is what a node asks for, 0 for an equal share.

    Empty if there are too few GPUs for that, so that each node sees all of them.
    """
    named = os.environ.get("CUDA_VISIBLE_DEVICES")
    seen = [one for one in named.split(",") if one] if named is not None else [str(one) for one in range(_devices())]
    each = gpus or len(seen) // number
    if not each or len(seen) < each * number:
        return {}
    return {"CUDA_VISIBLE_DEVICES": ",".join(seen[index * each : (index + 1) * each])}


def _devices() -> int:
    """How many GPUs of NVIDIA this machine shows: `/dev/nvidia0` and so on."""
    return sum(name.removeprefix("nvidia").isdigit() for name in os.listdir("/dev") if name.startswith("nvidia"))
