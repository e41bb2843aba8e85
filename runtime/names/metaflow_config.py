"""The constants of `metaflow.metaflow_config`, from the environment and from the store of the running flow.

    METAFLOW_DATATOOLS_S3ROOT=s3://a/b      DATATOOLS_S3ROOT is "s3://a/b"
    a run in s3://bucket/store              DATASTORE_SYSROOT_S3 is "s3://bucket/store", DATATOOLS_S3ROOT is "s3://bucket/store/data"

    a run in /home/you/store                DATATOOLS_S3ROOT is "/home/you/store/data", which `S3(s3root=...)` takes as well

What neither gives has Metaflow's default. Outside of a task the store is the one that FLOWPORT_STORE names.
"""

from __future__ import annotations

import json
import os

from flowport.runtime.protocol import variable

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Any

DEFAULTS: Mapping[str, Any] = {
    "AIRFLOW_KUBERNETES_CONN_ID": None,
    "ARGO_EVENTS_EVENT": None,
    "ARGO_EVENTS_EVENT_BUS": "default",
    "ARGO_EVENTS_EVENT_SOURCE": None,
    "ARGO_EVENTS_SERVICE_ACCOUNT": None,
    "ARGO_EVENTS_WEBHOOK_AUTH": "none",
    "ARGO_EVENTS_WEBHOOK_URL": None,
    "ARGO_WORKFLOWS_UI_URL": None,
    "AWS_SECRETS_MANAGER_DEFAULT_REGION": None,
    "AZURE_STORAGE_BLOB_SERVICE_ENDPOINT": None,
    "BATCH_CONTAINER_IMAGE": None,
    "BATCH_JOB_QUEUE": None,
    "CARD_SUFFIX": "mf.cards",
    "CLIENT_CACHE_PATH": "/tmp/metaflow_client",
    "CONTACT_INFO": {},
    "DATASTORE_LOCAL_DIR": ".flowport",
    "DATATOOLS_CLIENT_PARAMS": {},
    "DATATOOLS_SESSION_VARS": {},
    "DATATOOLS_SUFFIX": "data",
    "DEFAULT_CONTAINER_IMAGE": None,
    "DEFAULT_CONTAINER_REGISTRY": None,
    "DEFAULT_ENVIRONMENT": "local",
    "DEFAULT_METADATA": "local",
    "DEFAULT_SECRETS_BACKEND_TYPE": None,
    "ECS_FARGATE_EXECUTION_ROLE": None,
    "ECS_S3_ACCESS_IAM_ROLE": None,
    "KUBERNETES_CONTAINER_IMAGE": None,
    "KUBERNETES_NAMESPACE": "default",
    "KUBERNETES_SERVICE_ACCOUNT": None,
    "MAX_ATTEMPTS": 6,
    "S3_ENDPOINT_URL": None,
    "S3_RETRY_COUNT": 7,
    "S3_SERVER_SIDE_ENCRYPTION": None,
    "S3_VERIFY_CERTIFICATE": None,
    "S3_WORKER_COUNT": 64,
    "SERVICE_AUTH_KEY": None,
    "SERVICE_HEADERS": {},
    "SERVICE_INTERNAL_URL": None,
    "SERVICE_RETRY_COUNT": 5,
    "SERVICE_URL": None,
    "SFN_IAM_ROLE": None,
    "SFN_STATE_MACHINE_PREFIX": None,
    "TEMPDIR": ".",
    "UI_URL": None,
    "USER": None,
}
"""The constants that do not depend on the store, with Metaflow's defaults; without a default they are None."""

SCHEMES: Mapping[str, str] = {"s3": "S3", "gs": "GS", "gcs": "GS", "az": "AZURE", "azure": "AZURE", "abfs": "AZURE"}


def _sysroot(name: str) -> Callable[[], str | None]:
    return lambda: _address() if _kind() == name else None


def _below(name: str, folder: Callable[[], str]) -> Callable[[], str | None]:
    """A folder of the store, where the store is one of this kind."""

    def root() -> str | None:
        sysroot = from_conf(f"DATASTORE_SYSROOT_{name}") or _sysroot(name)()
        return f"{sysroot.rstrip('/')}/{folder()}" if sysroot else None

    return root


def _suffix(name: str) -> Callable[[], str]:
    return lambda: str(from_conf(name, DEFAULTS[name]))


_S3_TOOLS = _below("S3", _suffix("DATATOOLS_SUFFIX"))
_LOCAL_TOOLS = _below("LOCAL", _suffix("DATATOOLS_SUFFIX"))

COMPUTED: Mapping[str, Callable[[], str | None]] = {
    "ARTIFACT_LOCALROOT": os.getcwd,
    "DEFAULT_DATASTORE": lambda: _kind().lower(),
    **{f"DATASTORE_SYSROOT_{name}": _sysroot(name) for name in ("LOCAL", "S3", "GS", "AZURE")},
    **{f"DATATOOLS_{name}ROOT": _below(name, _suffix("DATATOOLS_SUFFIX")) for name in ("LOCAL", "GS", "AZURE")},
    "DATATOOLS_S3ROOT": lambda: _S3_TOOLS() or _LOCAL_TOOLS(),
    **{f"CARD_{name}ROOT": _below(name, _suffix("CARD_SUFFIX")) for name in ("S3", "GS", "AZURE")},
    "CARD_LOCALROOT": lambda: None,
}
"""The constants that follow from the store."""

CONSTANTS = (*DEFAULTS, *COMPUTED)


def _address() -> str:
    return os.environ.get(variable("store"), "")


def _kind() -> str:
    scheme, colon, _ = _address().partition("://")
    return SCHEMES.get(scheme, "LOCAL") if colon else "LOCAL"


def from_conf(name: str, default: Any = None) -> Any:
    """The value of `METAFLOW_<name>`: JSON where the default is a list or a dict, else text; the default where it is not set.

    Raises ValueError for a text that should be JSON.
    """
    value = os.environ.get(f"METAFLOW_{name}")
    if value is None or not isinstance(default, (list, dict)):
        return default if value is None else value
    try:
        found = json.loads(value)
    except ValueError:
        found = None
    if type(found) is not type(default):
        raise ValueError(f"METAFLOW_{name} is JSON, {'an object' if isinstance(default, dict) else 'a list'}, not `{value}`")
    return found


def init_config() -> dict[str, str]:
    """Every variable `METAFLOW_...` of the environment."""
    return {name: value for name, value in os.environ.items() if name.startswith("METAFLOW_")}


def __getattr__(name: str) -> Any:
    if name in COMPUTED:
        return from_conf(name) or COMPUTED[name]()
    if name in DEFAULTS:
        return from_conf(name, DEFAULTS[name])
    raise AttributeError(f"module 'metaflow.metaflow_config' has no attribute {name!r}")
