"""`FLOW/RUN/STEP/ITEM`, of which the last parts may be missing: what a reader asks for in a store."""

from __future__ import annotations

from typing import NamedTuple

from flowport.workspace.errors import NotAnAddress

LATEST = "latest"
"""Stands for the latest run of a flow, unless a run is called that."""


class Address(NamedTuple):
    """The parts of an address; None for those that are missing."""

    flow: str
    run: str | None = None
    step: str | None = None
    item: str | None = None

    @classmethod
    def parse(cls, text: str) -> Address:
        """The address that a user wrote; raises NotAnAddress."""
        parts = text.strip("/").split("/")
        if len(parts) > 4 or not all(parts):
            raise NotAnAddress(text)
        return cls(*parts)
