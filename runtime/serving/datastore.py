"""`self._datastore` of a step: what flows hand to `OllamaManager`, which needs no more of it than that it is there."""

from __future__ import annotations


class Storage:
    """The storage of Metaflow's that a store stands for; `TYPE` is `local` for a folder, and otherwise the scheme, such as `s3`."""

    def __init__(self, url: str) -> None:
        scheme, separator, _ = url.partition("://")
        self.datastore_root = url
        self.TYPE = scheme if separator else "local"


class Datastore:
    """`self._datastore`, and its own `parent_datastore`."""

    def __init__(self, url: str) -> None:
        self._storage_impl = Storage(url)

    @property
    def parent_datastore(self) -> Datastore:
        """The datastore of the whole flow, which is the same store."""
        return self
