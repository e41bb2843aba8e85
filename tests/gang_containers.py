"""The containers of a gang as an engine starts them: a process for each node, which has nothing but the store in common with the others."""

from __future__ import annotations

import os
import subprocess
import sys

from typing_extensions import Self

from solo import Solo

QUICK = """
import sys
from flowport.runtime.records import rounds
rounds.POLL, rounds.BEAT, rounds.LOST, rounds.ARRIVAL = 0.05, 0.2, {lost}, {arrival}
from flowport.runtime.__main__ import main
sys.exit(main(sys.argv[1:]))
"""
"""A task as a container begins it, that waits less long for others."""


class Job:
    """A multi-node parallel job of AWS Batch: the command of a task, begun once for each node."""

    engine = "batch"

    def __init__(self, flow: Solo, id: str, number: int = 3, slice: str = "s.0", **limits: float) -> None:
        argv = flow.invocation("train", slice, nodes=self.engine).argv()
        self.command = [sys.executable, "-c", QUICK.format(**{"lost": 60.0, "arrival": 60.0, **limits}), *argv]
        self.id, self.number = id, number
        self.nodes: dict[int, subprocess.Popen[str]] = {}

    def variables(self, index: int) -> dict[str, str]:
        """What the engine says to a node."""
        return {
            "AWS_BATCH_JOB_ID": f"{self.id}#{index}",
            "AWS_BATCH_JOB_ATTEMPT": "1",
            "AWS_BATCH_JOB_NODE_INDEX": str(index),
            "AWS_BATCH_JOB_NUM_NODES": str(self.number),
        }

    def begin(self, *indexes: int) -> Self:
        for index in indexes:
            variables = {**os.environ, **self.variables(index), "FLOWPORT_NODE_ADDRESS": f"127.0.0.{index + 1}"}
            self.nodes[index] = subprocess.Popen(self.command, env=variables, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        return self

    def end(self) -> dict[int, tuple[int, str]]:
        """The exit code and the output of each node."""
        found = {}
        for index, node in sorted(self.nodes.items()):
            output = node.communicate()[0]
            found[index] = (node.returncode, output)
        return found


class Pods(Job):
    """The pods of a gang on Argo, which does not say in which attempt they are."""

    engine = "argo"

    def variables(self, index: int) -> dict[str, str]:
        return {
            "FLOWPORT_NODE_INDEX": str(index),
            "FLOWPORT_NODE_COUNT": str(self.number),
        }


def codes(found: dict[int, tuple[int, str]]) -> list[int]:
    return [code for code, _ in found.values()]
