"""Modules and names of `metaflow` that come from extensions of it: which they may be, and which are beside the flow.

An extension is a package `metaflow_extensions/<name>` with modules that Metaflow shows as `metaflow.plugins.x` or `metaflow.x`
(`runtime/extensions` finds those that are installed).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from flowport.compiler.python.modules import Modules
from flowport.compiler.python.source import Source
from flowport.runtime.extensions.installed import PACKAGE
from flowport.runtime.names.exports import PACKAGES

CORE = frozenset(
    {
        "R", "_vendor", "cards", "cli", "cli_args", "cli_components", "client", "clone_util", "cmd", "cmd_with_io", "datastore", "debug",
        "decorators", "event_logger", "events", "exception", "extension_support", "flowspec", "graph", "includefile", "integrations",
        "lint", "meta_files", "metadata", "metadata_provider", "metaflow_config", "metaflow_config_funcs", "metaflow_current",
        "metaflow_environment", "metaflow_git", "metaflow_profile", "metaflow_version", "mflog", "monitor", "multicore_utils", "package",
        "packaging_sys", "parameters", "procpoll", "pylint_wrapper", "runner", "runtime", "sidecar", "system", "system_context",
        "tagging_util", "task", "tracing", "tuple_util", "tutorials", "unbounded_foreach", "user_configs", "user_decorators", "util",
        "vendor", "version",
    }
)  # fmt: skip
"""The modules of Metaflow 2.19 itself."""

CORE_NAMES = frozenset({"JSONTypeClass", "get_cards", "inspect_spin", "titus"})
"""Names of `metaflow` that are no modules, and that flowport does not have."""

CORE_PLUGINS = frozenset(
    {
        "airflow", "argo", "aws", "azure", "cards", "catch_decorator", "datastores", "datatools", "debug_logger", "debug_monitor",
        "env_escape", "environment_decorator", "events_decorator", "exit_hook", "frameworks", "gcp", "kubernetes", "logs_cli",
        "metadata_providers", "namespaced_events", "package_cli", "package_suffixes_mutator", "parallel_decorator", "parsers",
        "project_decorator", "pypi", "resources_decorator", "retry_decorator", "secrets", "storage_executor", "tag_cli",
        "test_unbounded_foreach_decorator", "timeout_decorator", "uv",
    }
)  # fmt: skip
"""The modules of `metaflow.plugins` of Metaflow 2.19 itself."""


INNER = frozenset({"apps", "ob_internal", "plugins.az_store", "plugins.hf_callbacks"})
"""Modules of known extensions that cannot be imported without parts of Metaflow which flowport does not have."""


def may_be_of_extension(module: str) -> bool:
    """Whether a module, by its path below `metaflow`, is not one of Metaflow itself, nor a misspelling of one."""
    first, _, rest = module.partition(".")
    if needs_metaflow(module):
        return False
    if first != "plugins":
        return first not in CORE and not _is_near(first, {*CORE, "plugins"})
    second = rest.partition(".")[0]
    known = CORE_PLUGINS | {path.split(".")[1] for path in PACKAGES if path.startswith("plugins.")}
    return second == second.lower() != "" and second not in CORE_PLUGINS and (second in known or not _is_near(second, known))


def needs_metaflow(module: str) -> bool:
    """Whether a module is one of `INNER`, or in one."""
    return any(f"{module}.".startswith(f"{one}.") for one in INNER)


def may_be_a_name_of_extension(name: str, known: Iterable[str]) -> bool:
    """Whether a name of `metaflow` is not one of Metaflow itself, nor a misspelling of one that is `known`."""
    return name not in CORE | CORE_NAMES and not name.startswith("_") and not _is_near(name, known, 0.6)


def modules_beside(modules: Modules, module: str, names: Iterable[str]) -> Iterator[str]:
    """The own modules that an import of names from a module, by its path below `metaflow`, needs: an extension beside the flow."""
    found = modules.extensions
    paths = [f"{module}.{name}".lstrip(".") for name in names]
    needed = [real for path in (module, *paths) if path and (real := found.module(path))]
    needed += [owner for path in paths if path in found.names for owner in (found.names[path][0], ".".join(found.names[path]))]
    yield from needed


def declarations(modules: Modules, files: Iterable[Source]) -> list[Source]:
    """The files that say what the extensions add which are among the flow's files. A task reads them, and imports those that it needs."""
    packages = dict.fromkeys(".".join(one.module.split(".")[:2]) for one in files if one.module.startswith(f"{PACKAGE}."))
    names = [f"{package}.{name}" for package in packages for name in modules.extensions.declared.get(package, ())]
    found = [modules.module(name) for name in names]
    return [own.source for own in found if own is not None and own.source is not None]


def _is_near(name: str, known: Iterable[str], cutoff: float = 0.8) -> bool:
    """Whether a name is probably a misspelling of one that is known."""
    from difflib import get_close_matches

    return bool(get_close_matches(name, [*known], 1, cutoff))
