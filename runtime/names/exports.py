"""The names that a flow can import, and the module of flowport that defines each.

    from flowport import Parameter                     MODULES[""]["Parameter"]
    from metaflow.cards import Markdown                MODULES["cards"]["Markdown"]

The compiler accepts the imports that stand here. The stand-in for `metaflow` answers them, and loads what defines a name when it is first
used. The tables of docs/metaflow.md are made of this one.
"""

from __future__ import annotations

import os
import sys
from types import ModuleType

from flowport.runtime.names.metaflow_config import CONSTANTS
from flowport.runtime.protocol import FROM_EXTENSIONS, UNUSED

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

ARGO_EVENT = "runtime.names.argo_event"
FLOW = "runtime.names.flow"
CURRENT = "runtime.names.current"
GET_SECRET = "runtime.secrets.get"
CHECKPOINT = "runtime.checkpoints.checkpoint"
LOADING = "runtime.checkpoints.loading"
CAUGHT_ERROR = "runtime.names.caught_error"
CARDS = "runtime.cards.public"
EXCEPTIONS = "runtime.names.exceptions"
METAFLOW_CONFIG = "runtime.names.metaflow_config"
METAFLOW_UTIL = "runtime.names.metaflow_util"
PARALLEL = "runtime.names.parallel"
LAUNCHERS = "runtime.launchers."
SERVING = "runtime.serving."
PROFILE = "runtime.names.profile"
S3 = "runtime.datatools.s3"
S3_OBJECTS = "runtime.datatools.objects"
S3_EXCEPTIONS = "runtime.datatools.exceptions"
MUTATORS = "runtime.names.mutators"
MUTABLE = "runtime.names.mutable.flow"
STEP_DECORATORS = "runtime.names.step_decorators"
CONFIG = "runtime.names.config"

_CLIENT = {
    **dict.fromkeys(("Flow", "Metaflow"), "client.flow"),
    "Run": "client.run",
    "Step": "client.step",
    "Task": "client.task",
    "DataArtifact": "client.artifact",
    **dict.fromkeys(("default_metadata", "default_namespace", "get_metadata", "get_namespace", "metadata", "namespace"), "client.place"),
}
_CLIENT_CORE = {**_CLIENT, "MetaflowData": "client.artifact", "MetaflowCode": "client.code", "MetaflowObject": "client.objects"}
_RUNNERS = {
    "Runner": "client.runner",
    "Deployer": "client.deployments.deployer",
    "DeployedFlow": "client.deployments.deployed_flow",
    **dict.fromkeys(("NBRunner", "NBDeployer"), "client.notebook"),
}
_GET_CARDS = {"get_cards": "client.cards"}

_FLOW_NAMES = ("FlowSpec", "step", "flow", "Parameter", "IncludeFile", "JSONType")
_DECORATORS = (
    "retry", "catch", "timeout", "resources", "environment", "secrets", "kubernetes", "batch", "pypi", "conda",
    "schedule", "trigger", "trigger_on_finish", "limits", "project", "pypi_base", "conda_base", "pip", "checkpoint", "model",
    "huggingface_hub", "parallel",
    "pytorch_parallel", "torchrun", "metaflow_ray", "deepspeed", "mpi", "tensorflow", "tensorflow_parallel", "ollama", "vllm", "nim",
    "tensorboard", "card", "exit_hook",
)  # fmt: skip
WITHOUT_EFFECT = (
    "airflow_external_task_sensor", "airflow_s3_key_sensor", "datadog", "gpu_profile", "huggingface_card",
)  # fmt: skip
"""Metaflow's decorators that change nothing of what a step computes; the compiler says which of them have no effect."""

