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
    from flowport.runtime.store import Store

STORE = Option(
    "store", "where runs are kept: a folder, or an address such as s3://bucket/prefix (FLOWPORT_STORE, the profile, ./.flowport)", "URL"
)


def store_url(values: Values, config: Config) -> str:
    """The store: of the option, the environment, the profile, else a folder here. A folder is given as an absolute path."""
    url: str = values["store"] or os.environ.get("FLOWPORT_STORE") or config.store or ".flowport"
    return url if ":" in url else os.path.abspath(url)


def open_here(values: Values) -> Store:
    """The store of a command that needs no flow: its settings are those of the folder it is used in."""
    from flowport.cli.config import find
    from flowport.runtime.store import open_store

    return open_store(store_url(values, find(os.curdir, values["profile"])))


def run_id(given: str | None) -> str:
    """The id of a new run: what was asked for, or the time (UTC) and a bit of chance, so that ids sort as their runs began."""
    if given is None:
        now = time.time()
        return time.strftime("%Y%m%d-%H%M%S-", time.gmtime(now)) + f"{int(now % 1 * 65536):04x}{os.urandom(1).hex()}"
    from flowport.runtime.address import part
    from flowport.runtime.validation import NAME

    if not given or part(given) != given or given.startswith("-") or len(given) > NAME:
        raise WrongUse(
            f"a run id cannot be `{given if len(given) <= NAME else given[:60] + '...'}`",
            f"up to {NAME} letters, digits and -_.+=@!'() may stand in it; it does not begin with `-`, and is neither `.` nor `..`",
        )
    return given


@contextmanager
def writing(path: str) -> Iterator[None]:
    """Say it as wrong use when the disk does not let a file or folder be written; `path` is what the user named."""
    try:
        yield
    except BrokenPipeError:
        raise
    except OSError as error:
        raise WrongUse(f"`{error.filename or path}` cannot be written: {error.strerror}") from None
