"""Every constant and every folding: what stands in a decorator or a parameter without being a literal."""

from __future__ import annotations

import ast
import os
import re
from pathlib import Path
from textwrap import dedent
from typing import Any

import pytest

from flowport.compiler.evaluate.expressions import evaluate
from flowport.compiler.evaluate.scope import NotConstant, ReadsEnvironment, scope
from flowport.compiler.python.modules import Modules
from flowport.compiler.python.source import read
from sources import write

HEAD = """
import json
import math
import os
import os.path as osp
import pathlib
import random
import platform
import sys
import time
from os import environ, getenv
from pathlib import Path

import settings
from settings import RATE, Box, half
from settings import RATE as SPEED
from shared.sizes import GIB
from shared import sizes

NAME = "digits"
PAIR = (1, 2)
FIRST, SECOND = PAIR[0], 7
A = B = 4
TABLE = {"a": {"b": [1, 2, 3]}, "n": None}
TWICE = 1
TWICE = 2
GROWING = []
GROWING.append(1)
ENTRY = {}
ENTRY["a"] = 1
COUNT = 0
COUNT += 1
LOOP = LOOP2
LOOP2 = LOOP
if True:
    GUARDED = 9
OPTIONS = dict(times=3, minutes_between_retries=1)

def plain(x, y=2, *rest, scale=1, **more):
    "Documented."
    return (x + y + sum(rest)) * scale + len(more)

def local(name):
    import os
    folder = os.path.join("sql", name)
    return folder + ".sql"

def sized(number, unit):
    units = ["B", "KB", "MB"]
    if unit not in units:
        raise ValueError(unit)
    if unit == "B":
        pass
    elif number > 10:
        return "large"
    else:
        number = number * 1024
    return number

def version():
    import platform
    return {"2": "2.7", "3": "3.9"}[platform.python_version_tuple()[0]]

def loud(x):
    print(x)
    return x

def recursive(x):
    return recursive(x)
"""
OTHERS = {
    "settings.py": "RATE = 0.5\nclass Box:\n    SIZE = 3\n    DOUBLE = SIZE * 2\ndef half(x):\n    return x * RATE\n",
    "shared/__init__.py": "",
    "shared/sizes.py": "MIB = 2 ** 20\nGIB = 1024 * MIB\n",
}


@pytest.fixture
def value(tmp_path: Path) -> Any:
    """The value of an expression at the end of HEAD."""

    def compute(expression: str) -> Any:
        path = write(tmp_path, {"flow.py": dedent(HEAD) + f"\nRESULT = {expression}\n", **OTHERS})
        modules = Modules(((str(tmp_path), ""),), "")
        source = read(str(path), "flow.py", "flow.py", "flow")
        statement = source.tree.body[-1]
        assert isinstance(statement, ast.Assign)
        return evaluate(statement.value, scope(modules, source))

    return compute


