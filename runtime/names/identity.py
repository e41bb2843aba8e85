"""Who runs a flow, by the names of `metaflow.util`, and with which version, by that of `metaflow.metaflow_version`."""

from __future__ import annotations

from flowport.runtime.names.current import username
from flowport.runtime.names.exceptions import MetaflowUnknownUser


def get_username() -> str | None:
    """The user's name from the environment; None for root and for nobody."""
    return username()


def resolve_identity() -> str:
    """The namespace of the user, `user:NAME`; raises MetaflowUnknownUser."""
    name = username()
    if name is None:
        raise MetaflowUnknownUser
    return f"user:{name}"


def get_version(public: bool = False) -> str:
    """The version of flowport, which is also `__version__` of the stand-in for `metaflow`."""
    from flowport import __version__

    return __version__
