"""`profile`: prints how long a block takes."""

from __future__ import annotations

from contextlib import contextmanager
from time import monotonic

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator


@contextmanager
def profile(label: str, stats_dict: dict[str, int] | None = None) -> Iterator[None]:
    """Print when a block begins and how many milliseconds it took, or add them to `stats_dict[label]` instead."""
    if stats_dict is None:
        print(f"PROFILE: {label} starting")
    began = monotonic()
    yield
    took = int((monotonic() - began) * 1000)
    if stats_dict is None:
        print(f"PROFILE: {label} completed in {took}ms")
    else:
        stats_dict[label] = stats_dict.get(label, 0) + took
