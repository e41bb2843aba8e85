"""A DAG file on its way to Airflow: the code goes into the store, then the file to where Airflow looks, and only when it changed."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from functools import partial
from importlib.metadata import version
from importlib.util import find_spec

from flowport.compiler.changes import Becomes, Change, Changes, DeployError, apply
from flowport.compiler.diagnostics.diagnostic import CompileError, Diagnostic
from flowport.compiler.target import Deployment, File
from flowport.runtime.atomic_file import write_file
from flowport.runtime.store.errors import Missing
from flowport.runtime.store.open import open_store
from flowport.targets.airflow.dag import first_words
from flowport.targets.airflow.limits import missing_setting
from flowport.targets.airflow.settings import Settings
from flowport.targets.deployment import code_changes, difference

PROVIDERS = {"cncf": "cncf-kubernetes", "docker": "docker", "amazon": "amazon"}
PROVIDER = re.compile(rf"No module named 'airflow\.providers\.({'|'.join(PROVIDERS)})\b")


class AirflowDeployer:
    """Puts the code into the store and the DAG file into the folder or below the address that `dags` names."""

    makes_roles = False

    def plan(self, deployment: Deployment[Settings]) -> Changes:
        """The changes that are needed.

        Raises DeployError if Airflow cannot import the file, and if it would replace a file that flowport did not write.
        """
        file, place = deployment.files[0], _place(deployment.settings)
        problem, note = _importable(file)
        if problem:
            raise DeployError(f"{file.path} does not import in Airflow {version('apache-airflow')}, and is not deployed:\n{problem}")
        there, flow = _deployed(place, file), deployment.plan.flow
        if there is not None and not there.startswith(first_words(flow).encode("utf-8", "backslashreplace")):
            raise DeployError(
                f"{place}/{file.path} is not a file that flowport wrote for {flow.deployment}, and stays as it is: "
                "move it away, or give the DAG another id with `dag_id`"
            )
        code = code_changes(deployment.settings.store, deployment.package)
        return Changes((*code, _change(place, file, there)), (note,) if note else ())

    def apply(self, changes: Changes) -> Iterator[Change]:
        """Put the code and the file in their places, in this order."""
        return apply(changes)


def _place(settings: Settings) -> str:
    """The place where Airflow reads DAG files; raises CompileError if the settings do not name it."""
    place = settings.dags.rstrip("/")
    if not place:
        raise CompileError((missing_setting("dags"),))
    if "://" in place and not place.startswith(("s3://", "gs://")):
        raise CompileError((Diagnostic("FP401", f"the setting `dags` is `{place}`, and is a folder, s3:// or gs://"),))
    return place


def _change(place: str, file: File, there: bytes | None) -> Change:
    path = f"{place}/{file.path}"
    becomes: Becomes = "new" if there is None else "unchanged" if there == file.data else "changed"
    old = (there or b"").decode(errors="replace").splitlines()
    return Change(path, becomes, difference(path, old, file.data.decode().splitlines()), partial(_put, place, file))


def _importable(file: File) -> tuple[str, str]:
    """What the installed Airflow says against the file, and why it could not be asked; both are empty when it imports the file."""
    if find_spec("airflow") is None:
        return "", "Airflow is not installed here, so nobody has looked whether the file imports: pip install 'flowport[airflow]'"
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
        why = "the provider for this `compute` is not installed here, so nobody has looked whether the file imports"
        return "", f"{why}: pip install {package}"
    return said if done.returncode else "", ""


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
        raise DeployError(f"`{error.filename}` cannot be read: {error.strerror}") from error


def _put(place: str, file: File) -> None:
    """Replace the file atomically."""
    if "://" in place:
        return open_store(place).replace(file.path, file.data)
    try:
        os.makedirs(place, exist_ok=True)
        write_file(os.path.join(place, file.path), file.data)
    except OSError as error:
        raise DeployError(f"`{error.filename}` cannot be written: {error.strerror}") from error
    return None
