"""The flowport that runs here, as a wheel: images get it from a file, so that they need no release of it.

The same files give the same bytes on every machine: sorted, not compressed, and without times.
"""

from __future__ import annotations

import os
from base64 import urlsafe_b64encode
from collections.abc import Iterator
from functools import cache
from hashlib import sha256
from io import BytesIO
from typing import NamedTuple
from zipfile import ZIP_STORED, ZipFile, ZipInfo

import flowport
from flowport.compiler.environments.images import Wheel as WheelName
from flowport.runtime.environments.needs import TASK
from flowport.runtime.store import digests

OLDEST = "3.10"
"""`requires-python` of pyproject.toml."""

EPOCH = (1980, 1, 1, 0, 0, 0)
"""The earliest time that a zip file can have."""

READABLE = 0o100644 << 16
"""A regular file that everybody may read, as a zip file has it."""


class Wheel(NamedTuple):
    """A wheel: the name of its file, and its bytes."""

    name: str
    data: bytes

    @property
    def named(self) -> WheelName:
        """What images are named by."""
        return WheelName(self.name, digests.of(self.data))


@cache
def wheel() -> Wheel:
    """The wheel of this flowport (PyPA, "Binary distribution format")."""
    # In the folder of its own source, the package has two places (`flowport/__init__.py`).
    files = sorted({path: data for folder in reversed([*flowport.__path__]) for path, data in _files(os.path.abspath(folder))}.items())
    about = f"flowport-{flowport.__version__}.dist-info"
    needs = "".join(f"Requires-Dist: {each}\n" for each in TASK)
    head = f"Metadata-Version: 2.1\nName: flowport\nVersion: {flowport.__version__}\nRequires-Python: >={OLDEST}\n"
    files += [
        (f"{about}/METADATA", (head + needs).encode()),
        (f"{about}/WHEEL", b"Wheel-Version: 1.0\nGenerator: flowport\nRoot-Is-Purelib: true\nTag: py3-none-any\n"),
    ]
    record = [f"{path},sha256={_digest(data)},{len(data)}" for path, data in files] + [f"{about}/RECORD,,"]
    files.append((f"{about}/RECORD", "".join(f"{line}\n" for line in record).encode()))
    made = BytesIO()
    with ZipFile(made, "w", ZIP_STORED) as archive:
        for path, data in files:
            info = ZipInfo(path, EPOCH)
            info.external_attr, info.create_system = READABLE, 3
            archive.writestr(info, data)
    return Wheel(f"flowport-{flowport.__version__}-py3-none-any.whl", made.getvalue())


def _files(folder: str) -> Iterator[tuple[str, bytes]]:
    """The files of the package, by their paths in a wheel. Its folders may be links, in an editable installation."""
    for place, folders, names in os.walk(folder, followlinks=True):
        folders[:] = [name for name in folders if name != "__pycache__" and not name.startswith(".")]
        for name in names:
            if name.endswith((".py", ".typed")):
                path = os.path.join(place, name)
                with open(path, "rb") as file:
                    yield f"flowport/{os.path.relpath(path, folder).replace(os.sep, '/')}", file.read()


def _digest(data: bytes) -> str:
    return urlsafe_b64encode(sha256(data).digest()).rstrip(b"=").decode()
