"""What a compile may cost when somebody else wrote the flow: a limit for expressions, and classes in linear time.

Without the limits these tests do not fail, they never end.
"""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from flowport.compiler.compile import load
from flowport.compiler.python.classes import Class, merge_orders
from sources import END, class_of, write

DOUBLED = "Z0 = 0\n" + "".join(f"Z{number} = Z{number - 1} + Z{number - 1}\n" for number in range(1, 45))
CALLED = "def f0(x):\n    return x\n" + "".join(f"def f{n}(x):\n    return f{n - 1}(x) + f{n - 1}(x)\n" for n in range(1, 41))
COPIED = "BIG = list(range(9000))\nCOPIES = [[BIG[1:] for a in range(10)] for b in range(1000)]\n"
ROWS = "len([b for a in range(1000) for b in [c for c in range(99) for d in range(99)]])"
START = "\n@retry(times={times})\n@step\ndef start(self):\n    self.next(self.end)\n"


@pytest.mark.parametrize(
    ("before", "times"),
    [
        (DOUBLED, "Z44"),
        (CALLED, "f40(1)"),
        (COPIED, "len(COPIES)"),
        ("", ROWS),
    ],
    ids=["names that double", "functions that call each other", "copies", "comprehensions"],
)
def test_expressions_have_a_limit_of_work_for_the_whole_flow(tmp_path: Path, before: str, times: str) -> None:
    head = f"from flowport import FlowSpec, Parameter, retry, step\n{before}"
    more = "\n".join(f'p{number} = Parameter("p{number}", default={times})' for number in range(20))
    path = write(tmp_path, {"flow.py": class_of(more + START.format(times=times) + END, head)})
    codes = [found.code for found in load(str(path / "flow.py") if path.is_dir() else str(path)).diagnostics if found.severity == "error"]
    assert codes.count("FP127") == 1
    assert set(codes) == {"FP127"}


CHAIN = "class C0(FlowSpec): pass\n" + "".join(f"class C{number}(C{number - 1}): pass\n" for number in range(1, 10_000))
MIXINS = "".join(f"class C{number}: pass\n" for number in range(3_000))
LADDER = "class M: pass\nclass C0(FlowSpec): pass\n" + "".join(f"class C{number}(C{number - 1}, M): pass\n" for number in range(1, 600))


@pytest.mark.parametrize(
    ("classes", "bases"),
    [(CHAIN, "C9999"), (MIXINS, ", ".join(f"C{number}" for number in range(3_000)) + ", FlowSpec"), (LADDER, "C599")],
    ids=["chain", "mixins", "ladder"],
)
def test_any_number_of_classes_is_read(tmp_path: Path, classes: str, bases: str) -> None:
    steps = "    @step\n    def start(self):\n        self.next(self.end)\n\n    @step\n    def end(self):\n        pass\n"
    path = tmp_path / "flow.py"
    path.write_text(f"from flowport import FlowSpec, step\n{classes}class Last({bases}):\n{steps}")
    found = load(str(path))
    assert (found.plan is not None, found.diagnostics) == (True, ())


def test_classes_are_looked_through_in_pythons_order() -> None:
    seed = random.randrange(2**32)
    print("seed", seed)
    chance = random.Random(seed)
    for _ in range(300):
        kinds: list[type] = []
        for number in range(chance.randint(1, 9)):
            bases = tuple(chance.sample(kinds, chance.randint(0, min(3, len(kinds))))) or (object,)
            try:
                kinds.append(type(f"C{number}", bases, {}))
            except TypeError:  # Python refuses these bases together
                continue
        assert [order(kind) for kind in kinds] == [list(kind.__mro__[:-1]) for kind in kinds]


def order(kind: type) -> list[type]:
    """What `merged` makes of a class of Python's: it looks at nothing of a class but which one it is."""
    direct = [base for base in kind.__bases__ if base is not object]
    rows: list[list[Class]] = [*map(order, direct), direct]  # type: ignore[list-item]
    return [kind, *merge_orders(rows)]  # type: ignore[list-item]