_CONFIG_NAMES = ("Config", "ConfigValue", "config_expr")
_MUTATORS = ("FlowMutator", "StepMutator")
_MUTABLE = ("MutableFlow", "MutableStep")
_CONFIG_PARSERS = ("yaml_parser",)
_USER_DECORATORS = ("USER_SKIP_STEP", "UserStepDecorator", "user_step_decorator")
_COMPONENTS = (
    "Artifact", "Error", "EventsTimeline", "Image", "JSONViewer", "Markdown", "MetaflowCardComponent", "PageComponent", "ProgressBar",
    "PythonCode", "Table", "ValueBox", "VegaChart", "YAMLViewer",
)  # fmt: skip
_USER_COMPONENTS = ("UserComponent", "with_default_component_id")
_CARD_CLASSES = ("BlankCard", "DefaultCard", "ErrorCard", "MetaflowCard")
_EXCEPTIONS = (
    "CommandException", "ExternalCommandFailed", "InvalidDecoratorAttribute", "MetaflowDataMissing", "MetaflowException",
    "MetaflowInternalError", "MetaflowInvalidPathspec", "MetaflowNamespaceMismatch", "MetaflowNotFound",
    "MetaflowTaggingError", "MetaflowUnknownUser", "MissingInMergeArtifactsException", "ParameterFieldFailed",
    "ParameterFieldTypeMismatch", "UnhandledInMergeArtifactsException",
)  # fmt: skip
_S3_OBJECTS = ("RangeInfo", "S3GetObject", "S3Object", "S3PutObject")
_S3_EXCEPTIONS = (
    "MetaflowS3AccessDenied", "MetaflowS3Exception", "MetaflowS3InsufficientDiskSpace", "MetaflowS3InvalidObject", "MetaflowS3InvalidRange",
    "MetaflowS3NotFound", "MetaflowS3URLException",
)  # fmt: skip


def _all(names: tuple[str, ...], where: str) -> dict[str, str]:
    return dict.fromkeys(names, where)


_DATATOOLS = {"S3": S3, **_all(_S3_OBJECTS, S3_OBJECTS), **_all(_S3_EXCEPTIONS, S3_EXCEPTIONS)}

