"""Every form of flow that the frontend reads."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import pytest

from flowport.compiler.ir import Branch, Case, End, Foreach, Next, Switch
from flowport.compiler.parse.flow import parse
from sources import END, class_of, codes, fine, read, write

LINEAR = "@step\ndef start(self):\n    self.next(self.end)\n" + END


def flow_file(folder: Path, body: str, **more: str) -> Path:
    return write(folder, {"flow.py": class_of(body, **more)})


def test_a_linear_flow(tmp_path: Path) -> None:
    flow = fine(flow_file(tmp_path, '"""Trains."""\n' + LINEAR))
    assert (flow.name, flow.class_name, flow.file, flow.doc) == ("TrainFlow", "TrainFlow", "flow.py", "Trains.")
    assert [(step.name, step.transition) for step in flow.steps] == [("start", Next("end")), ("end", End())]
    assert (flow.start, flow.end) == ("start", "end")


def test_branches_and_their_join(tmp_path: Path) -> None:
    body = """
    @step
    def start(self):
        self.next(self.a, self.b)

    @step
    def a(self):
        self.next(self.meet)

    @step
    def b(self):
        self.next(self.meet)

    @step
    def meet(self, gathered):
        self.next(self.end)
    """
    flow = fine(flow_file(tmp_path, body.replace("\n    ", "\n") + END))
    assert flow.step("start").transition == Branch(("a", "b"))
    assert flow.step("meet").join
    assert not flow.step("a").join


def test_a_foreach_with_its_options(tmp_path: Path) -> None:
    body = """
@step
def start(self):
    self.items = [1, 2]
    self.next(self.train, foreach="items", batch=SIZE * 2, workers=3, max_parallel=SIZE)

@step
def train(self):
    self.next(self.pick)

@step
def pick(self, inputs):
    self.next(self.end)
"""
    flow = fine(flow_file(tmp_path, body + END, head="SIZE = 10"))
    assert flow.step("start").transition == Foreach("train", "items", 20, 3, max_parallel=10)


@pytest.mark.parametrize(
    ("set_to", "items"),
    [
        ("self.items = [1, 2]", 2),
        ("self.items = ('a', 'b', 'c')", 3),
        ("self.items = range(4)", 4),
        ("self.items = list(range(4))", 4),
        ("self.items = []", 0),
        ("self.items = [1, *range(3)]", None),
        ("self.items = range(2, 4)", None),
        ("self.items = load()", None),
        ("self.items = [1, 2]; self.items.append(3)", None),
        ("self.items = [1]; self.items = [1, 2]", None),
        ("self.items = [1]; self.items += [2]", None),
        ("if load(): self.items = [1]", None),
    ],
)
def test_how_many_items_a_foreach_has_is_known_where_the_step_lists_them(tmp_path: Path, set_to: str, items: int | None) -> None:
    body = f"""
@step
def start(self):
    {set_to}
    self.next(self.train, foreach="items")

@step
def train(self):
    self.next(self.pick)

@step
def pick(self, inputs):
    self.next(self.end)
"""
    transition = fine(flow_file(tmp_path, body + END, head="def load(): return [1]")).step("start").transition
    assert isinstance(transition, Foreach)
    assert transition.items == items


def test_a_switch_with_every_kind_of_case(tmp_path: Path) -> None:
    body = """
@step
def start(self):
    self.kind = "a"
    self.next({"a": self.one, 2: self.one, 2.5: self.end, True: self.end, None: self.end, NAME: self.one}, condition="kind")

@step
def one(self):
    self.next(self.end)
"""
    flow = fine(flow_file(tmp_path, body + END, head='NAME = "c"'))
    cases = (Case("a", "one"), Case(2, "one"), Case(2.5, "end"), Case(True, "end"), Case(None, "end"), Case("c", "one"))
    assert flow.step("start").transition == Switch("kind", cases)


def test_an_early_next_that_repeats_the_last(tmp_path: Path) -> None:
    body = """
@step
def start(self):
    if not self.rows():
        self.next(self.end)
        return
    for row in self.rows():
        if row:
            return self.next(self.end)
    self.next(self.end)

def rows(self):
    return []
