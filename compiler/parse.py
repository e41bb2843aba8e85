"""Source -> Flow: the flow class of a file, its steps and parameters, and the files that go with it.

Only the syntax tree is read; nothing of the user's is imported. What the steps mean for each other is `check`'s business.
"""

from __future__ import annotations

import ast
import os.path
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

from flowport.compiler.classes import Class, Line, Member, line, top_classes
from flowport.compiler.decorators import Mark, marks, say_later, settings
from flowport.compiler.diagnostics import Diagnostic, Refused
from flowport.compiler.digest import digests
from flowport.compiler.guess import did_you_mean
from flowport.compiler.ir import Flow, Parameter, Span, Step
from flowport.compiler.modules import Function, Modules, closure
from flowport.compiler.offered import check_imports
from flowport.compiler.parameters import parameters
from flowport.compiler.reading import Reading
from flowport.compiler.source import Source, read
from flowport.compiler.transitions import Place, transition
from flowport.compiler.uses import Reader, me

OUTSIDE = ".flowport/roots"
"""Where source roots that are not inside the flow's folder go in the code package."""


def parse(path: str | Path, class_name: str | None, roots: tuple[str, ...] = ()) -> tuple[Flow | None, tuple[Diagnostic, ...]]:
    """The flow in the file at `path`, and everything that reading it has to say.

    `class_name` picks one of several flows; `roots` are further folders of the flow's own modules. The flow is there also
    when some of it was not understood, for `check` to say more; it is None when there is no class to speak of.
    """
    shown = os.fspath(path)
    full = os.path.abspath(shown)
    folder, name = os.path.split(full)
    places = _places(folder, roots)
    modules = Modules(places, os.path.dirname(shown))
    reading = Reading(modules)
    try:
        source = read(full, name, shown, name.removesuffix(".py"))
    except Refused as refused:
        return None, refused.diagnostics
    modules.add(source)
    picked = _pick(reading, source, class_name)
    flow = _flow(reading, source, picked, folder, tuple(place for _, place in places)) if picked is not None else None
    return flow, tuple(dict.fromkeys(modules.found + reading.found))


def _places(folder: str, roots: Iterable[str]) -> tuple[tuple[str, str], ...]:
    """The folders of the flow's own modules, each with its place in the code package."""
    found = {folder: ""}
    for number, root in enumerate(roots):
        full = os.path.abspath(root)
        inside = os.path.relpath(full, folder)
        found.setdefault(full, f"{OUTSIDE}/{number}" if inside.split(os.sep)[0] == ".." else inside.replace(os.sep, "/"))
    return tuple(found.items())


def _pick(reading: Reading, source: Source, class_name: str | None) -> Line | None:
    """The flow class that is meant; says so when there is none or more than one."""
    classes = {node.name: node for node in top_classes(source.tree.body)}
    lines = {name: line(reading.modules, source, node) for name, node in classes.items()}
    if class_name is not None and class_name in lines:
        chosen = lines[class_name]
        if not chosen.is_flow:
            reading.say("FP111", f"`{class_name}` is not a flow", source, classes[class_name], f"write `class {class_name}(FlowSpec):`")
            return None
        return chosen
    flows = {name: one for name, one in lines.items() if one.is_flow}
    if class_name is not None:
        reading.found.append(
            Diagnostic(
                "FP112",
                f"`{source.shown}` has no flow `{class_name}`",
                Span(source.shown, 1, 1, 1, 1),
                help=(*did_you_mean(class_name, flows), *_listed(source, flows)),
            )
        )
        return None
    inherited = {one.node.name for flow in flows.values() for one in flow.classes[1:] if one.source is source}
    leaves = [name for name in flows if name not in inherited]
    if len(leaves) == 1:
        return flows[leaves[0]]
    if leaves:
        reading.say(
            "FP113",
            f"`{source.shown}` holds {len(leaves)} flows: {', '.join(f'`{name}`' for name in leaves)}",
            source,
            classes[leaves[1]],
            f"say which one: `{source.shown}:{leaves[0]}`",
        )
    else:
        _say_no_flow(reading, source, classes)
    return None


