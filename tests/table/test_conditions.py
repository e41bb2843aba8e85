"""Conditions on runs: what they mean, what is said of those that cannot be read, and random ones compared with a simple model."""

from __future__ import annotations

import math
import operator
from collections.abc import Callable
from random import Random
from typing import Any

import pytest

from flowport.workspace.errors import BadCondition
from flowport.workspace.table.columns import Columns
from flowport.workspace.table.evaluate import test_of as made_of
from flowport.workspace.table.expression import Among, And, Compare, Condition, Constant, Holds, Name, Not, Operand, Or, listed_names, parse
from flowport.workspace.table.query import Question, answer
from table.rows import row

ROWS = [
    row(
        "a", 1_790_000_000, parameters={"depth": 4, "kind": "forest"}, metrics={"accuracy": 0.9, "train/loss": 2}, artifacts={"good": True}
    ),
    row("b", 1_790_100_000, "failed", parameters={"depth": 6, "kind": "trees"}, tags=["nightly", "big"]),
    row("c", 1_790_200_000, parameters={"depth": 6, "kind": "for"}, metrics={"accuracy": 0.99, "kind": 3}, artifacts={"good": False}),
    row("d", 1_790_300_000, "running", parameters={"depth": 8}, metrics={"accuracy": math.nan, "val acc": 1}, origin="a"),
]
ROWS = [{**one, "flow": "Train"} for one in ROWS]


def chosen(where: str) -> str:
    """The runs for which a condition holds."""
    return "".join(one["run"] for one in answer(ROWS, Question(where)).rows)


@pytest.mark.parametrize(
    ("where", "runs"),
    [
        ("accuracy > 0.95", "c"),
        ("accuracy >= 0.9 and depth = 4", "a"),
        ("depth == 4 or depth == 8", "ad"),
        ("depth = 4 or depth = 6 and status = 'failed'", "ab"),
        ("(depth = 4 or depth = 6) and status != 'failed'", "ac"),
        ("not depth in (4, 6)", "d"),
        ("depth not in (4, 6)", "d"),
        ("kind in ('forest', \"trees\")", "ab"),
        ("kind ~ 'FOR'", "ac"),
        ("kind = 'for'", "c"),
        ("metric:kind = 3", "c"),
        ("param:kind ~ 'tree'", "b"),
        ("good", "a"),
        ("not good", "bcd"),
        ("good = false", "c"),
        ("good = null", "bd"),
        ("good != null and accuracy < 0.95", "a"),
        ("accuracy != 0.9", "cd"),
        ("accuracy < 1", "ac"),
        ("not accuracy < 1", "bd"),
        ("train/loss = 2", "a"),
        ("`val acc` = 1 or metric:`train/loss` > 1", "ad"),
        ("tags = 'nightly'", "b"),
        ("tags != 'nightly'", ""),
        ("tags ~ 'night'", "b"),
        ("tags in ('big', 'small')", "b"),
        ("origin = 'a'", "d"),
        ("started >= '2026-09-22 19'", "cd"),
        ("started < '2026-09-23'", "ab"),
        ("duration < 10 and user = 'jane'", "abc"),
        ("engine = 'local' and run:run = 'b'", "b"),
        ("depth > '5'", ""),
        ("1 < 2", "abcd"),
        ("-1e3 < depth AND NOT kind = null", "abc"),
    ],
)
def test_a_condition_holds_for_some_runs(where: str, runs: str) -> None:
    assert sorted(chosen(where)) == sorted(runs)


@pytest.mark.parametrize(
    ("where", "message", "place", "hint"),
    [
        ("acuracy > 1", "no run has a column `acuracy`", "^^^^^^^", "did you mean `accuracy`?"),
        ("depth > 1 and param:dept = 4", "no run has a parameter `dept`", " " * 14 + "^" * 10, "did you mean `depth`?"),
        ("status = failed", "no run has a column `failed`", " " * 9 + "^" * 6, "text stands in quotes: 'failed'; the columns are"),
        ("depth >", "the condition ends too early", " " * 7 + "^", "write a name, a number or 'text' here"),
        ("depth = 4 5", "`5` follows a condition that is complete", " " * 10 + "^", "join conditions with `and` or `or`"),
        ("(depth = 4", "the parenthesis is not closed", " " * 10 + "^", "write `)` here"),
        ("depth in 4", "`in` needs a list in parentheses", " " * 9 + "^", "write `max_depth in (4, 6)`"),
        ("depth = and", "`and` stands where a name, a number or a text must be", " " * 8 + "^^^", "put text in quotes: status = 'done'"),
        ("depth & 4", "`&` has no meaning here", " " * 6 + "^", "write `and`"),
        ("kind = 'for", "`'` has no meaning here", " " * 7 + "^", "close the text with `'`"),
        ("(" * 200, "the condition is nested too deeply", " " * 100 + "^", "use at most 100 parentheses inside of each other"),
    ],
)
def test_a_mistake_is_shown_where_it_stands(where: str, message: str, place: str, hint: str) -> None:
    with pytest.raises(BadCondition) as raised:
        chosen(where)
    assert str(raised.value) == f"{message}\n  {where}\n  {place}"
    assert raised.value.hint.startswith(hint)


def test_a_condition_may_be_as_long_as_you_like() -> None:
    assert chosen(" or ".join(["depth = 5"] * 3000 + ["depth = 4"])) == "a"
    assert chosen(" and ".join(["depth = 4"] * 3000)) == "a"


