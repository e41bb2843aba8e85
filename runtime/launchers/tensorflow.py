"""`TF_CONFIG` of `@tensorflow`: the addresses of all workers, by which `tf.distribute` finds them. Each node has a free port of its own.

Nodes that share a machine tell each other their ports; those with a container each have told them when they met.
"""

from __future__ import annotations

import json
import os
import time

from flowport.runtime.process.nodes import free_port

PAUSE = 0.05
"""Seconds between two looks whether the other nodes have said their ports."""


def configuration(workers: list[str], index: int) -> str:
    """The value of `TF_CONFIG` for the node `index`."""
    return json.dumps({"cluster": {"worker": workers}, "task": {"type": "worker", "index": index}})


def workers_here(nodes: int, index: int, host: str, meeting: str) -> list[str]:
    """The addresses of all nodes, which share this machine; `meeting` is a folder that they share."""
    ports = {index: free_port()}
    if nodes > 1:
        place = os.path.join(meeting, f"tensorflow-{index}")
        with open(place + ".new", "w", encoding="ascii") as file:
            file.write(str(ports[index]))
        os.rename(place + ".new", place)
    for other in range(nodes):
        place = os.path.join(meeting, f"tensorflow-{other}")
        while other not in ports:
            if os.path.exists(place):
                with open(place, encoding="ascii") as file:
                    ports[other] = int(file.read())
            else:
                time.sleep(PAUSE)
    return [f"{host}:{ports[other]}" for other in range(nodes)]
