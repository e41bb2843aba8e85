"""The graph of a flow as Metaflow's `self._graph` has it: the steps as objects, each with what comes before and after it.

    [step.name for step in self._graph if step.type == "join"]

It says what `current.graph` says (`flow_graph`), for code that reads Metaflow's own objects. It has no line numbers.
"""

from __future__ import annotations

from flowport.runtime.package import flow_graph

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    from flowport.runtime.package.code_package import CodePackage

_TYPES = {"split-static": "split", "split-foreach": "foreach", "split-parallel": "foreach"}
"""Metaflow's words for the types of steps here, where they differ from those of `current.graph`."""


class GraphStep:
    """One step. `in_funcs` and `out_funcs` are the names of the steps before and after it."""

    def __init__(self, step: dict[str, Any], plan: dict[str, Any], around: list[str], is_inside_foreach: bool) -> None:
        self.name: str = step["name"]
        self.type: str = _TYPES.get(step["type"], step["type"])
        self.doc: str = step["doc"]
        self.source_file: str | None = step["source_file"]
        self.in_funcs: set[str] = set()
        self.out_funcs: list[str] = step["next"]
        self.has_tail_next = bool(self.out_funcs)
        self.num_args = 1 + plan["join"]
        self.parallel_step = "gang" in plan
        self.parallel_foreach = "num_parallel" in step
        self.num_parallel: int | None = step.get("num_parallel", 0)
        self.foreach_param: str | None = step.get("foreach_artifact")
        self.condition: str | None = step.get("condition")
        self.switch_cases: dict[Any, str] = step.get("switch_cases", {})
        self.matching_join: str | None = step.get("matching_join")
        self.split_parents = around
        self.is_inside_foreach = is_inside_foreach

    def __repr__(self) -> str:
        return f"<step {self.name}: {self.type}>"


class FlowGraph:
    """The steps of a flow by name, in the order of the plan."""

    def __init__(self, program: CodePackage) -> None:
        document = flow_graph.document(program)
        self.name: str = program.flow["flow"]
        self.doc: str = document["doc"]
        self.start_step: str = document["start_step"]
        self.end_step: str = document["end_step"]
        self.nodes: dict[str, GraphStep] = {}
        for name, around, is_inside_foreach in _places(program.plan["body"], [], False):
            self.nodes[name] = GraphStep(document["steps"][name], program.step(name), around, is_inside_foreach)
        for step in self:
            for name in step.out_funcs:
                self.nodes[name].in_funcs.add(step.name)

    def __getitem__(self, name: str) -> GraphStep:
        return self.nodes[name]

    def __contains__(self, name: object) -> bool:
        return name in self.nodes

    def __iter__(self) -> Iterator[GraphStep]:
        return iter(self.nodes.values())

    @property
    def sorted_nodes(self) -> list[str]:
        """The names of the steps, each after those before it."""
        return [*self.nodes]


def _places(block: list[dict[str, Any]], around: list[str], is_inside_foreach: bool) -> Iterator[tuple[str, list[str], bool]]:
    """The steps of a block of the plan: name, the splits around it with the one that it joins, and whether one is a foreach."""
    split: str | None = None
    for node in block:
        if "task" in node:
            yield node["task"], [*around, split] if split else around, is_inside_foreach
            split = None
            continue
        split = node.get("parallel") or node.get("map")
        for inner in flow_graph.blocks(node):
            yield from _places(inner, [*around, split] if split else around, is_inside_foreach or "map" in node)
