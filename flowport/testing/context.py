"""What a step reads in a test: the artifacts, inputs and parameters that the test gives."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, TypeAlias

from flowport.runtime.joins.input_ranges import InputRange, InputRanges
from flowport.runtime.protocol import Invocation, NonRetryable
from flowport.runtime.records.run_record import RunRecord
from flowport.runtime.records.validation import OPTIONAL
from flowport.runtime.replay.artifact_view import ArtifactView
from flowport.runtime.replay.lineage import Lineage
from flowport.runtime.run.initial_values import initial_values
from flowport.runtime.store import packs
from flowport.runtime.store.codec import Unstorable, encode
from flowport.runtime.task.context import ItemContext
from flowport.testing.places import Place
from flowport.testing.program import ImportedProgram

if TYPE_CHECKING:
    from flowport.runtime.store.interface import Store

Artifacts: TypeAlias = Mapping[str, Any]
Inputs: TypeAlias = Artifacts | Iterable[Artifacts] | Mapping[str, Artifacts]
"""The artifacts of a step by name; of a join a list of them, or a mapping by the steps that they come from."""

RUN = "test"
"""The id of the run that a step of a test belongs to."""


class GivenContext(ItemContext):
    """One item of a step, with what a test gives it; raises ValueError or TypeError for what the step cannot have."""

    def __init__(self, program: ImportedProgram, place: Place, given: Inputs, parameters: Mapping[str, Any]) -> None:
        flow, store, step = program.flow["flow"], place.store, place.step
        super().__init__(Invocation(flow, RUN, step, place.slice, store.url, "", width=1, total=1, engine="test"), program, store)
        self.record = RunRecord(store, _record(program, store, parameters))
        self.lineage, self.row = place.lineage(), place.row
        self._place = place
        self.arrived = [[place.row, place.row + 1]]
        self._inputs = self._given_inputs(given) if self.joins else []
        artifacts = {} if self.joins else self._artifacts("`inputs`", given)
        self.classes = _classes(store, artifacts, place.row)
        self.artifacts = ArtifactView(self.columns, self.lineage, step, {}, self.classes)

    def inputs(self, row: int) -> InputRanges | None:
        return InputRanges(self._inputs) if self.joins else None

    def _given_inputs(self, given: Inputs) -> list[InputRange]:
        if self.site["foreach"]:
            (sources,) = self.site["from"]
            if isinstance(given, (Mapping, str)) or not isinstance(given, Iterable):
                raise TypeError(f"`{self.step}` joins a foreach: `inputs` is a list with the artifacts of each item")
            given = list(given)
            lineage = self._place.below(self.site["origin"], len(given)).lineage()
            return [self._input(lineage, sources[0][1], number, one) for number, one in enumerate(given)]
        named = self._by_step(given)
        return [self._input(self.lineage, step, self.row, one) for step, one in named.items()]

    def _by_step(self, given: Inputs) -> dict[str, Artifacts]:
        """The artifacts of each branch, in the order of the branches."""
        branches = [[name for _, name in sources] for sources in self.site["from"]]
        listed = ", ".join(" or ".join(f"`{name}`" for name in names) for names in branches)
        if not isinstance(given, Mapping):
            if not isinstance(given, Iterable):
                raise TypeError(f"`{self.step}` joins branches: `inputs` is a list or a mapping with the artifacts of each branch")
            given = list(given)
            if len(given) != len(branches):
                raise ValueError(f"`{self.step}` joins {len(branches)} branches, and `inputs` has {len(given)}: they end with {listed}")
            return {names[0]: one for names, one in zip(branches, given, strict=True)}
        found = {}
        for names in branches:
            ends = [name for name in names if name in given]
            if len(ends) != 1:
                end = " or ".join(f"`{name}`" for name in names)
                raise ValueError(f"`inputs` has {len(ends)} inputs of the branch that ends with {end}")
            found[ends[0]] = given[ends[0]]
        if unknown := [name for name in given if name not in found]:
            raise ValueError(f"`{self.step}` joins {listed}, and no step `{unknown[0]}`")
        return found

    def _input(self, lineage: Lineage, step: str, row: int, given: Artifacts) -> InputRange:
        own = packs.of_row(self.store, self._artifacts(f"the input of step `{step}`", given), row)
        return InputRange(ArtifactView(self.columns, lineage, step, own, []), row, 1)

    def _artifacts(self, what: str, given: Any) -> dict[str, bytes]:
        """The entries of artifacts: they are stored as an earlier step would have stored them."""
        found = {}
        for name, value in by_name(f"{what} of `{self.step}`", given).items():
            if self.record.has_parameter(name) or name in self.program.configs:
                kind = "configs" if name in self.program.configs else "parameters"
                raise ValueError(f"`{name}` is no artifact: give it in `{kind}`")
            try:
                found[name] = encode(value, self.store)
            except Unstorable as error:
                raise TypeError(f"`{name}` cannot be stored, so no step can get it: {error}") from error
        return found


def by_name(what: str, given: Any) -> Mapping[str, Any]:
    """Values by name; raises TypeError if they are given in another form."""
    if not isinstance(given, Mapping):
        raise TypeError(f"{what} is a dictionary with values by name, not of type `{type(given).__name__}`")
    if wrong := [name for name in given if not isinstance(name, str)]:
        raise TypeError(f"{what} has the name `{wrong[0]!r}`, which is not a string")
    return given


def _classes(store: Store, artifacts: dict[str, bytes], row: int) -> list[dict[str, Any]]:
    """What the item of a row inherits."""
    names = {name: [[column, 0]] for name, column in packs.of_row(store, artifacts, row).items()}
    return [{"items": [[row, row + 1]], "names": names}]


def _record(program: ImportedProgram, store: Store, parameters: Mapping[str, Any]) -> dict[str, Any]:
    """The document of the run that the step belongs to."""
    specs = program.flow["parameters"]
    names = {spelled: spec["name"] for spec in specs for spelled in (spec["attribute"], spec["name"].replace("-", "_"), spec["name"])}
    try:
        values = initial_values(store, program, {names.get(name, name): value for name, value in parameters.items()}, {}, form=False)
    except NonRetryable as error:
        raise ValueError(str(error)) from None
    return {**OPTIONAL, "parameters": values, "origin": None, "tags": [], "system_tags": [], "started": round(time.time(), 3)}
