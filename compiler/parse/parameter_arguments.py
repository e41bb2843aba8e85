"""The arguments of `Parameter`, `IncludeFile` and the options of click below them: which there are, and which flowport refuses.

Metaflow hands every argument that it does not know itself to `click.Option`.
"""

from __future__ import annotations

from collections.abc import Mapping

_SHOWN = ("hidden", "metavar", "envvar", "show_choices", "show_envvar")

REFUSED: Mapping[str, tuple[str, str]] = {
    "nargs": ("a form of an engine has one field for a parameter", "write `multiple=True`, or `type=JSONType` for a list"),
    "count": ("a form of an engine cannot count options", "write `type=int`"),
    "flag_value": ("a flag is True or False", 'write `choices=["a", "b"]`, or choose the value in a step'),
    "prompt": ("no one answers on an engine", "write `required=True`"),
    "confirmation_prompt": ("no one answers on an engine", "remove it"),
    "hide_input": ("no one answers on an engine", "remove it"),
    "callback": ("flowport does not run the flow to read its command line", "check or convert the value in the first step"),
    "is_eager": ("flowport does not run the flow to read its command line", "remove it"),
    "expose_value": ("every parameter has a value in the steps", "remove it"),
    "cls": ("flowport does not run the flow to read its command line", "remove it"),
}
"""Options of click that would change the value: the reason, and what to write."""

ARGUMENTS: Mapping[str, tuple[str, ...]] = {
    "Parameter": (
        *("name", "default", "type", "help", "required", "show_default", "choices", "separator", "multiple", "is_flag"),
        *_SHOWN,
        *REFUSED,
    ),
    "IncludeFile": ("name", "required", "is_text", "encoding", "help", "parser", "default", "show_default", *_SHOWN, *REFUSED),
}

POSITIONAL: Mapping[str, int] = {"Parameter": 2, "IncludeFile": 4}
"""How many arguments may stand without their names."""

KINDS: Mapping[str, str] = {
    "str": "str",
    "int": "int",
    "float": "float",
    "bool": "bool",
    "list": "list",
    "dict": "dict",
    "JSONType": "json",
    "click.STRING": "str",
    "click.INT": "int",
    "click.FLOAT": "float",
    "click.BOOL": "bool",
    "click.Path": "str",
    "click.Choice": "str",
}
"""The kind of a parameter by the name of its type. The last two are called: `click.Choice(["a", "b"])`."""
