"""Lists the flows of a file without reading their steps: what `flowport doctor` looks at, class by class."""

from __future__ import annotations

import ast

from flowport.compiler.imports.folders import own_modules
from flowport.compiler.parse.flow_class import flow_classes, uninherited
from flowport.compiler.python.classes import ClassHierarchy, FlowClass, top_classes
from flowport.compiler.record import record


@record
class ListedFlow:
    """A flow class: its line, and the classes that it inherits from, each as the path of its file and its name."""

    name: str
    line: int
    inherits: tuple[tuple[str, str], ...]


def list_flows(path: str, roots: tuple[str, ...] = ()) -> tuple[ListedFlow, ...]:
    """The flows of a file that no other flow of the file inherits from; raises CompileError if the file cannot be read.

    A class without steps is the base of other flows, unless its steps may be in a class that is not among the flow's own files.
    """
    modules, source = own_modules(path, roots)
    hierarchy = ClassHierarchy(modules)
    flows = flow_classes(hierarchy, source, {node.name: node for node in top_classes(source.tree.body)})
    lines = [hierarchy.line(source, flows[one]) for one in uninherited(hierarchy, source, flows)]
    return tuple(_listed(line) for line in lines if line.unseen or _has_steps(line))


def _listed(line: FlowClass) -> ListedFlow:
    own, *inherited = line.classes
    return ListedFlow(own.node.name, own.node.lineno, tuple((one.source.path, one.node.name) for one in inherited))


def _has_steps(line: FlowClass) -> bool:
    """Whether a method of the class, or of one that it inherits from, has a decorator that is called `step`."""
    functions = (member.function for member in line.members.values())
    decorators = (node for function in functions if function is not None for node in function.decorator_list)
    return any((node.attr if isinstance(node, ast.Attribute) else getattr(node, "id", "")) == "step" for node in decorators)
