"""Where the client reads, and in which namespace: those of the task that it runs in, or what the settings and the user say."""

from __future__ import annotations

import os
from contextlib import contextmanager

from flowport.runtime.names.current import current
from flowport.runtime.names.exceptions import MetaflowException
from flowport.runtime.store.errors import StoreError
from flowport.runtime.store.open import open_store

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from flowport.runtime.store.interface import Store


class _Chosen:
    """What `metadata` and `namespace` chose for this process."""

    store: str | None = None
    has_namespace = False
    namespace: str | None = None
    open: dict[str, Store] = {}


def metadata(ms: str) -> str:
    """Read from another store: a folder, or an address such as `s3://bucket/prefix`. Returns its address.

    Of `local@FOLDER`, Metaflow's own form, the folder counts. A folder may also be the one that a store is in, under its default name.
    """
    if not isinstance(ms, str) or not ms:
        raise ValueError("`metadata` takes the address of a store: a folder, or an address such as `s3://bucket/prefix`")
    kind, at, rest = ms.partition("@")
    if (kind == "service" and at) or ms.startswith(("http://", "https://")):
        raise ValueError(
            f"there is no metadata service at `{rest or ms}`: name the store that the runs are in, such as `s3://bucket/prefix`"
        )
    _Chosen.store = _address(rest if at and kind == "local" else ms)
    return _Chosen.store


def get_metadata() -> str:
    """The address of the store that the client reads."""
    return _Chosen.store if _Chosen.store is not None else _default()


def default_metadata() -> str:
    """Read again from the default store: that of the task, or else the one that the command line reads. Returns its address."""
    _Chosen.store = None
    return get_metadata()


def namespace(ns: str | None) -> str | None:
    """See only objects of this namespace, a tag such as `user:NAME`; with None see all objects."""
    if not isinstance(ns, str | None):
        raise ValueError("`namespace` takes a tag, such as `user:NAME`, or None for all objects")
    _Chosen.has_namespace, _Chosen.namespace = True, ns
    return ns


def get_namespace() -> str | None:
    """The namespace whose objects can be seen; None for all."""
    return _Chosen.namespace if _Chosen.has_namespace else current.namespace


def default_namespace() -> str | None:
    """Go back to the namespace of the task, or of the user; None, for all objects, where the user's name is not known."""
    _Chosen.has_namespace = False
    return get_namespace()


def open_place(address: str | None = None) -> Store:
    """The store with this address, or the one that the client reads."""
    if current._store is not None and address in (None, current._store.url) and _Chosen.store is None:
        return current._store
    url = address or get_metadata()
    if url not in _Chosen.open:
        _Chosen.open[url] = open_store(url)
    return _Chosen.open[url]


@contextmanager
def environment(values: Mapping[str, str]) -> Iterator[None]:
    """These variables are set meanwhile."""
    before = {name: os.environ.get(name) for name in values}
    os.environ.update(values)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value


def _default() -> str:
    if current._store is not None:
        return current._store.url
    from flowport.compiler.diagnostics.diagnostic import CompileError
    from flowport.workspace.errors import WorkspaceError
    from flowport.workspace.stores import StoreChoice, open_to_read

    try:
        return open_to_read(StoreChoice(profile=os.environ.get("FLOWPORT_PROFILE")))[0].url
    except CompileError as error:
        raise MetaflowException("; ".join(diagnostic.message for diagnostic in error.diagnostics)) from None
    except (WorkspaceError, StoreError) as error:
        raise MetaflowException(str(error)) from None


def _address(text: str) -> str:
    """The address of the store in a text; raises ValueError for a folder that holds none."""
    if "://" in text and not text.startswith("file:"):
        return text
    folder = os.path.abspath(text.removeprefix("file://").removeprefix("file:"))
    inside = os.path.join(folder, ".flowport")
    found = next((one for one in (folder, inside) if os.path.isdir(os.path.join(one, "flows"))), None)
    if found is None:
        raise ValueError(f"`{folder}` is no store, and has none in a folder `.flowport`: run a flow there first, or name another folder")
    return found
