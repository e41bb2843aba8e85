"""Where runs are kept and what they are called: the store that a command line means, and names for new runs."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from flowport.cli.config import Config
from flowport.cli.options import Option, Values, WrongUse

if TYPE_CHECKING:
    from flowport.runtime.store.interface import Store

STORE = Option(
    "store", "where runs are kept: a folder, or an address such as s3://bucket/prefix (FLOWPORT_STORE, the profile, ./.flowport)", "URL"
)
TARGET = Option("target", "read the store that flowport.toml names for this target", "NAME", short="t")


def store_url(values: Values, config: Config) -> str:
    """The store to read: of `--store`, of `--target`, of the environment, of the profile, else a folder here, as an absolute path.

    A profile that was asked for and names stores for its targets alone is taken at its word when they are the same; raises WrongUse else.
    """
    if values["store"] or not values.get("target"):
        url = values["store"] or os.environ.get("FLOWPORT_STORE") or config.store or _only(values, config) or FOLDER
    else:
        url = _of_target(values["target"], config)
    return _absolute(url)


def local_store_url(values: Values, config: Config) -> str:
    """The store that a run on this machine writes to: never a bucket that only a profile or a target names."""
    given = values["store"] or os.environ.get("FLOWPORT_STORE")
    of_profile = config.store or FOLDER
    return _absolute(given or (of_profile if is_folder(of_profile) else config.shared_store) or FOLDER)


def is_folder(url: str) -> bool:
    """Whether a store is a folder, and no bucket."""
    return "://" not in url or url.startswith("file:")


FOLDER = ".flowport"


def _absolute(url: str) -> str:
    return url if ":" in url else os.path.abspath(url)


def _of_target(name: str, config: Config) -> str:
    from flowport.cli.engine import target

    full = target(name).name
    url = config.store_of(full)
    if url is None:
        message = f"{config.path or 'flowport.toml'} names no store for target {full}"
        raise WrongUse(message, f'write `store = "s3://..."` under [{full}], or give --store URL')
    return url


def _only(values: Values, config: Config) -> str | None:
    """The store that all targets of the profile that was asked for have; None where no profile was, or where it names none."""
    stores = config.target_stores if values["profile"] else {}
    if len(set(stores.values())) > 1:
        ways = ", ".join(f"--target {name}" for name in stores)
        raise WrongUse(f"the targets of profile `{values['profile']}` have different stores", f"one of {ways}")
    return next(iter(stores.values()), None)


def open_here(values: Values) -> Store:
    """The store of a command that needs no flow: its settings are those of the folder it is used in."""
    from flowport.cli.config import find
    from flowport.runtime.store.open import open_store

    return open_store(store_url(values, find(os.curdir, values["profile"])))


def run_id(given: str | None) -> str:
    """The id of a new run: what was asked for, or the time (UTC) and a bit of chance, so that ids sort as their runs began."""
    if given is None:
        now = time.time()
        return time.strftime("%Y%m%d-%H%M%S-", time.gmtime(now)) + f"{int(now % 1 * 65536):04x}{os.urandom(1).hex()}"
    from flowport.runtime.records.validation import NAME
    from flowport.runtime.store.keys import part

    if not given or part(given) != given or given.startswith("-") or len(given) > NAME:
        raise WrongUse(
            f"a run id cannot be `{given if len(given) <= NAME else given[:60] + '...'}`",
            f"up to {NAME} letters, digits and -_.+=@!'() may stand in it; it does not begin with `-`, and is neither `.` nor `..`",
        )
    return given


def tells_time(run: str) -> bool:
    """Whether `run_id` made this id, so that ids sort as their runs began."""
    return len(run) == 22 and run[8] == run[15] == "-" and (run[:8] + run[9:15]).isdecimal()


@contextmanager
def writing(path: str) -> Iterator[None]:
    """Say it as wrong use when the disk does not let a file or folder be written; `path` is what the user named."""
    try:
        yield
    except BrokenPipeError:
        raise
    except OSError as error:
        raise WrongUse(f"`{error.filename or path}` cannot be written: {error.strerror}") from None
