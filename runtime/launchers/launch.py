"""What the decorators of a gang that start programs do before the step of a node: variables, attributes of `current`, and a Ray cluster."""

from __future__ import annotations

import os

from flowport.runtime.names.current import current
from flowport.runtime.process.nodes import MEETING, WORKERS, free_port, own_address

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

ON_NODE_0 = frozenset({"mpi", "metaflow_ray"})
"""The decorators whose step runs on node 0 alone: the other nodes serve it."""


def launch(launcher: str, options: dict[str, Any], resources: dict[str, Any], storage: str) -> bool:
    """Prepare this node; False if its step does not run. `resources` are those of a node, and `storage` is a folder in the store."""
    node = current.parallel
    nodes, index = node.num_nodes, node.node_index
    cpus, gpus = max(1, int(resources.get("cpu") or 1)), int(resources.get("gpu") or 0)
    # A step that is run by itself, for a test, is a gang of one node.
    os.environ.setdefault("MASTER_ADDR", node.main_ip)
    os.environ["MASTER_PORT"] = str(options.get("master_port") or os.environ.get("MASTER_PORT") or free_port())
    match launcher:
        case "pytorch_parallel":
            os.environ.update(NUM_NODES=str(nodes), PL_TORCH_DISTRIBUTED_BACKEND="gloo")
        case "tensorflow" | "tensorflow_parallel":
            from flowport.runtime.launchers.tensorflow import configuration, workers_here

            told = [one for one in os.environ.get(WORKERS, "").split(",") if one]
            os.environ["TF_CONFIG"] = configuration(told or workers_here(nodes, index, node.main_ip, os.environ.get(MEETING, "")), index)
        case "torchrun":
            from flowport.runtime.launchers.torchrun import PROCESSES, Torchrun

            where = {"nnodes": nodes, "master_addr": node.main_ip, "master_port": os.environ["MASTER_PORT"], "node_rank": index}
            current._update_env({"torch": Torchrun({**where, PROCESSES: options.get(PROCESSES, 1)})})
        case "deepspeed":
            from flowport.runtime.launchers.deepspeed import Deepspeed

            current._update_env({"deepspeed": Deepspeed(nodes, index, gpus or cpus, os.environ.get(MEETING, ""))})
        case "mpi":
            from flowport.runtime.launchers.mpi import MPI

            current._update_env({"mpi": MPI(nodes * cpus)})
        case "metaflow_ray":
            from flowport.runtime.launchers.ray import start

            current._update_env({"ray_storage_path": storage})
            is_apart = MEETING not in os.environ
            share = max(1, (os.cpu_count() or 1) // (1 if is_apart else nodes))
            own = own_address(os.environ) if is_apart and index else os.environ["MASTER_ADDR"]
            start(options, index, nodes, own, {"cpus": cpus if "cpu" in resources else share, "gpus": gpus})
    return not index or launcher not in ON_NODE_0
