"""The settings that a target reads from a profile, each declared once as an attribute of a class.

    class Settings(TargetSettings):
        image = text("the container image", required=True)
        width = number("the most tasks of one fan-out", default=500)

The declaration gives the typed value (`settings.width` is an `int`), the checks (`targets/settings_validation.py`), the JSON Schema
(`targets/settings_schema.py`) and the tables of the documentation.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, Generic, Literal, TypeAlias, TypeVar, overload

from flowport.compiler.ir import JSON

Value = TypeVar("Value")
Own = TypeVar("Own", bound="TargetSettings")

Profile: TypeAlias = Mapping[str, JSON]
"""What differs by environment: the settings of one profile in `flowport.toml`, those of the target already merged over the shared ones."""

Kind: TypeAlias = Literal["text", "number", "flag", "texts", "table", "tables", "arguments"]
"""What a setting may be: a text, a whole number, true or false, a list of text, a table, a list of tables, a table that may hold dates."""

EMPTY: Mapping[str, Any] = {"text": "", "number": None, "flag": False, "texts": (), "table": {}, "tables": (), "arguments": {}}
"""The value of a setting that has no default and is not given."""


class Setting(Generic[Value]):
    """A key of a profile.

    A `folder` may be one; a relative one is beside the file that names it. Numbers are between `least` and `most`, both included. A text
    with `choices` is one of them.
    """

    def __init__(
        self,
        kind: Kind,
        help: str,
        *,
        name: str = "",
        required: bool = False,
        default: JSON = None,
        example: JSON = None,
        folder: bool = False,
        least: int = 1,
        most: int | None = None,
        choices: tuple[str, ...] = (),
    ) -> None:
        self.kind: Kind = kind
        self.name, self.help, self.required = name, help, required
        self.default, self.example, self.folder = default, example, folder
        self.least, self.most, self.choices = least, most, choices

    def __set_name__(self, owner: type, attribute: str) -> None:
        self.name = self.name or attribute

    @overload
    def __get__(self, instance: None, owner: type) -> Setting[Value]: ...
    @overload
    def __get__(self, instance: TargetSettings, owner: type) -> Value: ...
    def __get__(self, instance: TargetSettings | None, owner: type) -> Any:
        return self if instance is None else self._read(instance.values.get(self.name))

    def _read(self, value: Any) -> Any:
        if is_missing(value):
            value = self.default
        if value is None:
            return EMPTY[self.kind]
        return tuple(value) if self.kind in ("texts", "tables") else value


def is_missing(value: JSON) -> bool:
    """Whether a value counts as not given; an empty text does."""
    return value is None or value == ""


def text(
    help: str,
    *,
    name: str = "",
    required: bool = False,
    default: str | None = None,
    example: str | None = None,
    folder: bool = False,
    choices: tuple[str, ...] = (),
) -> Setting[str]:
    """A text; an empty one when there is none."""
    return Setting("text", help, name=name, required=required, default=default, example=example, folder=folder, choices=choices)


@overload
def number(help: str, *, default: int, least: int = 1, most: int | None = None) -> Setting[int]: ...
@overload
def number(help: str, *, least: int = 1, most: int | None = None) -> Setting[int | None]: ...
def number(help: str, *, default: int | None = None, least: int = 1, most: int | None = None) -> Setting[Any]:
    """A whole number; None when there is none."""
    return Setting("number", help, default=default, least=least, most=most)


def flag(help: str) -> Setting[bool]:
    """True or false, and false unless given."""
    return Setting("flag", help, default=False, example=True)


def texts(help: str, *, example: list[JSON] | None = None) -> Setting[tuple[str, ...]]:
    """A list of text."""
    return Setting("texts", help, example=example)


def table(help: str, *, example: dict[str, JSON] | None = None, dates: bool = False) -> Setting[Mapping[str, JSON]]:
    """A table, in which `dates` may stand or not."""
    return Setting("arguments" if dates else "table", help, example=example)


def tables(help: str, *, example: list[JSON] | None = None) -> Setting[tuple[dict[str, JSON], ...]]:
    """A list of tables."""
    return Setting("tables", help, example=example)


class TargetSettings:
    """The settings of a target for one flow. `values` has what a profile gives, of the types that are declared; `profile` is its name.

    `flow` is what a deployment of the flow is called, and `name_setting` the setting that gives it another name, "" for none.
    """

    name_setting: ClassVar[str] = ""

    def __init__(self, values: Profile, flow: str = "", profile: str = "") -> None:
        self.values, self.flow, self.profile = values, flow, profile

    @classmethod
    def declared(cls) -> tuple[Setting[Any], ...]:
        """All settings, in the order of the class."""
        return tuple(setting for setting in vars(cls).values() if isinstance(setting, Setting))

    @classmethod
    def named(cls, name: str) -> Setting[Any]:
        """The declaration of one setting."""
        return next(setting for setting in cls.declared() if setting.name == name)

    def of_flow(self: Own, flow: str) -> Own:
        """The settings that another deployment has with the same profile; a name that the profile gives is not that of the other."""
        return type(self)({name: value for name, value in self.values.items() if name != self.name_setting}, flow, self.profile)

    def replaced(self: Own, **values: JSON) -> Own:
        """A copy with other values."""
        return type(self)({**self.values, **values}, self.flow, self.profile)
