"""Selects the flow class of a file, and lists all that it has."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Mapping

from flowport.compiler.diagnostics.diagnostic import Diagnostic
from flowport.compiler.diagnostics.suggestions import did_you_mean
from flowport.compiler.evaluate.reading import Reading
from flowport.compiler.ir import Span
from flowport.compiler.parse.main_block import started_flows
from flowport.compiler.python.classes import ClassHierarchy, FlowClass, top_classes
from flowport.compiler.python.modules import OURS, External, Thing
from flowport.compiler.python.roots import roots_with
from flowport.compiler.python.source import Source


def pick(reading: Reading, source: Source, class_name: str | None) -> FlowClass | None:
    """The selected flow class; adds a diagnostic if there is none or more than one."""
    classes = {node.name: node for node in top_classes(source.tree.body)}
    lineages = ClassHierarchy(reading.modules)
    if class_name is not None and class_name in classes:
        if not lineages.is_flow(source, classes[class_name]):
            reading.say("FP111", f"`{class_name}` is not a flow", source, classes[class_name], f"write `class {class_name}(FlowSpec):`")
            return None
        return lineages.line(source, classes[class_name])
    flows = flow_classes(lineages, source, classes)
    if class_name is not None:
        reading.diagnostics.append(
            Diagnostic(
                "FP112",
                f"`{source.shown}` has no flow `{class_name}`",
                Span(source.shown, 1, 1, 1, 1),
                help=(*did_you_mean(class_name, flows), *_listed(source, flows)),
            )
        )
        return None
    leaves = uninherited(lineages, source, flows)
    # The main block says which of several classes is the flow, as it does when Python runs the file.
    started = started_flows(reading, source) if len(flows) > 1 else []
    chosen = started if len(started) == 1 else leaves
    if len(chosen) == 1:
        return lineages.line(source, flows[chosen[0]])
    if leaves:
        reading.say(
            "FP113",
            f"`{source.shown}` has {len(leaves)} flows: {', '.join(f'`{name}`' for name in leaves)}",
            source,
            classes[leaves[1]],
            f"choose one: `{source.shown}:{leaves[0]}`",
        )
    else:
        _say_no_flow(reading, source, classes)
    return None


def flow_classes(lineages: ClassHierarchy, source: Source, classes: Mapping[str, ast.ClassDef]) -> dict[str, ast.ClassDef]:
    """The classes that are flows, or that flows inherit from."""
    return {name: node for name, node in classes.items() if lineages.is_flow(source, node)}


STEP = frozenset(f"{package}.step" for package in OURS)


def uninherited(lineages: ClassHierarchy, source: Source, flows: Mapping[str, ast.ClassDef]) -> list[str]:
    """The flows of a file that no other flow of the file inherits from."""
    inherited = {one.node.name for node in flows.values() for one in lineages.bases_of(source, node) if one.source is source}
    return [name for name in flows if name not in inherited]


def _listed(source: Source, flows: Iterable[str]) -> tuple[str, ...]:
    names = ", ".join(f"`{name}`" for name in flows)
    return (f"its flows are {names}" if names else "it has no flow",)


def _is_misplaced(thing: Thing | None) -> bool:
    """Whether a base is the `FlowSpec` of one of Metaflow's inner modules."""
    package, _, name = thing.name.partition(".") if isinstance(thing, External) else ("", "", "")
    return package in OURS and name.endswith(".FlowSpec")


def _say_no_flow(reading: Reading, source: Source, classes: dict[str, ast.ClassDef]) -> None:
    for node in classes.values():
        for base in node.bases:
            if _is_misplaced(reading.modules.resolve(source, base)):
                message = (
                    f"`{node.name}` is not recognized as a flow, because `{source.segment(base)}` is not imported from `metaflow` itself"
                )
                reading.say("FP110", message, source, base, "write `from metaflow import FlowSpec`")
                return
        if any(isinstance(base, ast.Name) and base.id == "FlowSpec" for base in node.bases):
            reading.say(
                "FP110",
                f"`{node.name}` is not recognized as a flow, because `{source.shown}` does not define `FlowSpec`",
                source,
                node.bases[0],
                "add `from flowport import FlowSpec, step`",
            )
            return
        for base in node.bases:
            for modules, setting in roots_with(reading.modules, source, base):
                if ClassHierarchy(modules).is_flow(source, node):
                    message = f"`{node.name}` is not recognized as a flow, because its base class is not in the flow's own folders"
                    reading.say("FP110", message, source, base, f"write {setting}")
                    return
        if _has_steps(reading, source, node) and (found := _foreign_base(reading, source, node)):
            base, name = found
            message = f"`{node.name}` is not recognized as a flow, because its base class `{name}` is not in the flow's folder or project"
            way_out = "copy its module beside the flow, or list the folder of the module under `roots` in flowport.toml"
            reading.say("FP110", message, source, base, way_out)
            return
    reading.diagnostics.append(
        Diagnostic(
            "FP110",
            f"`{source.shown}` has no flow",
            Span(source.shown, 1, 1, 1, 1),
            help=("write a class: `from flowport import FlowSpec, step` and `class TrainFlow(FlowSpec):`",),
        )
    )


def _has_steps(reading: Reading, source: Source, node: ast.ClassDef) -> bool:
    """Whether a class has a method with `@step`, so that it is meant to be a flow."""
    found = [reading.modules.resolve(source, each) for one in node.body for each in getattr(one, "decorator_list", ())]
    return any(isinstance(thing, External) and thing.name in STEP for thing in found)


def _foreign_base(reading: Reading, source: Source, node: ast.ClassDef) -> tuple[ast.expr, str] | None:
    """A base class from a module that is not found, and its full name."""
    for base in node.bases:
        thing = reading.modules.resolve(source, base)
        if isinstance(thing, External) and "." in thing.name:
            return base, thing.name
    return None
