"""What deployments have in common, whatever the engine: the code package on its way to the store, and how a difference is shown."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from difflib import unified_diff
from functools import partial
from typing import TYPE_CHECKING

from flowport.compiler.changes import Change
from flowport.runtime.store.keys import code_key
from flowport.runtime.store.open import open_store

if TYPE_CHECKING:
    from flowport.compiler.package.archive import Package


def code_changes(address: str, package: Package) -> Iterator[Change]:
    """The code package, where the store does not have it yet. It comes before what refers to it."""
    store, key = open_store(address), code_key(package.digest)
    if not store.exists(key):
        yield Change(f"{store.url}/{key}", "new", make=partial(store.create, key, package.data))


def difference(path: str, before: Sequence[str], after: Sequence[str], becomes: str = "compiled") -> str:
    """What differs between the lines of a file as it is deployed and as it is compiled, as a unified diff; `becomes` names the latter."""
    return "\n".join(unified_diff(before, after, path, f"{path} ({becomes})", lineterm=""))
