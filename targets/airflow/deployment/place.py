"""The place where Airflow reads DAG files, which is a folder or a prefix in a bucket."""

from __future__ import annotations

import os

from flowport.compiler.changes import DeployError
from flowport.compiler.diagnostics.diagnostic import CompileError, Diagnostic
from flowport.runtime.atomic_file import write_file
from flowport.runtime.store.errors import Missing
from flowport.runtime.store.open import open_store
from flowport.targets.airflow.dag import first_words
from flowport.targets.airflow.limits import missing_setting
from flowport.targets.airflow.settings import Settings


class Place:
    """The place that the setting `dags` names; raises CompileError if there is none."""

    def __init__(self, settings: Settings) -> None:
        self.address = settings.dags.rstrip("/")
        if not self.address:
            raise CompileError((missing_setting("dags"),))
        self._is_bucket = "://" in self.address
        if self._is_bucket and not self.address.startswith(("s3://", "gs://")):
            raise CompileError((Diagnostic("FP401", f"the setting `dags` is `{self.address}`, and is a folder, s3:// or gs://"),))

    def path(self, name: str) -> str:
        """A file, as people read it."""
        return f"{self.address}/{name}"

    def read(self, name: str) -> bytes | None:
        """A file as it is there now; None when there is none."""
        if self._is_bucket:
            try:
                return open_store(self.address).read(name)
            except Missing:
                return None
        try:
            with open(self._file(name), "rb") as opened:
                return opened.read()
        except FileNotFoundError:
            return None
        except OSError as error:
            raise DeployError(f"`{error.filename}` cannot be read: {error.strerror}") from error

    def put(self, name: str, data: bytes) -> None:
        """Replace a file atomically."""
        if self._is_bucket:
            return open_store(self.address).replace(name, data)
        try:
            os.makedirs(self.address, exist_ok=True)
            write_file(self._file(name), data)
        except OSError as error:
            raise DeployError(f"`{error.filename}` cannot be written: {error.strerror}") from error
        return None

    def remove(self, name: str) -> None:
        """Remove a file; nothing happens when there is none."""
        if self._is_bucket:
            return open_store(self.address).delete(name)
        try:
            os.remove(self._file(name))
        except FileNotFoundError:
            pass
        except OSError as error:
            raise DeployError(f"`{error.filename}` cannot be removed: {error.strerror}") from error
        return None

    def modified(self, name: str) -> float:
        """When a file was written, in seconds since 1970."""
        return open_store(self.address).entry(name).modified if self._is_bucket else os.stat(self._file(name)).st_mtime

    def names(self) -> list[str]:
        """The Python files in it, sorted."""
        if self._is_bucket:
            found = open_store(self.address).names("")
        else:
            try:
                found = sorted(os.listdir(self.address))
            except FileNotFoundError:
                found = []
            except OSError as error:
                raise DeployError(f"`{error.filename}` cannot be read: {error.strerror}") from error
        return [name for name in found if name.endswith(".py")]

    def _file(self, name: str) -> str:
        return os.path.join(self.address, name)


def deployed_file(place: Place, settings: Settings) -> bytes | None:
    """The DAG file of a flow as it is deployed, None when it is not; raises DeployError for a file that flowport did not write for it."""
    there = place.read(settings.file)
    if there is not None and not there.startswith(first_words(settings.flow).encode("utf-8", "backslashreplace")):
        raise DeployError(
            f"{place.path(settings.file)} is not a file that flowport wrote for {settings.flow}, and stays as it is: "
            "move it away, or give the DAG another id with `dag_id`"
        )
    return there
