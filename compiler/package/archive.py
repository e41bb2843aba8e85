"""Plan -> the code package: a zip with the flow's files and its plan, the same bytes for the same flow.

Times, owners and platforms are fixed, and the entries are stored, not compressed: the output of zlib differs between versions. The
format is that of APPNOTE.TXT 6.3.10, sections 4.3.7, 4.3.12 and 4.3.16. `zipfile` writes the same bytes on every Python, but takes 5 ms to
import (bench/README.md); it reads the package wherever one is opened.
"""

from __future__ import annotations

import struct
from binascii import crc32
from collections.abc import Iterable, Mapping

from flowport.compiler.diagnostics.diagnostic import CompileError, Diagnostic
from flowport.compiler.ir.plan import Plan
from flowport.compiler.package.documents import documents
from flowport.compiler.record import field, record
from flowport.runtime.store import digests

VERSION = 20
UNIX = 3 << 8
UTF8_NAMES = 0x0800
MIDNIGHT, FIRST_DAY = 0, 0x21
"""1980-01-01 00:00, the earliest time that a zip can hold."""

PERMISSIONS = 0o100644 << 16
LOCAL = struct.Struct("<4s5H3I2H")
CENTRAL = struct.Struct("<4s6H3I5H2I")
END = struct.Struct("<4s4H2IH")
MOST_FILES, MOST_BYTES = 0xFFFE, 0xFF000000
"""What a zip without extensions holds, with room for its directory."""


@record
class Package:
    """The zip and its SHA-256, which identifies it in the store and in the image."""

    digest: str
    data: bytes = field(repr=False)


def package(plan: Plan, extra: Iterable[tuple[str, bytes]] = ()) -> Package:
    """The code package of a plan; `extra` are further files, by path inside the package. Raises CompileError when it gets too large."""
    further = dict(extra)
    data = zip_files({**dict(plan.flow.files), **further, **dict(documents(plan, further))})
    return Package(digests.of(data), data)


def zip_files(content: Mapping[str, bytes]) -> bytes:
    """A zip of these files, in the order of their paths."""
    size = sum(map(len, content.values()))
    if len(content) > MOST_FILES or size > MOST_BYTES:
        message = f"the flow has {len(content)} files with {size} bytes, and the limit is {MOST_FILES} files with {MOST_BYTES} bytes"
        way_out = "put large files into the image or the store, and list fewer in `include`"
        raise CompileError((Diagnostic("FP492", message, help=(way_out,)),))
    files: list[bytes] = []
    directory: list[bytes] = []
    at = 0
    for path in sorted(content):
        name, data = path.encode(), content[path]
        about = (UTF8_NAMES, 0, MIDNIGHT, FIRST_DAY, crc32(data), len(data), len(data), len(name), 0)
        files += [LOCAL.pack(b"PK\3\4", VERSION, *about), name, data]
        directory += [CENTRAL.pack(b"PK\1\2", VERSION | UNIX, VERSION, *about, 0, 0, 0, PERMISSIONS, at), name]
        at += LOCAL.size + len(name) + len(data)
    listed = b"".join(directory)
    return b"".join([*files, listed, END.pack(b"PK\5\6", 0, 0, len(content), len(content), len(listed), at, 0)])
