"""The graph of a flow as Metaflow's `current.graph` has it, from the plan in the code package and the flow's class."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from flowport.runtime.package.code_package import CodePackage


def document(program: CodePackage) -> dict[str, Any]:
    """The flow's steps by name with their type, what follows them, their line and docstring; and how they nest."""
    flow, kind = program.flow, program.flow_class()
    plans = {name: program.step(name) for name in program.plan["steps"]}
    structure, joins = _structure(program.plan["body"])
    return {
        "file": flow["file"],
        "start_step": flow["start"],
        "end_step": flow["end"],
        "parameters": [{"name": each["attribute"], "type": _type(each)} for each in flow["parameters"]],
        "steps": {name: _step(kind, plan, flow, joins.get(name)) for name, plan in plans.items()},
        "graph_structure": structure,
        "doc": kind.__doc__ or "",
    }


def _type(parameter: dict[str, Any]) -> str:
    return "IncludeFile" if parameter["kind"] == "file" else "Parameter"


def _step(kind: type, plan: dict[str, Any], flow: dict[str, Any], join: str | None) -> dict[str, Any]:
    transition, name = plan["transition"], plan["step"]
    function = getattr(kind, name)
    code = getattr(function, "__code__", None)
    found: dict[str, Any] = {
        "name": name,
        "type": _step_type(plan, flow),
        "line": code.co_firstlineno if code else None,
        "source_file": code.co_filename if code else None,
        "doc": function.__doc__ or "",
        "next": following(transition),
    }
    if "gang" in transition:
        found["num_parallel"] = transition["gang"]
    elif "foreach" in transition:
        found["foreach_artifact"] = transition["over"]
    if "switch" in transition:
        found["condition"] = transition["switch"]
        found["switch_cases"] = dict(transition["cases"])
    if join is not None:
        found["matching_join"] = join
    return found


def following(transition: dict[str, Any]) -> list[str]:
    """The steps that a transition of the plan leads to, each once."""
    if "branch" in transition:
        return [*transition["branch"]]
    if "switch" in transition:
        return [*dict.fromkeys(target for _, target in transition["cases"])]
    return [transition[way] for way in ("next", "foreach") if way in transition]


def _step_type(plan: dict[str, Any], flow: dict[str, Any]) -> str:
    """Metaflow's word for what a step does; a split that is a join too is named as the split."""
    for way, name in (("gang", "split-parallel"), ("branch", "split-static"), ("foreach", "split-foreach"), ("switch", "split-switch")):
        if way in plan["transition"]:
            return name
    if plan["step"] in (flow["start"], flow["end"]):
        return "start" if plan["step"] == flow["start"] else "end"
    return "join" if plan["join"] else "linear"


def _structure(block: list[dict[str, Any]]) -> tuple[list[Any], dict[str, str]]:
    """A block of the plan as nested lists of steps, and the join of each split by the name of the split.

    The node after a parallel or a map is the task of its join.
    """
    found: list[Any] = []
    joins: dict[str, str] = {}
    for place, node in enumerate(block):
        if "task" in node:
            found.append(node["task"])
            continue
        inner = [_structure(each) for each in blocks(node)]
        found.append([nested for nested, _ in inner])
        for _, more in inner:
            joins.update(more)
        split = node.get("parallel") or node.get("map")
        after = block[place + 1].get("task") if place + 1 < len(block) else None
        if split and after:
            joins[split] = after
    return found, joins


def blocks(node: dict[str, Any]) -> list[list[dict[str, Any]]]:
    """The blocks inside a node of the plan."""
    if "branches" in node:
        return list(node["branches"])
    if "arms" in node:
        return [arm["body"] for arm in node["arms"]]
    return [node["body"]]
