"""Where the values of configs come from, beside the flow itself."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Literal, TypeAlias

from flowport.compiler.record import field, record


@record(eq=False)
class ParserCall:
    """A parser or a default of the user's own, for the config with this attribute: `text` is what is parsed, None for the default."""

    attribute: str
    text: str | None


@record(eq=False)
class ParserRun:
    """What runs the user's code: the flow's file, its class, the folders of its modules, and the calls."""

    path: str
    class_name: str
    roots: tuple[str, ...]
    calls: tuple[ParserCall, ...]


@record(eq=False)
class ParserResult:
    """The value that a call returned as a Python literal, or what it raised."""

    literal: str = ""
    error: str = ""


Runner: TypeAlias = Callable[[ParserRun], "tuple[ParserResult, ...]"]


@record(eq=False)
class Given:
    """Configs by name: the paths of files, and values as text."""

    files: Mapping[str, str] = field(default_factory=dict)
    values: Mapping[str, str] = field(default_factory=dict)


Missing: TypeAlias = Literal["error", "warning", "ignore"]


@record(eq=False)
class ConfigSources:
    """What a user says of configs where a flow is compiled.

    `options` are those of the command line, `variables` those of METAFLOW_FLOW_CONFIG and METAFLOW_FLOW_CONFIG_VALUE. `profile` is the
    table `configs` of flowport.toml, a path or a value for each name, and `folder` the folder of that file. `earlier` are the values of a
    run that is resumed. `run` runs the user's own parsers, None where the user did not ask for that. `missing` says what it is when a
    config has no value here: an error, a warning (the user may give the value later), or nothing. What depends on it is then not checked.
    """

    options: Given = field(default_factory=Given)
    variables: Given = field(default_factory=Given)
    profile: Mapping[str, Any] = field(default_factory=dict)
    folder: str = ""
    earlier: Mapping[str, Any] = field(default_factory=dict)
    run: Runner | None = None
    missing: Missing = "error"


NO_SOURCES = ConfigSources()
