"""`parallel_map` and `parallel_imap_unordered`: a function on many values, each in a process forked from this one.

The function may be a lambda or use what stands around it, because nothing of it is pickled; its results are. An exception, such as that
of a timeout, ends the processes whose results nobody can get any more.
"""

from __future__ import annotations

import os
import pickle
import signal
import sys
from itertools import islice

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from typing import TypeVar

    Value = TypeVar("Value")
    Result = TypeVar("Result")


class MulticoreException(Exception):
    """The function raised an exception, of which the log has the traceback, or its process was killed."""


class _Worker:
    """A process that computes one result and writes it into a temporary file."""

    def __init__(self, function: Callable[[Value], Result], value: Value, folder: str | None) -> None:
        from tempfile import TemporaryFile

        self.file = TemporaryFile(prefix="parallel_map_", dir=folder)  # noqa: SIM115 - `result` closes it
        sys.stdout.flush()  # what is waiting to be printed would be printed by both processes
        sys.stderr.flush()
        self.process = os.fork()
        if not self.process:
            self._compute(function, value)

    def _compute(self, function: Callable[[Value], Result], value: Value) -> None:
        code = 1
        try:
            pickle.dump(function(value), self.file, protocol=pickle.HIGHEST_PROTOCOL)
            self.file.flush()
            code = 0
        except BaseException:  # whatever the function raises is printed here, and an exception in the other process
            import traceback

            traceback.print_exc()
        finally:
            sys.stdout.flush()
            sys.stderr.flush()
            os._exit(code)  # the exit hooks and `finally` blocks belong to the other process

    def result(self) -> object:
        """What the function returned, once the process has ended."""
        with self.file:
            if not self.file.seek(0, os.SEEK_END):
                raise MulticoreException("`func` ended its process in `parallel_map` and returned nothing")
            self.file.seek(0)
            return pickle.load(self.file)

    def end(self, kills: bool) -> None:
        """Wait for the end of the process; with `kills`, end it. A task that is told to stop ignores SIGTERM in other processes."""
        if kills:
            os.kill(self.process, signal.SIGKILL)
        os.waitpid(self.process, 0)
        self.file.close()


def parallel_imap_unordered(
    func: Callable[[Value], Result], iterable: Iterable[Value], max_parallel: int | None = None, dir: str | None = None
) -> Iterator[Result]:
    """The results of `func` as they come. Raises MulticoreException when `func` fails on one value.

    At most `max_parallel` processes run at once, unless given as many as the machine has processors. Results pass through temporary
    files in `dir`.
    """
    waiting = iter(iterable)
    running: list[_Worker] = []
    fails = True
    try:
        for value in islice(waiting, max_parallel or os.cpu_count() or 1):
            running.append(_Worker(func, value, dir))
        while running:
            worker, status = _ended(running)
            running.remove(worker)
            if status:
                worker.file.close()
                raise MulticoreException(_failure(status))
            yield worker.result()  # type: ignore[misc]
            for value in islice(waiting, 1):
                running.append(_Worker(func, value, dir))
        fails = False
    except GeneratorExit:  # nobody takes the rest, which is done nevertheless
        fails = False
        raise
    finally:
        for worker in running:
            worker.end(kills=fails)


def _failure(status: int) -> str:
    """What to say of a process with this status."""
    code = os.waitstatus_to_exitcode(status)
    if code < 0:
        return f"a process of `parallel_map` was killed by {signal.Signals(-code).name}, as happens where memory runs out"
    return "`func` failed in a process of `parallel_map`: its traceback is in the log of the task"


def _ended(running: list[_Worker]) -> tuple[_Worker, int]:
    """Wait for the first worker that ends; other children of the process are left alone."""
    from time import sleep

    pause = 0.0005
    while True:
        for worker in running:
            process, status = os.waitpid(worker.process, os.WNOHANG)
            if process:
                return worker, status
        sleep(pause)
        pause = min(pause * 2, 0.05)


def parallel_map(
    func: Callable[[Value], Result], iterable: Iterable[Value], max_parallel: int | None = None, dir: str | None = None
) -> list[Result]:
    """The results of `func` in the order of `iterable`, as `parallel_imap_unordered` computes them."""
    found = dict(parallel_imap_unordered(lambda pair: (pair[0], func(pair[1])), enumerate(iterable), max_parallel, dir))
    return [found[place] for place in range(len(found))]
