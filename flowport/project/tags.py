"""The tags of a run: read, and changed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from flowport.project.errors import BadTags
from flowport.runtime.run import tags
from flowport.runtime.run.parameters import ParameterError
from flowport.runtime.store.keys import Keys

if TYPE_CHECKING:
    from flowport.runtime.store.interface import Store


class TagChange(NamedTuple):
    """Tags that are removed, and tags that are added."""

    remove: tuple[str, ...] = ()
    add: tuple[str, ...] = ()


def tags_of(store: Store, record: dict[str, Any]) -> list[str]:
    """The tags of the run with the document `record`, without system tags."""
    return tags.read_tags(store, Keys(record["flow"], record["run"]), record)


def change_tags(store: Store, record: dict[str, Any], change: TagChange) -> list[str]:
    """Change the tags of a run; those that it has then. Raises BadTags."""
    try:
        return tags.change_tags(store, Keys(record["flow"], record["run"]), record, change.remove, change.add)
    except ParameterError as error:
        raise BadTags(str(error)) from None
