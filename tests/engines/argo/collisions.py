"""Names of workflows in which Argo takes one slice of a foreach for another one."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count

import numpy as np
from numpy.typing import NDArray

COUNT = 300
"""Slices of the foreach."""

AT_ONCE = 20_000
TASK = ".numbers"
"""The task of `flows/wide.py` that stands for its foreach."""


def collisions() -> Iterator[str]:
    """Names like `wide-12345`; about one of 100,000 is one. A node's number is FNV-1a of its name (Argo's `NodeID`)."""
    for begin in count(10_000, AT_ONCE):
        names = [f"wide-{number}" for number in range(begin, begin + AT_ONCE)]
        if len({len(name) for name in names}) > 1:
            continue
        start = _hashed(np.full(AT_ONCE, 0x811C9DC5, np.uint64), np.array([list(f"{name}{TASK}(".encode()) for name in names]))
        numbers = np.array([_hashed(start, np.array([list(f"{slice}:{slice})".encode())])) for slice in range(COUNT)])
        numbers.sort(axis=0)
        for found in np.flatnonzero((numbers[1:] == numbers[:-1]).any(axis=0)):
            yield names[found]


def _hashed(number: NDArray[np.uint64], texts: NDArray[np.int64]) -> NDArray[np.uint64]:
    """FNV-1a in 32 bits, going on from `number`; `texts` has a row for each, or one for all."""
    for column in texts.T.astype(np.uint64):
        number = (number ^ column) * np.uint64(0x01000193) & np.uint64(0xFFFFFFFF)
    return number