MODULES: Mapping[str, Mapping[str, str]] = {
    "": {
        **_all((*_FLOW_NAMES, *_DECORATORS, *WITHOUT_EFFECT), FLOW),
        **_all(_USER_DECORATORS, STEP_DECORATORS),
        **_all(_MUTATORS, MUTATORS),
        **_all(_MUTABLE, MUTABLE),
        **_all(("profile",), PROFILE),
        "S3": S3,
        **_all((*_CONFIG_NAMES, *_CONFIG_PARSERS), CONFIG),
        **_all(("parallel_map", "parallel_imap_unordered"), PARALLEL),
        "TorchrunSingleNodeMultiGPU": LAUNCHERS + "torchrun",
        "current": CURRENT,
        "CaughtError": CAUGHT_ERROR,
        "Checkpoint": CHECKPOINT,
        "load_model": LOADING,
        "__version__": "",
        **_CLIENT,
        **_GET_CARDS,
        **_RUNNERS,
    },
    "cards": {**_all((*_COMPONENTS, *_CARD_CLASSES), CARDS), **_GET_CARDS},
    "client": _CLIENT,
    "client.core": _CLIENT_CORE,
    "datatools": {"S3": S3, "MetaflowS3Exception": S3_EXCEPTIONS},
    "datatools.s3": _DATATOOLS,
    "exception": {**_all(_EXCEPTIONS, EXCEPTIONS), "MetaflowExceptionWrapper": CAUGHT_ERROR},
    "flowspec": {**_all(("FlowSpec", "INTERNAL_ARTIFACTS_SET"), FLOW)},
    "includefile": {"IncludeFile": FLOW},
    "integrations": {"ArgoEvent": ARGO_EVENT},
    "metaflow_config": {**_all((*CONSTANTS, "from_conf"), METAFLOW_CONFIG)},
    "metaflow_config_funcs": {**_all(("from_conf", "init_config"), METAFLOW_CONFIG)},
    "metaflow_current": {"current": CURRENT, "Parallel": CURRENT},
    "metaflow_profile": {"profile": PROFILE},
    "metaflow_version": {"get_version": METAFLOW_UTIL},
    "multicore_utils": {**_all(("parallel_map", "parallel_imap_unordered", "MulticoreException"), PARALLEL)},
    "parameters": {**_all(("Parameter", "JSONType"), FLOW), "ParameterContext": "runtime.names.parameter_context"},
    "plugins.argo.argo_events": {**_all(("ArgoEvent", "ArgoEventException"), ARGO_EVENT)},
    "plugins.cards.card_client": {**_GET_CARDS, "CardContainer": "client.cards"},
    "plugins.cards.card_modules.basic": {**_all((*_COMPONENTS, *_CARD_CLASSES), CARDS)},
    "plugins.cards.card_modules.card": {**_all(("MetaflowCard", "MetaflowCardComponent"), CARDS)},
    "plugins.cards.card_modules.components": {**_all((*_COMPONENTS, *_USER_COMPONENTS), CARDS)},
    "plugins.cards.exception": {**_all(("CardNotPresentException", "ComponentOverwriteNotSupportedException"), EXCEPTIONS)},
    "plugins.catch_decorator": {"FailureHandledByCatch": EXCEPTIONS},
    "plugins.datatools": {"S3": S3, "MetaflowS3Exception": S3_EXCEPTIONS},
    "plugins.datatools.s3": _DATATOOLS,
    "plugins.datatools.s3.s3": _DATATOOLS,
    "plugins.deepspeed_libs.executor": {"DeepspeedExecutor": LAUNCHERS + "deepspeed"},
    "plugins.deepspeed_libs.exceptions": {"DeepspeedException": LAUNCHERS + "command"},
    "plugins.ollama": {"OllamaManager": SERVING + "ollama"},
    "plugins.ollama.ollama": {"OllamaManager": SERVING + "ollama"},
    "plugins.torchrun_libs.exceptions": {"TorchrunException": LAUNCHERS + "command"},
    "plugins.parsers": {**_all(_CONFIG_PARSERS, CONFIG)},
    "plugins.secrets": {"get_secret": GET_SECRET},
    "plugins.secrets.secrets_func": {"get_secret": GET_SECRET},
    "plugins.timeout_decorator": {"TimeoutException": EXCEPTIONS},
    "profilers": {"gpu_profile": FLOW},
    "runner.deployer": {
        "Deployer": "client.deployments.deployer",
        "DeployedFlow": "client.deployments.deployed_flow",
        "TriggeredRun": "client.deployments.triggered_run",
    },
    "runner.metaflow_runner": {**dict.fromkeys(("Runner", "ExecutingProcess", "ExecutingRun", "ExecutingTask"), "client.runner")},
    "runner.nbdeploy": {**dict.fromkeys(("NBDeployer", "NBDeployerInitializationError"), "client.notebook")},
    "runner.nbrun": {**dict.fromkeys(("NBRunner", "NBRunnerInitializationError"), "client.notebook")},
    "user_configs.config_parameters": {**_all(_CONFIG_NAMES, CONFIG)},
    "user_decorators.mutable_flow": {"MutableFlow": MUTABLE},
    "user_decorators.mutable_step": {"MutableStep": MUTABLE},
    "user_decorators.user_flow_decorator": {"FlowMutator": MUTATORS},
    "user_decorators.user_step_decorator": {**_all(_USER_DECORATORS, STEP_DECORATORS), "StepMutator": MUTATORS},
    "util": {**_all(("get_username", "is_stringish", "resolve_identity", "to_bytes", "to_unicode"), METAFLOW_UTIL)},
}
"""For each module of Metaflow, "" for `metaflow` itself: its names, and the modules of flowport that define them."""

