"""The working directory of a task in a container, with links to the included files, so that `open("data.csv")` works as beside the flow.

Each task has its own, which is removed when the process ends.
"""

from __future__ import annotations

import atexit
import os
from shutil import rmtree
from tempfile import mkdtemp

from flowport.runtime.store.errors import StoreError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable


def enter(package: str, files: Iterable[str]) -> None:
    """Make the folder, with links to these files of the unpacked package, the working directory; raises StoreError."""
    try:
        folder = mkdtemp(prefix="flowport-")
        atexit.register(rmtree, folder, ignore_errors=True)
        for path in files:
            place = os.path.join(folder, path)
            os.makedirs(os.path.dirname(place), exist_ok=True)
            os.symlink(os.path.join(package, path), place)
        os.chdir(folder)
    except OSError as error:
        raise StoreError(f"there is no place for a folder with the files that `include` names ({error}): name one in TMPDIR") from error
