"""The libraries of the services: imported only where a secret is fetched, and no dependency of flowport."""

from __future__ import annotations

from importlib import import_module

from flowport.runtime.secrets.errors import SecretError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


def library(module: str, service: str, packages: str) -> Any:
    """A module; raises SecretError, with what to install, if it is not there."""
    try:
        return import_module(module)
    except ModuleNotFoundError as error:
        if error.name and not f"{module}.".startswith(f"{error.name}."):
            raise
        raise SecretError(f"secrets of {service} need another library where the step runs: pip install {packages}") from None
