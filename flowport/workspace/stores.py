"""Which store a request means: the one to read, and the one that a run on this machine writes to."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, NamedTuple

from flowport.workspace.config import Config, find
from flowport.workspace.errors import NoStoreOfTarget, StoresDiffer
from flowport.workspace.targets import find_target

if TYPE_CHECKING:
    from flowport.runtime.store.interface import Store

FOLDER = ".flowport"
"""The default store."""


class StoreChoice(NamedTuple):
    """What a request says of the store to read: its address, or the target or profile whose settings name it."""

    store: str | None = None
    target: str | None = None
    profile: str | None = None


def store_to_read(choice: StoreChoice, config: Config) -> str:
    """The chosen store, or that of the target, the environment, the profile, else a folder here; as an absolute path.

    A chosen profile that names stores for its targets alone is enough when they are the same. Raises StoresDiffer or NoStoreOfTarget.
    """
    if choice.store or not choice.target:
        url = choice.store or os.environ.get("FLOWPORT_STORE") or config.store or _of_all_targets(choice, config) or FOLDER
    else:
        url = _of_target(choice.target, config)
    return _absolute(url)


def store_to_write(chosen: str | None, config: Config) -> str:
    """The store that a run on this machine writes to: never a bucket that only a profile or a target names."""
    address = chosen or os.environ.get("FLOWPORT_STORE")
    of_profile = config.store or FOLDER
    return _absolute(address or (of_profile if is_folder(of_profile) else config.shared_store) or FOLDER)


def open_to_read(choice: StoreChoice, folder: str = os.curdir) -> tuple[Store, Config]:
    """The store to read, and the settings that name it."""
    from flowport.runtime.store.open import open_store

    config = find(folder, choice.profile)
    return open_store(store_to_read(choice, config)), config


def is_folder(url: str) -> bool:
    """Whether a store is a folder, and no bucket."""
    return "://" not in url or url.startswith("file:")


def _absolute(url: str) -> str:
    return url if ":" in url else os.path.abspath(url)


def _of_target(name: str, config: Config) -> str:
    full = find_target(name).name
    url = config.store_of(full)
    if url is None:
        raise NoStoreOfTarget(full, config.path or "no flowport.toml here or in a folder above")
    return url


def _of_all_targets(choice: StoreChoice, config: Config) -> str | None:
    """The store that all targets of the chosen profile have; None where none was chosen, or where it names none."""
    stores = config.target_stores if choice.profile else {}
    if len(set(stores.values())) > 1:
        raise StoresDiffer(choice.profile or "", stores)
    return next(iter(stores.values()), None)
