"""What the objects of the client read of a run. Each part is read when it is first asked for, and again as long as the run is not over.

Where a store cannot be read, `reads_store` lets them raise the exceptions of Metaflow that users of its client catch.
"""

from __future__ import annotations

from contextlib import contextmanager
from functools import wraps
from types import GeneratorType

from flowport.client.place import open_place
from flowport.runtime.names.exceptions import MetaflowDataMissing, MetaflowException, MetaflowNotFound
from flowport.runtime.package import flow_graph
from flowport.runtime.package.code_package import CodePackage
from flowport.runtime.protocol import NonRetryable, VersionError
from flowport.runtime.records import run_record
from flowport.runtime.records.life import read_end
from flowport.runtime.run.history import all_tags
from flowport.runtime.run.reader import Run as RunReader
from flowport.runtime.run.tags import change_tags, read_tags
from flowport.runtime.store.errors import Corrupt, Missing, StoreError
from flowport.runtime.store.keys import Keys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import Any, TypeVar

    from flowport.runtime.store.interface import Store

    Kind = TypeVar("Kind", bound=type)

SPECIAL = ("__init__", "__iter__", "__getitem__", "__contains__")
"""The members of a class that users call by an operation."""


class Source:
    """One run in a store."""

    def __init__(self, store: Store, flow: str, run: str) -> None:
        self.store, self.flow, self.run = store, flow, run
        self.keys = Keys(flow, run)
        self._record: dict[str, Any] | None = None
        self._tags: frozenset[str] | None = None
        self._program: CodePackage | None = None
        self._reader: RunReader | None = None

    def __reduce__(self) -> tuple[Any, ...]:
        return _source, (self.store.url, self.flow, self.run)

    @property
    def record(self) -> dict[str, Any]:
        """The document of the run; raises MetaflowNotFound and MetaflowDataMissing."""
        if self._record is None:
            try:
                self._record = run_record.document(self.store, self.keys)
            except Missing:
                raise self._absent() from None
            except Corrupt as error:
                raise MetaflowDataMissing(str(error)) from None
        return self._record

    def _absent(self) -> MetaflowNotFound:
        return MetaflowNotFound(f"Run('{self.flow}/{self.run}') does not exist in {self.store.url}")

    @property
    def exists(self) -> bool:
        """Whether the run has begun."""
        return self._record is not None or self.store.exists(self.keys.run())

    @property
    def tags(self) -> frozenset[str]:
        """The tags that users gave the run; once these were changed here, as the change left them."""
        return frozenset(read_tags(self.store, self.keys, self.record)) if self._tags is None else self._tags

    def change_tags(self, remove: list[str], add: list[str]) -> None:
        """Remove tags, then add others; raises ParameterError, and MetaflowNotFound for a run that was removed."""
        if not self.store.exists(self.keys.run()):
            raise self._absent()
        self._tags = frozenset(change_tags(self.store, self.keys, self.record, remove, add))

    @property
    def system_tags(self) -> frozenset[str]:
        """The tags that flowport gave the run."""
        return frozenset(self.record["system_tags"] or ())

    def is_in(self, namespace: str | None) -> bool:
        """Whether the run is in a namespace."""
        return namespace is None or namespace in all_tags(self.store, self.keys, self.record, [namespace])

    @property
    def is_over(self) -> bool:
        """Whether the run says that it has ended."""
        try:
            return read_end(self.store, self.keys) is not None
        except Corrupt:
            return False

    @property
    def program(self) -> CodePackage:
        """The code of the run."""
        if self._program is None:
            self._program = CodePackage.fetched(self.store, self.record["code"])
        return self._program

    @property
    def reader(self) -> RunReader:
        """The tasks of the run as they are now."""
        if self._reader is None:
            is_over = self.is_over  # first: what is written until then is read
            found = RunReader(self.store, self.flow, self.run, program=self.program)
            if not is_over:
                return found
            self._reader = found
        return self._reader

    def graph(self) -> dict[str, list[str]]:
        """The steps that follow each step, in the order of the plan."""
        return {name: flow_graph.following(self.program.step(name)["transition"]) for name in self.reader.plan["steps"]}


def _source(url: str, flow: str, run: str) -> Source:
    """A source that was pickled: of the same store."""
    return Source(open_place(url), flow, run)


def reads_store(kind: Kind) -> Kind:
    """Let the public members of a class raise MetaflowDataMissing and MetaflowException instead of the errors of a store."""
    for name, member in list(vars(kind).items()):
        if name.startswith("_") and name not in SPECIAL:
            continue
        if isinstance(member, property):
            setattr(kind, name, property(_reading(member.fget), doc=member.__doc__))
        elif hasattr(member, "__code__"):
            setattr(kind, name, _reading(member))
    return kind


def _reading(function: Callable[..., Any] | None) -> Callable[..., Any]:
    assert function is not None

    @wraps(function)
    def read(*arguments: Any, **named: Any) -> Any:
        with _translated():
            found = function(*arguments, **named)
        return _each(found) if isinstance(found, GeneratorType) else found  # no value of a user is one: it has no pickle

    return read


def _each(found: Iterator[Any]) -> Iterator[Any]:
    while True:
        with _translated():
            try:
                one = next(found)
            except StopIteration:
                return
        yield one


@contextmanager
def _translated() -> Iterator[None]:
    try:
        yield
    except (Corrupt, Missing) as error:
        raise MetaflowDataMissing(str(error)) from error
    except (StoreError, NonRetryable, VersionError) as error:
        raise MetaflowException(str(error)) from error
