"""Whether a file is what it seems to be: a plain file below the folders that a flow may take files from, however links lead to it.

Continuous integration compiles what others wrote. A link to `/proc/self/environ` must not put the secrets of that machine into a code
package, nor into a message.
"""

from __future__ import annotations

import os
from collections.abc import Iterable


def leads_out(path: str, folders: Iterable[str]) -> str | None:
    """Why the file at `path` is not taken, None when it is one of a plain file below one of `folders`."""
    if not os.path.isfile(path):
        return "is no file"
    if not below(path, folders):
        return f"is a link that leads to `{os.path.realpath(path)}`, outside the flow's folder"
    return None


def below(path: str, folders: Iterable[str]) -> bool:
    """Whether a path, with every link in it followed, is below one of the folders."""
    real = os.path.realpath(path)
    return any(real.startswith(os.path.join(os.path.realpath(folder), "")) for folder in folders)
