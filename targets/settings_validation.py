"""Whether the settings of a profile are there, and of the type that a target reads.

The checks are those of the JSON Schema (`settings_schema`), and cost no import; a test holds the two together.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from math import isfinite
from typing import Any, TypeVar

from flowport.compiler.diagnostics.diagnostic import Diagnostic
from flowport.compiler.diagnostics.suggestions import nearest
from flowport.compiler.ir import JSON
from flowport.compiler.settings import Profile, Setting, TargetSettings, is_missing

S = TypeVar("S", bound=TargetSettings)

MISSING = "FP400"
"""The code of a missing setting."""


def is_json(value: Any) -> bool:
    """Whether a value has a form in JSON: TOML has dates and times, and numbers without end."""
    if isinstance(value, dict | list):
        return all(map(is_json, value.values() if isinstance(value, dict) else value))
    return value is None or isinstance(value, str | int) or (isinstance(value, float) and isfinite(value))


def is_number(value: Any) -> bool:
    """Whether a value is a whole number."""
    return isinstance(value, int) and not isinstance(value, bool)


KINDS: Mapping[str, tuple[str, Callable[[Any], bool]]] = {
    "text": ("a text", lambda value: isinstance(value, str)),
    "number": ("a whole number", is_number),
    "flag": ("true or false", lambda value: isinstance(value, bool)),
    "texts": ("a list of text", lambda value: isinstance(value, list) and all(isinstance(each, str) for each in value)),
    "table": ("a table without dates", lambda value: isinstance(value, dict) and is_json(value)),
    "tables": (
        "a list of tables",
        lambda value: isinstance(value, list) and all(isinstance(each, dict) and is_json(each) for each in value),
    ),
    "arguments": ("a table", lambda value: isinstance(value, dict)),
}
EXAMPLES: Mapping[str, JSON] = {
    "text": "...",
    "number": 1,
    "flag": True,
    "texts": ["..."],
    "table": {"name": "..."},
    "tables": [{"name": "..."}],
}


def decoded(settings: type[S], target: str, profile: Profile, flow: str, defaults: Profile) -> tuple[S, tuple[Diagnostic, ...]]:
    """The settings of a target, and what is wrong with them.

    A required setting that is missing or wrong has its value in `defaults`, another wrong one its default, so that the rest can be checked.
    """
    values: dict[str, JSON] = {}
    found: list[Diagnostic] = []
    for setting in settings.declared():
        value = profile.get(setting.name)
        if problem := _problem(target, setting, value):
            found.append(problem)
            value = defaults.get(setting.name) if setting.required else None
        if value is not None:
            values[setting.name] = value
    return settings(values, flow, str(profile.get("profile") or "")), tuple(found)


def _problem(target: str, setting: Setting[Any], value: Any) -> Diagnostic | None:
    """What is missing, of another type, or out of bounds."""
    if is_missing(value) and (value is None or (setting.kind == "text" and not setting.choices)):
        return missing(target, setting) if setting.required else None
    what, fits = KINDS[setting.kind]
    way_out = (line(target, setting, value),)
    if setting.kind == "number" and not (fits(value) and setting.least <= value <= (setting.most or value)):
        bounds = f"of at least {setting.least}" + (f" and at most {setting.most:,}" if setting.most else "")
        return Diagnostic("FP402", f"the setting `{setting.name}` is `{toml(value)}`, which is not a whole number {bounds}", help=way_out)
    if not fits(value):
        return Diagnostic("FP490", f"the setting `{setting.name}` has to be {what}, not `{toml(value)}`", help=way_out)
    if setting.choices and value not in setting.choices:
        known = ", ".join(f"`{choice}`" for choice in setting.choices)
        return Diagnostic("FP403", f"the setting `{setting.name}` is `{value}`, and there are {known}", help=way_out)
    return None


def missing(target: str, setting: Setting[Any]) -> Diagnostic:
    """A missing setting."""
    message = f"target {target} needs the setting `{setting.name}`: {setting.help}"
    return Diagnostic(MISSING, message, help=(line(target, setting),))


def line(target: str, setting: Setting[Any], value: JSON = None, *, example: JSON = None) -> str:
    """How a setting is written, with what was probably meant by a `value` that it cannot have."""
    return f"write {entry(setting, value, example=example)} under [{target}] in flowport.toml"


def entry(setting: Setting[Any], value: JSON = None, *, example: JSON = None) -> str:
    """A setting with a value that it can have, between backticks."""
    known = (_meant(setting, value), example, setting.example, setting.default, *setting.choices, EXAMPLES.get(setting.kind))
    shown = next(each for each in known if each is not None)
    return f"`{setting.name} = {toml(shown)}`"


def _meant(setting: Setting[Any], value: JSON) -> JSON:
    match setting.kind, value:
        case "text", str() if setting.choices:
            return nearest(value, setting.choices)
        case "text", int() if not isinstance(value, bool):
            return str(value)
        case "texts", str():
            return [value]
        case "number", str() if value.isascii() and value.isdecimal() and setting.least <= int(value) <= (setting.most or int(value)):
            return int(value)
        case "number", int() if setting.most and value > setting.most:
            return setting.most
    return None


def toml(value: JSON) -> str:
    """A value as TOML, on one line."""
    if isinstance(value, dict):
        return f"{{ {', '.join(f'{_key(key)} = {toml(inner)}' for key, inner in value.items())} }}"
    if isinstance(value, list | tuple):
        return f"[{', '.join(map(toml, value))}]"
    return f'"{value}"' if isinstance(value, str) else str(value).lower()


def _key(text: str) -> str:
    """A key as TOML; quotes around what is not letters, digits, `_` and `-`."""
    return text if re.fullmatch("[A-Za-z0-9_-]+", text) else f'"{text}"'
