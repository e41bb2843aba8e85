"""The code package inside a task: fetched, verified, unpacked, and the user's class imported from it.

The package is in the image, or at `<root>/code/<digest>.zip`; unpacked it stays in a cache folder that is named by its digest.
"""

from __future__ import annotations

import os
import sys

from flowport.runtime import digests, documents, modules
from flowport.runtime.contract import CONTRACT, DEFINITIONS, FLOW, PLAN, STEP_PLANS, Mismatch
from flowport.runtime.store import Corrupt, Refusal, is_sha

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from flowport.runtime.flow import FlowSpec
    from flowport.runtime.store import Store


CACHE = "FLOWPORT_CACHE"

SOURCE = "FLOWPORT_SOURCE"
"""Set for the tasks of a local run: where the author of the flow has its files."""


def code_key(digest: str) -> str:
    """Where a code package is in a store."""
    return f"code/{digest}.zip"


def cache_folder() -> str:
    """Where unpacked packages are kept: `FLOWPORT_CACHE`, else the user's cache folder; an absolute path."""
    given = os.environ.get(CACHE)
    if given:
        return os.path.abspath(given)
    base = os.environ.get("XDG_CACHE_HOME") or os.path.join(os.path.expanduser("~"), ".cache")
    return os.path.join(base, "flowport")


def _own_folder() -> str:
    """A new folder that nobody else can write; raises Refusal when there is no place for one."""
    from tempfile import mkdtemp

    try:
        return mkdtemp(prefix="flowport-")
    except OSError as error:
        raise Refusal(f"there is no place to unpack the flow's code ({error}): name a folder that can be written in {CACHE}") from error


def _private() -> bool:
    """Whether nobody else can put code into the cache; what the image has brought is root's."""
    try:
        found = os.stat(os.path.join(cache_folder(), "code"))
    except (FileNotFoundError, NotADirectoryError):
        return True
    return found.st_uid in (0, os.getuid()) and not found.st_mode & 0o022


def code_folder(digest: str) -> str:
    """Where the package with this digest is unpacked; raises Mismatch for a name that is no digest."""
    if not is_sha(digest):
        raise Mismatch(f"`{digest}` is not the name of a code package, which has 64 hexadecimal digits")
    return os.path.join(cache_folder(), "code", digest)


class Program:
    """A flow's files and its plan. `source` is where its author has the same files: what modules and tracebacks say, not what runs."""

    def __init__(self, folder: str, source: str | None = None) -> None:
        self.folder, self.source = folder, source or folder
        self._flow: dict[str, Any] | None = None
        self._plan: dict[str, Any] | None = None
        self._definitions: dict[str, dict[str, str]] | None = None
        self._kind: type[FlowSpec] | None = None

    @classmethod
    def unpacked(cls, folder: str, source: str | None = None) -> Program:
        """The package that was unpacked to `folder`; raises Mismatch when it was compiled for another runtime."""
        return cls(folder, source)

    @classmethod
    def cached(cls, digest: str) -> Program | None:
        """The package with this digest, when it was unpacked before."""
        folder = code_folder(digest)
        return cls(folder, os.environ.get(SOURCE)) if _private() and os.path.exists(os.path.join(folder, PLAN)) else None

    @classmethod
    def fetched(cls, store: Store, digest: str) -> Program:
        """The package with this digest, from the cache or from the store; raises Missing and Corrupt."""
        found = cls.cached(digest)
        if found is None:
            data = store.read(code_key(digest))
            if digests.of(data) != digest:
                raise Corrupt(f"the code package `{code_key(digest)}` does not match its digest")
            if not _private():
                os.environ[CACHE] = _own_folder()
            try:
                unpack(data, code_folder(digest))
            except OSError:
                # A container may have no home, or one that cannot be written; what runs after this process looks in the same place.
                os.environ[CACHE] = _own_folder()
                unpack(data, code_folder(digest))
            found = cls(code_folder(digest))
        return found

    @property
    def flow(self) -> dict[str, Any]:
        """What every task knows of the flow; small, however many steps there are."""
        if self._flow is None:
            self._flow = self._document(FLOW)
        return self._flow

    @property
    def plan(self) -> dict[str, Any]:
        """All of the flow, with the order of its steps."""
        if self._plan is None:
            self._plan = {**self.flow, **self._document(PLAN)}
        return self._plan

    @property
    def definitions(self) -> dict[str, dict[str, str]]:
        """The digests of what the flow's modules define, by module, "" for the flow's own file, and name."""
        if self._definitions is None:
            try:
                self._definitions = self._document(DEFINITIONS)["modules"]
            except FileNotFoundError:  # compiled before there were any
                self._definitions = {}
        return self._definitions

    def step(self, name: str) -> dict[str, Any]:
        """What a task of one step needs to know."""
        try:
            return self._document(f"{STEP_PLANS}{name}.json")
        except FileNotFoundError:
            raise Mismatch(f"the code package has no step `{name}`: the files of the engine are of another version of the flow") from None

    def _document(self, path: str) -> dict[str, Any]:
        with open(os.path.join(self.folder, path), "rb") as file:
            document: dict[str, Any] = documents.load(file.read())
        if document["v"] != CONTRACT:
            raise Mismatch(f"the flow was compiled for contract {document['v']} and this runtime has contract {CONTRACT}: compile it again")
        return document

    def flow_class(self) -> type[FlowSpec]:
        """The user's class; imports their module, and everything that it imports."""
        if self._kind is None:
            self._kind = self._imported()
        return self._kind

    @property
    def file(self) -> str:
        """The path of the flow's own file."""
        return os.path.join(self.folder, self.flow["file"])

    @property
    def folders(self) -> list[str]:
        """The folders that the flow's own modules are in."""
        folders = [os.path.join(self.folder, root) if root else self.folder for root in self.flow["roots"]]
        folder = os.path.dirname(self.file)
        return folders if folder in folders else [folder, *folders]

    @property
    def module(self) -> str:
        """The name under which the flow's own module is known."""
        return modules.module_name(self.file, self.folders)

    def find_modules(self) -> list[str]:
        """Let the flow's own modules, and `metaflow`, be found by an import; returns the folders that they are in."""
        folders = self.folders
        sys.path[:0] = [folder for folder in folders if folder not in sys.path]
        modules.offer_metaflow()
        if self.source != self.folder:
            modules.record(self.folder, self.source, folders)
        return folders

    def _imported(self) -> type[FlowSpec]:
        file, name = self.flow["file"], self.flow["class"]
        folders = self.find_modules()
        try:
            kind: type[FlowSpec] = getattr(modules.load(self.file, folders, (self.folder, self.source)), name)
        except SystemExit as error:
            raise ImportError(f"`{file}` ends the process when it is imported, with {error!r}") from error
        return kind


def unpack(data: bytes, folder: str) -> None:
    """Unpack a package; whoever does the same at the same time ends with the same folder."""
    import io
    import shutil
    import zipfile

    unfinished = f"{folder}.{os.getpid()}"
    os.makedirs(os.path.dirname(folder), mode=0o700, exist_ok=True)
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        archive.extractall(unfinished)
    try:
        os.rename(unfinished, folder)
    except OSError:
        if not os.path.exists(os.path.join(folder, PLAN)):
            raise
        shutil.rmtree(unfinished)
