"""A step's digest follows what the step does, and nothing else."""

from __future__ import annotations

from pathlib import Path

import pytest

from sources import END, class_of, fine, read, write

HEAD = """
import flowport
import numpy as np
import tools
from flowport import kubernetes
from tools import scale
from tools.more import deep

LIMIT = 3
TABLE = {"a": LIMIT}

def helper(x):
    return other(x) + LIMIT

def other(x):
    return x

def ping(x):
    return pong(x)

def pong(x):
    return ping(x)

class Model:
    size = 1
    def fit(self):
        return helper(self.size)
"""
BODY = '''
rate = Parameter("rate", default=1)
FACTOR = 2
shades = [1, 2]

@retry(times=2)
@step
def start(self):
    """Says hello."""
    self.x = f"{helper(1)} and { 2 }"
    self.next(self.train)

@step
def train(self):
    self.y = self.weigh(self.rate) + tools.scale(2) + deep(3)
    self.z = Model().fit()
    self.next(self.check)

@step
def check(self):
    from tools import late
    if self.y:
        self.ok = late(TABLE)
    self.next(self.end)

def weigh(self, x):
    return x * self.FACTOR + self.half(x)

@property
def half(self):
    return 0.5
'''
TOOLS = {
    "tools/__init__.py": "from .more import deep\nUNIT = 1\ndef scale(x):\n    return x * UNIT\n"
    "def late(x):\n    return x\ndef unused():\n    return 1\n",
    "tools/more.py": "def deep(x):\n    return deeper(x)\ndef deeper(x):\n    return x\n",
}


def digests(folder: Path, head: str = HEAD, body: str = BODY, tools: dict[str, str] = TOOLS) -> dict[str, str]:
    flow, _ = read(write(folder, {"flow.py": class_of(body + END, head), **tools}))
    return {step.name: step.digest for step in flow.steps}


def changed(folder: Path, **files: object) -> list[str]:
    before, after = digests(folder / "before"), digests(folder / "after", **files)  # type: ignore[arg-type]
    return [name for name, digest in before.items() if after[name] != digest]


def test_every_step_has_one_of_its_own(tmp_path: Path) -> None:
    found = digests(tmp_path)
    assert len(set(found.values())) == 4
    assert all(len(digest) == 64 for digest in found.values())


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('    self.x = f"', '    # A comment.\n\n\n    self.x = f"'),
        ("self.x = f", "self.x   =   f"),
        ("self.next(self.train)", "self.next(\n        self.train\n    )"),
        ("    if self.y:\n        self.ok", "    if self.y:\n            self.ok"),
        ("    self.z = Model().fit()\n", "    self.z = Model().fit()  # why\n"),
        ('Parameter("rate", default=1)', 'Parameter("rate", default=2, help="x")'),
        ("@retry(times=2)\n@step", "@retry(times=2)  # often\n\n@step"),
        ("@retry(times=2)\n@step", "@step"),
        ("@retry(times=2)", "@retry(times=LIMIT)"),
        ("@retry(times=2)", "@flowport.timeout(hours=1)\n@resources(memory=8000)\n@kubernetes(memory=16000)"),
    ],
)
def test_layout_and_comments_change_nothing(tmp_path: Path, old: str, new: str) -> None:
    assert old in BODY
    assert changed(tmp_path, body=BODY.replace(old, new)) == []


def test_a_method_may_call_the_flow_what_it_likes(tmp_path: Path) -> None:
    body = BODY.replace(
        "def weigh(self, x):\n    return x * self.FACTOR + self.half(x)", "def weigh(this, x):\n    return this.half + this.FACTOR"
    )
    assert body != BODY
    half, factor = body.replace("return 0.5", "return 0.6"), body.replace("FACTOR = 2", "FACTOR = 3")
    before = digests(tmp_path / "before", body=body)
    for number, other in enumerate((half, factor)):
        after = digests(tmp_path / str(number), body=other)
        assert [name for name in before if after[name] != before[name]] == ["train"]


@pytest.mark.parametrize(
    ("old", "new", "steps"),
    [
        ("{ 2 }", "{ 3 }", ["start"]),
        ("{ 2 }", "{2 }", ["start"]),
        ("@retry(times=2)", "@catch(var='failure')", ["start"]),
        ("@retry(times=2)", "@kubernetes(image='flows:2')", ["start"]),
        ("@retry(times=2)", "@retry(**{'times': 2})", ["start"]),
        ("self.z = Model()", "self.zz = Model()", ["train"]),
        ("        self.ok", "    self.ok", ["check"]),
        ("FACTOR = 2", "FACTOR = 3", ["train"]),
        ("shades = [1, 2]", "shades = [1]", []),
        ("return 0.5", "return 0.6", ["train"]),
        ("return x * self.FACTOR", "return x + self.FACTOR", ["train"]),
    ],
)
def test_a_change_in_the_class_reaches_the_steps_that_use_it(tmp_path: Path, old: str, new: str, steps: list[str]) -> None:
    assert old in BODY
    body = BODY.replace("{ 2 }", new).replace(old, new) if old == "{ 2 }" else BODY.replace(old, new)
    assert changed(tmp_path, body=body.replace("    if self.y:\n    self.ok", "    if self.y:\n        pass\n    self.ok")) == steps


@pytest.mark.parametrize(
    ("old", "new", "steps"),
    [
        ("LIMIT = 3", "LIMIT = 4", ["start", "train", "check"]),
        ("    return x\n\ndef ping", "    return -x\n\ndef ping", ["start", "train"]),
        ("size = 1", "size = 2", ["train"]),
        ('{"a": LIMIT}', '{"b": LIMIT}', ["check"]),
        ("return pong(x)", "return pong(-x)", []),
        ("import numpy as np", "import cupy as np", []),
        ("import numpy as np\n", "import numpy as np\nSEED = 1\n", []),
    ],
)
def test_a_change_in_the_file_reaches_the_steps_that_use_it(tmp_path: Path, old: str, new: str, steps: list[str]) -> None:
    assert old in HEAD
    assert changed(tmp_path, head=HEAD.replace(old, new)) == steps


