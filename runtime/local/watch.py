"""Import a flow and see whether the process may be forked afterwards, so that its tasks need not import it again.

A fork is safe when no thread is left beside its own: a lock that another thread holds is never let go of in the copy. And a fork is right
only when the flow's own files made nothing while they were imported that each task must have for itself: random generators, ids, open
files, temporary folders, processes.
"""

from __future__ import annotations

import os
import random
import sys
import time
import uuid
import weakref

from flowport.runtime.package.modules import loaded

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from types import TracebackType
    from typing import Any

HARMLESS = ("jemalloc_bg_thd",)
"""Threads that are there again after a fork: jemalloc, which Arrow brings, registers handlers for it (`pthread_atfork`)."""

CLOCKS = {"time": 0, "time_ns": 0, "monotonic": 0, "perf_counter": 0, "localtime": 0, "gmtime": 0, "ctime": 0, "strftime": 1}
"""Functions of `time` that tell the present time when they have at most so many arguments."""

DATES = ("now", "utcnow", "today")
"""Methods of `datetime`, which is no module of Python's, so that they cannot be watched: they are looked for in the source."""

PROC = "/proc/self"

LIBRARY = os.path.join(os.path.dirname(os.__file__), "")
INSTALLED = (f"{os.sep}site-packages{os.sep}", f"{os.sep}dist-packages{os.sep}")
"""Python's own modules, and the folders of those that were installed: a virtual environment may be in the folder of the flow."""


class Watch:
    """While it is open, notes in `made` what the files below `folder` make; the first of each kind, with the line that does."""

    def __init__(self, folder: str) -> None:
        self._folder = os.path.join(folder, "")
        self.made: list[str] = []
        self._patches: list[tuple[Any, str, Any]] = []

    def __enter__(self) -> None:
        self._state, self._numpy = random.getstate(), _numpy_state()
        self._files, self._finalizers = _files(), len(weakref.finalize._registry)  # type: ignore[attr-defined]
        self._patch(os, "urandom", "random bytes")
        self._patch(random, "_urandom", "random bytes")
        self._patch(random.Random, "seed", "a random generator", lambda this, a=None, *rest: a is None)
        self._patch(os, "getpid", "a process id")
        for name, arguments in CLOCKS.items():
            self._patch(time, name, "a time", lambda *values, at_most=arguments: len(values) <= at_most)
        self._patch(uuid, "uuid1", "an id")

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        for owner, name, original in self._patches:
            setattr(owner, name, original)
        date = _date(self._folder)
        if date and not any(one.startswith("a time (") for one in self.made):
            self.made.append(date)
        if random.getstate() != self._state or _numpy_state() != self._numpy:
            self.made.append("random numbers")
        if _files() - self._files:
            self.made.append("files or connections that are open")
        if len(weakref.finalize._registry) > self._finalizers:  # type: ignore[attr-defined]
            self.made.append("something that is removed at the end of the process, such as a temporary folder")
        if _children():
            self.made.append("processes")

    def _patch(self, owner: Any, name: str, what: str, counts: Callable[..., bool] = lambda *_, **__: True) -> None:
        original = getattr(owner, name)

        def noted(*values: Any, **named: Any) -> Any:
            if counts(*values, **named):
                self._note(what)
            return original(*values, **named)

        self._patches.append((owner, name, original))
        setattr(owner, name, noted)

    def _note(self, what: str) -> None:
        """Note something if a file of the flow itself caused it, and not a library that the flow imports."""
        frame = sys._getframe(2)
        while frame is not None and not frame.f_code.co_filename.startswith("<frozen importlib"):
            if is_own(frame.f_code.co_filename, self._folder):
                text = f"{what} ({os.path.basename(frame.f_code.co_filename)}, line {frame.f_lineno})"
                if not any(one.startswith(what + " (") for one in self.made):
                    self.made.append(text)
                return
            frame = frame.f_back  # type: ignore[assignment]


def is_own(path: str, folder: str) -> bool:
    """Whether a file is one of the flow's own, which are in `folder`, with a separator at its end."""
    return path.startswith(folder) and not path.startswith(LIBRARY) and not any(one in path[len(folder) - 1 :] for one in INSTALLED)


def _date(folder: str) -> str | None:
    """The first line of the flow's own files that asks for the date while it is imported."""
    for _, loader, path in loaded():
        if not is_own(path, folder):
            continue
        text = loader.get_source(loader.name) or ""  # `metaflow` and others are second names of modules
        if any(f".{method}(" in text for method in DATES):
            import ast

            waiting: list[ast.AST] = [ast.parse(text)]
            while waiting:
                node = waiting.pop()
                if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in DATES:
                    return f"a time ({os.path.basename(path)}, line {node.lineno})"
                inside = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)
                waiting += [one for one in ast.iter_child_nodes(node) if not isinstance(node, inside) or one not in _body(node)]
    return None


def _body(function: Any) -> list[Any]:
    """What of a function is not run where it is defined: all but its decorators and defaults."""
    return function.body if isinstance(function.body, list) else [function.body]


def _numpy_state() -> object:
    """What NumPy's global generator is at, None before there is one: then what its import draws counts too."""
    numpy = sys.modules.get("numpy.random")
    if numpy is None:
        return None
    state = numpy.mtrand._rand.get_state(legacy=False)
    return repr(state["state"].get("pos")), bytes(state["state"].get("key", b""))


def threads() -> list[str]:
    """The names of the threads beside this one that a fork would lose; libraries that know forks (OpenBLAS) stop theirs before one."""
    pid = os.fork()
    if pid == 0:
        os._exit(0)
    try:
        tasks = os.listdir(f"{PROC}/task")
    except FileNotFoundError:  # no Linux: only what Python knows of
        threading = sys.modules.get("threading")
        tasks = [] if threading is None else [""] * threading.active_count()
    finally:
        os.waitpid(pid, 0)
    names = [_name(task) for task in tasks if task != str(os.getpid())]
    return [name for name in names if name and name not in HARMLESS]


def _name(task: str) -> str:
    try:
        with open(f"{PROC}/task/{task}/comm") as file:
            return file.read().strip()
    except FileNotFoundError:  # it has ended meanwhile
        return ""


def _files() -> set[str]:
    try:
        return {os.readlink(f"{PROC}/fd/{number}") for number in os.listdir(f"{PROC}/fd") if os.path.exists(f"{PROC}/fd/{number}")}
    except OSError:
        return set()


def _children() -> bool:
    try:
        with open(f"{PROC}/task/{os.getpid()}/children") as file:
            return bool(file.read().strip())
    except FileNotFoundError:
        return False
