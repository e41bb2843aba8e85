"""A DAG file on its way to Airflow: the code goes into the store, then the file to where Airflow looks, and only when it changed."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Callable
from difflib import unified_diff
from importlib.metadata import version
from importlib.util import find_spec

from flowport.compiler.target import Deployment, File
from flowport.runtime.store.errors import Missing, StoreError
from flowport.runtime.store.keys import code_key
from flowport.runtime.store.open import open_store
from flowport.targets.airflow.dag import first_words
from flowport.targets.airflow.settings import Settings

PROVIDERS = {"cncf": "cncf-kubernetes", "docker": "docker", "amazon": "amazon"}
PROVIDER = re.compile(rf"No module named 'airflow\.providers\.({'|'.join(PROVIDERS)})\b")

DONE, FAILED, CHANGES = 0, 1, 1
"""Exit statuses; one who only wants to see learns whether anything would change."""


def deploy(request: Deployment, settings: Settings, place: str) -> int:
    """Put the emitted file into the folder or below the address `place`, or say what that would change; the exit status."""
    file = request.files[0]
    store, key = open_store(settings.store), code_key(request.package.digest)
    if (problem := _problem(file, request.echo)) is not None:
        request.echo(f"{file.path} does not import in Airflow {version('apache-airflow')}, and is not deployed:\n{problem}")
        return FAILED
    there = _deployed(place, file)
    if there is not None and not there.startswith(first_words(request.plan.flow).encode("utf-8", "backslashreplace")):
        request.echo(
            f"{place}/{file.path} is not a file that flowport wrote for {request.plan.flow.name}, and stays as it is: "
            "move it away, or give the DAG another id with `dag_id`"
        )
        return FAILED
    new = [] if store.exists(key) else [f"{store.url}/{key}"]
    if request.diff:
        return _show(request, there, file, f"{place}/{file.path}", new)
    if new:
        store.create(key, request.package.data)
    if there != file.data:
        _put(place, file)
    request.echo("\n".join([*(f"{path} is new" for path in new), f"{place}/{file.path} is {_change(there, file)}"]))
    return DONE


def _show(request: Deployment, there: bytes | None, file: File, path: str, new: list[str]) -> int:
    for name in new:
        request.echo(f"{name} would be new")
    if there != file.data:
        request.echo(f"{path} would be {_change(there, file)}")
        old = (there or b"").decode(errors="replace").splitlines()
        request.echo("\n".join(unified_diff(old, file.data.decode().splitlines(), path, f"{path} (compiled)", lineterm="")))
    elif not new:
        request.echo(f"{path} is up to date")
    return CHANGES if new or there != file.data else DONE


def _change(there: bytes | None, file: File) -> str:
    return "new" if there is None else "unchanged" if there == file.data else "changed"


def _problem(file: File, echo: Callable[[str], None]) -> str | None:
    """What the installed Airflow says against the file; None when it imports it, or is not there to ask."""
    if find_spec("airflow") is None:
        echo("Airflow is not installed here, so nobody has looked whether the file imports: pip install 'flowport[airflow]'")
        return None
    with tempfile.TemporaryDirectory(prefix="flowport-airflow-") as home:
        path = os.path.join(home, file.path)
        with open(path, "wb") as opened:
            opened.write(file.data)
        kept = {name: value for name, value in os.environ.items() if not name.startswith("AIRFLOW")}
        environment = {**kept, "AIRFLOW_HOME": home, "AIRFLOW__CORE__LOAD_EXAMPLES": "False", "AIRFLOW__LOGGING__LOGGING_LEVEL": "CRITICAL"}
        command = [sys.executable, "-m", "flowport.targets.airflow.importable", path]
        done = subprocess.run(command, cwd=home, env=environment, stdin=subprocess.DEVNULL, capture_output=True, text=True)
    said = done.stdout.strip() or done.stderr.strip()
    if done.returncode and (missing := PROVIDER.search(said)):
        # Where tasks run says which provider there must be, where Airflow is; that it is not here says nothing of the file.
        package = f"apache-airflow-providers-{PROVIDERS[missing[1]]}"
        echo(f"the provider for this `compute` is not installed here, so nobody has looked whether the file imports: pip install {package}")
        return None
    return said if done.returncode else None


def _deployed(place: str, file: File) -> bytes | None:
    """The file as it is there now."""
    if "://" in place:
        try:
            return open_store(place).read(file.path)
        except Missing:
            return None
    try:
        with open(os.path.join(place, file.path), "rb") as opened:
            return opened.read()
    except FileNotFoundError:
        return None
    except OSError as error:
        raise StoreError(f"`{error.filename}` cannot be read: {error.strerror}") from error


def _put(place: str, file: File) -> None:
    """Replace the file; whoever reads it meanwhile sees the old one or the new one."""
    if "://" in place:
        return open_store(place).replace(file.path, file.data)
    # Airflow takes what does not end in .py for no DAG file.
    unfinished = os.path.join(place, f".{file.path}.{os.getpid()}")
    try:
        os.makedirs(place, exist_ok=True)
        with open(unfinished, "wb") as opened:
            opened.write(file.data)
        os.replace(unfinished, os.path.join(place, file.path))
    except OSError as error:
        raise StoreError(f"`{error.filename}` cannot be written: {error.strerror}") from error
    return None
