"""What a user says about a flow where it is compiled, beside its source."""

from __future__ import annotations

from flowport.compiler.configs.sources import NO_SOURCES, ConfigSources
from flowport.compiler.decorators.spec import DecoratorSpec
from flowport.compiler.record import field, record


@record(eq=False)
class CompileOptions:
    """Decorators for the steps that lack them, and where the values of configs come from."""

    decorators: tuple[DecoratorSpec, ...] = ()
    configs: ConfigSources = field(default=NO_SOURCES)


NO_OPTIONS = CompileOptions()
