"""What a flow means, in memory: each item carries its own copy of its artifacts from step to step, and a join takes what its split opened.

It calls the user's methods and knows nothing of plans, slices, manifests or routes.
"""

from __future__ import annotations

from copy import deepcopy
from typing import Any

from flowport.runtime.names.current import current
from properties.sample import Sample


class Conflict(Exception):
    """The inputs of a join differ in an artifact that was to be merged."""


class Scope:
    """A foreach with its index, number and value, or a loop with its turn."""

    def __init__(self, header: str | None, number: int, count: int = 0, value: Any = None) -> None:
        self.header, self.number, self.count, self.value = header, number, count, value

    def __str__(self) -> str:
        return str(self.number) if self.header is None else f"t{self.number}"


class Held:
    """The `self` of a step, or an input of a join."""

    def __init__(self, artifacts: dict[str, Any], scopes: tuple[Scope, ...]) -> None:
        self.__dict__.update(artifacts)
        self.__dict__["_scopes"] = [scope for scope in scopes if scope.header is None]

    def artifacts(self) -> dict[str, Any]:
        return {name: value for name, value in self.__dict__.items() if not name.startswith("_")}

    @property
    def index(self) -> int | None:
        return self._scopes[-1].number if self._scopes else None

    @property
    def input(self) -> Any:
        return self._scopes[-1].value if self._scopes else None

    def foreach_stack(self) -> list[tuple[int, int, Any]]:
        return [(scope.number, scope.count, scope.value) for scope in self._scopes]

    def merge_artifacts(self, inputs: list[Held], exclude: list[str]) -> None:
        found: dict[str, Any] = {}
        for each in inputs:
            for name, value in each.artifacts().items():
                if name not in exclude and name not in self.__dict__ and found.setdefault(name, value) != value:
                    raise Conflict(name)
        self.__dict__.update(deepcopy(found))

    def next(self, *targets: Any, foreach: str | None = None, condition: str | None = None, batch: int = 1, workers: int = 1) -> None:
        self.__dict__["_next"] = (targets, foreach, condition)

    def __getattr__(self, name: str) -> Any:
        # A step that names another one, in `self.next(self.other)`.
        if name in self.__dict__.get("_steps", ()):
            return name
        raise AttributeError(name)


class Reference:
    """One run: afterwards `items` has every (step, address), `edges` every (step, target, address) taken, `end` the last artifacts."""

    def __init__(self, kind: type, sample: Sample) -> None:
        self.kind, self.sample = kind, sample
        self.joining = set(sample.joins.values())
        self.steps = {name for name, value in vars(kind).items() if getattr(value, "is_step", False)}
        self.items: list[tuple[str, str]] = []
        self.edges: set[tuple[str, str, str]] = set()
        _, end = self.travel("start", {}, ())
        self.end = end.artifacts()

    def travel(self, name: str, artifacts: dict[str, Any], scopes: tuple[Scope, ...]) -> tuple[str | None, Held]:
        """From a step to the join of what is open around it, or to the end."""
        inputs: list[Held] | None = None
        while True:
            scopes = self.entering(name, scopes)
            held = self.execute(name, artifacts, scopes, inputs)
            artifacts = deepcopy(held.artifacts())
            if "_next" not in held.__dict__:
                return None, held
            targets, foreach, condition = held.__dict__["_next"]
            if condition is not None:
                targets = (targets[0][artifacts[condition]],)
            opened = self.opened(targets, foreach, artifacts, scopes)
            self.edges |= {(name, target, self.address(scopes)) for target in targets}
            if opened is None and targets[0] in self.joining:
                return targets[0], held
            inputs = opened and [input for _, input in opened] if opened is not None else None
            name = self.sample.joins[name] if opened is not None else targets[0]
            if opened is not None:
                assert {join for join, _ in opened} <= {name}
                artifacts = {}

    def opened(
        self, targets: tuple[str, ...], foreach: str | None, artifacts: dict[str, Any], scopes: tuple[Scope, ...]
    ) -> list[tuple[str | None, Held]] | None:
        """What comes out of a branch or a foreach; None when the step is neither."""
        if foreach is not None:
            values = artifacts[foreach]
            inner = [(*scopes, Scope(None, number, len(values), value)) for number, value in enumerate(values)]
            return [self.travel(targets[0], deepcopy(artifacts), each) for each in inner]
        if len(targets) > 1:
            return [self.travel(target, deepcopy(artifacts), scopes) for target in targets]
        return None

    def entering(self, name: str, scopes: tuple[Scope, ...]) -> tuple[Scope, ...]:
        """The scopes around a step, coming from a step with `scopes`."""
        while scopes and scopes[-1].header is not None and name not in self.sample.loops[scopes[-1].header]:
            scopes = scopes[:-1]
        if name not in self.sample.loops:
            return scopes
        if scopes and scopes[-1].header == name:
            return (*scopes[:-1], Scope(name, scopes[-1].number + 1))
        return (*scopes, Scope(name, 0))

    def execute(self, name: str, artifacts: dict[str, Any], scopes: tuple[Scope, ...], inputs: list[Held] | None) -> Held:
        held = Held(artifacts, scopes)
        held.__dict__["_steps"] = self.steps
        address = self.address(scopes)
        current._address = lambda: address
        self.items.append((name, address))
        body = getattr(self.kind, name)
        body(held) if inputs is None else body(held, inputs)
        return held

    def address(self, scopes: tuple[Scope, ...]) -> str:
        return ".".join(["r", *map(str, scopes)])
