"""Plan -> the code package: a zip with the flow's files and its plan, the same bytes for the same flow.

Times, owners and platforms are fixed, and the entries are stored, not compressed: zlib's output differs between versions.
"""

from __future__ import annotations

import hashlib
import io
import zipfile
from collections.abc import Iterable

from flowport.compiler.contract import documents
from flowport.compiler.plan import Plan
from flowport.compiler.record import field, record

EPOCH = (1980, 1, 1, 0, 0, 0)
"""The earliest time that a zip can hold."""


@record
class Package:
    """The zip and its SHA-256, under which the store and the image know it."""

    digest: str
    data: bytes = field(repr=False)


def package(plan: Plan, extra: Iterable[tuple[str, bytes]] = ()) -> Package:
    """The code package of a plan; `extra` are further files, by path inside the package."""
    content = {**dict(plan.flow.files), **dict(extra), **dict(documents(plan))}
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED) as archive:
        for path in sorted(content):
            entry = zipfile.ZipInfo(path, EPOCH)
            entry.create_system = 3
            entry.external_attr = 0o644 << 16
            archive.writestr(entry, content[path])
    data = buffer.getvalue()
    return Package(hashlib.sha256(data).hexdigest(), data)
