"""`@metaflow_ray`: a Ray cluster with a node of Ray for each node of the gang. Node 0 runs the step when all have joined; the others wait.

The nodes of Ray are processes of the nodes' groups, and end with them. Several of them may share a machine, so none takes a fixed port
but that of the head.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time

from flowport.runtime.launchers.command import RayException, module

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

JOINING = 90.0
"""Seconds in which all nodes must have joined, unless `all_nodes_started_timeout` says another number."""

PAUSE = 0.5

SHARED = ["--min-worker-port", "0", "--max-worker-port", "0", "--dashboard-agent-listen-port", "0"]
"""Options by which nodes of Ray on one machine do not take the same ports."""

JOINED = """
import sys
import ray
ray.init(address=sys.argv[1], log_to_driver=False, logging_level="ERROR")
print(sum(bool(node["Alive"]) for node in ray.nodes()))
"""
"""Prints how many nodes a cluster has. It is a process of its own, so that the step can connect as it wants."""


def start(options: dict[str, Any], index: int, nodes: int, own: str, has: dict[str, int]) -> None:
    """Start the node of Ray of this node, and on node 0 wait until all have joined; raises RayException.

    `own` is the address of this node, and `has` how many CPUs and GPUs it has.
    """
    command = module("metaflow_ray", "ray", "ray.scripts.scripts", RayException)
    host, port = os.environ["MASTER_ADDR"], options.get("main_port") or os.environ["MASTER_PORT"]
    address = f"{host}:{port}"
    os.environ["RAY_ADDRESS"] = address
    gpus = ["--num-gpus", str(has["gpus"])] if has["gpus"] else []
    words = ["start", "--node-ip-address", own, "--num-cpus", str(has["cpus"]), *gpus, *SHARED]
    words += _logging(options)
    words += ["--address", address] if index else ["--head", "--port", str(port), *_dashboard(options)]
    limit = time.monotonic() + (options.get("all_nodes_started_timeout") or JOINING)
    while True:
        done = subprocess.run([*command, *words, "--disable-usage-stats"], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        if not done.returncode:
            break
        # The head may not listen yet.
        if not index or time.monotonic() > limit:
            raise RayException(f"`ray start` ended with exit code {done.returncode} on node {index}:\n{done.stdout}")
        time.sleep(PAUSE)
    if not index:
        _wait(address, nodes, limit)


def _logging(options: dict[str, Any]) -> list[str]:
    names = {"logging_level": "--logging-level", "log_style": "--log-style"}
    return [word for name, option in names.items() if options.get(name) for word in (option, str(options[name]))]


def _dashboard(options: dict[str, Any]) -> list[str]:
    if not options.get("enable_dashboard"):
        return ["--include-dashboard", "false"]
    return ["--include-dashboard", "true", "--dashboard-host", "0.0.0.0", "--dashboard-port", str(options.get("dashboard_port") or 8265)]


def _wait(address: str, nodes: int, limit: float) -> None:
    """Wait until all nodes have joined."""
    while True:
        asked = subprocess.run([sys.executable, "-c", JOINED, address], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        last = asked.stdout.strip().rpartition("\n")[2]
        if not asked.returncode and last.isdigit() and int(last) >= nodes:
            return
        if time.monotonic() > limit:
            seen = f"{last} of {nodes} nodes have" if last.isdigit() else f"none of {nodes} nodes is known to have"
            raise RayException(
                f"{seen} joined the Ray cluster in time: give them longer with `@metaflow_ray(all_nodes_started_timeout=600)`"
                + ("" if last.isdigit() else f"\n{asked.stdout}")
            )
        time.sleep(PAUSE)
