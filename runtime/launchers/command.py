"""Runs a program that a decorator stands for, and the exceptions of these decorators. What it prints goes to the log of its node."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from importlib.util import find_spec
from shutil import which

from flowport.runtime.names.exceptions import MetaflowException

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Any, TypeAlias

    Options: TypeAlias = Mapping[str, Any] | Sequence[Any] | None

STOPPING = 5.0
"""Seconds that a program has to end when its step does."""


class TorchrunException(MetaflowException):
    """What `current.torch.run` raises."""

    headline = "torchrun failed"


class DeepspeedException(MetaflowException):
    """What `current.deepspeed.run` raises."""

    headline = "DeepSpeed failed"


class RayException(MetaflowException):
    """What a step with `@metaflow_ray` raises when its cluster does not come to be."""

    headline = "Ray failed"


class MPIException(MetaflowException):
    """What the methods of `current.mpi` raise."""

    headline = "MPI failed"


def module(decorator: str, package: str, name: str, problem: type[MetaflowException]) -> list[str]:
    """The beginning of a command that runs the module `name` of a package; raises `problem` where the package is missing."""
    if find_spec(package) is None:
        raise problem(f"`@{decorator}` needs the package `{package}`, which is not installed where the step runs: {_advice(package)}")
    return [sys.executable, "-m", name]


def program(decorator: str, name: str, package: str, problem: type[MetaflowException]) -> list[str]:
    """The beginning of a command that runs the program `name`; raises `problem` where it is missing. `package` is where it comes from."""
    found = which(name)
    if found is None:
        raise problem(f"`@{decorator}` needs the program `{name}`, which is not on PATH where the step runs: {package}")
    return [found]


def _advice(package: str) -> str:
    return f'add `@pypi(packages={{"{package}": "..."}})` to the step, or install it in the image'


def run(command: Sequence[str], problem: type[MetaflowException], environment: Mapping[str, str] | None = None) -> None:
    """Run a command until it ends; raises `problem` if it fails. When the step is asked to end, the command is too."""
    with subprocess.Popen(command, env=environment, stdin=subprocess.DEVNULL) as process:
        try:
            code = process.wait()
        except BaseException:
            stop(process)
            raise
    if code:
        raise problem(f"`{_shown(command)}` {ending(code)}: its output is in the log of the step")


def ending(code: int) -> str:
    """How a program ended, from its return code."""
    return f"was ended by {signal.Signals(-code).name}" if code < 0 else f"ended with exit code {code}"


def stop(process: subprocess.Popen[Any]) -> None:
    """Ask a process to end, and kill it if it does not."""
    process.terminate()
    try:
        process.wait(STOPPING)
    except subprocess.TimeoutExpired:
        process.kill()


def _shown(command: Sequence[str]) -> str:
    """The beginning of a command."""
    words = " ".join(command)
    return words if len(words) <= 200 else words[:200] + "..."


def entrypoint(path: object, call: str, problem: type[MetaflowException]) -> str:
    """The script that shall run; raises `problem` where none is given."""
    if not isinstance(path, str) or not path:
        raise problem(f'`{call}` needs `entrypoint`, the script that the nodes run: write `{call}(entrypoint="train.py")`')
    return path


def options(values: Options) -> list[str]:
    """Arguments of a command: a dict of options, of which those without a value are flags, or a list of words."""
    if values is None:
        return []
    if not hasattr(values, "items"):
        return [str(value) for value in values]
    words: list[str] = []
    for name, value in dict(values).items():
        words += [f"--{name}"] if value is None or value == "" else [f"--{name}", word(value)]
    return words


def word(value: object) -> str:
    """A value as the packages of these decorators write it: as JSON without quotes."""
    return value if isinstance(value, str) else json.dumps(value, default=str).replace('"', "")
