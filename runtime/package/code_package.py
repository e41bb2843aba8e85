"""The code package of a task: its documents, and the user's class, which is imported from it."""

from __future__ import annotations

import os
import sys

from flowport.runtime.package import cache, modules
from flowport.runtime.protocol import (
    CONFIGS,
    DEFINITIONS,
    DOCUMENTS,
    FLOW,
    INCLUDED,
    OLDEST_DOCUMENTS,
    PLAN,
    STEP_PLANS,
    VersionError,
    version_problem,
)
from flowport.runtime.store import documents

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from flowport.runtime.names.flow import FlowSpec
    from flowport.runtime.store.interface import Store


SOURCE = "FLOWPORT_SOURCE"
"""Set for the tasks of a local run: where the author of the flow has its files; empty where only the package has them."""


class CodePackage:
    """A flow's files and its plan.

    In a local run `source` is where its author has the same files, which modules and tracebacks say and nothing runs; it may be empty.
    """

    def __init__(self, folder: str, source: str | None = None) -> None:
        self.folder, self.source, self.is_local = folder, source or folder, source is not None
        self._flow: dict[str, Any] | None = None
        self._plan: dict[str, Any] | None = None
        self._steps: dict[str, dict[str, Any]] = {}
        self._definitions: dict[str, dict[str, str]] | None = None
        self._configs: dict[str, dict[str, Any]] | None = None
        self._kind: type[FlowSpec] | None = None

    @classmethod
    def unpacked(cls, folder: str, source: str | None = None) -> CodePackage:
        """The package that was unpacked to `folder`; raises VersionError when it was compiled for another runtime."""
        return cls(folder, source)

    @classmethod
    def cached(cls, digest: str) -> CodePackage | None:
        """The package with this digest, when it was unpacked before."""
        folder = cache.unpacked(digest)
        return None if folder is None else cls(folder, os.environ.get(SOURCE))

    @classmethod
    def fetched(cls, store: Store, digest: str) -> CodePackage:
        """The package with this digest, from the cache or from the store; raises Missing and Corrupt."""
        return cls.cached(digest) or cls(cache.fetch(store, digest), os.environ.get(SOURCE))

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

    @property
    def configs(self) -> dict[str, dict[str, Any]]:
        """The configs by attribute: their names, and their values as `package/configs` reads them."""
        if self._configs is None:
            self._configs = {spec["attribute"]: spec for spec in self._document(CONFIGS)["configs"]} if self.has_configs else {}
        return self._configs

    @property
    def has_configs(self) -> bool:
        """Whether the flow has configs."""
        return bool(self.flow.get("configs"))

    def configs_by_name(self) -> dict[str, Any]:
        """The values of the configs by name, for expressions in the flow's modules."""
        from flowport.runtime.package.configs import value

        return {spec["name"]: value(spec) for spec in self.configs.values()}

    def step(self, name: str) -> dict[str, Any]:
        """The plan of one step."""
        try:
            if name not in self._steps:
                self._steps[name] = self._document(f"{STEP_PLANS}{name}.json")
            return self._steps[name]
        except FileNotFoundError:
            if not os.path.isdir(self.folder):
                raise VersionError(f"the unpacked code of the flow is gone from the cache: {self.folder}") from None
            raise VersionError(
                f"the code package has no step `{name}`: the files of the engine are of another version of the flow"
            ) from None

    def _document(self, path: str) -> dict[str, Any]:
        with open(os.path.join(self.folder, path), "rb") as file:
            document: dict[str, Any] = documents.load(file.read())
        if wrong := version_problem(document.get("v"), DOCUMENTS, OLDEST_DOCUMENTS):
            raise VersionError(f"the code package `{os.path.basename(self.folder)[:12]}` cannot be read: {wrong}: compile the flow again")
        return document

    def settle(self) -> None:
        """Begin in a folder that has the files which travel with the flow; a local run begins where the user is, and has them there."""
        if not self.is_local and os.path.exists(os.path.join(self.folder, INCLUDED)):
            from flowport.runtime.package import working_folder

            working_folder.enter(self.folder, self._document(INCLUDED)["files"])

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

    def wrapper(self, module: str, name: str, arguments: dict[str, Any]) -> Any:
        """A user step decorator that a step has from outside of the source; `module` is "" for the flow's own file."""
        from importlib import import_module

        self.flow_class()
        return getattr(import_module(module or self.module), name)(**arguments)

    def find_modules(self) -> list[str]:
        """Let the flow's own modules, and `metaflow`, be found by an import; returns the folders that they are in."""
        folders = self.folders
        sys.path[:0] = [folder for folder in folders if folder not in sys.path]
        modules.provide_metaflow(self.flow)
        if self.has_configs:
            from flowport.runtime.names import config

            config.provide(self.configs_by_name)
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
        self.change_parameters(kind)
        return kind

    def change_parameters(self, kind: type[FlowSpec]) -> None:
        """Give the user's class the parameters that its mutators added, and take those that they removed."""
        if self.flow.keys() & {"late_parameters", "removed_parameters"}:
            from flowport.runtime.names.mutators import change_parameters

            change_parameters(kind, self.flow.get("late_parameters", ()), self.flow.get("removed_parameters", ()))