@pytest.mark.parametrize(
    ("file", "old", "new", "steps"),
    [
        ("tools/__init__.py", "UNIT = 1", "UNIT = 2", ["train"]),
        ("tools/__init__.py", "def late(x):\n    return x", "def late(x):\n    return -x", ["check"]),
        ("tools/__init__.py", "return 1", "return 2", []),
        ("tools/more.py", "def deeper(x):\n    return x", "def deeper(x):\n    return -x", ["train"]),
    ],
)
def test_a_change_in_an_own_module_reaches_the_steps_that_use_it(tmp_path: Path, file: str, old: str, new: str, steps: list[str]) -> None:
    assert old in TOOLS[file]
    assert changed(tmp_path, tools={**TOOLS, file: TOOLS[file].replace(old, new)}) == steps


def test_what_a_name_of_another_package_stands_for_counts(tmp_path: Path) -> None:
    body = "@step\ndef start(self):\n    self.x = np.ones(3)\n    self.next(self.end)\n"
    one, other = (digests(tmp_path / name, head=f"import {name} as np", body=body, tools={}) for name in ("numpy", "cupy"))
    assert one["start"] != other["start"]
    assert one["end"] == other["end"]


def test_a_module_that_is_handed_on_counts_as_a_whole(tmp_path: Path) -> None:
    body = "@step\ndef start(self):\n    self.x = getattr(tools, 'a')\n    self.next(self.end)\n"
    one, other = (digests(tmp_path / str(n), head="import tools", body=body, tools={"tools.py": f"a = {n}\n"}) for n in (1, 2))
    assert one["start"] != other["start"]


def test_functions_that_call_each_other(tmp_path: Path) -> None:
    start = "@step\ndef start(self):\n    self.x = ping(1)\n    self.next(self.middle)\n"
    body = start + "\n@step\ndef middle(self):\n    self.y = pong(1)\n    self.next(self.end)\n"
    before = digests(tmp_path / "a", body=body)
    after = digests(tmp_path / "b", body=body, head=HEAD.replace("return ping(x)", "return ping(-x)"))
    assert [name for name in before if before[name] != after[name]] == ["start", "middle"]


def test_an_overridden_step_that_calls_the_one_it_replaces(tmp_path: Path) -> None:
    text = """
    from flowport import FlowSpec, step

    class Base(FlowSpec):
        @step
        def start(self):
            self.x = VALUE
            self.next(self.end)

        @step
        def end(self):
            pass

    class TrainFlow(Base):
        @step
        def start(self):
            super().start()
            self.next(self.end)
    """
    found = []
    for value in (1, 2):
        write(tmp_path, {"flow.py": text.replace("VALUE", str(value))})
        found.append(read(tmp_path / "flow.py")[0].step("start").digest)
    assert found[0] != found[1]


def test_digests_are_the_same_wherever_the_flow_lies(tmp_path: Path) -> None:
    assert digests(tmp_path / "here") == digests(tmp_path / "there" / "deeper")


def test_digests_are_those_of_every_python_version(tmp_path: Path) -> None:
    body = "@step\ndef start(self):\n    self.x = f\"{1 + 1:>{2}} {'a'!r}\" 'tail' + r'\\x'\n    self.next(self.end)\n"
    flow = fine(write(tmp_path, {"flow.py": class_of(body + END)}))
    assert flow.step("start").digest == "33c68e5e194b8878532f7a04e526176a888e034ec1dff1fd1c7e38dbff21bf1a"


ROUNDABOUT = """
FACTOR = 1

@step
def start(self):
    self.x = {expression}
    self.next(self.end)
"""


@pytest.mark.parametrize(
    "expression",
    [
        "type(self).FACTOR",
        "self.__class__.FACTOR",
        'getattr(self, "FACTOR")',
        "outside(self)",
        "(lambda me: me.FACTOR)(self)",
        "TrainFlow.FACTOR",
        "[each.FACTOR for each in (TrainFlow,)]",
    ],
)
def test_a_constant_of_the_class_reaches_a_step_that_uses_it_in_a_roundabout_way(tmp_path: Path, expression: str) -> None:
    body = ROUNDABOUT.format(expression=expression)
    head = "def outside(flow):\n    return flow.FACTOR\n"
    before = digests(tmp_path / "before", head=head, body=body)
    after = digests(tmp_path / "after", head=head, body=body.replace("FACTOR = 1", "FACTOR = 2"))
    assert [name for name in before if before[name] != after[name]] == ["start"]


@pytest.mark.parametrize("declared", ["IncludeFile('table', parser=parse, help='x')", "TABLES"])
def test_the_parser_of_a_file_is_part_of_the_steps_that_read_it(tmp_path: Path, declared: str) -> None:
    head = "from flowport import IncludeFile\ndef parse(text):\n    return text\nTABLES = IncludeFile('table', parser=parse)\n"
    body = f"table = {declared}\n\n@step\ndef start(self):\n    self.x = self.table\n    self.next(self.end)\n" + END

    def found(folder: str, old: str, new: str) -> dict[str, str]:
        text = class_of(body, head).replace(old, new)
        return {step.name: step.digest for step in fine(write(tmp_path / folder, {"flow.py": text})).steps}

    before = found("before", "", "")
    after = found("after", "return text", "return text * 2")
    assert [name for name in before if after[name] != before[name]] == ["start"]
    assert found("help", "help='x'", "help='y'") == before
