"""The JSON Schema of `flowport.toml`, from the declarations of settings: for editors and other tools.

flowport itself checks a profile by `settings_validation`. Importing jsonschema takes 180 to 380 ms, five packages and 2 MB, and a message
of it says less; the tests hold both against each other on every kind of value.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeAlias

from flowport.compiler.project_settings import SharedSettings, TopSettings
from flowport.compiler.settings import Setting
from flowport.targets.registry import AnyTarget

Schema: TypeAlias = dict[str, Any]

DRAFT = "http://json-schema.org/draft-04/schema#"
"""Where a number with a point is no integer, as in TOML; every editor knows this draft."""


def schema(targets: Mapping[str, AnyTarget]) -> Schema:
    """The schema of a file with settings of these targets."""
    shared = _properties(SharedSettings.declared())
    common = _common(targets)
    shared |= {name: _either(shared[name], common[name]) for name in shared.keys() & common.keys()}
    common = {name: form for name, form in common.items() if name not in shared}
    tables = {called: {"$ref": f"#/definitions/{name}"} for name, target in targets.items() for called in (name, *target.aliases)}
    profile = {**shared, **common, **tables}
    top = {
        **_properties(TopSettings.declared()),
        "profiles": {
            "description": "settings for one environment each, chosen by `--profile`; they come before those at the top",
            "type": "object",
            "additionalProperties": {"$ref": "#/definitions/profile"},
        },
    }
    return {
        "$schema": DRAFT,
        "title": "flowport.toml",
        "description": "The settings of flowport: what differs by environment.",
        **_table({**top, **profile}),
        "definitions": {
            "profile": _table(profile),
            **{name: _table(_properties(target.settings.declared())) for name, target in targets.items()},
        },
    }


def _either(own: Schema, of_targets: Schema) -> Schema:
    """The form of a setting that flowport itself reads and, in another form, a target."""
    forms = [{name: value for name, value in form.items() if name not in ("description", "default")} for form in (own, of_targets)]
    return own if forms[0] == forms[1] else {"description": own["description"], "anyOf": forms}


def _common(targets: Mapping[str, AnyTarget]) -> dict[str, Schema]:
    """What may stand above the tables of targets: a setting has any of the forms in which a target reads it."""
    readers: dict[str, list[tuple[str, Setting[Any]]]] = {}
    for name, target in targets.items():
        for setting in target.settings.declared():
            readers.setdefault(setting.name, []).append((name, setting))
    return {name: _for_several(found) for name, found in readers.items()}


def _for_several(readers: list[tuple[str, Setting[Any]]]) -> Schema:
    """The form of a setting that several targets read, each in its own way."""
    helps = list(dict.fromkeys(setting.help for _, setting in readers))
    every = [_form(setting) for _, setting in readers]
    forms = [form for number, form in enumerate(every) if form not in every[:number]]
    description = helps[0] if len(helps) == 1 else "a setting of " + ", ".join(name for name, _ in readers)
    return {"description": description, **(forms[0] if len(forms) == 1 else {"anyOf": forms})}


def _table(properties: Mapping[str, Schema]) -> Schema:
    return {"type": "object", "properties": dict(properties), "additionalProperties": False}


def _properties(settings: tuple[Setting[Any], ...]) -> dict[str, Schema]:
    return {setting.name: {"description": setting.help, **_form(setting), **_default(setting)} for setting in settings}


def _default(setting: Setting[Any]) -> Schema:
    return {} if setting.default is None else {"default": setting.default}


def _form(setting: Setting[Any]) -> Schema:
    """What values a setting may have."""
    match setting.kind:
        case "text":
            return {"type": "string", **({"enum": list(setting.choices)} if setting.choices else {})}
        case "number":
            return {"type": "integer", "minimum": setting.least, **({"maximum": setting.most} if setting.most else {})}
        case "flag":
            return {"type": "boolean"}
        case "texts":
            return {"type": "array", "items": {"type": "string"}}
        case "table" | "arguments":
            return {"type": "object"}
        case "tables":
            return {"type": "array", "items": {"type": "object"}}
