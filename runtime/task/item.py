"""One item of a step: what its `self` reads and writes, where the item goes, and a record of what was read.

`FlowSpec` asks it for everything that is not a plain attribute. `items` decides which items run.
"""

from __future__ import annotations

import sys

from flowport.runtime.names.exceptions import MetaflowException, MissingInMergeArtifactsException, UnhandledInMergeArtifactsException
from flowport.runtime.names.flow import CONTEXT, INTERNAL_ARTIFACTS_SET, Parameter
from flowport.runtime.package.class_attributes import NOTHING, cached_property, constant
from flowport.runtime.replay.artifact_view import mark
from flowport.runtime.store import codec

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from flowport.runtime.joins.input_ranges import InputRanges
    from flowport.runtime.joins.inputs import Inputs
    from flowport.runtime.metrics.log import MetricLog
    from flowport.runtime.names.flow import FlowSpec
    from flowport.runtime.replay.lineage import Frame
    from flowport.runtime.task.context import ItemContext

FUNCTIONS = (type(codec.encode), type(codec.encode.__get__(0)))
"""What a step may keep on `self` and no other step finds: functions and methods, as in Metaflow."""

ABSENT = ""
"""The digest that is noted for an artifact that was read and does not exist."""


class Misuse(MetaflowException):
    """A flow asks for something that it cannot have; the message says what to write instead."""


MISMERGED = (UnhandledInMergeArtifactsException, MissingInMergeArtifactsException)
"""What `merge_artifacts` raises when the inputs do not agree, or do not have what `include` names."""


