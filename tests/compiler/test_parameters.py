"""Parameters as Metaflow reads them."""

from __future__ import annotations

from pathlib import Path

import pytest

from flowport.compiler.ir import Computed, NoDefault, Parameter
from sources import END, class_of, codes, read, write

HEAD = """
import os
import time
from datetime import date

def today(context):
    return str(date.today())

NAMES = ['a', 'b']
MORE = dict(help='x', type=int)
"""
BODY = "@step\ndef start(self):\n    self.next(self.end)\n" + END


def parameter(folder: Path, call: str) -> tuple[Parameter, list[str]]:
    flow, found = read(write(folder, {"flow.py": class_of(f"one = {call}\n\n{BODY}", HEAD)}))
    return flow.parameters[0], codes(found)


@pytest.mark.parametrize(
    ("call", "expected"),
    [
        ("Parameter('one')", Parameter("one", "one", "str")),
        ("Parameter(name='one-two', required=True, help='Help.')", Parameter("one", "one-two", "str", required=True, help="Help.")),
        ("Parameter('one', 3)", Parameter("one", "one", "int", 3)),
        ("Parameter('one', default=3)", Parameter("one", "one", "int", 3)),
        ("Parameter('one', default=0.5)", Parameter("one", "one", "float", 0.5)),
        ("Parameter('one', default=True)", Parameter("one", "one", "bool", True)),
        ("Parameter('one', default='x', required=True)", Parameter("one", "one", "str", "x")),
        ("Parameter('one', default=None)", Parameter("one", "one", "str")),
        ("Parameter('one', default=[1, 2])", Parameter("one", "one", "list", [1, 2])),
        ("Parameter('one', default=(1, 2))", Parameter("one", "one", "list", [1, 2])),
        ("Parameter('one', default={'a': 1})", Parameter("one", "one", "dict", {"a": 1})),
        ("Parameter('one', type=float)", Parameter("one", "one", "float")),
        ("Parameter('one', type=float, default=1)", Parameter("one", "one", "float", 1.0)),
        ("Parameter('one', type=int, default='3')", Parameter("one", "one", "int", 3)),
        ("Parameter('one', type=bool, default='no')", Parameter("one", "one", "bool", False)),
        ("Parameter('one', type=str, default=5)", Parameter("one", "one", "str", "5")),
        ("Parameter('one', type=JSONType, default='{\"a\": [1]}')", Parameter("one", "one", "json", {"a": [1]})),
        ("Parameter('one', type=JSONType, default=[1])", Parameter("one", "one", "json", [1])),
        ("Parameter('one', type=list, default='[1]')", Parameter("one", "one", "list", [1])),
        ("Parameter('one', choices=NAMES, default='a')", Parameter("one", "one", "str", "a", choices=("a", "b"))),
        ("Parameter('one', type=int, choices=('1', 2))", Parameter("one", "one", "int", choices=(1, 2))),
        ("Parameter('one', **MORE)", Parameter("one", "one", "int", help="x")),
        ("Parameter('one', default=NAMES[0] + '!', show_default=False)", Parameter("one", "one", "str", "a!")),
        ("Parameter('one', default=today)", Parameter("one", "one", "str", Computed("today"))),
        ("Parameter('one', default=lambda c: 3, type=int)", Parameter("one", "one", "int", Computed("lambda c: 3"))),
        ("Parameter('one', default=time.time(), type=float)", Parameter("one", "one", "float", Computed("time.time()"))),
        ("Parameter('one', default=os.environ['X'])", Parameter("one", "one", "str", Computed("os.environ['X']"))),
        ("Parameter('one', default=os.path.dirname(__file__))", Parameter("one", "one", "str", Computed("os.path.dirname(__file__)"))),
        ("IncludeFile('one', required=True)", Parameter("one", "one", "file", required=True)),
    ],
)
def test_parameters(tmp_path: Path, call: str, expected: Parameter) -> None:
    found, said = parameter(tmp_path, call)
    assert said == []
    assert found == expected
    assert type(found.default) is type(expected.default)


@pytest.mark.parametrize(
    ("call", "code"),
    [
        ("Parameter()", "FP151"),
        ("Parameter('one', default=1, typ=int)", "FP152"),
        ("Parameter('one', 1, int)", "FP152"),
        ("Parameter('one', help=1)", "FP153"),
        ("Parameter('one', help=time.time())", "FP120"),
        ("Parameter(os.environ['X'])", "FP121"),
        ("Parameter('one', help=__file__)", "FP120"),
        ("Parameter('one', choices='abc')", "FP153"),
        ("Parameter('one', default=lambda: 1)", "FP153"),
        ("Parameter('one', default='\\ud800')", "FP153"),
        ("Parameter('one', default='a', choices=['a', '\\ud800'])", "FP153"),
        ("Parameter('one', choices=[])", "FP153"),
        ("Parameter('one', type=bytes)", "FP154"),
        ("Parameter('one', type='int')", "FP154"),
        ("Parameter('one', default=b'x')", "FP154"),
        ("Parameter('one', default={1, 2})", "FP154"),
        ("Parameter('one', type=int, default='x')", "FP236"),
        ("Parameter('one', type=int, default=1.5)", "FP236"),
        ("Parameter('one', type=int, default=float('inf'))", "FP236"),
        ("Parameter('one', type=bool, default='maybe')", "FP236"),
        ("Parameter('one', type=JSONType, default='{')", "FP236"),
        ("Parameter('one', type=list, default='{}')", "FP236"),
        ("Parameter('one', default='c', choices=NAMES)", "FP237"),
        ("Parameter('one', type=int, choices=['x'])", "FP237"),
        ("Parameter('run-id')", "FP238"),
        ("Parameter('max_workers')", "FP238"),
        ("Parameter('two words')", "FP239"),
        ("Parameter('')", "FP239"),
        ("Parameter('one', separator=',')", "FP140"),
        ("IncludeFile('one', default=3)", "FP155"),
        ("IncludeFile('one', default=time.time())", "FP120"),
    ],
)
def test_what_is_wrong_with_a_parameter_is_said(tmp_path: Path, call: str, code: str) -> None:
    assert parameter(tmp_path, call)[1] == [code]


def test_no_default_is_not_none(tmp_path: Path) -> None:
    assert parameter(tmp_path, "Parameter('one')")[0].default == NoDefault()


def test_names_that_a_command_line_cannot_tell_apart(tmp_path: Path) -> None:
    body = "a = Parameter('max-depth')\nb = Parameter('max_depth')\n"
    assert codes(read(write(tmp_path, {"flow.py": class_of(body + BODY)}))[1]) == ["FP235"]


@pytest.mark.parametrize("name", ["input", "next", "index"])
def test_an_attribute_that_every_flow_has(tmp_path: Path, name: str) -> None:
    assert codes(read(write(tmp_path, {"flow.py": class_of(f"{name} = Parameter('x')\n\n{BODY}")}))[1]) == ["FP234"]


def test_a_config_is_said_to_come_later(tmp_path: Path) -> None:
    text = class_of("settings = Config('settings', default='x.json')\n" + BODY, "from metaflow import Config")
    assert codes(read(write(tmp_path, {"flow.py": text}))[1]) == ["FP140"]