def _listed(source: Source, flows: Iterable[str]) -> tuple[str, ...]:
    names = ", ".join(f"`{name}`" for name in flows)
    return (f"its flows are {names}" if names else "it holds no flow",)


def _say_no_flow(reading: Reading, source: Source, classes: dict[str, ast.ClassDef]) -> None:
    for node in classes.values():
        if any(isinstance(base, ast.Name) and base.id == "FlowSpec" for base in node.bases):
            reading.say(
                "FP110",
                f"`{node.name}` is not seen as a flow, because nothing in `{source.shown}` defines `FlowSpec`",
                source,
                node.bases[0],
                "add `from flowport import FlowSpec, step`",
            )
            return
    reading.found.append(
        Diagnostic(
            "FP110",
            f"`{source.shown}` holds no flow",
            Span(source.shown, 1, 1, 1, 1),
            help=("a flow is a class: `from flowport import FlowSpec, step` and `class TrainFlow(FlowSpec):`",),
        )
    )


def _flow(reading: Reading, source: Source, chosen: Line, folder: str, roots: tuple[str, ...]) -> Flow:
    own = chosen.classes[0]
    for one, base in chosen.unseen:
        reading.warn(
            "FP114",
            f"the base class `{one.source.segment(base)}` of `{one.node.name}` is not in the flow's own files",
            one.source,
            base,
            "steps and parameters that it brings are not seen; add its folder to `roots` in flowport.toml",
        )
    name = _class_marks(reading, chosen)
    files = closure(reading.modules, source)
    check_imports(reading, files)
    members = chosen.members
    found = parameters(reading, members, folder)
    methods = _methods(reading, members)
    start, end = _ends(reading, own, methods)
    hashes = digests(
        reading.modules, chosen, {step: member for step, (member, _) in methods.items()}, (parameter.attribute for parameter in found)
    )
    reader = Reader(members)
    steps = tuple(
        _step(reading, reader, member, list_of_marks, step == end, hashes[step]) for step, (member, list_of_marks) in methods.items()
    )
    return Flow(
        name,
        own.node.name,
        source.place,
        steps,
        start,
        end,
        found,
        _doc(own.node),
        _files(files, folder, found),
        roots,
        tuple(name for name in members if name not in methods),
        not chosen.unseen,
        source.name_span(own.node),
    )


def _class_marks(reading: Reading, chosen: Line) -> str:
    """The flow's name; says what there is to say about the decorators of its classes."""
    own = chosen.classes[0]
    name = own.node.name
    for one in chosen.classes:
        for mark in marks(reading, one, one.node.decorator_list, 0):
            if mark.name == "flow":
                name = _flow_name(reading, one, mark, name) if one is own else name
            elif mark.name in ("retry", "catch", "timeout", "resources", "environment", "step"):
                reading.say(
                    "FP134",
                    f"`@{mark.name}` belongs on a step, not on a flow",
                    one.source,
                    mark.node,
                    "put it above each step that needs it",
                )
            else:
                say_later(reading, one, mark, f"`{one.node.name}`")
    return name


def _flow_name(reading: Reading, owner: Class, mark: Mark, otherwise: str) -> str:
    for keyword in mark.call.keywords if mark.call else ():
        if keyword.arg != "name":
            reading.say("FP131", f"`@flow` has no argument `{keyword.arg}`", owner.source, keyword, "its argument is `name`")
            continue
        constant, value = reading.constant(keyword.value, owner.source, owner.members, "the name of the flow")
        if constant and isinstance(value, str) and value and "/" not in value and value.isprintable():
            return value
        if constant:
            reading.say(
                "FP133", f"the name of a flow is a text, not `{value!r}`", owner.source, keyword.value, f'write `@flow(name="{otherwise}")`'
            )
    return otherwise


def _methods(reading: Reading, members: dict[str, Member]) -> dict[str, tuple[Member, tuple[Mark, ...]]]:
    """The members marked `@step`, with their decorators."""
    found = {}
    for name, member in members.items():
        function = member.function
        if function is not None and function.decorator_list:
            list_of_marks = marks(reading, member.owner, function.decorator_list, function.lineno)
            if any(mark.name == "step" for mark in list_of_marks):
                found[name] = (member, list_of_marks)
                _say_odd_method(reading, member, function)
    return found


