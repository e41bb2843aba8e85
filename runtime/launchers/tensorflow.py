"""`TF_CONFIG` of `@tensorflow`: the addresses of all workers, by which `tf.distribute` finds them. Each node has a free port of its own."""

from __future__ import annotations

import json
import os
import time

from flowport.runtime.process.nodes import free_port

PAUSE = 0.05
"""Seconds between two looks whether the other nodes have said their ports."""


def configuration(nodes: int, index: int, host: str, meeting: str) -> str:
    """The value of `TF_CONFIG` for the node `index`; `meeting` is a folder that the nodes share."""
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
    workers = [f"{host}:{ports[other]}" for other in range(nodes)]
    return json.dumps({"cluster": {"worker": workers}, "task": {"type": "worker", "index": index}})
