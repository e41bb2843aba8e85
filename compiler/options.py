"""What a user says about a flow where it is compiled, beside its source."""

from __future__ import annotations

from flowport.compiler.configs.sources import NO_SOURCES, ConfigSources
from flowport.compiler.decorators.mutations import Mutations
from flowport.compiler.decorators.spec import DecoratorSpec
from flowport.compiler.record import field, record


@record(eq=False)
class CompileOptions:
    """Decorators for the steps that lack them, where the values of configs come from, and what the flow's mutators changed.

    Mutators are an error where `mutations` is None. Otherwise the `decorators` are among the `mutations`. Without `reads_locks` nobody
    looks at lock files, as before they are written.
    """

    decorators: tuple[DecoratorSpec, ...] = ()
    configs: ConfigSources = field(default=NO_SOURCES)
    mutations: Mutations | None = None
    reads_locks: bool = True

    @property
    def origins(self) -> frozenset[str]:
        """How messages call what comes from outside of the source."""
        return frozenset([*(spec.origin for spec in self.decorators), *(self.mutations.origins if self.mutations is not None else ())])


NO_OPTIONS = CompileOptions()
