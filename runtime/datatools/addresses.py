"""Addresses of objects: the root of an `S3`, the address of a key below it, and its parts.

    S3(run=self), "a/b"                   s3://bucket/store/flows/F/runs/1/s3-data/a/b
    S3(s3root="/tmp/x"), "a/b"            file:///tmp/x/a/b
    S3(), "s3://bucket/a/b"               as it is

Addresses are not percent-encoded: every character of a key stands for itself.
"""

from __future__ import annotations

import os

from flowport.runtime.datatools.exceptions import MetaflowS3URLException
from flowport.runtime.names.current import current
from flowport.runtime.names.flow import FlowSpec
from flowport.runtime.store.keys import Keys, part

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

SCHEMES = ("s3://", "gs://", "az://", "file://")


def root_of_run(run: Any, bucket: str | None, prefix: str | None) -> str:
    """The root for `S3(run=..., bucket=..., prefix=...)`."""
    if isinstance(run, FlowSpec):
        if not current.is_running_flow:
            raise MetaflowS3URLException("`S3(run=self)` works in a running step only")
        flow, name = str(current.flow_name), str(current.run_id)
    else:
        flow, name = _pathspec(run)
    if not (bucket or prefix):
        return f"{_store(run)}/{Keys(flow, name).data()}".rstrip("/")
    return "/".join([_base(run, bucket, prefix), part(flow), part(name)])


def _store(run: Any) -> str:
    """The address of the store that a run is in: an object of the client knows its own."""
    source = getattr(run, "_source", None)
    store = source.store if source else current._store
    if store is None:
        raise MetaflowS3URLException("the store is known in a running step only: use `S3(s3root=...)` here")
    return store.url if "://" in store.url else f"file://{store.url}"


def _base(run: Any, bucket: str | None, prefix: str | None) -> str:
    """The address of the store with another bucket, another prefix or both. A store in a folder stands for a bucket."""
    if bucket and prefix:
        return f"s3://{bucket}/{prefix.strip('/')}"
    store = _store(run)
    root, path = (store, "") if store.startswith("file://") else split(store)
    if bucket:
        root = f"s3://{bucket}" if store.startswith("file://") else f"{store.partition('://')[0]}://{bucket}"
    return "/".join(filter(None, [root.rstrip("/"), (prefix or path).strip("/")]))


def _pathspec(run: Any) -> tuple[str, str]:
    """The names of a flow and a run, from an object that the client returned."""
    flow, slash, name = str(getattr(run, "pathspec", "")).partition("/")
    if not slash or not name or "/" in name:
        raise MetaflowS3URLException(f'`run` is the flow (`S3(run=self)`) or a run of the client (`S3(run=Run("Flow/1"))`), not {run!r}')
    return flow, name


def root_of_address(root: str) -> str:
    """The root for `S3(s3root=...)`."""
    if os.path.isabs(root):
        root = f"file://{root}"
    if not root.startswith(SCHEMES) or root in SCHEMES:
        raise MetaflowS3URLException(f"`s3root` is an address such as `s3://bucket/prefix` or an absolute path, not `{root}`")
    return root.rstrip("/")


def address(root: str | None, key: str | None) -> str:
    """The whole address of a key."""
    if not isinstance(key, str | None):
        raise MetaflowS3URLException(f"a key is a text, and not a value of type `{type(key).__name__}`")
    if root is None:
        if key and key.startswith(SCHEMES) and key.partition("://")[2].find("/") >= 0:
            return key
        asked = f"`{key}` is not" if key else "there is no key, which would be"
        raise MetaflowS3URLException(f"{asked} a whole address such as `s3://bucket/key`: give `S3` a root with `run=self` or `s3root=`")
    if not key:
        return root
    if key.startswith(SCHEMES):
        raise MetaflowS3URLException(f"`{key}` is a whole address, and this `S3` has a root: give the part after `{root}/`, or use `S3()`")
    return f"{root.rstrip('/')}/{key.lstrip('/')}"


def split(url: str) -> tuple[str, str]:
    """The root and the key of an address."""
    scheme, _, rest = url.partition("://")
    host, _, key = rest.partition("/")
    return f"{scheme}://{host}", key.lstrip("/")


def checked(url: str) -> tuple[str, str]:
    """The root and the key of an object that can be stored everywhere; raises MetaflowS3URLException."""
    root, key = split(url)
    if any(name in ("", ".", "..") for name in key.split("/")) or any(ord(letter) < 32 or ord(letter) == 127 for letter in key):
        raise MetaflowS3URLException(
            f"`{url}` has a part that is empty, `.` or `..`, or a control character: object stores do not agree on such keys"
        )
    if any("\ud800" <= letter <= "\udfff" for letter in key):
        raise MetaflowS3URLException(f"{url!r} has half of a surrogate pair, which UTF-8 does not have")
    return root, key
