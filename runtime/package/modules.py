"""Imports the modules of a flow: its own file, whatever its name is; `metaflow`; and modules from the package of a local run."""

from __future__ import annotations

import os
import sys
from importlib._bootstrap import _load  # type: ignore[attr-defined, unused-ignore]
from importlib._bootstrap_external import (  # type: ignore[import-not-found, unused-ignore]
    PathFinder,
    SourceFileLoader,
    spec_from_file_location,
)

from flowport.runtime.protocol import FROM_EXTENSIONS, UNUSED

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from typing import Any

    from typing_extensions import Buffer

NOTHING: Mapping[str, Any] = {}
CLOUDPICKLE = "cloudpickle.cloudpickle"
COPIES = ("", "ray.", "pyspark.", "joblib.externals.")
"""cloudpickle's module, and the packages that have a copy of it."""


def load(path: str, folders: Sequence[str] = (), moved: tuple[str, str] = ("", "")) -> Any:
    """The module in a file, whatever the file is called.

    `folders` are those in which its other modules are found; `moved` is the folder that the file is in and the one that it shows.
    """
    name = module_name(path, folders)
    loader = Loader(name, path, *moved)
    sent = ByValue(name)
    sys.meta_path.insert(0, sent)
    module = _load(spec_from_file_location(name, loader.path, loader=loader))
    sent.tell()
    return module


class Loader(SourceFileLoader):  # type: ignore[misc, unused-ignore]
    """Loads a module from the folder `real` and lets it say that it is in the folder `shown`: its `__file__`, and lines of tracebacks."""

    def __init__(self, name: str, path: str, real: str, shown: str) -> None:
        super().__init__(name, shown + path[len(real) :])
        self._real, self._shown = real, shown

    def get_data(self, path: str) -> bytes:
        data: bytes = super().get_data(self._moved(path))
        return data

    def path_stats(self, path: str) -> Any:
        return super().path_stats(self._moved(path))

    def set_data(self, path: str, data: Buffer, *, _mode: int = 0o666) -> None:
        super().set_data(self._moved(path), data, _mode=_mode)

    def _moved(self, path: str) -> str:
        return self._real + path[len(self._shown) :] if path.startswith(self._shown) else path


class Recorded:
    """Finds the modules in the folders of an unpacked package, which are in the folder `shown` for those who wrote them.

    So a run goes on with the files that it began with, however they are changed meanwhile, and still names the author's own.
    """

    def __init__(self, real: str, shown: str, folders: Sequence[str]) -> None:
        self.real, self._shown, self._folders = real, shown, list(folders)

    def find_spec(self, name: str, path: Sequence[str] | None = None, target: object = None) -> Any:
        if path is not None and not any(folder.startswith(self.real) for folder in path):
            return None
        spec = PathFinder.find_spec(name, self._folders if path is None else path)
        if spec is None or spec.origin is None or type(spec.loader) is not SourceFileLoader:
            return None
        loader = Loader(name, spec.origin, self.real, self._shown)
        return spec_from_file_location(name, loader.path, loader=loader, submodule_search_locations=spec.submodule_search_locations)


def record(real: str, shown: str, folders: Sequence[str]) -> None:
    """Import from these folders by `Recorded`; built-in modules stay before them."""
    if not any(isinstance(finder, Recorded) and finder.real == real for finder in sys.meta_path):
        sys.meta_path.insert(sys.meta_path.index(PathFinder), Recorded(real, shown, folders))


def recorded_lines() -> None:
    """Let tracebacks show the lines that were loaded, also of files that were changed since."""
    import linecache

    for _, loader, path in loaded():
        if type(loader) is Loader:
            text = loader.get_source(loader.name) or ""
            linecache.cache[path] = (len(text), None, text.splitlines(keepends=True), path)


def loaded() -> Iterator[tuple[str, Any, str]]:
    """The modules that were loaded from sources: name, loader and file. What else stands in `sys.modules` is asked nothing.

    Some objects in `sys.modules` import a module, or raise an error, on attribute access.
    """
    for name, module in list(sys.modules.items()):
        held = module.__dict__ if isinstance(module, type(sys)) else {}
        loader = held.get("__loader__")
        if isinstance(loader, SourceFileLoader):
            yield name, loader, held.get("__file__") or ""


class ByValue:
    """Makes cloudpickle send functions and classes of the flow's module by value, because workers on other machines do not have its file.

    Ray, Dask, Spark and joblib use it, some of them as a copy. Each copy is registered when it is imported.
    """

    def __init__(self, name: str) -> None:
        self._name = name

    def find_spec(self, name: str, path: Sequence[str] | None = None, target: object = None) -> Any:
        spec: Any = PathFinder.find_spec(name, path) if name.endswith(CLOUDPICKLE) else None
        if spec is not None:
            run = spec.loader.exec_module

            def exec_module(module: Any) -> None:
                run(module)
                self._tell(module)

            spec.loader.exec_module = exec_module
        return spec

    def tell(self) -> None:
        """Tell the copies that were imported before the flow's module."""
        for package in COPIES:  # to go through all modules would copy their names' pages in a fork
            if package + CLOUDPICKLE in sys.modules:
                self._tell(sys.modules[package + CLOUDPICKLE])

    def _tell(self, cloudpickle: Any) -> None:
        if hasattr(cloudpickle, "register_pickle_by_value"):  # from 2.0 on
            cloudpickle.register_pickle_by_value(sys.modules[self._name])


class Module:
    """Finds the flow's module where its name is not that of its file, in a process that has not loaded it."""

    def __init__(self, path: str, folders: Sequence[str]) -> None:
        self.path, self.name = path, module_name(path, folders)

    def find_spec(self, name: str, path: object = None, target: object = None) -> Any:
        if name != self.name:
            return None
        from importlib.util import spec_from_file_location

        return spec_from_file_location(name, self.path)


def module_name(path: str, folders: Sequence[str]) -> str:
    """What the module of a flow is known under, so that what it defines can be pickled: its file's name.

    A name with a dot in it would be looked for in a package, and that of a package beside the file would hide it.
    """
    stem = os.path.basename(path)[:-3]
    if "." in stem or any(os.path.isfile(os.path.join(folder, stem, "__init__.py")) for folder in folders):
        return "flow_" + "".join([letter if letter.isalnum() else "_" for letter in stem])
    return stem


def provide_metaflow(flow: Mapping[str, Any] = NOTHING) -> None:
    """Answer `from metaflow import ...` with our own names, in this process and in those that it starts with its `sys.path`.

    `flow` is the flow's document. What is `unused` flowport does not have; it can be imported, because nothing uses it. What is
    `from_extensions` must be installed.
    """
    for variable, names in ((UNUSED, flow.get("unused")), (FROM_EXTENSIONS, flow.get("from_extensions"))):
        os.environ.pop(variable, None)
        if names:
            os.environ[variable] = " ".join(names)
    folder = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "names", "stand_in")
    if "metaflow" not in sys.modules and folder not in sys.path:
        sys.path.insert(0, folder)