def _say_odd_method(reading: Reading, member: Member, function: Function) -> None:
    """A step that Python would not call as a step."""
    source, arguments = member.owner.source, function.args
    if len(member.bindings) > 1 and isinstance(member.bindings[-2].node, ast.FunctionDef):
        reading.say(
            "FP125",
            f"`{function.name}` is defined twice",
            source,
            function,
            "give one of them another name, or remove it",
            notes=(f"the one in line {member.bindings[-2].node.lineno} is lost",),
        )
    if isinstance(function, ast.AsyncFunctionDef):
        reading.say(
            "FP222",
            f"step `{function.name}` is `async`, and nothing would await it",
            source,
            function,
            "write `def`, and call `asyncio.run(...)` inside the step",
        )
    required = arguments.posonlyargs + arguments.args
    if not required:
        reading.say("FP222", f"step `{function.name}` does not take `self`", source, function, f"write `def {function.name}(self):`")
    elif len(required) > 2 or arguments.kwonlyargs or arguments.vararg or arguments.kwarg:
        reading.say(
            "FP222",
            f"step `{function.name}` takes more than `self` and `inputs`",
            source,
            function,
            f"write `def {function.name}(self):`, or `def {function.name}(self, inputs):` for a join",
            "pass values from step to step as artifacts: `self.x = 1`",
        )


def _ends(reading: Reading, own: Class, methods: dict[str, tuple[Member, tuple[Mark, ...]]]) -> tuple[str, str]:
    """The names of the first and the last step, "" where there is none."""
    marked: dict[str, list[str]] = {"start": [], "end": []}
    for step, (member, list_of_marks) in methods.items():
        for mark in list_of_marks:
            for keyword in mark.call.keywords if mark.name == "step" and mark.call else ():
                if keyword.arg in marked:
                    constant, value = reading.constant(
                        keyword.value, member.owner.source, member.owner.members, f"`{keyword.arg}` of `@step`"
                    )
                    if constant and value:
                        marked[keyword.arg].append(step)
                else:
                    reading.say(
                        "FP131",
                        f"`@step` has no argument `{keyword.arg}`",
                        member.owner.source,
                        keyword,
                        "its arguments are `start` and `end`",
                    )
    for kind, names in marked.items():
        if kind in methods and names and kind not in names:
            names.insert(0, kind)
        if len(names) > 1:
            function = methods[names[1]][0].function
            assert function is not None
            reading.say(
                "FP221",
                f"the flow has {len(names)} {kind} steps: {', '.join(f'`{name}`' for name in names)}",
                methods[names[1]][0].owner.source,
                function,
                f"mark one step `@step({kind}=True)`, and call no other step `{kind}`",
            )
    if len(methods) == 1:
        return next(iter(methods)), next(iter(methods))
    return tuple((names or ([kind] if kind in methods else [""]))[0] for kind, names in marked.items())  # type: ignore[return-value]


def _step(reading: Reading, reader: Reader, member: Member, list_of_marks: tuple[Mark, ...], is_end: bool, digest: str) -> Step:
    function, owner = member.function, member.owner
    assert function is not None
    uses = reader.uses(owner.source, function)
    if len(list_of_marks) < len(function.decorator_list):
        uses = replace(uses, opaque=True)
    wanted = settings(reading, owner, list_of_marks, function.name)
    going, span = transition(Place(reading, owner.source, owner.members, function, me(function) or "self"), is_end)
    return Step(
        function.name,
        going,
        len(function.args.posonlyargs + function.args.args) == 2,
        wanted,
        _doc(function),
        digest,
        owner.source.name_span(function),
        span,
        uses,
    )


def _doc(node: ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef) -> str:
    return ast.get_docstring(node) or ""


def _files(sources: Iterable[Source], folder: str, found: tuple[Parameter, ...]) -> tuple[tuple[str, bytes], ...]:
    """Everything that the code package holds: own modules and the files that parameters include, by path."""
    files = {one.place: one.data for one in sources}
    for parameter in found:
        if parameter.kind == "file" and isinstance(parameter.default, str):
            with open(os.path.join(folder, parameter.default), "rb") as file:
                files[parameter.default] = file.read()
    return tuple(sorted(files.items()))