@pytest.mark.parametrize(
    "expression",
    [
        "1", "-1", "+2.5", "'a' 'b'", "b'x'", "None", "True", "1j", "(1, 'a')", "[1, [2]]", "{'a': 1}", "{1, 2}", "()", "not 1", "~5",
        "1 + 2 * 3 // 2 - 7 % 3", "2 ** 10", "7 / 2", "1 << 4 | 1", "'a' * 3", "'%s-%d' % ('a', 3)", "[1] + [2]", "{'a': 1} | {'b': 2}",
        "1 < 2 < 3", "1 in [1]", "None is None", "1 and 0 or 'x'", "'a' if 1 > 2 else 'b'", "f'{3:>5}|{\"x\"!r}|{1.5:.2f}'",
        "[1, 2, 3][1]", "'abc'[::-1]", "'abc'[-1]", "[*range(3), *'ab']", "{**{'a': 1}, 'b': 2}",
        "dict(a=1)", "list('ab')", "str(3)", "int('7')", "float('1.5')", "bool('')", "len('abc')", "tuple([1])", "sorted([3, 1, 2])",
        "max(1, 2)",
        "min([3, 1])", "sum([1, 2])", "abs(-1)", "round(2.567, 1)", "list(zip('ab', [1, 2]))", "list(enumerate('ab'))",
        "list(reversed('ab'))",
        "list(map(str, [1, 2]))", "set('aa')", "any([0, 1])", "all([0, 1])", "list(range(0, 10, 3))", "frozenset('a')", "bytes([1, 2])",
        "{'a': 1}.get('b', 5)", "{'a': 1}.get('a')", "list({'a': 1}.items())", "list({'a': 1}.keys())", "'a,b'.split(',')",
        "'x'.join(['a', 'b'])",
        "'{}-{name}'.format(1, name='z')", "' a '.strip().upper()", "'abc'.replace('a', 'b')", "'a'.encode()", "[1, 2].index(2)",
        "'%05d' % 3",
        "[x * 2 for x in range(4) if x % 2]", "{x: y for x, y in [('a', 1)]}", "sum(x for x in [1, 2])", "{len(w) for w in ['a', 'bb']}",
        "[(a, b) for a in 'xy' for b in range(2)]",
    ],
)  # fmt: skip
def test_expressions_have_the_value_that_python_gives_them(value: Any, expression: str) -> None:
    expected = eval(expression)
    assert value(expression) == expected
    assert type(value(expression)) is type(expected)


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("NAME", "digits"), ("PAIR", (1, 2)), ("FIRST + SECOND", 8), ("A + B", 8), ("TABLE['a']['b'][-1]", 3),
        ("{'n': None, **TABLE}.get('n', 1)", None),
        ("GUARDED", 9), ("RATE", 0.5), ("SPEED", 0.5), ("settings.RATE", 0.5), ("Box.SIZE", 3), ("Box.DOUBLE", 6),
        ("settings.Box.SIZE", 3),
        ("GIB", 2**30), ("sizes.MIB", 2**20), ("f'{NAME}/{RATE:.1f}'", "digits/0.5"), ("half(3)", 1.5), ("settings.half(x=3)", 1.5),
        ("plain(1)", 3), ("plain(1, 2, 3, 4, scale=2, a=1, b=2)", 22), ("plain(*PAIR)", 3), ("plain(**{'x': 1, 'y': 5})", 6),
        ("local('query')", "sql/query.sql"), ("sized(5, 'B')", 5), ("sized(5, 'KB')", 5120), ("sized(11, 'MB')", "large"),
        ("version()", "3.9"), ("sys.version_info[0]", 3), ("os.path.join('a', 'b')", "a/b"), ("osp.basename('a/b.txt')", "b.txt"),
        ("os.path.splitext('a.txt')[0]", "a"), ("os.path.dirname('a/b')", "a"), ("str(Path('a') / 'b' / 'c.txt')", "a/b/c.txt"),
        ("Path('a/b.txt').stem", "b"), ("Path('a/b.txt').with_suffix('.csv').name", "b.csv"), ("str(pathlib.Path('a', 'b').parent)", "a"),
        ("Path('a').joinpath('b').as_posix()", "a/b"), ("json.loads('{\"a\": [1]}')", {"a": [1]}),
        ("json.dumps({'a': 1}, sort_keys=True)", '{"a": 1}'),
        ("json.loads(json.dumps(TABLE))['a']['b'][0]", 1), ("__name__", "flow"), ("OPTIONS", {"times": 3, "minutes_between_retries": 1}),
        ("[half(x) for x in PAIR]", [0.5, 1.0]), ("os.path.normpath('a/../b')", "b"),
    ],
)  # fmt: skip
def test_names_and_pure_calls_are_folded(value: Any, expression: str, expected: object) -> None:
    assert value(expression) == expected


def test_file_is_carried_behind_a_mark(value: Any, tmp_path: Path) -> None:
    marked = "/\0" + str(tmp_path)
    assert value("os.path.dirname(os.path.abspath(__file__))") == marked
    assert str(value("Path(__file__).resolve().parent / 'x.sql'")) == f"{marked}/x.sql"
    assert str(value("Path(__file__).parents[0]")) == marked


