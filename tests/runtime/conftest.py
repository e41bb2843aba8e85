"""A cache of code packages of the tests' own."""

from __future__ import annotations

from collections.abc import Iterator

import pytest


@pytest.fixture(autouse=True, scope="session")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Packages are unpacked below the tests' own folder, also by the processes that they start."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("FLOWPORT_CACHE", str(tmp_path_factory.mktemp("cache")))
        yield
