"""The names that a flow imports.

They live in `flowport.runtime.flow` and are fetched when first asked for, so that `import flowport` alone costs nothing.
"""

from __future__ import annotations

import os

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from flowport.runtime.flow import FlowSpec as FlowSpec
    from flowport.runtime.flow import IncludeFile as IncludeFile
    from flowport.runtime.flow import JSONType as JSONType
    from flowport.runtime.flow import Parameter as Parameter
    from flowport.runtime.flow import catch as catch
    from flowport.runtime.flow import current as current
    from flowport.runtime.flow import environment as environment
    from flowport.runtime.flow import flow as flow
    from flowport.runtime.flow import kubernetes as kubernetes
    from flowport.runtime.flow import resources as resources
    from flowport.runtime.flow import retry as retry
    from flowport.runtime.flow import schedule as schedule
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
    "kubernetes",
    "flow",
    "resources",
    "retry",
    "schedule",
    "step",
    "timeout",
)


# A checkout keeps the other packages beside this one, and whoever starts Python in its root finds this folder first.
_links = os.path.join(os.path.dirname(os.path.dirname(__file__)), "dev", "flowport")
if os.path.isdir(_links):
    __path__.append(_links)


def __getattr__(name: str) -> Any:
    if name.startswith("__") or name in ("cli", "compiler", "project", "runtime", "targets"):
        raise AttributeError(f"module 'flowport' has no attribute {name!r}")
    from flowport.runtime import flow

    globals()[name] = value = getattr(flow, name)
    return value


def __dir__() -> list[str]:
    return [*globals(), *__all__]
