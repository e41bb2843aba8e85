"""Values that a flow or a plan may hold: JSON, and the constants of Python source."""

from __future__ import annotations

from typing import TypeAlias

JSON: TypeAlias = "None | bool | int | float | str | list[JSON] | dict[str, JSON]"

Atom: TypeAlias = "None | bool | int | float | complex | str | bytes"

Constant: TypeAlias = "Atom | tuple[Constant, ...] | list[Constant] | dict[Constant, Constant] | set[Constant] | frozenset[Constant]"
