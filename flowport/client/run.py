"""`Run`: one run of a flow."""

from __future__ import annotations

from datetime import datetime

from flowport.client.artifact import MetaflowData
from flowport.client.code import MetaflowCode
from flowport.client.metrics import Metric, Metrics
from flowport.client.objects import MetaflowObject
from flowport.client.place import open_place
from flowport.client.source import Source, reads_store
from flowport.client.step import Step
from flowport.client.task import Task
from flowport.runtime.metrics.latest import LatestValue, latest_values
from flowport.runtime.metrics.read import metric_points
from flowport.runtime.names.exceptions import MetaflowTaggingError
from flowport.runtime.names.trigger import Trigger
from flowport.runtime.records.life import read_end
from flowport.runtime.run import items
from flowport.runtime.run.history import is_done
from flowport.runtime.run.parameters import ParameterError
from flowport.runtime.store.errors import Missing

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from typing import Any


@reads_store
class Run(MetaflowObject):
    """One run of a flow: its steps, its results, and its tags, which can be changed."""

    _DEPTH = 2

    def _find(self, parts: list[str], found: Any) -> bool:
        is_known = isinstance(found, Source)
        self._source = found if is_known else Source(open_place(), *parts)
        return is_known or self._source.exists

    def _children(self) -> Iterator[Step]:
        for name in reversed(self._source.reader.steps()):
            yield self._child(name)

    def _child(self, id: str) -> Step:
        return Step(f"{self._pathspec}/{id}", _parent=self, _namespace_check=self._namespace_check, _found=self._source)

    def steps(self, *tags: str) -> Iterator[Step]:
        """The steps that have begun, the last one first."""
        return self._filtered_children(*tags)

    @property
    def successful(self) -> bool:
        """Whether the last step is done."""
        return is_done(self._source.store, self._source.keys)

    @property
    def finished(self) -> bool:
        """Whether the last step is done; Metaflow does not call a run finished that failed."""
        return self.successful

    @property
    def finished_at(self) -> datetime | None:
        """When the last step was done; None for a run that runs, failed or was stopped."""
        end = read_end(self._source.store, self._source.keys)
        if end is not None:
            return datetime.fromtimestamp(end[1]) if end[0] == "done" else None
        task = self.end_task
        return None if task is None else task.finished_at

    @property
    def end_task(self) -> Task | None:
        """The task of the last step, once it is done; of a spin that of its step."""
        if not self.successful:
            return None
        spin = self._source.record.get("spin") or {}
        last, address = spin.get("step", self._source.reader.plan["end"]), spin.get("item", "r")
        item = items.item(self._source.reader, last, address)
        found = self._source if item is None else (self._source, item)
        return Task(f"{self._pathspec}/{last}/{address}", _namespace_check=False, _found=found)

    @property
    def data(self) -> MetaflowData | None:
        """The artifacts of the last step as attributes; None until it is done."""
        task = self.end_task
        return None if task is None else task.data

    @property
    def metrics(self) -> Metrics:
        """What steps have logged with `current.log_metric`, by name: of each metric what the task that ended last has logged."""
        return Metrics({
            name: Metric(name, lambda last=last: self._points(last), (last.value, last.at))  # type: ignore[misc]
            for name, last in latest_values(self._source.store, self._source.keys).items()
        })  # fmt: skip

    def _points(self, last: LatestValue) -> tuple[list[int], list[int | float]]:
        item = items.item(self._source.reader, last.step, last.item)
        if item is None:
            raise Missing(f"{last.step}/{last.item} of {self._pathspec} is not there any more")
        return metric_points(item, last.name)

    @property
    def code(self) -> MetaflowCode:
        """The code that the run was started with."""
        return MetaflowCode(self._source.store, self._source.record["code"])

    @property
    def trigger(self) -> Trigger | None:
        """The runs and events that started this run; None for a run that neither started."""
        recorded = self._source.record["triggers"]
        return Trigger(recorded) if recorded else None

    @property
    def origin_pathspec(self) -> str | None:
        origin = self._source.record["origin"]
        return None if origin is None else f"{self._source.flow}/{origin}"

    def add_tag(self, tag: str | Iterable[str]) -> None:
        """Add a tag; to add one that the run has changes nothing. A list stands for the tags in it, here and below, as in Metaflow."""
        self.replace_tags([], tag)

    def add_tags(self, tags: Iterable[str]) -> None:
        """Add several tags."""
        self.replace_tags([], tags)

    def remove_tag(self, tag: str | Iterable[str]) -> None:
        """Remove a tag. To remove one that the run does not have changes nothing; a system tag cannot be removed."""
        self.replace_tags(tag, [])

    def remove_tags(self, tags: Iterable[str]) -> None:
        """Remove several tags."""
        self.replace_tags(tags, [])

    def replace_tag(self, tag_to_remove: str | Iterable[str], tag_to_add: str | Iterable[str]) -> None:
        """Remove one tag and add another, at once."""
        self.replace_tags(tag_to_remove, tag_to_add)

    def replace_tags(self, tags_to_remove: Iterable[str], tags_to_add: Iterable[str]) -> None:
        """Remove some tags and add others, at once. Raises MetaflowTaggingError for what cannot be a tag, and without any tag."""
        remove, add = _texts(tags_to_remove), _texts(tags_to_add)
        if not remove and not add:
            raise MetaflowTaggingError("there is no tag to remove and none to add: name at least one")
        try:
            self._source.change_tags(remove, add)
        except ParameterError as error:
            raise MetaflowTaggingError(str(error)) from None


def _texts(tags: Iterable[str]) -> list[str]:
    """The tags; raises MetaflowTaggingError for what is none. A text is one tag, as in Metaflow."""
    found: list[Any] = [tags] if isinstance(tags, str) or not hasattr(tags, "__iter__") else list(tags)
    for tag in found:
        if not isinstance(tag, str):
            raise MetaflowTaggingError(f"a tag is a text, and not a value of type `{type(tag).__name__}`")
    return found
