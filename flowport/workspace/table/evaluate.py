"""Whether a condition holds for a row. What a row does not have equals nothing, and is neither less nor more than anything."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flowport.workspace.table.columns import Column, Columns, Row
from flowport.workspace.table.expression import Among, And, Compare, Condition, Constant, Holds, Name, Not, Operand, Or

Test = Callable[[Row], bool]

TIMES = ("started", "ended")
"""The fields that have times."""


def test_of(condition: Condition, columns: Columns, text: str) -> Test:
    """What a condition, which was read from `text`, asks of a row; raises BadCondition for names that no row has."""

    def made(part: Condition) -> Test:
        match part:
            case And(parts):
                all_of = [made(one) for one in parts]
                return lambda row: all(test(row) for test in all_of)
            case Or(parts):
                any_of = [made(one) for one in parts]
                return lambda row: any(test(row) for test in any_of)
            case Not(inner):
                denied = made(inner)
                return lambda row: not denied(row)
            case Holds(operand):
                value = _value(operand, columns, text)
                return lambda row: value(row) not in (None, False, 0, "")
            case Among(left, values):
                tests = [_comparison(Compare("=", left, one), columns, text) for one in values]
                return lambda row: any(test(row) for test in tests)
            case Compare():
                return _comparison(part, columns, text)

    return made(condition)


def _comparison(part: Compare, columns: Columns, text: str) -> Test:
    left, right = _value(part.left, columns, text), _value(part.right, columns, text)
    if Constant(None) in (part.left, part.right) and part.operator in ("=", "!="):
        present = left if part.right == Constant(None) else right
        return lambda row: (present(row) is None) is (part.operator == "=")
    if any(isinstance(one, Name) and _is_time(columns.find(one, text)) for one in (part.left, part.right)):
        left, right = _as_time(left), _as_time(right)
    return lambda row: _compared(part.operator, left(row), right(row))


def _value(operand: Operand, columns: Columns, text: str) -> Callable[[Row], Any]:
    match operand:
        case Constant(value):
            return lambda row: value
        case Name():
            return columns.find(operand, text).value


def _is_time(column: Column) -> bool:
    return column.kind == "run" and column.name in TIMES


def _as_time(value: Callable[[Row], Any]) -> Callable[[Row], Any]:
    """The same with a `T` between the date and the time of a text: `2026-11-21 07:13` is `2026-11-21T07:13`."""

    def read(row: Row) -> Any:
        found = value(row)
        return f"{found[:10]}T{found[11:]}" if isinstance(found, str) and found[10:11] == " " else found

    return read


def _compared(operator: str, left: Any, right: Any) -> bool:
    if left is None or right is None:
        return False
    if isinstance(left, list) or isinstance(right, list):  # tags: one of them has to fit
        ones, others = (one if isinstance(one, list) else [one] for one in (left, right))
        if operator == "!=":
            return not any(_compared("=", one, other) for one in ones for other in others)
        return any(_compared(operator, one, other) for one in ones for other in others)
    if operator == "~":
        return str(right).lower() in str(left).lower()
    if operator in ("=", "!="):
        return bool(left == right) is (operator == "=")
    if isinstance(left, str) is not isinstance(right, str):
        return False
    return bool({"<": left < right, "<=": left <= right, ">": left > right, ">=": left >= right}[operator])