class Item:
    """The state of one item while its step runs."""

    cards: Any = None
    """What `cards/item_cards.py` keeps of its cards, if the step has `@card`."""

    metrics: MetricLog | None = None
    """What the step has logged with `current.log_metric`."""

    logged: frozenset[str] = frozenset()
    """The artifacts that it has named with `current.log_artifact`."""

    def __init__(self, context: ItemContext, row: int) -> None:
        self.context, self.row = context, row
        self.ranges = context.inputs(row)
        """What a join gets; None for any other step."""
        self.inputs = None if self.ranges is None else self._inputs(self.ranges)
        context.definitions.noted.clear()
        self.loaded: dict[str, tuple[bytes, Any]] = {}
        self.reads: dict[str, Any] = {}
        self.merged: dict[str, bytes] = {}
        self.targets: list[str] | None = None
        self.values: list[Any] | None = None
        self._parameters: dict[str, Any] = {}
        self._input: tuple[Any] | None = None

    def flow(self) -> FlowSpec:
        """The `self` of the step."""
        flow = self.context.flow_class.__new__(self.context.flow_class)
        flow.__dict__[CONTEXT] = self
        for name in self.context.shadowed:
            if self.context.artifacts.entry(name, self.row) is not None:
                self.load(flow, name)
        return flow

    def metric_log(self) -> MetricLog:
        """The metrics of the item; a step that logs none loads nothing for them."""
        if self.metrics is None:
            from flowport.runtime.metrics.log import MetricLog

            self.metrics = MetricLog(Misuse)
        return self.metrics

    def log_artifact(self, name: str) -> None:
        """Note that an artifact is to be kept elsewhere too."""
        if not isinstance(name, str) or not name.isidentifier():
            from flowport.runtime.text import brief

            raise Misuse(f"`current.log_artifact` takes the name of an artifact, such as 'model' for `self.model`, and not {brief(name)}")
        self.logged |= {name}

    def load(self, flow: FlowSpec, name: str) -> Any:
        """The artifact `name`, from the store; raises AttributeError when no earlier step set it."""
        if name in self.merged:
            value = flow.__dict__[name] = self.context.columns.value(self.merged[name])
            self.loaded[name] = (self.merged[name], value)
            return value
        entry = self.context.artifacts.entry(name, self.row)
        if entry is None:
            self.reads["self." + name] = ABSENT
            if (known := self._known(name)) is not None:
                return known
            raise AttributeError(self._unset(name))
        value = flow.__dict__[name] = self.context.artifacts.value(name, self.row, entry)
        self.loaded[name] = (entry, value)
        self.reads["self." + name] = mark(entry)
        return value

    def _known(self, name: str) -> Any:
        """What Metaflow has on `self` under this name, unless a step sets an artifact; None for any other."""
        if name == "_foreach_stack":
            return self._frames()
        if name == "_graph":
            from flowport.runtime.package.step_graph import FlowGraph

            return FlowGraph(self.context.program)
        if name == "_datastore":
            from flowport.runtime.serving.datastore import Datastore

            return Datastore(self.context.store.url)
        return self.step if name == "_current_step" else self.context.named(name)

    def _frames(self) -> list[Any]:
        from collections import namedtuple

        ForeachFrame = namedtuple("ForeachFrame", ("step", "var", "num_splits", "index", "value"))
        splits = [frame.split.step for frame, _, _, _ in self.context.lineage.indexes(self.row)]
        over = {name: self.context.program.step(name)["transition"]["over"] for name in splits}
        return [ForeachFrame(name, over[name], count, index, str(value)[:30]) for name, (index, count, value) in zip(splits, self.stack())]

    def _unset(self, name: str) -> str:
        if self.inputs is None:
            return f"step `{self.context.step}` reads `self.{name}`, which no earlier step set"
        if not len(self.inputs):
            return f"join `{self.context.step}` reads `self.{name}`, and it has no inputs to take that from: its foreach was empty"
        return (
            f"join `{self.context.step}` reads `self.{name}`, but a join begins with no artifacts: "
            f"take it from an input, `inputs[0].{name}`, or call `self.merge_artifacts(inputs)` first"
        )

    @property
    def step(self) -> str:
        return self.context.step

    @property
    def flow_class(self) -> type[FlowSpec]:
        return self.context.flow_class

    def named(self, name: str) -> str | None:
        return self.context.named(name)

    def has_parameter(self, name: str) -> bool:
        return self.context.record.has_parameter(name) or name in self.context.program.configs

    def parameter(self, name: str) -> Any:
        """The value of a parameter or a config, the item's own copy; raises Misuse for one that was not seen when the flow was compiled.

        No mark is noted for a config: what a step reads of it is part of the digest of the step.
        """
        if name not in self._parameters and name in self.context.program.configs:
            from flowport.runtime.package.configs import value

            self._parameters[name] = value(self.context.program.configs[name])
        if name not in self._parameters:
            if not self.has_parameter(name):
                raise Misuse(
                    f"the run has no value for the parameter `{name}`, which was not seen when the flow was compiled: "
                    f'write `{name} = Parameter("{name}", ...)` in the body of `{self.context.flow_class.__name__}`'
                )
            value, declared = self.context.record.value(name), getattr(self.flow_class, name, None)
            self._parameters[name] = declared.load_parameter(value) if isinstance(declared, Parameter) else value
            self.reads["parameter." + name] = self.context.record.mark(name)
        return self._parameters[name]

    def index(self) -> int | None:
        frames = self.context.lineage.frames
        return frames[-1].up(self.row)[1] if frames else None

    def project(self, name: str) -> Any:
        """What `current` has of the flow's project, such as the name of the branch."""
        value = self.reads["project." + name] = self.context.program.flow["project"][name]
        return value

    def input(self) -> Any:
        if self._input is None:
            frames = self.context.lineage.frames
            self._input = (self._element(frames[-1], self.row, "input") if frames else None,)
        return self._input[0]

    def stack(self) -> list[tuple[int, int | None, Any]]:
        frames = self.context.lineage.indexes(self.row)
        self.reads.update({f"count.{depth}": count for depth, (_, _, _, count) in enumerate(frames)})
        return [
            (index, frame.count_shown(count), self._element(frame, row, f"input.{depth}"))
            for depth, (frame, row, index, count) in enumerate(frames)
        ]

    def _element(self, frame: Frame, row: int, read: str) -> Any:
        """What the foreach of a frame iterated over, at one row."""
        entry = self.context.columns.element(frame, row)
        self.reads[read] = mark(entry)
        return self.context.columns.value(entry)

    def go(self, flow: FlowSpec, targets: tuple[Any, ...], named: dict[str, Any]) -> None:
        """`self.next(...)`: the plan knows its form; the values come from the artifacts. A decorator may name others."""
        transition = self.context.plan["transition"]
        form = "num_parallel" if "gang" in transition else "condition" if "switch" in transition else "foreach"
        for name, value in named.items():
            if value is not None and (name != form or (name == "foreach" and name not in transition)):
                what = {"condition": "switch"}.get(name, name)
                raise Misuse(f"`self.next({name}={value!r})` of step `{self.context.step}` is called for a step that has no {what}")
        match transition:
            case {"foreach": target, "gang": _}:
                self.targets, self.values = [target], list(range(self._nodes(named["num_parallel"])))
            case {"foreach": target, "over": over}:
                over = named["foreach"] or over
                self.targets, self.values = [target], self._iterated(over, getattr(flow, over))
            case {"switch": artifact, "cases": cases}:
                artifact = named["condition"] or artifact
                self.targets = [self._case(artifact, getattr(flow, artifact), cases)]
            case {"next": target}:
                self.targets = [target]
            case {"branch": names}:
                self.targets = list(names)
            case _:
                raise Misuse(f"step `{self.context.step}` is the last one and goes nowhere")

    def _nodes(self, value: Any) -> int:
        from operator import index

        from flowport.runtime.process.nodes import MOST_NODES

        try:
            number = 0 if isinstance(value, bool) else index(value)
        except TypeError:
            number = 0
        if not 1 <= number <= MOST_NODES:
            raise Misuse(f"`num_parallel` of step `{self.context.step}` is {value!r}, and no whole number from 1 to {MOST_NODES:,}")
        return number

    def _iterated(self, name: str, value: Any) -> list[Any]:
        try:
            items = iter(value)
        except TypeError:
            raise Misuse(
                f'`foreach="{name}"` of step `{self.context.step}` goes over `self.{name}`, '
                f"which is no list but of type `{type(value).__name__}`"
            ) from None
        return list(items)

    def _case(self, name: str, value: Any, cases: list[list[Any]]) -> str:
        for label, target in cases:
            if type(label) is type(value) and _equal(label, value):
                return str(target)
        for label, target in cases:
            if _equal(label, value):
                return str(target)
        labels = ", ".join(repr(label) for label, _ in cases)
        raise Misuse(f"`self.{name}` is {value!r}, which is no case of the switch of step `{self.context.step}`; its cases are {labels}")

    def _inputs(self, ranges: InputRanges) -> Inputs:
        from flowport.runtime.joins.inputs import Inputs  # only a join needs it

        return Inputs(ranges, self)

    def merge(self, flow: FlowSpec, inputs: Any, exclude: list[str], include: list[str]) -> None:
        """Take over by reference what the inputs agree on; raises Misuse, or MISMERGED with everything that is in the way at once."""
        if self.ranges is None:
            raise Misuse(f"step `{self.context.step}` is no join: `merge_artifacts` takes the inputs of a join")
        if inputs is not self.inputs:
            inputs = list(inputs)
        if exclude and include:
            raise Misuse("`merge_artifacts` takes `exclude` or `include`, not both")
        settled = {name for name in flow.__dict__ if name != CONTEXT} | self.merged.keys()
        from flowport.runtime.joins.inputs import Input, merge

        if inputs is not self.inputs and not all(isinstance(one, Input) for one in inputs):
            raise Misuse("`merge_artifacts` takes the inputs of the join, or some of them")

        def wanted(name: str) -> bool:
            return name not in settled and (name in include if include else name not in exclude and name not in INTERNAL_ARTIFACTS_SET)

        found, unequal = merge(self.ranges, inputs, wanted, self._constant)
        if unequal:
            names = ", ".join(f"`{name}`" for name in unequal)
            raise UnhandledInMergeArtifactsException(
                f"the inputs of join `{self.context.step}` differ in {names}: set {'it' if len(unequal) == 1 else 'them'} before "
                "`self.merge_artifacts(inputs)`, or name what to leave out in `exclude=[...]`",
                unequal,
            )
        if missing := [name for name in include if name not in found and not hasattr(flow, name)]:
            names = ", ".join(f"`{name}`" for name in missing)
            raise MissingInMergeArtifactsException(f"no input of join `{self.context.step}` has {names}, which `include` names", missing)
        self.merged.update(found)
        for name in found:
            if hasattr(self.context.flow_class, name):  # what the class has would be found first
                self.load(flow, name)

    def _constant(self, name: str) -> bytes | None:
        """The entry of what the class has where no step has set an artifact; None where it has nothing that could be one."""
        value = constant(self.context.flow_class, name)
        try:
            return None if value is NOTHING else codec.digest(value)
        except codec.Unstorable:
            return None

    def written(self, flow: FlowSpec, failed: bool = False) -> dict[str, bytes]:
        """What the step set or changed in place, encoded: an artifact that is as it was read is not written again.

        Of a step that has failed, what cannot be stored is left out with a line that says so.
        """
        own = dict(self.merged)
        for name, value in flow.__dict__.items():
            if name == CONTEXT or isinstance(value, FUNCTIONS) or cached_property(type(flow), name) is not None:
                continue
            before = self.loaded.get(name)
            if before is not None and before[1] is value and (codec.frozen(value) or self._same(before[0], value)):
                continue
            try:
                entry = self._encoded(name, value)
            except Misuse as error:
                if not failed:
                    raise
                sys.stderr.write(f"{error}\n")
                continue
            if before is None or before[0] != entry or name in self.merged:
                own[name] = entry
        return own

    def _same(self, entry: bytes, value: Any) -> bool:
        """Whether a value is as it was stored; encodings are not stable, so a fresh load is encoded too."""
        now = codec.digest(value)
        return now == entry or now == codec.digest(codec.decode(entry, self.context.store))

    def _encoded(self, name: str, value: Any) -> bytes:
        try:
            return codec.encode(value, self.context.store)
        except codec.Unstorable as error:
            raise Misuse(f"step `{self.context.step}` sets `self.{name}`, which cannot be stored: {error}") from error

    def data_marks(self) -> dict[str, Any]:
        """The values that were read, with their digests; a node of a gang has read how many there are."""
        if "gang" in self.context.plan:
            frames = self.context.lineage.indexes(self.row)
            self.reads[f"count.{len(frames) - 1}"] = frames[-1][3]
        return {**self.reads, **(self.ranges.marks() if self.ranges is not None else {})}

    def read_marks(self) -> dict[str, Any]:
        """Everything that was read, with its digest: values, and the code of classes of the flow's own files."""
        return {**self.data_marks(), **self.context.definitions.marks()}


def _equal(label: Any, value: Any) -> bool:
    """Whether a value is a case; one that is compared part by part, such as an array, is none."""
    try:
        return bool(label == value)
    except ValueError:
        return False