"""
    assert fine(flow_file(tmp_path, body + END)).step("start").transition == Next("end")


@pytest.mark.parametrize("tail", ["self.next(self.end)\n    return", "return self.next(self.end)"])
def test_a_return_at_the_end(tmp_path: Path, tail: str) -> None:
    assert fine(flow_file(tmp_path, f"@step\ndef start(self):\n    {tail}\n" + END)).step("start").transition == Next("end")


def test_a_loop_goes_back_to_an_earlier_step(tmp_path: Path) -> None:
    body = """
@step
def start(self):
    self.next(self.try_it)

@step
def try_it(self):
    self.good = True
    self.next({True: self.end, False: self.try_it}, condition="good")
"""
    assert fine(flow_file(tmp_path, body + END)).step("try_it").transition == Switch("good", (Case(True, "end"), Case(False, "try_it")))


def test_marked_start_and_end(tmp_path: Path) -> None:
    body = "@step(start=True)\ndef load(self):\n    self.next(self.report)\n\n@step(end=True)\ndef report(self):\n    pass\n"
    flow = fine(flow_file(tmp_path, body))
    assert (flow.start, flow.end) == ("load", "report")


@pytest.mark.parametrize("mark", ["@step", "@step()", "@step(start=True, end=True)"])
def test_a_flow_of_one_step(tmp_path: Path, mark: str) -> None:
    flow = fine(flow_file(tmp_path, f"{mark}\ndef only(self):\n    pass\n"))
    assert (flow.start, flow.end, flow.steps[0].transition) == ("only", "only", End())


@pytest.mark.parametrize(
    "head",
    [
        "from metaflow import FlowSpec, step\nclass TrainFlow(FlowSpec):",
        "import metaflow\nfrom metaflow import step\nclass TrainFlow(metaflow.FlowSpec):",
        "import flowport as fp\nfrom flowport import step\nclass TrainFlow(fp.FlowSpec):",
        "from metaflow import FlowSpec as Base, step as step\nclass TrainFlow(Base):",
        "from flowport import *\nclass TrainFlow(FlowSpec):",
        (
            "try:\n    from flowport import FlowSpec, step\nexcept ImportError:\n    from metaflow import FlowSpec, step\n"
            "class TrainFlow(FlowSpec):"
        ),
        "from flowport import flow, step\n@flow\nclass TrainFlow:",
        "from flowport import flow, step\n@flow(name='TrainFlow')\nclass Other:",
    ],
)
def test_ways_to_say_that_a_class_is_a_flow(tmp_path: Path, head: str) -> None:
    body = "    @step\n    def start(self):\n        self.next(self.end)\n    @step\n    def end(self):\n        pass\n"
    assert fine(write(tmp_path, {"flow.py": f"{head}\n{body}"})).name == "TrainFlow"


def test_steps_and_parameters_of_base_flows_and_mixins(tmp_path: Path) -> None:
    files = {
        "flow.py": """
            from parts import steps
            from parts.base import Base

            class TrainFlow(steps.Reporting, Base):
                pass
            """,
        "parts/__init__.py": "",
        "parts/base.py": """
            from flowport import FlowSpec, Parameter, step

            class Base(FlowSpec):
                rate = Parameter("rate", default=0.5)

                @step
                def start(self):
                    self.next(self.end)

                @step
                def end(self):
                    pass
            """,
        "parts/steps.py": """
            from flowport import step

            class Reporting:
                @step
                def start(self):
                    self.next(self.report)

                @step
                def report(self):
                    self.next(self.end)
            """,
    }
    flow = fine(write(tmp_path, files))
    assert {step.name: step.transition for step in flow.steps} == {"start": Next("report"), "report": Next("end"), "end": End()}
    assert [parameter.name for parameter in flow.parameters] == ["rate"]
    assert [name for name, _ in flow.files] == ["flow.py", "parts/__init__.py", "parts/base.py", "parts/steps.py"]


def test_a_base_in_the_same_file_is_not_a_flow_of_its_own(tmp_path: Path) -> None:
    text = class_of("@step\ndef start(self):\n    self.next(self.end)\n" + END) + "\n\nclass Nightly(TrainFlow):\n    pass\n"
    assert fine(write(tmp_path, {"flow.py": text})).class_name == "Nightly"


def test_the_class_name_picks_one_of_several_flows(tmp_path: Path) -> None:
    text = class_of(LINEAR) + "\n\n" + class_of(LINEAR).replace("TrainFlow", "ScoreFlow")
    flow, found = parse(write(tmp_path, {"flow.py": text}), "ScoreFlow")
    assert flow is not None
    assert (flow.name, found) == ("ScoreFlow", ())


@pytest.mark.parametrize("start", ["ScoreFlow()", "main()"])
def test_the_main_block_picks_one_of_several_flows(tmp_path: Path, start: str) -> None:
    text = class_of(LINEAR) + "\n\n" + class_of(LINEAR).replace("TrainFlow", "ScoreFlow") + "\n\ndef main():\n    ScoreFlow()\n"
    path = write(tmp_path, {"flow.py": text + f"\n\nif __name__ == '__main__':\n    {start}\n"})
    assert fine(path).name == "ScoreFlow"


def test_the_main_block_picks_a_flow_that_another_one_inherits_from(tmp_path: Path) -> None:
    text = class_of(LINEAR) + "\n\nclass Nightly(TrainFlow):\n    pass\n"
    path = write(tmp_path, {"flow.py": text + "\n\nif __name__ == '__main__':\n    TrainFlow()\n"})
    assert fine(path).name == "TrainFlow"


def test_a_main_block_that_starts_two_flows_picks_none(tmp_path: Path) -> None:
    text = class_of(LINEAR) + "\n\n" + class_of(LINEAR).replace("TrainFlow", "ScoreFlow")
    path = write(tmp_path, {"flow.py": text + "\n\nif __name__ == '__main__':\n    TrainFlow()\n    ScoreFlow()\n"})
    flow, found = parse(path, None)
    assert (flow, [one.code for one in found]) == (None, ["FP113"])


def test_what_stands_under_main_is_ignored(tmp_path: Path) -> None:
    text = (
        class_of(LINEAR)
        + "\n\nif __name__ == '__main__':\n    from metaflow import Run\n    class Other(FlowSpec):\n        pass\n    TrainFlow()\n"
    )
    assert fine(write(tmp_path, {"flow.py": text})).name == "TrainFlow"


@pytest.mark.parametrize(
    "tail",
    [
        "if __name__ == '__main__':\n    import sys\n    print('go')\n    sys.exit(TrainFlow())\n",
        "if '__main__' == __name__:\n    try:\n        TrainFlow()\n    except KeyboardInterrupt:\n        raise SystemExit(1)\n",
        "def main():\n    'Begin.'\n    TrainFlow()\n\nif __name__ == '__main__':\n    main()\n",
        "flow = TrainFlow(use_cli=False)\n",
        "def make():\n    return TrainFlow()\n",
    ],
)
def test_a_main_block_that_only_starts_the_flow_gets_no_word(tmp_path: Path, tail: str) -> None:
    fine(write(tmp_path, {"flow.py": class_of(LINEAR) + "\n\n" + tail}))


def test_an_init_that_only_calls_its_base_gets_no_word(tmp_path: Path) -> None:
    fine(flow_file(tmp_path, "def __init__(self, use_cli=True):\n    super().__init__(use_cli)\n" + LINEAR))


def test_a_class_attribute_named_like_a_decorator(tmp_path: Path) -> None:
    flow = fine(
        flow_file(
            tmp_path,
            "@retry(times=2)\n@step\ndef start(self):\n    self.next(self.end)\n"
            + END
            + '\nretry = Parameter("retry", default=3)\ntimeout = 5\n',
        )
    )
    assert flow.step("start").settings.retry is not None
    assert [parameter.attribute for parameter in flow.parameters] == ["retry"]


def test_file_names_need_not_be_identifiers(tmp_path: Path) -> None:
    assert fine(write(tmp_path, {"01 my-flow.v2.py": class_of(LINEAR)})).file == "01 my-flow.v2.py"


def test_decorators_of_the_users_own_are_kept_without_a_word(tmp_path: Path) -> None:
    files = {
        "flow.py": class_of("@timed\n@step\ndef start(self):\n    self.next(self.end)\n" + END, head="from timing import timed"),
        "timing.py": "def timed(f):\n    return f\n",
    }
    assert [name for name, _ in fine(write(tmp_path, files)).files] == ["flow.py", "timing.py"]


@pytest.mark.parametrize("mark", ["functools.lru_cache", "contextlib.contextmanager", "abc.abstractmethod", "functools.cached_property"])
def test_decorators_of_other_packages_on_what_is_no_step_get_no_word(tmp_path: Path, mark: str) -> None:
    helper = f"@{mark}\ndef helper(self):\n    yield 1\n"
    fine(write(tmp_path, {"flow.py": class_of(helper + LINEAR, head="import abc, contextlib, functools")}))


def test_a_misspelt_decorator_of_what_is_no_step_is_named(tmp_path: Path) -> None:
    path = write(tmp_path, {"flow.py": class_of("@stpe\ndef helper(self): pass\n" + LINEAR)})
    assert "FP122" in codes(read(path)[1])


def test_spans_take_no_part_in_equality(tmp_path: Path) -> None:
    spread = "\n\n# a comment\n" + LINEAR.replace("self.next(self.end)", "self.next(\n        self.end,  # on\n    )\n")
    one, other = fine(flow_file(tmp_path / "a", LINEAR)), fine(flow_file(tmp_path / "b", spread))
    assert one.steps[0].transition == other.steps[0].transition
    assert one.steps[0].transition_span != other.steps[0].transition_span


@pytest.mark.parametrize(
    ("name", "data", "code"),
    [
        ("flow.py", None, "FP100"),
        ("folder", "", "FP101"),
        ("flow.py", b"\xff\xfe\x00", "FP103"),
        ("flow.py", b"# coding: klingon\n", "FP103"),
        ("flow.py", b"class", "FP104"),
        ("flow.py", b"x = 1\0", "FP104"),
        ("flow.py", b"x = " + b"(" * 500 + b")" * 500, "FP104"),
        ("flow.py", b"", "FP110"),
        ("flow.py", b"\x7fELF\x02\x01\x01\x00", "FP104"),
    ],
)
def test_a_file_that_cannot_be_read_gets_a_diagnostic(tmp_path: Path, name: str, data: bytes | str | None, code: str) -> None:
    path = tmp_path / name
    if isinstance(data, bytes):
        path.write_bytes(data)
    elif data is not None:
        path.mkdir()
    flow, found = parse(path, None)
    assert flow is None
    assert codes(found) == [code]


def test_a_path_with_a_nul(tmp_path: Path) -> None:
    assert codes(parse("a\0b.py", None)[1]) == ["FP102"]


def test_an_own_module_that_is_not_python_is_reported(tmp_path: Path) -> None:
    path = write(tmp_path, {"flow.py": class_of(LINEAR, head="import rates"), "rates.py": "x ="})
    assert codes(read(path)[1]) == ["FP104"]


def test_source_in_another_declared_encoding(tmp_path: Path) -> None:
    path = tmp_path / "flow.py"
    path.write_bytes(("# coding: latin-1\n" + class_of('"""Größe."""\n' + LINEAR)).encode("latin-1"))
    assert fine(path).doc == "Größe."


def test_a_byte_order_mark_and_windows_line_ends(tmp_path: Path) -> None:
    path = tmp_path / "flow.py"
    path.write_bytes(b"\xef\xbb\xbf" + class_of(LINEAR).replace("\n", "\r\n").encode())
    flow = fine(path)
    assert flow.files[0][1] == path.read_bytes()
    write(tmp_path, {"plain.py": class_of(LINEAR)})
    assert flow.steps[0].digest == fine(tmp_path / "plain.py").steps[0].digest


def test_ten_thousand_steps(tmp_path: Path) -> None:
    names = ["start", *(f"s{number}" for number in range(9_998)), "end"]
    lines = [f"@step\ndef {name}(self):\n    self.next(self.{after})\n" for name, after in pairwise(names)]
    assert len(fine(flow_file(tmp_path, "\n".join(lines) + END)).steps) == 10_000