@pytest.mark.parametrize(
    ("expression", "reason"),
    [
        ("UNKNOWN", "`flow.py` does not set `UNKNOWN`"),
        ("TWICE", "`TWICE` is set 2 times in `flow.py`"),
        ("GROWING", "`GROWING` is set 2 times in `flow.py`"),
        ("ENTRY", "`ENTRY` is set 2 times in `flow.py`"),
        ("COUNT", "`COUNT` is set 2 times in `flow.py`"),
        ("LOOP", "it refers to itself"),
        ("recursive(1)", "it refers to itself"),
        ("lambda: 1", "a lambda cannot be evaluated before the flow runs"),
        ("...", "`...` is not a value"),
        ("time.time()", "`time.time` cannot be called before the flow runs"),
        ("random.random()", "`random.random` cannot be called before the flow runs"),
        ("open('x')", "`flow.py` does not set `open`"),
        ("sized(5, 'GB')", "`sized` does more than assign names, choose by `if` and return a value"),
        ("sys.version_info[1]", "`sys.version_info` is not a value"),
        ("platform.python_version_tuple()[1]", "`platform.python_version_tuple` cannot be called before the flow runs"),
        ("loud(1)", "`loud` does more than assign names, choose by `if` and return a value"),
        ("plain()", "the arguments do not match the function"),
        ("half(1, 2, 3)", "the arguments do not match the function"),
        ("1 / 0", "it raises ZeroDivisionError: division by zero"),
        ("TABLE['zz']", "it raises KeyError: 'zz'"),
        ("'a' + 1", 'it raises TypeError: can only concatenate str (not "int") to str'),
        ("int('x')", "it raises ValueError: invalid literal for int() with base 10: 'x'"),
        ("{[]: 1}", "it raises TypeError: unhashable type: 'list'"),
        ("'x' * 10 ** 9", "its value is too big"),
        ("[0] * 10 ** 9", "its value is too big"),
        ("[[1] * 10000] * 10000", "its value is too big"),
        ("10 ** 10 ** 10", "its value is too big"),
        ("1 << 10 ** 10", "its value is too big"),
        ("f'{1:>999999999}'", "its value is too big"),
        ("'a' * 9999 and ('a' * 9999).replace('a', 'b' * 9999)", "its value is too big"),
        ("('a' * 9999).join(['b'] * 9999)", "its value is too big"),
        ("'a'.center(10 ** 12)", "its value is too big"),
        ("[1 for a in range(9999) for b in range(9999)]", "its value is too big"),
        ("'%999999999d' % 1", "its value is too big"),
        ("list(range(10 ** 9))", "its value is too big"),
        ("json.dumps([1], indent=10 ** 9)", "its value is too big"),
        ("json.dumps([1], indent='x' * 101)", "its value is too big"),
        ("json.dumps([1, 2], separators=('x' * 9999, ':'))", "its value is too big"),
        ("json.dumps([[[1]] * 9999] * 9, indent=99)", "its value is too big"),
        ("''.format.__globals__", "`.format` cannot be evaluated before the flow runs"),
        ("'{0.__class__}'.format(1)", "`.format()` cannot be called before the flow runs"),
        ("'{:{}}'.format('x', 10 ** 9)", "`.format()` cannot be called before the flow runs"),
        ("Path('a').resolve()", "it raises ValueError: it depends on the working directory"),
        ("Path('~').expanduser()", "it raises ValueError: it depends on the user who starts the flow"),
        ("Path('a').read_text()", "`.read_text()` cannot be called before the flow runs"),
        ("half + 1", "`half` is not a value"),
        ("math.pi + 1", "`math.pi` is not a value"),
        ("[x for x in math.pi]", "`math.pi` is not a value"),
        ("'{node}'.format(node=1, where=2) + 1", 'it raises TypeError: can only concatenate str (not "int") to str'),
    ],
)
def test_what_is_not_constant_says_why(value: Any, expression: str, reason: str) -> None:
    with pytest.raises(NotConstant) as caught:
        value(expression)
    assert caught.value.reason == reason


