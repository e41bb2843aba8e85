"""The names that a flow imports.

They live in `flowport.runtime.flow` and are fetched when first asked for, so that `import flowport` alone costs nothing.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from flowport.runtime.flow import FlowSpec as FlowSpec
    from flowport.runtime.flow import IncludeFile as IncludeFile
    from flowport.runtime.flow import JSONType as JSONType
    from flowport.runtime.flow import Parameter as Parameter
    from flowport.runtime.flow import catch as catch
    from flowport.runtime.flow import current as current
    from flowport.runtime.flow import environment as environment
    from flowport.runtime.flow import flow as flow
    from flowport.runtime.flow import resources as resources
    from flowport.runtime.flow import retry as retry
    from flowport.runtime.flow import step as step
    from flowport.runtime.flow import timeout as timeout

__version__ = "0.1.0"
__all__ = (
    "FlowSpec",
    "IncludeFile",
    "JSONType",
    "Parameter",
    "catch",
    "current",
    "environment",
    "flow",
    "resources",
    "retry",
    "step",
    "timeout",
)


def __getattr__(name: str) -> object:
    if name.startswith("__") or name in ("cli", "compiler", "runtime", "targets"):
        raise AttributeError(f"module 'flowport' has no attribute {name!r}")
    from flowport.runtime import flow

    value: object = getattr(flow, name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return [*globals(), *__all__]
