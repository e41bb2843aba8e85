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
from flowport.compiler.target import Deployment, File
from flowport.targets.airflow.deployment.place import Place, deployed_file
from flowport.targets.airflow.deployment.versions import KeptFiles
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
        file, settings = deployment.files[0], deployment.settings
        place = Place(settings)
        problem, note = _importable(file)
        if problem:
            raise DeployError(f"{file.path} does not import in Airflow {version('apache-airflow')}, and is not deployed:\n{problem}")
        code = code_changes(settings.store, deployment.package)
        return Changes((*code, _change(place, settings, file, deployed_file(place, settings))), (note,) if note else ())

    def apply(self, changes: Changes) -> Iterator[Change]:
        """Put the code and the file in their places, in this order."""
        return apply(changes)


def _change(place: Place, settings: Settings, file: File, there: bytes | None) -> Change:
    path = place.path(file.path)
    becomes: Becomes = "new" if there is None else "unchanged" if there == file.data else "changed"
    old = (there or b"").decode(errors="replace").splitlines()
    return Change(path, becomes, difference(path, old, file.data.decode().splitlines()), partial(put, place, settings, file.data))


def put(place: Place, settings: Settings, data: bytes) -> None:
    """Replace the DAG file of a flow; the one before and the new one are kept in the store."""
    kept, before = KeptFiles(settings, place), deployed_file(place, settings)
    if before is not None:
        kept.keep(before)
    kept.keep(data)
    place.put(settings.file, data)
    kept.prune(data)


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
