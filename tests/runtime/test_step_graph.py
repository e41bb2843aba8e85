"""`self._graph`, with what Metaflow 2.19.39 gives for the same flow, in a step and for a flow that does not run."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from typing import Any

import pytest

from flowport.exceptions import MetaflowException
from solo import Solo

FLOW = '''
class Shape(FlowSpec):
    """Doc of flow."""

    @step
    def start(self):
        "doc start"
        self.xs = [1, 2]
        self.next(self.a, self.b)

    @step
    def a(self):
        self.next(self.w, foreach="xs")

    @step
    def w(self):
        self.next(self.j)

    @step
    def j(self, inputs):
        self.next(self.join)

    @step
    def b(self):
        self.next(self.join)

    @step
    def join(self, inputs):
        self.next(self.choose)

    @step
    def choose(self):
        self.c = "x"
        self.next({"x": self.s, "y": self.end}, condition="c")

    @step
    def s(self):
        self.next(self.end)

    @step
    def end(self):
        graph = self._graph
        self.shape = {one.name: (one.type, sorted(one.in_funcs), one.out_funcs, one.split_parents, one.num_args) for one in graph}
        self.joins = {one.name: one.matching_join for one in graph if one.matching_join}
        self.inside = [one.name for one in graph if one.is_inside_foreach]
        self.forms = (graph["a"].foreach_param, graph["choose"].condition, graph["choose"].switch_cases, graph["a"].parallel_step)
        self.about = (graph.name, graph.start_step, graph.end_step, graph["start"].doc, "a" in graph, "zz" in graph)
'''

SHAPE: dict[str, Any] = {
    "start": ("split", [], ["a", "b"], [], 1),
    "a": ("foreach", ["start"], ["w"], ["start"], 1),
    "w": ("linear", ["a"], ["j"], ["start", "a"], 1),
    "j": ("join", ["w"], ["join"], ["start", "a"], 2),
    "b": ("linear", ["start"], ["join"], ["start"], 1),
    "join": ("join", ["b", "j"], ["choose"], ["start"], 2),
    "choose": ("split-switch", ["join"], ["s", "end"], [], 1),
    "s": ("linear", ["choose"], ["end"], [], 1),
    "end": ("end", ["choose", "s"], [], [], 1),
}


def imported(path: Path, name: str, monkeypatch: pytest.MonkeyPatch) -> Any:
    """A class of a file, as a script that imports the file has it."""
    spec = importlib.util.spec_from_file_location(path.stem, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    monkeypatch.setitem(sys.modules, path.stem, module)
    spec.loader.exec_module(module)
    return getattr(module, name)


def test_a_step_sees_the_graph_of_its_flow(tmp_path: Path) -> None:
    flow = Solo(tmp_path, FLOW)
    flow.run()
    assert flow.artifacts("end")["shape"] == SHAPE
    assert flow.artifacts("end")["joins"] == {"start": "join", "a": "j"}
    assert flow.artifacts("end")["inside"] == ["w"]
    assert flow.artifacts("end")["forms"] == ("xs", "c", {"x": "s", "y": "end"}, False)
    assert flow.artifacts("end")["about"] == ("Shape", "start", "end", "doc start", True, False)


def test_a_flow_that_does_not_run_has_its_graph_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "graph_of_a_file.py"
    path.write_text("from flowport import FlowSpec, step\n" + FLOW)
    graph = imported(path, "Shape", monkeypatch)(use_cli=False)._graph
    assert {one.name: (one.type, sorted(one.in_funcs), one.out_funcs, one.split_parents, one.num_args) for one in graph} == SHAPE
    assert set(graph.sorted_nodes) == set(SHAPE)
    assert str(graph["a"]) == "<step a: foreach>"
    with pytest.raises(KeyError, match="zz"):
        graph["zz"]


def test_an_artifact_called_graph_is_an_artifact(tmp_path: Path) -> None:
    flow = Solo(
        tmp_path,
        """
class Own(FlowSpec):
    @step
    def start(self):
        self._graph = "mine"
        self.next(self.end)

    @step
    def end(self):
        self.seen = self._graph
""",
    )
    flow.run()
    assert flow.artifacts("end")["seen"] == "mine"


def test_the_graph_of_a_flow_with_mistakes_names_them(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "graph_with_a_mistake.py"
    path.write_text(
        "from flowport import FlowSpec, step\nclass Wrong(FlowSpec):\n    @step\n    def start(self):\n        self.next(self.nope)\n"
    )
    flow = imported(path, "Wrong", monkeypatch)(use_cli=False)
    with pytest.raises(MetaflowException) as raised:
        _ = flow._graph
    first, *problems = str(raised.value).splitlines()
    assert first == f"Wrong has mistakes, which `flowport check {path}:Wrong` shows:"
    assert any("`nope`" in problem for problem in problems)
