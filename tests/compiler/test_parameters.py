"""Parameters as Metaflow reads them."""

from __future__ import annotations

from pathlib import Path

import pytest

from flowport.compiler.ir import Computed, NoDefault, Option, Parameter
from flowport.compiler.parse.parameter_arguments import REFUSED
from sources import END, class_of, codes, fine, read, write

HEAD = """
import os
import time
from datetime import date
import click

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
        (
            "Parameter('one', default=NAMES[0] + '!', show_default=False)",
            Parameter("one", "one", "str", "a!", option=Option(shows_default=False)),
        ),
        ("Parameter('one', default=today)", Parameter("one", "one", "str", Computed("today"))),
        ("Parameter('one', default=lambda c: 3, type=int)", Parameter("one", "one", "int", Computed("lambda c: 3"))),
        ("Parameter('one', default=time.time(), type=float)", Parameter("one", "one", "float", Computed("time.time()"))),
        ("Parameter('one', default=os.environ['X'])", Parameter("one", "one", "str", Computed("os.environ['X']"))),
        ("Parameter('one', default=os.path.dirname(__file__))", Parameter("one", "one", "str", Computed("os.path.dirname(__file__)"))),
        ("Parameter('one', separator=',', default='a,b')", Parameter("one", "one", "str", "a,b", separator=",")),
        ("Parameter('one', separator='')", Parameter("one", "one", "str")),
        ("Parameter('one', multiple=True)", Parameter("one", "one", "list", element="str")),
        ("Parameter('one', multiple=True, default=NAMES)", Parameter("one", "one", "list", ["a", "b"], element="str")),
        ("Parameter('one', multiple=True, default=(1, 2))", Parameter("one", "one", "list", [1, 2], element="int")),
        ("Parameter('one', multiple=True, type=int, choices=[1, 2])", Parameter("one", "one", "list", choices=(1, 2), element="int")),
        ("Parameter('one', is_flag=True)", Parameter("one", "one", "bool")),
        ("Parameter('one', is_flag=True, type=bool, default=False)", Parameter("one", "one", "bool", False)),
        ("Parameter('one', is_flag=False, default=3)", Parameter("one", "one", "int", 3)),
        ("Parameter('one', type=click.Choice(['a', 'b']), default='a')", Parameter("one", "one", "str", "a", choices=("a", "b"))),
        ("Parameter('one', type=click.Path(exists=True))", Parameter("one", "one", "str")),
        ("Parameter('one', type=click.INT)", Parameter("one", "one", "int")),
        ("Parameter('one', hidden=True, metavar='N')", Parameter("one", "one", "str", option=Option(hidden=True, metavar="N"))),
        ("Parameter('one', envvar='ONE')", Parameter("one", "one", "str", option=Option(("ONE",)))),
        ("Parameter('one', envvar=['ONE', 'TWO'])", Parameter("one", "one", "str", option=Option(("ONE", "TWO")))),
        ("Parameter('one', envvar=None, nargs=None)", Parameter("one", "one", "str")),
        ("IncludeFile('one', default=today)", Parameter("one", "one", "file", Computed("today"))),
        ("IncludeFile('one', default=lambda c: 'x')", Parameter("one", "one", "file", Computed("lambda c: 'x'"))),
        ("IncludeFile('one', default='s3://b/k', parser=today)", Parameter("one", "one", "file", "s3://b/k")),
        ("IncludeFile('one', parser='json.loads')", Parameter("one", "one", "file")),
        ("IncludeFile('one', False, True, 'latin-1')", Parameter("one", "one", "file", encoding="latin-1")),
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
        ("Parameter('one', separator=',', type=int)", "FP153"),
        ("Parameter('one', separator=',', default=['a'])", "FP153"),
        ("Parameter('one', multiple=True, separator=',')", "FP153"),
        ("Parameter('one', multiple=True, type=int, default=['a'])", "FP236"),
        ("Parameter('one', multiple=True, default=['a', 'c'], choices=NAMES)", "FP237"),
        ("Parameter('one', is_flag=True, type=str)", "FP154"),
        ("Parameter('one', type=click.File())", "FP154"),
        ("Parameter('one', type=click.Choice([]))", "FP153"),
        ("Parameter('one', envvar=['ONE', 1])", "FP153"),
        ("Parameter('one', hidden='x')", "FP153"),
        *((f"Parameter('one', {option}=1)", "FP152") for option in REFUSED),
        ("IncludeFile('one', parser=5)", "FP153"),
        ("IncludeFile('one', parser='loads')", "FP153"),
        ("IncludeFile('one', parser='.plugins.parse')", "FP153"),
        ("IncludeFile('one', parser='flow.today')", "FP153"),
        ("IncludeFile('one', default='https://x/y')", "FP155"),
        ("IncludeFile('one', default=3)", "FP155"),
        ("IncludeFile('one', default=time.time())", "FP120"),
    ],
)
def test_what_is_wrong_with_a_parameter_is_said(tmp_path: Path, call: str, code: str) -> None:
    assert parameter(tmp_path, call)[1] == [code]


@pytest.mark.parametrize(
    ("head", "body", "expected"),
    [
        ("", "one: int = Parameter('one', default=3)", ["one"]),
        ("", "one, two = Parameter('one', default=3), Parameter('two', default=3)", ["one", "two"]),
        ("", "two = one = Parameter('one', default=3)", ["one"]),
        ("", "Own = Parameter\none = Own('one', default=3)", ["one"]),
        ("", "from metaflow import Parameter as Own\none = Own('one', default=3)", ["one"]),
        ("", "one = Parameter('one', default=4)\none = Parameter('one', default=3)", ["one"]),
        ("ONE = Parameter('one', default=3)", "one = ONE", ["one"]),
        ("one = Parameter('one', default=3)", "one = one", ["one"]),
        ("from shared import ONE", "one = ONE", ["one"]),
        ("import shared", "one = shared.ONE", ["one"]),
        ("", "from shared import ONE as one", ["one"]),
        ("", "__one = Parameter('one', default=3)", ["_TrainFlow__one"]),
        ("import shared", "one = shared.Shared.one", ["one"]),
        ("Own = Parameter", "one = Own('one', default=3)", ["one"]),
        (
            "def is_one(of: Parameter):\n    return isinstance(of, Parameter)",
            "one = Parameter('one', default=3)\ntwo = is_one(3)",
            ["one"],
        ),
        ("ONE = Parameter('one', default=3)", "one = ONE\ntwo = ONE.name", ["one"]),
    ],
)
def test_a_parameter_is_read_through_the_names_that_stand_for_it(tmp_path: Path, head: str, body: str, expected: list[str]) -> None:
    shared = "from flowport import Parameter\nTHREE = 3\nONE = Parameter('one', default=THREE)\nclass Shared:\n    one = ONE\n"
    flow = fine(write(tmp_path, {"flow.py": class_of(f"{body}\n\n{BODY}", head), "shared.py": shared}))
    assert [(one.attribute, one.default) for one in flow.parameters] == [(name, 3) for name in expected]


@pytest.mark.parametrize(
    ("head", "body"),
    [
        ("def make(name):\n    return Parameter(name)", "one = make('one')"),
        ("def make(name):\n    from metaflow import Parameter as P\n    made = P(name)\n    return made", "one = make('one')"),
        ("def make(name):\n    return inner(name)\ndef inner(name):\n    return Parameter(name)", "one = make('one')"),
        ("make = lambda name: Parameter(name)", "one = make('one')"),
        ("def one(name):\n    return Parameter(name)", "one = one('one')"),
        ("class Maker:\n    def make(self, name):\n        return Parameter(name)", "one = Maker().make('one')"),
        ("from functools import partial\nOwn = partial(Parameter, type=int)", "one = Own('one')"),
        ("class Own(Parameter):\n    pass", "one = Own('one')"),
        ("OPTIONS = {'one': Parameter('one')}", "one = OPTIONS['one']"),
        ("OPTIONS = {'int': Parameter}", "one = OPTIONS['int']('one')"),
        ("PAIR = (Parameter('one'), Parameter('two'))", "one, two = PAIR"),
        ("ONE = Parameter('one')\nONE.help = 'x'", "one = ONE"),
        ("import os\nif os.sep:\n    ONE = Parameter('one')\nelse:\n    ONE = None", "one = ONE"),
        ("import copy\nONE = Parameter('one')", "one = copy.copy(ONE)"),
        ("", "from shared import make as one"),
        ("", "one = Parameter('one') if FlowSpec else None"),
        ("", "one, two = [Parameter(name) for name in ('one', 'two')]"),
        ("", "one, *two = Parameter('one'), Parameter('two')"),
        ("", "(one := Parameter('one'))"),
        ("", "if FlowSpec:\n    one = Parameter('one')"),
        ("", "if FlowSpec:\n    one = Parameter('one')\nelse:\n    one = None"),
        ("", "try:\n    one = Parameter('one')\nfinally:\n    pass"),
        ("", "for name in ('one', 'two'):\n    locals()[name] = Parameter(name)"),
        ("", "for one in [Parameter('one')]:\n    pass"),
        ("", "vars().update(one=Parameter('one'))"),
        ("", "one = Parameter('one')\none.help = 'x'"),
        ("", "one = Parameter('one')\ndel one"),
    ],
)
def test_what_may_be_a_parameter_and_cannot_be_read_is_an_error(tmp_path: Path, head: str, body: str) -> None:
    shared = "import flowport\nmake = [flowport.Parameter('one')][0]\n"
    assert codes(read(write(tmp_path, {"flow.py": class_of(f"{body}\n\n{BODY}", head), "shared.py": shared}))[1]) == ["FP156"]


@pytest.mark.parametrize(
    ("head", "base", "tail"),
    [
        ("", "FlowSpec", "setattr(TrainFlow, 'one', Parameter('one'))"),
        ("", "FlowSpec", "TrainFlow.one = Parameter('one')"),
        ("", "FlowSpec", "for name in ('one', 'two'):\n    setattr(TrainFlow, name, Parameter(name))"),
        ("def add(flow):\n    flow.one = Parameter('one')", "FlowSpec", "add(TrainFlow)"),
        ("class Meta(type):\n    def __new__(*a):\n        a[3]['one'] = Parameter('one')", "FlowSpec, metaclass=Meta", ""),
        ("class Above:\n    def __init_subclass__(cls):\n        cls.one = Parameter('one')", "Above, FlowSpec", ""),
    ],
)
def test_what_a_class_gets_from_outside_of_its_body_is_an_error(tmp_path: Path, head: str, base: str, tail: str) -> None:
    text = class_of(BODY, head, base) + f"\n\n{tail}\n"
    assert codes(read(write(tmp_path, {"flow.py": text}))[1]) == ["FP156"]


def test_a_decorator_of_the_flow_that_adds_parameters_is_an_error(tmp_path: Path) -> None:
    add = "def add(flow):\n    flow.one = Parameter('one')\n    return flow\n"
    text = class_of(BODY, add).replace("class TrainFlow", "@add\nclass TrainFlow")
    assert codes(read(write(tmp_path, {"flow.py": text}))[1]) == ["FP156"]


def test_no_default_is_not_none(tmp_path: Path) -> None:
    assert parameter(tmp_path, "Parameter('one')")[0].default == NoDefault()


def test_names_that_a_command_line_cannot_tell_apart(tmp_path: Path) -> None:
    body = "a = Parameter('max-depth')\nb = Parameter('max_depth')\n"
    assert codes(read(write(tmp_path, {"flow.py": class_of(body + BODY)}))[1]) == ["FP235"]


@pytest.mark.parametrize("name", ["input", "next", "index"])
def test_an_attribute_that_every_flow_has(tmp_path: Path, name: str) -> None:
    assert codes(read(write(tmp_path, {"flow.py": class_of(f"{name} = Parameter('x')\n\n{BODY}")}))[1]) == ["FP234"]


def test_a_config_that_the_flow_can_do_without_is_left_alone(tmp_path: Path) -> None:
    head = "try:\n    from metaflow import Config\nexcept ImportError:\n    Config = None\n"
    assert codes(read(write(tmp_path, {"flow.py": class_of(BODY, head)}))[1]) == []


def test_an_included_file_that_is_not_there_has_to_be_named_by_each_run(tmp_path: Path) -> None:
    for path in ("data/none.csv", "../none.csv", "/none.csv"):
        found, said = parameter(tmp_path, f"IncludeFile('one', default={path!r})")
        assert (found, said) == (Parameter("one", "one", "file", required=True), ["FP155"])


@pytest.mark.parametrize(("value", "element"), [("2", "int"), ("'a'", "str")])
def test_several_values_whose_default_is_no_list_have_to_be_given_by_each_run(tmp_path: Path, value: str, element: str) -> None:
    found, said = parameter(tmp_path, f"Parameter('one', multiple=True, default={value})")
    assert (found, said) == (Parameter("one", "one", "list", required=True, element=element), ["FP236"])