_VENDORED = ("click", "importlib_metadata", "packaging", "typeguard", "typing_extensions", "yaml", "zipp")
VENDORED: Mapping[str, str] = {**{f"_vendor.{name}": name for name in _VENDORED}, "plugins.cards.card_modules.chevron": "chevron"}
"""The packages that Metaflow has a copy of. A task imports those of its own environment in their place."""

PACKAGES = frozenset(path.rsplit(".", count)[0] for path in (*MODULES, *VENDORED) for count in range(path.count(".") + 1)) - {""}
"""Every module of Metaflow that can be imported, with the packages around those of `MODULES`."""

OWN_MODULES: Mapping[str, str] = {
    **{name: name for name in ("cards", "client", "integrations")},
    "datatools": "plugins.datatools.s3",
    "exceptions": "exception",
}
"""The modules of flowport that flows import from, and the entries of `MODULES` with their names."""

FLOWPORT_ONLY: Mapping[str, tuple[str, ...]] = {"staleness": ("Distribution", "Drift", "Signal", "Staleness", "assess", "drift", "psi")}
"""The modules that flows import from and that Metaflow does not have, with their names."""


def names_of(package: str, module: str) -> frozenset[str] | None:
    """What a module of `metaflow` or `flowport` has, "" for the package itself; None where there is no such module, or it is vendored."""
    if package == "flowport":
        if not module:
            return frozenset(MODULES[""]).union(OWN_MODULES, FLOWPORT_ONLY)
        names = MODULES[OWN_MODULES[module]] if module in OWN_MODULES else FLOWPORT_ONLY.get(module)
        return None if names is None else frozenset(names)
    if module and (module not in PACKAGES or module in VENDORED):
        return None
    prefix = f"{module}." if module else ""
    return frozenset(MODULES.get(module, ())) | {path[len(prefix) :].split(".")[0] for path in PACKAGES if path.startswith(prefix)}


def metaflow_name(kind: type) -> str:
    """The full name of a class, for those of `MODULES` in Metaflow: it defines a name in the innermost of the modules that have it."""
    paths = [path for path, names in MODULES.items() if kind.__name__ in names] if kind.__module__.startswith("flowport.") else []
    return f"metaflow.{max(paths, key=len)}.{kind.__name__}" if paths else f"{kind.__module__}.{kind.__name__}"


class UnusedName:
    """Stands for a name of Metaflow's that a flow imports and does not use: all that is done with it raises."""

    def __init__(self, name: str) -> None:
        self._name = name

    def __getattr__(self, name: str) -> Any:
        raise AttributeError(f"flowport does not have `{self._name}`")

    def __call__(self, *values: object, **named: object) -> Any:
        raise TypeError(f"flowport does not have `{self._name}`")


class Module(ModuleType):
    """A module of Metaflow, by its path below `metaflow`. Its names are loaded when they are first used."""

    def __init__(self, path: str) -> None:
        super().__init__(f"metaflow.{path}")
        self.__path__: list[str] = []
        self._path = path

    def __getattr__(self, name: str) -> Any:
        return load(name, self._path)

    def __dir__(self) -> list[str]:
        return [*MODULES.get(self._path, ())]


class Finder:
    """Finds the modules of Metaflow, those that a flow imports without using them, and those of extensions. It goes on `sys.meta_path`."""

    @staticmethod
    def find_spec(name: str, path: object = None, target: object = None) -> Any:
        package, _, module = name.partition(".")
        if package != "metaflow" or not module:
            return None
        vendored = _vendored(module)
        is_ours = not vendored and (module in PACKAGES or _is_unused_module(module))
        real = vendored or ("" if is_ours else _extension_module(module))
        if not is_ours and not real:
            return None
        from importlib.machinery import ModuleSpec

        loader: Any = Finder if is_ours else Alias(real)
        return ModuleSpec(name, loader, is_package=True)

    @staticmethod
    def create_module(spec: Any) -> ModuleType:
        return Module(spec.name.partition(".")[2])

    @staticmethod
    def exec_module(module: ModuleType) -> None:
        """There is nothing to execute."""


