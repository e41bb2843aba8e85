"""`current.deepspeed` of `@deepspeed`: node 0 runs `deepspeed` for all nodes, and the others wait until it has ended.

All nodes are in one container, so `deepspeed` starts their processes there, and nothing needs `ssh`.
"""

from __future__ import annotations

import os
import tempfile
import time

from flowport.runtime.launchers.command import DeepspeedException, entrypoint, options, program, run

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from flowport.runtime.launchers.command import Options

COUNT = "--num_gpus"
PAUSE = 0.1
"""Seconds between two looks whether node 0 has finished."""


class Deepspeed:
    """`current.deepspeed`. `slots` is how many processes a node runs."""

    def __init__(self, nodes: int, index: int, slots: int, meeting: str = "") -> None:
        self._nodes, self._index, self._slots, self._meeting = nodes, index, slots, meeting
        self._runs = 0

    @classmethod
    def for_single_node(cls, flow: object, use_gpu: bool = False, n_slots: int = 1) -> Deepspeed:
        """DeepSpeed in a step that is no gang."""
        return cls(1, 0, n_slots)

    def run(
        self,
        deepspeed_args: Options = None,
        entrypoint: str | None = None,
        entrypoint_args: Options = None,
        push_results_dir_to_cloud: bool = False,
        **results: Any,
    ) -> None:
        """Run `entrypoint` with `deepspeed` on all nodes; returns on each of them when it has ended, and raises DeepspeedException."""
        if push_results_dir_to_cloud:
            raise DeepspeedException(
                "flowport does not have `push_results_dir_to_cloud`: store the files in the step, with `@model` or `S3`"
            )
        self._runs += 1
        done = os.path.join(self._meeting, f"deepspeed-{self._runs}")
        if self._index:
            while not os.path.exists(done):
                time.sleep(PAUSE)
            return
        self._start(deepspeed_args, entrypoint, entrypoint_args)
        if self._meeting:
            with open(done, "wb"):
                pass

    def _start(self, given: Options, script: str | None, arguments: Options) -> None:
        path = entrypoint(script, "current.deepspeed.run", DeepspeedException)
        command = program(
            "deepspeed", "deepspeed", 'add `@pypi(packages={"deepspeed": "..."})`, or install it in the image', DeepspeedException
        )
        with tempfile.NamedTemporaryFile("w", prefix="hosts_") as hosts:
            hosts.write(f"localhost slots={self._nodes * self._slots}\n")
            hosts.flush()
            words = _for_one_host(options(given), self._nodes)
            where = ["--master_addr", os.environ.get("MASTER_ADDR", "127.0.0.1")]
            port = ["--master_port", os.environ["MASTER_PORT"]] if "MASTER_PORT" in os.environ and "--master_port" not in words else []
            known = [] if "--hostfile" in words else ["--hostfile", hosts.name]
            run([*command, *words, *known, *where, *port, path, *options(arguments)], DeepspeedException)


DeepspeedExecutor = Deepspeed


def _for_one_host(words: list[str], nodes: int) -> list[str]:
    """Options for several hosts as options for the one that has all nodes; raises DeepspeedException for an address."""
    found: list[str] = []
    waiting = [part for word in words for part in (word.split("=", 1) if word.startswith("--") and "=" in word else [word])]
    while waiting:
        name = waiting.pop(0)
        if name == "--master_addr":
            raise DeepspeedException("`deepspeed_args` has `--master_addr`, which flowport sets: remove it")
        if name == "--num_nodes" and waiting:
            waiting.pop(0)
        elif name == COUNT and waiting:
            found += [name, str(int(waiting.pop(0)) * nodes)]
        else:
            found.append(name)
    return found
