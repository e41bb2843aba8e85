"""What a profile says of environments; everything else about them is imported by flows that have some."""

from __future__ import annotations

from flowport.compiler.record import record

MODES = ("image", "install", "none")

PLATFORMS = ("linux/amd64",)
"""The platforms of an image, if a profile names none."""


@record
class Environments:
    """What a profile says: one of `MODES` or "", where images are pushed, and their platforms."""

    mode: str = ""
    repository: str = ""
    platforms: tuple[str, ...] = PLATFORMS
