"""`Task`: one item of a step."""

from __future__ import annotations

from collections import namedtuple
from datetime import datetime

from flowport.client.artifact import DataArtifact, MetaflowData, _Held
from flowport.client.code import MetaflowCode
from flowport.client.metrics import Metric, Metrics
from flowport.client.objects import MetaflowObject
from flowport.client.source import Source, reads_store
from flowport.runtime.metrics.read import metric_names, metric_points
from flowport.runtime.names.caught_error import CaughtError
from flowport.runtime.names.current import current
from flowport.runtime.records.attempts import logs_of_nodes
from flowport.runtime.run import items
from flowport.runtime.run.items import ItemReader

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

Metadata = namedtuple("Metadata", ["name", "value", "created_at", "type", "task"])


@reads_store
class Task(MetaflowObject):
    """One item of a step; its id is the item's address, such as `r.3`, and `r` outside a foreach."""

    _DEPTH = 4

    def _find(self, parts: list[str], found: Any) -> bool:
        item: ItemReader | None = None
        if isinstance(found, tuple):
            found, item = found
        if not isinstance(found, Source):
            run: Any = self._DEPTHS[2]("/".join(parts[:2]), _namespace_check=False)
            found = run._source
        self._source = found
        if item is None and parts[2] in found.record["steps"]:
            item = items.item(found.reader, parts[2], self.id) or self._running(found)
        if item is not None:
            self._item: ItemReader = item.of_attempt(self._attempt) if self._attempt is not None else item
        return item is not None

    def _running(self, source: Source) -> ItemReader | None:
        """The item that this process works on, which need not have left anything yet."""
        place = source.reader.locate(str(current.step_name), self.id) if current.pathspec == self._pathspec else None
        return None if place is None else ItemReader(source.reader, str(current.step_name), *place)

    def _now(self) -> ItemReader:
        """The item as it is now: what is not done may be done meanwhile."""
        if self._item.shelf is None and not self._item.runs_here:
            found = items.item(self._source.reader, self._item.step, self.id)
            self._item = self._item if found is None else found.of_attempt(self._attempt)
        return self._item

    def _children(self) -> Iterator[DataArtifact]:
        names = [name for name in self._now().names() if not name.startswith("_")]
        return (self._artifact(name) for name in names)

    def _artifact(self, name: str) -> DataArtifact:
        return DataArtifact(
            f"{self._pathspec}/{name}",
            self._attempt,
            _parent=self,
            _namespace_check=self._namespace_check,
            _found=_Held(self._source, self._item),
        )

    def _child(self, id: str) -> DataArtifact:
        _ = self._now()
        return self._artifact(id)

    def _created(self) -> float:
        return self._item.times()[0]

    @property
    def artifacts(self) -> Any:
        """The artifacts by name, as a named tuple of `DataArtifact` objects."""
        found = list(self._children())
        return namedtuple("MetaflowArtifacts", [artifact.id for artifact in found], rename=True)(*found)

    @property
    def data(self) -> MetaflowData:
        """The values of the artifacts as attributes; each is loaded when it is asked for."""
        return MetaflowData(self._children())

    @property
    def metrics(self) -> Metrics:
        """What the step has logged with `current.log_metric`, by name; of an item that failed, what it had logged until then."""
        item = self._now()
        return Metrics({name: Metric(name, lambda name=name: metric_points(item, name)) for name in metric_names(item)})  # type: ignore[misc]

    @property
    def successful(self) -> bool:
        """Whether the item is done; of an attempt that was chosen, whether that did it."""
        return self._now().is_done

    @property
    def finished(self) -> bool:
        """Whether the item is done; Metaflow does not call a task finished that failed."""
        return self.successful

    @property
    def finished_at(self) -> datetime | None:
        """When the item's task ended, also if it failed; None as long as it runs."""
        ended = self._now().times()[1]
        return None if ended is None else datetime.fromtimestamp(ended)

    @property
    def exception(self) -> CaughtError | None:
        """What failed: type, message and traceback, as text; None for an item that is done or runs."""
        failure = self._now().failure
        return None if failure is None else CaughtError(failure["full"], failure["message"], failure["traceback"])

    @property
    def index(self) -> int | None:
        """The number of the item in the innermost foreach, from 0; None outside a foreach."""
        frames = self._item.lineage.frames
        return frames[-1].up(self._item.row)[1] if frames else None

    @property
    def current_attempt(self) -> int:
        """The number of the attempt that this object shows, from 0: the chosen one, or the latest."""
        return self._now().latest_attempt if self._attempt is None else self._attempt

    @property
    def stdout(self) -> str:
        """What the task printed. A task has one log, with everything that it printed to standard output and to standard error."""
        return self._log().decode(errors="replace")

    @property
    def stderr(self) -> str:
        """The same log: what the task printed to standard error is in it, among what it printed to standard output."""
        return self.stdout

    @property
    def stdout_size(self) -> int:
        """The number of bytes of `stdout`."""
        return len(self._log())

    @property
    def stderr_size(self) -> int:
        """The number of bytes of `stderr`."""
        return self.stdout_size

    def loglines(self, stream: str, as_unicode: bool = True, meta_dict: object = None) -> Iterator[tuple[datetime | None, str | bytes]]:
        """The lines of the log, for either stream. Logs have no times, so each line comes with None."""
        if stream not in ("stdout", "stderr"):
            raise ValueError(f"a task has the streams `stdout` and `stderr`, and no `{stream}`")
        for line in self._log().splitlines():
            yield None, line.decode(errors="replace") if as_unicode else line

    def _log(self) -> bytes:
        """The log of the attempt; several items of one task share it."""
        key = self._now().log
        if key is None:
            return b""
        store = self._source.store
        nodes = logs_of_nodes(store, key) if "gang" in self._source.program.step(self._item.step) else []
        return b"".join(store.read(part) for part in (key, *nodes))

    @property
    def metadata(self) -> list[Any]:
        """What is known of the task, as named tuples of name, value, created_at (milliseconds since 1970), type and task."""
        at = int(self._item.times()[0] * 1000)
        return [Metadata(name, value, at, name, self) for name, value in self._facts()]

    @property
    def metadata_dict(self) -> dict[str, str]:
        """The values of `metadata` by name."""
        return dict(self._facts())

    def _facts(self) -> Iterator[tuple[str, str]]:
        for tag in sorted(self.system_tags):
            name, _, value = tag.partition(":")
            yield name, value
        item, record = self._now(), self._source.record
        yield from (("attempt", str(number)) for number in range(self.current_attempt + 1))
        yield "script-name", self._source.program.flow["file"].rpartition("/")[2]
        yield "origin-run-id", str(record["origin"])
        if item.taken_from() is not None:
            yield "origin-task-id", self.id
        yield "foreach-indices", str([index for _, _, index, _ in item.lineage.indexes(item.row)])
        yield "ds-root", self._source.store.url
        if item.shelf is not None:
            yield "attempt_ok", "True"
            yield "attempt-done", str(self.current_attempt)
        elif item.failure is not None:
            yield "attempt_ok", "False"

    @property
    def runtime_name(self) -> str | None:
        """What ran the task: `dev` for this machine, or an engine."""
        return next((tag.partition(":")[2] for tag in self.system_tags if tag.startswith("runtime:")), None)

    @property
    def environment_info(self) -> dict[str, Any] | None:
        """The environment that flowport made for the task: None, as it made none."""
        return None

    @property
    def code(self) -> MetaflowCode | None:
        """The code of the task."""
        shelf = self._now().shelf
        return MetaflowCode(self._source.store, shelf[0].doc["code"] if shelf else self._source.record["code"])

    @property
    def origin_pathspec(self) -> str | None:
        taken = self._now().taken_from()
        flow, _, step, task = self.path_components
        return None if taken is None else f"{flow}/{taken}/{step}/{task}"

    @property
    def parent_tasks(self) -> Iterator[Task]:
        """The tasks that this one got its artifacts from."""
        graph = self._source.graph()
        before = [step for step, after in graph.items() if self._item.step in after]
        return (self._of(item) for item in items.parents(self._now(), before))

    @property
    def child_tasks(self) -> Iterator[Task]:
        """The tasks that got their artifacts from this one and are done."""
        return (self._of(item) for item in items.children(self._now(), self._source.graph()[self._item.step]))

    @property
    def parent_task_pathspecs(self) -> Iterator[str]:
        """The pathspecs of `parent_tasks`."""
        return (task.pathspec for task in self.parent_tasks)

    @property
    def child_task_pathspecs(self) -> Iterator[str]:
        """The pathspecs of `child_tasks`."""
        return (task.pathspec for task in self.child_tasks)

    def _of(self, item: ItemReader) -> Task:
        flow, run, _, _ = self.path_components
        return Task(f"{flow}/{run}/{item.step}/{item.address}", _namespace_check=False, _found=(self._source, item))
