"""`Step`: the tasks of one step of a run."""

from __future__ import annotations

from datetime import datetime

from flowport.client.objects import MetaflowObject
from flowport.client.source import Source, reads_store
from flowport.client.task import Task
from flowport.runtime.names.current import current
from flowport.runtime.run import items

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any


@reads_store
class Step(MetaflowObject):
    """One step of a run that has begun: its tasks, the last item first."""

    _DEPTH = 3

    def _find(self, parts: list[str], found: Any) -> bool:
        if not isinstance(found, Source):
            run: Any = self._parent or self._DEPTHS[2]("/".join(parts[:2]), _namespace_check=False)
            found = run._source
        self._source = found
        is_here = current.step_name == self.id and [current.flow_name, current.run_id] == parts[:2]
        return is_here or self.id in found.reader.steps()

    def _children(self) -> Iterator[Task]:
        for item in items.items(self._source.reader, self.id):
            yield self._task(item.address, item)

    def _child(self, id: str) -> Task:
        return self._task(id)

    def _task(self, id: str, item: items.ItemReader | None = None) -> Task:
        found = self._source if item is None else (self._source, item)
        return Task(f"{self._pathspec}/{id}", _parent=self, _namespace_check=self._namespace_check, _found=found)

    @property
    def task(self) -> Task | None:
        """One task of the step: the last item."""
        return next(self._children(), None)

    def tasks(self, *tags: str) -> Iterator[Task]:
        """The tasks of the step, the last item first; with tags those whose run has all of them."""
        return self._filtered_children(*tags)

    @property
    def control_task(self) -> Task | None:
        """Node 0 of a gang, the first one of `control_tasks`; None for a step that is no gang."""
        return next(self.control_tasks(), None)

    def control_tasks(self, *tags: str) -> Iterator[Task]:
        """The nodes 0 of the gangs of the step; none for a step that is no gang."""
        if "gang" in self._source.program.step(self.id):
            yield from (task for task in self.tasks(*tags) if task.index == 0)

    @property
    def finished_at(self) -> datetime | None:
        """When the last of its tasks ended; None as long as one of them runs."""
        ends = [task.finished_at for task in self._children()]
        return None if not ends or None in ends else max(end for end in ends if end is not None)

    @property
    def environment_info(self) -> dict[str, Any] | None:
        """The environment that flowport made for the step: None, as it made none."""
        return None

    @property
    def origin_pathspec(self) -> str | None:
        origin = self.parent.origin_pathspec
        return None if origin is None else f"{origin}/{self.id}"

    @property
    def parent_steps(self) -> Iterator[Step]:
        """The steps before this one that have begun."""
        return self._steps([step for step, after in self._source.graph().items() if self.id in after])

    @property
    def child_steps(self) -> Iterator[Step]:
        """The steps after this one that have begun."""
        return self._steps(self._source.graph().get(self.id, []))

    def _steps(self, names: list[str]) -> Iterator[Step]:
        begun, run = self._source.reader.steps(), self._pathspec.rpartition("/")[0]
        return (Step(f"{run}/{name}", _namespace_check=False, _found=self._source) for name in names if name in begun)

    def _created(self) -> float:
        return min((task._created() for task in self._children()), default=super()._created())
