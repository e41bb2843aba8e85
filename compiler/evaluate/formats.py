"""The formats of configuration files, and their parsers by name: JSON, TOML and YAML. The libraries are imported when they are needed."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from typing import Any


class Malformed(ValueError):
    """A text that is not of its format: the message begins with the place, and does not repeat what stands there."""


TOO_DEEP = "it is nested too deeply"
TOO_LONG = "it has a number with more digits than Python reads"
"""Python reads whole numbers of 4300 digits (`sys.set_int_max_str_digits`)."""


def load_json(text: str | bytes) -> Any:
    """The value of a JSON text."""
    import json

    try:
        return json.loads(text)
    except json.JSONDecodeError as error:
        raise Malformed(f"line {error.lineno}, column {error.colno}: {_lower(error.msg)}") from None
    except ValueError:
        raise Malformed(TOO_LONG) from None
    except RecursionError:
        raise Malformed(TOO_DEEP) from None


def load_toml(text: str) -> Any:
    """The table of a TOML text."""
    if sys.version_info >= (3, 11):
        import tomllib
    else:
        import tomli as tomllib
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        problem, _, place = str(error).rstrip(")").rpartition(" (at ")
        raise Malformed(f"{place}: {_lower(problem)}" if problem else str(error)) from None
    except ValueError:
        raise Malformed(TOO_LONG) from None
    except RecursionError:
        raise Malformed(TOO_DEEP) from None


def load_yaml(text: str | bytes, Loader: object = None) -> Any:
    """The value of a YAML text, of plain types only."""
    import yaml

    try:
        return yaml.safe_load(text)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        place = f"line {mark.line + 1}, column {mark.column + 1}: " if mark is not None else ""
        raise Malformed(f"{place}{_lower(error.problem or 'it cannot be read')}") from None
    except yaml.YAMLError as error:
        raise Malformed(_lower(str(error).split("\n")[0])) from None
    except ValueError as error:
        raise Malformed(TOO_LONG if "digits" in str(error) else f"it has a date that does not exist: {error}") from None
    except RecursionError:
        raise Malformed(TOO_DEEP) from None


def _lower(text: str) -> str:
    return text[:1].lower() + text[1:]


PARSERS: Mapping[str, Callable[[str], Any]] = {
    "json.loads": load_json,
    "toml.loads": load_toml,
    "tomli.loads": load_toml,
    "tomllib.loads": load_toml,
    "yaml.safe_load": load_yaml,
    "yaml.full_load": load_yaml,
    "flowport.yaml_parser": load_yaml,
    "metaflow.yaml_parser": load_yaml,
    "metaflow.plugins.parsers.yaml_parser": load_yaml,
}
"""The parsers that need no code of the user's, by their dotted names."""

SUFFIXES: Mapping[str, str] = {".toml": "tomllib.loads", ".yaml": "yaml.safe_load", ".yml": "yaml.safe_load"}
"""The parser of a file for which a config names none; any other file is JSON."""

KINDS: Mapping[Callable[[str], Any], str] = {load_json: "JSON", load_toml: "TOML", load_yaml: "YAML"}
"""What messages call a format."""
