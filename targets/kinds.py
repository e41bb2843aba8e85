"""Whether the settings of a profile are there, and of the kind that a target reads."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from math import isfinite
from typing import Any

from flowport.compiler.diagnostics.diagnostic import Diagnostic
from flowport.compiler.diagnostics.suggestions import nearest
from flowport.compiler.ir import JSON
from flowport.compiler.target import Profile, Setting


def plain(value: Any) -> bool:
    """Whether a value has a form in JSON: TOML has dates and times, and numbers without end."""
    if isinstance(value, dict | list):
        return all(map(plain, value.values() if isinstance(value, dict) else value))
    return value is None or isinstance(value, str | int) or (isinstance(value, float) and isfinite(value))


KINDS: Mapping[str, tuple[str, Callable[[Any], bool]]] = {
    "text": ("a text", lambda value: isinstance(value, str)),
    "number": ("a whole number", lambda value: isinstance(value, int) and not isinstance(value, bool)),
    "flag": ("true or false", lambda value: isinstance(value, bool)),
    "texts": ("a list of text", lambda value: isinstance(value, list) and all(isinstance(each, str) for each in value)),
    "table": ("a table without dates", lambda value: isinstance(value, dict) and plain(value)),
    "tables": ("a list of tables", lambda value: isinstance(value, list) and all(isinstance(each, dict) and plain(each) for each in value)),
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


def problems(target: str, settings: tuple[Setting, ...], profile: Profile) -> Iterator[Diagnostic]:
    """What is missing, of another kind, or out of bounds."""
    for setting in settings:
        value = profile.get(setting.name)
        if value in (None, ""):
            if setting.required:
                yield missing(target, setting)
            continue
        what, fits = KINDS[setting.kind]
        if setting.kind == "number" and not (fits(value) and setting.least <= value <= (setting.most or value)):  # type: ignore[operator]
            bounds = f"of at least {setting.least}" + (f" and at most {setting.most:,}" if setting.most else "")
            message = f"the setting `{setting.name}` is `{toml(value)}`, which is not a whole number {bounds}"
            yield Diagnostic("FP402", message, help=(line(target, setting, value),))
        elif not fits(value):
            yield Diagnostic(
                "FP490", f"the setting `{setting.name}` has to be {what}, not `{toml(value)}`", help=(line(target, setting, value),)
            )
        elif setting.choices and value not in setting.choices:
            known = ", ".join(f"`{choice}`" for choice in setting.choices)
            yield Diagnostic(
                "FP403", f"the setting `{setting.name}` is `{value}`, and there are {known}", help=(line(target, setting, value),)
            )


def missing(target: str, setting: Setting) -> Diagnostic:
    """A setting that is needed and not there."""
    message = f"target {target} needs the setting `{setting.name}`: {setting.help}"
    return Diagnostic("FP400", message, help=(line(target, setting),))


def line(target: str, setting: Setting, value: JSON = None) -> str:
    """How a setting is written, with what was probably meant by a `value` that it cannot have."""
    known = (_meant(setting, value), setting.example, setting.default, *setting.choices, EXAMPLES.get(setting.kind))
    example = next(each for each in known if each is not None)
    return f"write `{setting.name} = {toml(example)}` under [{target}] in flowport.toml"


def _meant(setting: Setting, value: JSON) -> JSON:
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
        return f"{{ {', '.join(f'{key} = {toml(inner)}' for key, inner in value.items())} }}"
    if isinstance(value, list):
        return f"[{', '.join(map(toml, value))}]"
    return f'"{value}"' if isinstance(value, str) else str(value).lower()
