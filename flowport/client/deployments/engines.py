"""The engines under the names that `Deployer` has for them, and their errors as the client raises them."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from flowport.compiler.changes import DeployError
from flowport.compiler.diagnostics.diagnostic import CompileError
from flowport.runtime.store.errors import StoreError
from flowport.workspace.errors import WorkspaceError

ENGINES: Mapping[str, str] = {"argo_workflows": "argo", "step_functions": "stepfunctions", "airflow": "airflow"}
"""The targets behind the methods of `Deployer`, which are the values of `impl`."""

DEFAULT = "argo_workflows"
"""The engine of `DeployedFlow.from_deployment`, as in Metaflow."""


def target_of(impl: str) -> str:
    """The target of an engine; raises ValueError for an unknown one."""
    try:
        return ENGINES[impl.replace("-", "_")]
    except KeyError:
        raise ValueError(f"there is no deployer `{impl}`: the deployers are {', '.join(f'`{name}`' for name in ENGINES)}") from None


def profile() -> str | None:
    """The profile of flowport.toml that holds where none is named."""
    return os.environ.get("FLOWPORT_PROFILE")


@contextmanager
def refusals(what: str) -> Iterator[None]:
    """Raises RuntimeError with the reason where something is not possible; `what` begins the sentence."""
    try:
        yield
    except CompileError as error:
        raise RuntimeError(f"{what}:\n{error}") from None
    except (DeployError, WorkspaceError, StoreError) as error:
        raise RuntimeError(f"{what}: {error}") from None
