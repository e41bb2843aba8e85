"""What the mutators of a flow changed, and what to say of mutators that did not run.

Mutators are code of the user's that changes a flow while it is compiled. The compiler runs no such code: the caller runs it in a process
of its own and gives what it changed as `Mutations`.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Mapping

from flowport.compiler.decorators.attach import Attached, attached, lacking
from flowport.compiler.decorators.registry import STEP_DECORATORS
from flowport.compiler.decorators.spec import DecoratorSpec
from flowport.compiler.decorators.use import DecoratorUse
from flowport.compiler.decorators.user_defined import kind
from flowport.compiler.evaluate.reading import Reading
from flowport.compiler.python.source import Source
from flowport.compiler.record import field, record
from flowport.runtime.store import digests as sha256


@record(eq=False)
class DecoratorChanges:
    """What changed in the decorators of a step or of the flow. With `unwrapped` the step has lost its own user step decorators."""

    removed: tuple[str, ...] = ()
    added: tuple[DecoratorSpec, ...] = ()
    unwrapped: bool = False


@record(eq=False)
class AddedParameter:
    """A parameter as a call in source text, the attribute that it is, and how messages call where it comes from."""

    attribute: str
    call: str
    origin: str


@record(eq=False)
class Mutations:
    """The changes of a flow, the decorators of the command line included."""

    steps: Mapping[str, DecoratorChanges] = field(default_factory=dict)
    flow: DecoratorChanges = field(default_factory=DecoratorChanges)
    parameters: tuple[AddedParameter, ...] = ()
    removed_parameters: tuple[str, ...] = ()

    @property
    def origins(self) -> tuple[str, ...]:
        """How messages call what the changes come from."""
        specs = [spec for changes in (*self.steps.values(), self.flow) for spec in changes.added]
        return (*(spec.origin for spec in specs), *(one.origin for one in self.parameters))


@record(eq=False)
class StepDecorators:
    """The decorators of a step after all changes."""

    own: tuple[DecoratorUse, ...]
    attached: tuple[Attached, ...] = ()
    unwrapped: bool = False
    removed: tuple[str, ...] = ()

    def digest(self, own: str, definitions: Mapping[str, Mapping[str, str]]) -> str:
        """The digest of the step, as far as the changes change what it computes; `own` is that of its source.

        `definitions` are the digests of what the flow's files define.
        """
        texts = [f"-{name}" for name in self.removed if name not in STEP_DECORATORS or STEP_DECORATORS[name].changes_results]
        texts += ["unwrapped"] if self.unwrapped else []
        for one in self.attached:
            if one.changes_results:
                what = definitions[one.definition.source.place][one.definition.name] if one.definition else one.use.name
                texts.append(f"{one.use.source.text} {what}")
        return sha256.of("\n".join([own, *texts]).encode(errors="surrogatepass")) if texts else own


class Further:
    """Decorators from outside of the source: those of the command line, or those that mutators leave."""

    def __init__(self, reading: Reading, start: Source, specs: Iterable[DecoratorSpec], mutations: Mutations | None) -> None:
        self.reading, self.mutations = reading, mutations
        self.common = attached(reading, start, specs) if mutations is None else ()
        changes = mutations.steps if mutations is not None else {}
        self.of = {name: attached(reading, start, one.added, several=True) for name, one in changes.items()}
        self.of_flow = attached(reading, start, mutations.flow.added, several=True) if mutations is not None else ()

    def of_step(self, name: str, own: tuple[DecoratorUse, ...]) -> StepDecorators:
        """The decorators of a step that has its `own` in the source."""
        if self.mutations is None:
            return StepDecorators(own, lacking(self.reading, own, self.common))
        changes = self.mutations.steps.get(name, DecoratorChanges())
        kept = tuple(use for use in own if use.name not in changes.removed)
        return StepDecorators(kept, self.of.get(name, ()), changes.unwrapped, changes.removed)

    def of_class(self, own: tuple[DecoratorUse, ...], is_flow: bool) -> tuple[DecoratorUse, ...]:
        """The decorators of the flow's class, or of one that it inherits from."""
        removed = self.mutations.flow.removed if self.mutations is not None else ()
        kept = [use for use in own if use.name not in removed]
        return (*kept, *(one.use for one in self.of_flow if is_flow))

    @property
    def sources(self) -> list[Source]:
        """The files that define such decorators."""
        every = [*self.common, *(one for found in self.of.values() for one in found)]
        return [one.definition.source for one in every if one.definition is not None]


def say_mutators(reading: Reading, uses: Iterable[DecoratorUse], place: str) -> None:
    """Report mutators that do not run."""
    for use in uses:
        if use.name:
            continue
        named = use.node.func if isinstance(use.node, ast.Call) else use.node
        found = kind(reading.modules, reading.modules.resolve(use.source, named))
        if found in ("flow mutator", "step mutator"):
            reading.say(
                "FP128",
                f"`@{use.source.segment(named)}` on {place} is a {found}, which changes the flow while it is compiled",
                use.source,
                use.node,
                "add `--run-mutators`: it imports the flow's file in a process of its own and runs its mutators",
                "or write the decorators that it adds above the steps",
                notes=("flowport reads the source of a flow and runs none of it, unless you say so",),
            )
