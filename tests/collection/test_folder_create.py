"""A document that is deleted while another process finds that it exists."""

from __future__ import annotations

from pathlib import Path

import pytest

from flowport.runtime.store.errors import Missing
from flowport.runtime.store.folder import FolderStore


def test_a_document_that_is_deleted_meanwhile_was_anothers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store = FolderStore(str(tmp_path))
    assert store.create("a/b", b"one")

    def gone(self: FolderStore, key: str) -> bytes:
        raise Missing(key)

    monkeypatch.setattr(FolderStore, "read", gone)
    assert store.create("a/b", b"one") is False
