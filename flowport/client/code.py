"""`MetaflowCode`: the code package of a run."""

from __future__ import annotations

from flowport.client.source import reads_store
from flowport.runtime.protocol import FLOW
from flowport.runtime.store import documents
from flowport.runtime.store.keys import code_key

TYPE_CHECKING = False
if TYPE_CHECKING:
    from tarfile import TarFile
    from tempfile import TemporaryDirectory
    from zipfile import ZipFile

    from flowport.runtime.store.interface import Store


@reads_store
class MetaflowCode:
    """The files that a run was made of: the flow's own file and the modules that it imports."""

    def __init__(self, store: Store, digest: str) -> None:
        self._store, self._digest = store, digest
        self._data: bytes | None = None

    @property
    def path(self) -> str:
        """Where the package is: a zip file in the store."""
        return f"{self._store.url}/{code_key(self._digest)}"

    @property
    def script_name(self) -> str:
        """The path of the flow's own file in the package."""
        script: str = documents.load(self._read(FLOW))["file"]
        return script

    @property
    def info(self) -> dict[str, str]:
        """The flow's own file, its class, and the digest of the package."""
        found = documents.load(self._read(FLOW))
        return {"script": found["file"], "flow": found["flow"], "class": found["class"], "sha": self._digest}

    @property
    def flowspec(self) -> str:
        """The source of the flow's own file."""
        return self._read(self.script_name).decode("utf-8", "replace")

    @property
    def tarball(self) -> TarFile:
        """The package as a tar file, open for reading."""
        import io
        import tarfile

        made = io.BytesIO()
        with tarfile.open(fileobj=made, mode="w") as archive:
            for name in self._package().namelist():
                data = self._read(name)
                entry = tarfile.TarInfo(name)
                entry.size = len(data)
                archive.addfile(entry, io.BytesIO(data))
        made.seek(0)
        return tarfile.open(fileobj=made)

    def extract(self) -> TemporaryDirectory[str]:
        """A new temporary folder with the user's files, which is removed when the object is."""
        from tempfile import TemporaryDirectory

        folder = TemporaryDirectory()
        package = self._package()
        package.extractall(folder.name, [name for name in package.namelist() if not name.startswith(FLOW.partition("/")[0] + "/")])
        return folder

    def _package(self) -> ZipFile:
        import io
        from zipfile import ZipFile

        if self._data is None:
            self._data = self._store.read(code_key(self._digest))
        return ZipFile(io.BytesIO(self._data))

    def _read(self, name: str) -> bytes:
        return self._package().read(name)

    def __str__(self) -> str:
        return f"<MetaflowCode: {self.script_name}>"

    def __repr__(self) -> str:
        return str(self)
