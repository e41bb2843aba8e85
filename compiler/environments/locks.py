"""What a step asks for -> the lock file of its environment, beside the file of the flow."""

from __future__ import annotations

import os

from flowport.compiler.diagnostics.diagnostic import Diagnostic
from flowport.compiler.ir import Lock, Requirements
from flowport.runtime.environments.lock_file import FOLDER, BadLockFile, Request, read


def request(asked: Requirements) -> Request:
    """What a step asks for, as lock files have it: two ways to spell the same are one request.

    Without packages there is nothing that conda would have to install.
    """
    from flowport.runtime.requirements.forms import spelled

    packages = dict(spelled(asked.conda, *package) for package in asked.packages)
    return Request(asked.conda and bool(packages), packages, asked.python.removeprefix("=="))


def path_of(name: str) -> str:
    """The path of a lock file, relative to the folder of the flow."""
    return f"{FOLDER}/{name}.txt"


def lock_of(folder: str, asked: Requirements) -> tuple[Lock | None, Diagnostic | None]:
    """The lock of what a step asks for, None if there is no file; and what is wrong with the file."""
    wanted = request(asked)
    path = os.path.join(folder, *path_of(wanted.name).split("/"))
    try:
        with open(path, "rb") as file:
            data = file.read()
        found = read(data)
    except FileNotFoundError:
        return None, None
    except (OSError, BadLockFile) as error:
        why = error.strerror if isinstance(error, OSError) else str(error)
        message = f"the lock file `{path_of(wanted.name)}` cannot be read: {why}"
        return None, Diagnostic("FP150", message, help=("write it again: `flowport lock`, with the flow's file",))
    return Lock(found.name, found.python, found.digest, found.text.encode()), None