@pytest.mark.parametrize(
    "expression",
    ["os.environ['TOKEN']", "os.environ.get('TOKEN')", "os.getenv('TOKEN', 'x')", "getenv('TOKEN')", "environ['TOKEN']",
    "environ.get('TOKEN', 'x') + 'y'",
     "f\"{os.environ['TOKEN']}\"", "'x' if os.getenv('TOKEN') else 'y'", "os.environ.setdefault('TOKEN', '1')"],
)  # fmt: skip
def test_the_environment_is_never_read(value: Any, expression: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TOKEN", "secret")
    with pytest.raises(ReadsEnvironment) as caught:
        value(expression)
    assert caught.value.variable == "TOKEN"


def test_the_environment_as_a_whole_is_not_a_value_either(value: Any) -> None:
    assert os.environ
    with pytest.raises(ReadsEnvironment) as caught:
        value("dict(os.environ)")
    assert caught.value.variable is None


DATA_CLASSES = """
from dataclasses import dataclass, field
import dataclasses

SHARED = {"six": "1.16"}

@dataclass
class Job:
    memory: int = 4096
    gpu: int = field(default=2)
    packages: dict = field(default_factory=lambda: SHARED)
    UNIT = "MiB"

    def size(self):
        return self.memory

@dataclasses.dataclass(frozen=True)
class Settings:
    queue: str
    job: Job = field(default_factory=Job)

@dataclass
class Active:
    memory: int = 1

    def __post_init__(self):
        self.memory = 2

class Plain:
    memory: int = 1
    half = memory / 2

    @property
    def size(self):
        return self.memory

class Busy:
    memory = 1

    def __init__(self):
        self.memory = 2

class Derived(Job):
    pass

LARGE = Settings("big", job=Job(8192))
"""


@pytest.fixture
def of_data_classes(tmp_path: Path) -> Any:
    def compute(expression: str) -> Any:
        path = write(tmp_path, {"flow.py": f"{DATA_CLASSES}\nRESULT = {expression}\n"})
        modules = Modules(((str(tmp_path), ""),), "")
        source = read(str(path), "flow.py", "flow.py", "flow")
        statement = source.tree.body[-1]
        assert isinstance(statement, ast.Assign)
        return evaluate(statement.value, scope(modules, source))

    return compute


@pytest.mark.parametrize(
    "expression",
    [
        "Job().memory",
        "Job(1, gpu=3).gpu",
        "Job().gpu",
        "Settings('a').job.packages['six']",
        "LARGE.job.memory + LARGE.job.gpu",
        "LARGE.queue",
        "Job().UNIT",
        "Plain().memory",
        "Plain().half",
    ],
)
def test_fields_of_data_classes_have_the_value_that_python_gives_them(of_data_classes: Any, expression: str) -> None:
    names: dict[str, Any] = {}
    exec(DATA_CLASSES, names)
    assert of_data_classes(expression) == eval(expression, names)


@pytest.mark.parametrize(
    ("expression", "reason"),
    [
        ("Settings().queue", "the arguments do not match the fields of `Settings`"),
        ("Job(1, memory=2).gpu", "the arguments do not match the fields of `Job`"),
        ("Job(colour=1).gpu", "the arguments do not match the fields of `Job`"),
        ("Job(1, 2, 3, 4).gpu", "the arguments do not match the fields of `Job`"),
        ("Job().colour", "`Job` has no attribute `colour` in its source"),
        ("Active().memory", "`Active` cannot be called before the flow runs"),
        ("Plain(1).memory", "`Plain` takes no arguments"),
        ("Plain().colour", "`Plain` has no attribute `colour` in its source"),
        ("Busy().memory", "`Busy` cannot be called before the flow runs"),
        ("Derived().memory", "`Derived` cannot be called before the flow runs"),
        ("len([Job()]) + Job()", "is not a value"),
    ],
)
def test_other_objects_are_not_constant(of_data_classes: Any, expression: str, reason: str) -> None:
    with pytest.raises(NotConstant, match=re.escape(reason)):
        of_data_classes(expression)