class Alias:
    """Loads a module of an extension of Metaflow under its name in `metaflow`."""

    def __init__(self, real: str) -> None:
        self._real = real

    @staticmethod
    def create_module(spec: Any) -> None:
        """Python makes a module, which `exec_module` replaces."""

    def exec_module(self, module: ModuleType) -> None:
        sys.modules[module.__name__] = _imported(module.__name__, self._real)


def load(name: str, module: str = "") -> Any:
    """What a module of Metaflow, "" for `metaflow` and `flowport`, has under a name; raises AttributeError.

    It raises ImportError for what the flow expects from an extension that is not installed.
    """
    from importlib import import_module

    offered = MODULES.get(module, {})
    if name in offered:
        return getattr(import_module(f"flowport.{offered[name]}".rstrip(".")), name)
    path = f"{module}.{name}" if module else name
    if name == "__all__" and offered:
        return [each for each in offered if not each.startswith("_")]
    if path in PACKAGES and "metaflow" in sys.modules:
        return import_module(f"metaflow.{path}")
    if path in unused():
        return UnusedName(name)
    if not name.startswith("_") and "metaflow" in sys.modules:
        return _from_extension(path)
    raise AttributeError(f"module '{f'metaflow.{module}' if module else 'flowport'}' has no attribute {name!r}")


def _vendored(module: str) -> str:
    """The module that stands for one of a package in `VENDORED`, or ""."""
    found = [real + module[len(path) :] for path, real in VENDORED.items() if f"{module}.".startswith(f"{path}.")]
    return found[0] if found else ""


def _from_extension(path: str) -> Any:
    """A module or a name of `metaflow` that an installed extension has; raises AttributeError."""
    from importlib import import_module

    from flowport.runtime.extensions.installed import extensions

    found = extensions()
    if path in found.names:
        owner, name = found.names[path]
        held = _imported(f"metaflow.{path}", owner)
        return getattr(held, name) if hasattr(held, name) else import_module(f"{owner}.{name}")
    if found.module(path) or f"{path}." in _expected():
        return import_module(f"metaflow.{path}")
    if path in _expected():
        raise ImportError(_say_not_installed(path))
    package, _, name = f"metaflow.{path}".rpartition(".")
    raise AttributeError(f"module '{package}' has no attribute {name!r}")


def _extension_module(module: str) -> str:
    """The full name of the module of an extension; "" if none is installed that has it."""
    from flowport.runtime.extensions.installed import extensions

    real = extensions().module(module)
    if not real and any(f"{module}.".startswith(path) for path in _expected() if path.endswith(".")):
        raise ModuleNotFoundError(_say_not_installed(module), name=f"metaflow.{module}")
    return real


def _imported(name: str, real: str) -> ModuleType:
    """A module of an extension; `name` is what it is called in `metaflow`."""
    from importlib import import_module

    try:
        return import_module(real)
    except ModuleNotFoundError as error:
        if not (error.name or "").startswith("metaflow."):
            raise
        raise ImportError(f"`{name}`, which is `{real}`, needs `{error.name}`, a part of Metaflow that flowport does not have") from error


def _say_not_installed(path: str) -> str:
    where = f"metaflow_extensions/*/{path.replace('.', '/')}" if "." in path or f"{path}." in _expected() else "metaflow_extensions"
    return f"`metaflow.{path}` comes from an extension of Metaflow, which is not installed here: install the package that has `{where}`"


def _expected() -> list[str]:
    """What the flow's files import from extensions: names, and modules with a dot behind them."""
    return os.environ.get(FROM_EXTENSIONS, "").split()


def unused() -> list[str]:
    """What the flow's files import from Metaflow without using it: names, and names with their module in front."""
    return os.environ.get(UNUSED, "").split()


def _is_unused_module(module: str) -> bool:
    return any(path.startswith(f"{module}.") for path in unused())