def test_whole_numbers_are_compared_exactly() -> None:
    seeds = {"a": 2**64 - 1, "b": 2**64 - 2, "c": float(2**64)}
    held = [row(run, parameters={"seed": seed}) for run, seed in seeds.items()]
    assert [one["run"] for one in answer(held, Question(f"seed = {2**64 - 1}")).rows] == ["a"]
    assert [one["run"] for one in answer(held, Question(sort="-seed")).rows] == ["c", "a", "b"]


def test_each_column_has_a_label_of_its_own() -> None:
    names = ("depth", "metric:depth", "metric:metric:depth", "`depth`", "a,b")
    columns = Columns([row("a", parameters={"depth": 1}, metrics=dict.fromkeys(names, 1))]).all("param", "metric")
    assert len({column.label for column in columns}) == len(names) + 1
    chosen = answer([row("a", metrics={"a,b": 1, "c": 2})], Question(columns=listed_names(" metric:`a,b`, c,")))
    assert [column.address for column in chosen.columns] == ["metric:a,b", "metric:c"]


def test_an_order_has_what_is_absent_last_in_both_directions() -> None:
    for sort, runs in (("accuracy", "acbd"), ("-accuracy", "cabd"), ("run", "abcd"), ("-started", "dcba"), ("-kind", "bacd")):
        assert "".join(one["run"] for one in answer(ROWS, Question(sort=sort)).rows) == runs, sort


def test_the_columns_are_those_that_the_question_names() -> None:
    found = answer(ROWS, Question("metric:kind = 3 or depth > 1", sort="accuracy")).columns
    assert [column.label for column in found] == ["run", "status", "started", "duration", "metric:kind", "depth", "accuracy"]
    assert [column.address for column in answer(ROWS, Question(columns=("engine", "val acc", "param:kind"))).columns] == [
        "run:target",
        "metric:val acc",
        "param:kind",
    ]


NAMES = ("depth", "kind", "accuracy", "good", "nothing")
CONSTANTS = (0, 4, 6, -1, 0.9, 1e300, "forest", 'it\'s "so" \\', "", True, False, None)
OPERATORS: dict[str, Callable[[Any, Any], bool]] = {
    "=": operator.eq, "!=": operator.ne, "<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge,
    "~": lambda left, right: str(right).lower() in str(left).lower(),
}  # fmt: skip


def grown(random: Random, depth: int) -> Condition:
    """A random condition."""

    def operand() -> Operand:
        return Name("", random.choice(NAMES)) if random.random() < 0.6 else Constant(random.choice(CONSTANTS))

    form = random.choice(("compare", "among", "holds", "not", "and", "or", "and", "or") if depth else ("compare", "among", "holds"))
    if form == "compare":
        return Compare(random.choice([*OPERATORS]), operand(), operand())
    if form == "among":
        return Among(operand(), tuple(operand() for _ in range(random.randint(1, 3))))
    if form == "holds":
        return Holds(operand())
    if form == "not":
        return Not(grown(random, depth - 1))
    parts = tuple(grown(random, depth - 1) for _ in range(random.randint(2, 3)))
    return And(parts) if form == "and" else Or(parts)


def written(part: Any) -> str:
    """A condition as text, with all parentheses."""
    match part:
        case Constant(value):
            text = str(value).replace("\\", "\\\\").replace("'", "\\'")
            return f"'{text}'" if isinstance(value, str) else "null" if value is None else str(value).lower()
        case Name():
            return str(part.name)
        case Compare(sign, left, right):
            return f"{written(left)} {sign} {written(right)}"
        case Among(left, values):
            return f"{written(left)} in ({', '.join(map(written, values))})"
        case Holds(operand):
            return written(operand)
        case Not(inner):
            return f"not ({written(inner)})"
        case _:
            return f" {type(part).__name__.lower()} ".join(f"({written(one)})" for one in part.parts)


def model(part: Any, values: dict[str, Any]) -> Any:
    """What a condition means, as plainly as it can be said."""

    def compared(sign: str, left: Operand, right: Operand) -> bool:
        one, other = model(left, values), model(right, values)
        if Constant(None) in (left, right) and sign in ("=", "!="):
            return ((other if left == Constant(None) and right != Constant(None) else one) is None) == (sign == "=")
        if one is None or other is None:
            return False
        return OPERATORS[sign](one, other) if sign in "=!=~" or isinstance(one, str) is isinstance(other, str) else False

    match part:
        case Constant(value):
            return value
        case Name():
            return values.get(part.name)
        case Compare(sign, left, right):
            return compared(sign, left, right)
        case Among(left, others):
            return any(compared("=", left, other) for other in others)
        case Holds(operand):
            return bool(model(operand, values))
        case Not(inner):
            return not model(inner, values)
        case And(parts):
            return all(model(one, values) for one in parts)
        case Or(parts):
            return any(model(one, values) for one in parts)


@pytest.mark.parametrize("seed", range(10))
def test_random_conditions_mean_what_a_simple_model_says(seed: int) -> None:
    random = Random(seed)
    held = [{name: value for name in NAMES if (value := random.choice(CONSTANTS)) is not None} for _ in range(20)]
    rows = [row(str(number), parameters=values) for number, values in enumerate(held)]
    columns = Columns([*rows, row("all", parameters=dict.fromkeys(NAMES, 0))])
    for _ in range(100):
        condition = grown(random, 3)
        text = written(condition)
        test = made_of(parse(text), columns, text)
        assert [test(one) for one in rows] == [bool(model(condition, values)) for values in held], text
