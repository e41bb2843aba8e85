"""Lock file -> an environment on this machine: a virtual environment with exactly what the file lists, made once and kept in the cache.

It also has a link to the flowport that made it, so that tasks run in it.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import sys
from typing import TYPE_CHECKING

from flowport.runtime.environments import tools
from flowport.runtime.environments.conda import conda_packages, install, of_pip
from flowport.runtime.environments.errors import EnvironmentProblem, NoPython
from flowport.runtime.environments.platforms import here
from flowport.runtime.package.cache import cache_folder
from flowport.runtime.store import digests

if TYPE_CHECKING:
    from collections.abc import Callable

    from flowport.runtime.environments.lock_file import LockFile

COMPLETE = ".flowport-complete"
"""The file that an environment gets last."""


def environment(lock: LockFile, say: Callable[[str], object] = lambda text: None) -> str:
    """The path of the Python in the environment of a lock file, which is made if it is not there yet; raises EnvironmentProblem.

    `say` gets a sentence before something that takes long.
    """
    folder = environment_folder(lock)
    program = os.path.join(folder, "bin", "python")
    if _is_complete(folder):
        return program
    try:
        os.makedirs(os.path.dirname(folder), exist_ok=True)
        with open(f"{folder}.lock", "w") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            if not _is_complete(folder):
                shutil.rmtree(folder, ignore_errors=True)
                say(f"making the environment `{lock.name}` with Python {lock.python} in {folder}")
                _make(lock, folder)
                _link(folder, lock.python)
                open(os.path.join(folder, COMPLETE), "w").close()
    except OSError as error:
        raise EnvironmentProblem(f"the environment `{lock.name}` cannot be made in {folder}: {error.strerror or error}") from error
    return program


def _is_complete(folder: str) -> bool:
    """Whether an environment was made to its end, and the Python that it was made with is still there."""
    return os.path.exists(os.path.join(folder, COMPLETE)) and os.path.exists(os.path.join(folder, "bin", "python"))


def environment_folder(lock: LockFile) -> str:
    """Where an environment is kept: its name, and a digest of the lock file, the flowport that it is linked to, and the platform.

    Machines of several platforms may share a home.
    """
    digest = digests.of(f"{lock.digest}\n{_flowport()}\n{here()}".encode(errors="surrogatepass"))[:16]
    return os.path.join(cache_folder(), "environments", f"{lock.name}-{digest}")


def _make(lock: LockFile, folder: str) -> None:
    if here() not in lock.platforms:
        listed = ", ".join(lock.platforms)
        raise NoPython(
            f"the lock file of `{lock.name}` is for {listed}, and this machine is {here()}: run `flowport lock --platform {here()}`"
        )
    listed = f"{folder}.txt"
    _write(listed, lock.text)
    if any(package.platform == here() for package in conda_packages(lock.lines)):
        install(lock, listed, folder)
    else:
        _virtual_environment(lock, folder)
    _write(listed, of_pip(lock.lines))
    uv, program = tools.uv(), os.path.join(folder, "bin", "python")
    arguments = ("install", "-q", "--no-deps", "-r", listed)
    pip = [program, "-m", "pip", "--disable-pip-version-check", *arguments]
    tools.run([uv, "pip", *arguments, "--python", program] if uv else pip, _problem(lock))


def _write(path: str, text: str) -> None:
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)


def _virtual_environment(lock: LockFile, folder: str) -> None:
    uv = tools.uv()
    if uv is not None:
        try:
            tools.run([uv, "venv", "-q", "--no-project", "--python", tools.python(lock.python), folder], _problem(lock))
        except EnvironmentProblem as error:
            raise NoPython(
                f"there is no Python {lock.python} for the environment `{lock.name}`, and uv cannot fetch one: {error}"
            ) from None
    elif lock.python == tools.this_python():
        tools.run([sys.executable, "-m", "venv", folder], _problem(lock))
    else:
        raise NoPython(
            f"the environment `{lock.name}` needs Python {lock.python}, and this is {sys.version.split()[0]}: "
            "install uv (`pip install uv`), which finds other Pythons"
        )


def _problem(lock: LockFile) -> str:
    return f"the environment `{lock.name}` cannot be made"


def _link(folder: str, python: str) -> None:
    """Let the environment find flowport."""
    os.symlink(_flowport(), os.path.join(folder, "lib", f"python{python}", "site-packages", "flowport"))


def _flowport() -> str:
    """The folder of the package `flowport` that runs here; in a checkout, the one with links to all its parts."""
    from flowport import runtime

    return os.path.dirname(os.path.dirname(os.path.abspath(runtime.__file__)))
