"""A pod as a process of this machine: its main container's command, in a `/tmp` of its own."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any

from flowport.compiler.record import record
from flowport.runtime.process.nodes import ADDRESS, LOOPBACK
from flowport.runtime.protocol import PYTHONS, variable
from flowport.targets.dry_run import of_shell

KEPT = ("PATH", "LANG", "LC_ALL", "FLOWPORT_CACHE", "FLOWPORT_MAX_WORKERS", PYTHONS)
TMP = "/tmp"
NOT_BEGUN = 64
"""The exit code of a command that could not be begun (argoexec's `emissary`)."""

KILLED = 137
"""The exit code of a command that a signal ended, whichever it was (argoexec's `emissary`)."""

TAIL = 4000
"""Characters of a pod's output that its report keeps."""


@record
class Finished:
    """How a pod ended: its exit code, its output parameters, what it printed, and a message where Argo would have one."""

    exit_code: int
    outputs: dict[str, str]
    printed: str = ""
    message: str = ""


def variables(container: Mapping[str, Any]) -> dict[str, str]:
    """The variables of a container; `$(NAME)` stands for one before it, and `$$` for `$` (Kubernetes API, EnvVar)."""
    known: dict[str, str] = {}
    for each in container.get("env", []):
        if "value" not in each:
            continue  # of a secret, which this machine does not have
        known[each["name"]] = re.sub(
            r"\$(\$|\(([^()]*)\))", lambda found: "$" if found[1] == "$" else known.get(found[2], found[0]), each["value"]
        )
    return known


def _folders_in_memory(template: Mapping[str, Any]) -> set[str]:
    """Where a container has volumes in memory; a variable that names one of them has a folder of the pod here."""
    names = {each["name"] for each in template.get("volumes", []) if each.get("emptyDir", {}).get("medium") == "Memory"}
    return {each["mountPath"] for each in template["container"].get("volumeMounts", []) if each["name"] in names}


class Process:
    """One pod; `run` in a thread of its own, `stop` from any. The nodes of a gang have to run at once; they meet on this machine."""

    def __init__(self, template: Mapping[str, Any]) -> None:
        self._template = template
        self._process: subprocess.Popen[bytes] | None = None
        self.environment = variables(template["container"])
        self.stopped = False
        self.is_node = variable("nodes") in self.environment
        if self.is_node:
            self.environment[ADDRESS] = LOOPBACK

    def run(self) -> Finished:
        """Run it to its end."""
        container = self._template["container"]
        # Of what a command writes only the paths of outputs are known; a store on this machine may be in the same folder.
        written = {TMP, *(each["valueFrom"]["path"] for each in self._template.get("outputs", {}).get("parameters", []))}
        memory = _folders_in_memory(self._template)
        with tempfile.TemporaryDirectory(prefix="flowport-pod-") as folder, tempfile.TemporaryFile("w+", errors="replace") as printed:

            def own(path: str) -> str:
                if path in memory:
                    os.makedirs(folder + path, exist_ok=True)
                    return folder + path
                return folder + path[len(TMP) :] if path in written else path

            environment = {name: os.environ[name] for name in (*KEPT, *of_shell(self.environment)) if name in os.environ} | {
                name: own(value) for name, value in self.environment.items()
            }
            command = [sys.executable if word == "python" else word for word in (*container["command"], *container.get("args", []))]
            try:
                self._process = subprocess.Popen(
                    command,
                    cwd=folder,
                    env=environment,
                    stdin=subprocess.DEVNULL,
                    stdout=printed,
                    stderr=subprocess.STDOUT,
                    start_new_session=True,
                )
            except OSError as error:
                # A command that is not there, or more variables than it takes.
                return Finished(NOT_BEGUN, {}, f"{command[0]}: {error.strerror}", str(error.strerror))
            if self.stopped:
                self.stop()
            message = ""
            try:
                code = self._process.wait(self._template.get("activeDeadlineSeconds"))
            except subprocess.TimeoutExpired:
                self.stop()
                code, message = self._process.wait(), "Pod was active on the node longer than the specified deadline"
            # With its first process a container is at an end, whatever else that has begun.
            self._kill()
            printed.seek(0)
            tail = printed.read()[-TAIL:]
            if code < 0:
                code = KILLED
            return self._finished(code, own, tail, message)

    def _finished(self, code: int, own: Callable[[str], str], printed: str, message: str) -> Finished:
        outputs: dict[str, str] = {}
        for parameter in self._template.get("outputs", {}).get("parameters", []):
            path = parameter["valueFrom"]["path"]
            try:
                with open(own(path), encoding="utf-8") as file:
                    outputs[parameter["name"]] = file.read().removesuffix("\n")
            except FileNotFoundError:
                if code == 0:
                    return Finished(1, {}, printed, f"open {path}: no such file or directory")
        return Finished(code, outputs, printed, message)

    def stop(self) -> None:
        """End the process with its children."""
        self.stopped = True
        if self._process is not None and self._process.poll() is None:
            self._kill()

    def _kill(self) -> None:
        if self._process is not None:
            with suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGKILL)
