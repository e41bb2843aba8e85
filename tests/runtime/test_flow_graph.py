"""`current.graph`, with what Metaflow 2.19 gives for the same flow."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from flowport.runtime.package.flow_graph import document
from solo import Solo

FLOW = '''
from metaflow import FlowSpec, Parameter, step

class Probes(FlowSpec):
    """Doc of flow."""
    p = Parameter("p-q", default=1)

    @step
    def start(self):
        "doc start"
        self.next(self.a, self.b)
    @step
    def a(self):
        self.xs = [1, 2]
        self.next(self.c, foreach="xs")
    @step
    def c(self):
        self.next(self.cj)
    @step
    def cj(self, inputs):
        self.next(self.j)
    @step
    def b(self):
        self.k = "x"
        self.next({"x": self.sx, "y": self.sy}, condition="k")
    @step
    def sx(self):
        self.next(self.m)
    @step
    def sy(self):
        self.next(self.m)
    @step
    def m(self):
        self.next(self.j)
    @step
    def j(self, inputs):
        self.next(self.end)
    @step
    def end(self):
        pass
'''

STEPS: dict[str, dict[str, Any]] = {
    "start": {"type": "split-static", "doc": "doc start", "next": ["a", "b"], "matching_join": "j"},
    "a": {"type": "split-foreach", "doc": "", "next": ["c"], "foreach_artifact": "xs", "matching_join": "cj"},
    "c": {"type": "linear", "doc": "", "next": ["cj"]},
    "cj": {"type": "join", "doc": "", "next": ["j"]},
    "b": {"type": "split-switch", "doc": "", "next": ["sx", "sy"], "condition": "k", "switch_cases": {"x": "sx", "y": "sy"}},
    "sx": {"type": "linear", "doc": "", "next": ["m"]},
    "sy": {"type": "linear", "doc": "", "next": ["m"]},
    "m": {"type": "linear", "doc": "", "next": ["j"]},
    "j": {"type": "join", "doc": "", "next": ["end"]},
    "end": {"type": "end", "doc": "", "next": []},
}


def test_the_graph_has_the_form_of_metaflows(tmp_path: Path) -> None:
    flow = Solo(tmp_path, FLOW)
    graph = document(flow.program)
    for step in graph["steps"].values():
        del step["name"], step["line"], step["source_file"]
    assert graph["steps"] == STEPS
    assert (graph["start_step"], graph["end_step"], graph["doc"]) == ("start", "end", "Doc of flow.")
    assert graph["parameters"] == [{"name": "p", "type": "Parameter"}]
