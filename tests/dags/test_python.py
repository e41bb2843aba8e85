"""Python source from values: what is read is what was meant, and it looks as if somebody had written it."""

from __future__ import annotations

import ast
from datetime import datetime
from itertools import pairwise
from random import Random

import pytest

from flowport.targets.airflow.python import WIDTH, Call, Code, Unpacked, Value, chained, docstring, expression, names, quoted, statement

TEXTS = [
    "",
    "plain",
    'a "quoted" word',
    "it's",
    "both ' and \"",
    "\\",
    "\\'",
    '\\"',
    "a\nb",
    "\r\t\0",
    "🙂 ü",
    "\u2028",
    "\x7f",
    "\ud800",
    "{{ x }}",
    "\\u0041",
]


@pytest.mark.parametrize("text", TEXTS, ids=ascii)
def test_a_text_is_read_as_it_was(text: str) -> None:
    assert ast.literal_eval(quoted(text)) == text
    assert quoted(text).startswith('"')


def test_random_texts_are_read_as_they_were() -> None:
    random = Random(1)
    for _ in range(2000):
        text = "".join(random.choices("'\"\\nab\n{}$ é\u2028", k=random.randrange(8)))
        assert ast.literal_eval(quoted(text)) == text
        assert ast.literal_eval(docstring(text)) == text + "\n"


def test_a_value_stands_on_one_line_where_it_fits() -> None:
    value = Call("step", ("train", Code("slice")), {"retries": 2, "more": Unpacked(Code("FORM"), {"a": [1, None]}), "one": (0.5,)})
    assert statement("train = ", value) == 'train = step("train", slice, retries=2, more={**FORM, "a": [1, None]}, one=(0.5,))'


@pytest.mark.parametrize(
    ("value", "source"),
    [
        ({"**": {"a": 1}}, '{"**": {"a": 1}}'),
        ([float("inf"), float("nan")], '[float("inf"), float("nan")]'),
        (datetime(2026, 1, 31, 9, 30), "datetime(2026, 1, 31, 9, 30, 0, tzinfo=timezone.utc)"),
        (datetime.fromisoformat("2026-01-31T00:00:00+01:00"), "datetime(2026, 1, 30, 23, 0, 0, tzinfo=timezone.utc)"),
    ],
)
def test_a_value_means_in_the_file_what_it_means_here(value: Value, source: str) -> None:
    assert expression(value) == source


def test_a_value_that_is_too_long_has_an_item_on_each_line() -> None:
    value = Call("step", ("train",), {"text": "x" * 90, "names": ["y" * 60, "z" * 60], "short": [1]})
    text = statement("train = ", value, "    ", ")")
    assert text.splitlines() == [
        "    train = step(",
        '        "train",',
        f'        text="{"x" * 90}",',
        "        names=[",
        f'            "{"y" * 60}",',
        f'            "{"z" * 60}",',
        "        ],",
        "        short=[1],",
        "    ))",
    ]


def test_a_value_knows_the_names_that_it_reads() -> None:
    value: Value = {"a": [Call("k8s.V1Volume", (), {"b": Code("timezone.utc")}), "text"]}
    assert set(names(value)) == {"k8s", "timezone"}


@pytest.mark.parametrize(
    ("edges", "expected"),
    [
        ([("a", "b"), ("b", "c")], ["a >> b >> c"]),
        ([("a", "b"), ("a", "c"), ("b", "d"), ("c", "d"), ("d", "e")], ["a >> [b, c] >> d >> e"]),
        ([("start", "train"), ("start", "join"), ("train", "join")], ["start >> [train, join]", "train >> join"]),
        ([("a", "x"), ("a", "y"), ("b", "x"), ("b", "y")], ["a >> [x, y]", "b >> [x, y]"]),
        ([("a", "b"), ("a", "b")], ["a >> b"]),
        ([], []),
    ],
)
def test_edges_are_chained(edges: list[tuple[str, str]], expected: list[str]) -> None:
    assert list(chained(edges)) == expected


def edges_of(line: str) -> set[tuple[str, str]]:
    """The edges that a line stands for."""
    terms = [term.strip("[]").split(", ") for term in line.split(" >> ")]
    return {(source, target) for before, after in pairwise(terms) for source in before for target in after}


@pytest.mark.parametrize("seed", range(40))
def test_chains_say_the_edges_and_no_more(seed: int) -> None:
    random = Random(seed)
    number = random.choice((4, 8, 60))
    edges = [(f"step_{random.randrange(number)}", f"step_{random.randrange(number, 2 * number)}") for _ in range(random.randrange(1, 120))]
    lines = list(chained(edges))
    assert set().union(*map(edges_of, lines)) == set(edges)
    assert all("] >> [" not in line for line in lines), "a list cannot come before a list"
    assert max(map(len, lines)) <= WIDTH


def test_a_step_that_everything_goes_to_is_told_in_several_lines() -> None:
    edges = [(f"a_long_name_{number}", "join") for number in range(40)]
    lines = list(chained(edges))
    assert max(map(len, lines)) <= WIDTH
    assert set().union(*map(edges_of, lines)) == set(edges)
