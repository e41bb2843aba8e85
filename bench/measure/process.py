"""Whole processes, and how long they take.

Importing this takes `PYTHONDONTWRITEBYTECODE` out of the environment: modules are compiled to `.pyc` files once, not in every process.
"""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Sequence

os.environ.pop("PYTHONDONTWRITEBYTECODE", None)


def seconds(command: Sequence[str], limit: float | None = None, folder: str | None = None) -> float:
    """The whole life of a process. Raises CalledProcessError when it fails and TimeoutExpired after `limit` seconds."""
    start = time.perf_counter()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, timeout=limit, cwd=folder)
    return time.perf_counter() - start


def output(command: Sequence[str]) -> str:
    """What a process prints."""
    return subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout


def processor_seconds(command: Sequence[str]) -> float:
    """What a process and those that it waited for took of the processors, however busy these are."""
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if status:
        raise subprocess.CalledProcessError(process.returncode, process.args)
    return used.ru_utime + used.ru_stime


def least(times: int, *commands: Sequence[str]) -> list[float]:
    """The best time of each command.

    They take turns, so that all of them have the machine's good and bad moments. One turn more is not counted: it fills caches.
    """
    turns = [[seconds(command) for command in commands] for _ in range(times + 1)]
    return [min(column) for column in zip(*turns[1:])]
