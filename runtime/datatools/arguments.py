"""The types of the arguments of `S3`: a value of another type is refused where it is given, and not by what the bucket makes of it."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING

from flowport.runtime.datatools.exceptions import MetaflowS3Exception, MetaflowS3InvalidObject, MetaflowS3URLException

if TYPE_CHECKING:
    from typing import Any

    from flowport.runtime.datatools.objects import S3GetObject, S3PutObject


def check_text(value: Any, name: str) -> None:
    """Raise MetaflowS3Exception if an argument is neither a text nor None."""
    if not isinstance(value, str | None):
        raise MetaflowS3Exception(f"`{name}` is a text, and not a value of type `{type(value).__name__}`")


def path(value: Any, name: str) -> str | None:
    """A local path as text; raises MetaflowS3URLException if it is something else."""
    if value is None:
        return None
    found = os.fspath(value) if isinstance(value, str | os.PathLike) else None
    if not isinstance(found, str):
        raise MetaflowS3URLException(f"`{name}` is a text, and not a value of type `{type(value).__name__}`")
    return found


def several(keys: Any, name: str = "keys") -> list[Any]:
    """What a list has; a text would be taken for a list of letters."""
    if isinstance(keys, str | bytes) and name == "keys":
        raise MetaflowS3URLException(f"`{name}` is a list of keys: write `[{keys!r}]`")
    try:
        found = None if isinstance(keys, str | bytes) else iter(keys)
    except TypeError:
        found = None
    if found is None:
        raise MetaflowS3URLException(f"`{name}` is a list, and not a value of type `{type(keys).__name__}`")
    return list(found)


def check_range(key: S3GetObject) -> None:
    """Raise MetaflowS3Exception if the offset or the length is no whole number."""
    for name, value in (("offset", key.offset), ("length", key.length)):
        if value is not None and (isinstance(value, bool) or not isinstance(value, int)):
            raise MetaflowS3Exception(f"`{name}` of `{key.key}` is a whole number, and not `{value!r}`")


def metadata(each: S3PutObject) -> str | None:
    """The metadata of an object as JSON; raises MetaflowS3InvalidObject, also if content type or encryption are no texts."""
    for name, value in (("content_type", each.content_type), ("encryption", each.encryption)):
        if not isinstance(value, str | None):
            raise MetaflowS3InvalidObject(f"the `{name}` of `{each.key}` is a text, and not a value of type `{type(value).__name__}`")
    if not isinstance(each.metadata, dict | None):
        kind = type(each.metadata).__name__
        raise MetaflowS3InvalidObject(f"the `metadata` of `{each.key}` is a dictionary, and not a value of type `{kind}`")
    try:
        return json.dumps(each.metadata) if each.metadata else None
    except (TypeError, ValueError) as error:
        raise MetaflowS3InvalidObject(f"JSON cannot express the `metadata` of `{each.key}`: {error}") from None
