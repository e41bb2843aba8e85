"""Python objects as plain values and as texts, for tables and for artifacts on cards."""

from __future__ import annotations

from flowport.runtime.names.exceptions import TimeoutException
from flowport.runtime.text import type_name

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

LIMIT = 100_000
"""Characters of one value on a card; the rest is left out."""

PLAIN = frozenset((str, int, float, bool, type(None)))


def cell(value: Any) -> Any:
    """A value in a table: plain values as they are, and the text of all others."""
    if type(value) in PLAIN:
        return value if type(value) is not str else cut(value)
    if hasattr(value, "item") and getattr(value, "ndim", None) == 0:  # a scalar of NumPy
        return cell_of_scalar(value)
    if isinstance(value, (dict, list, tuple, set, frozenset, bytes)):
        return brief(value)
    return cut(text_of(str, value))


def cell_of_scalar(value: Any) -> Any:
    """A scalar of NumPy as the number or the text that it is."""
    found = value.item()
    return found if type(found) in PLAIN else cut(text_of(str, value))


def brief(value: object, compressed: bool = True) -> str:
    """A value as Python shows it; `compressed` leaves out the middle of what is long."""
    if compressed:
        from reprlib import Repr

        shorten = Repr()
        shorten.maxstring = shorten.maxother = shorten.maxlist = shorten.maxtuple = shorten.maxdict = shorten.maxset = 100
        shorten.maxarray, shorten.maxlevel = 100, 4
        # Without this, what a `__repr__` raises would be dropped, also when a timeout is over.
        shorten.repr_instance = lambda x, level: _middle_cut(text_of(repr, x))  # type: ignore[method-assign]
        text = text_of(shorten.repr, value)
        if "..." in text:
            return cut(text)
    from pprint import pformat

    return cut(text_of(lambda one: pformat(one, width=100, compact=True, sort_dicts=False), value))


def text_of(show: Any, value: object) -> str:
    """A text of a value; making it may fail."""
    try:
        return str(show(value))
    except TimeoutException:
        raise  # of the step, or of the card
    except Exception as failed:  # whatever a `__repr__` of the user's raises
        return f"<a {type_name(value)} that cannot be shown: {type(failed).__name__}>"


def _middle_cut(text: str) -> str:
    return text if len(text) <= 100 else f"{text[:48]}...{text[-49:]}"


def cut(text: str) -> str:
    """A text without what is beyond the limit."""
    return text if len(text) <= LIMIT else f"{text[:LIMIT]}... ({len(text) - LIMIT:,} more characters)"


def native(value: Any, depth: int = 20) -> Any:
    """A value as JSON has it: tuples and sets become lists, keys become texts, and anything else its text."""
    if type(value) in PLAIN:
        return value
    if depth == 0:
        return cell(value)
    if isinstance(value, dict):
        return {key if type(key) is str else text_of(str, key): native(one, depth - 1) for key, one in value.items()}
    if isinstance(value, (list, tuple)):
        return [native(one, depth - 1) for one in value]
    if isinstance(value, (set, frozenset)):
        return [native(one, depth - 1) for one in sorted(value, key=repr)]
    if hasattr(value, "tolist") and hasattr(value, "ndim"):  # an array of NumPy
        return native(value.tolist(), depth - 1)
    return cell(value)
