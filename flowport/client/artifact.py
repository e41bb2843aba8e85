"""`DataArtifact`: one artifact of a task; and `MetaflowData`, the artifacts of a task as attributes."""

from __future__ import annotations

import sys

from flowport.client.objects import MetaflowObject
from flowport.client.source import reads_store
from flowport.runtime.names.exceptions import MetaflowDataMissing
from flowport.runtime.store import codec, digests, documents
from flowport.runtime.store.errors import Corrupt, Missing

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime
    from typing import Any

    from flowport.client.source import Source
    from flowport.runtime.package.code_package import CodePackage
    from flowport.runtime.run.items import ItemReader


@reads_store
class DataArtifact(MetaflowObject):
    """One artifact of a task. Its value is loaded when `data` is asked for."""

    _DEPTH = 5

    def _find(self, parts: list[str], found: Any) -> bool:
        if not isinstance(found, _Held):
            task: Any = self._DEPTHS[4]("/".join(parts[:4]), self._attempt, _namespace_check=False, _found=found)
            found = _Held(task._source, task._item)
        self._held: _Held = found
        self._source = found.source
        return self.id in self._held.item.names()

    def _created(self) -> float:
        began, ended = self._held.item.times()
        return ended or began

    @property
    def data(self) -> Any:
        """The value, a new one each time. What it is of is imported, if need be from the code of the run."""
        item = self._held.item
        try:
            try:
                return item.value(self.id)
            except (ImportError, AttributeError):
                if not provide_modules(self._source.program):
                    raise
                return item.value(self.id)
        except (Missing, Corrupt) as error:
            raise MetaflowDataMissing(str(error)) from None

    @property
    def size(self) -> int:
        """The number of bytes that are stored of it."""
        entry = self._entry
        return codec.reference(entry)[1] if codec.is_reference(entry) else len(entry)

    @property
    def sha(self) -> str:
        """The SHA-256 of what is stored of it: equal values have equal ones, as far as their pickles are equal."""
        entry = self._entry
        return codec.reference(entry)[0] if codec.is_reference(entry) else digests.of(entry)

    @property
    def _entry(self) -> bytes:
        entry = self._held.item.entry(self.id)
        record = self._source.record
        return documents.dump((record["parameters"] | record.get("configs", {}))[self.id]) if entry is None else entry

    @property
    def finished_at(self) -> datetime:
        """When its task ended."""
        return self.created_at


class _Held:
    """What an artifact is read from."""

    def __init__(self, source: Source, item: ItemReader) -> None:
        self.source, self.item = source, item


class MetaflowData:
    """The artifacts of a task as attributes: `task.data.model`. Each is loaded when it is asked for."""

    def __init__(self, artifacts: Iterable[DataArtifact]) -> None:
        self._artifacts = {artifact.id: artifact for artifact in artifacts}

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        if name not in self._artifacts:
            known = ", ".join(f"`{one}`" for one in sorted(self._artifacts)) or "none"
            raise AttributeError(f"there is no artifact `{name}`; the artifacts are: {known}")
        return self._artifacts[name].data

    def __contains__(self, name: object) -> bool:
        return name in self._artifacts

    def __dir__(self) -> list[str]:
        return [*self._artifacts, *object.__dir__(self)]

    def __reduce__(self) -> tuple[Any, ...]:
        return MetaflowData, (tuple(self._artifacts.values()),)

    def __str__(self) -> str:
        return f"<MetaflowData: {', '.join(self._artifacts)}>"

    def __repr__(self) -> str:
        return str(self)


def provide_modules(program: CodePackage) -> bool:
    """Let the modules of a run's code be found where no others of their names are; False if they could be found before."""
    from flowport.runtime.package.modules import Module, provide_metaflow

    folders = program.folders
    if set(folders) <= set(sys.path):
        return False
    provide_metaflow(program.flow)
    sys.path += [folder for folder in folders if folder not in sys.path]
    sys.meta_path.append(Module(program.file, folders))
    return True
