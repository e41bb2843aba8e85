"""Source -> Flow: the flow class of a file, its steps and parameters, and the files that go with it.

Only the syntax tree is read; nothing of the user's is imported. What the steps mean for each other is `check`'s business.
"""

from __future__ import annotations

import ast
import os.path
from collections.abc import Iterable

from flowport.compiler.decorators.arguments import Values
from flowport.compiler.decorators.resolve import SETTINGS, DecoratorUse, marks
from flowport.compiler.decorators.schedule import schedule
from flowport.compiler.decorators.settings import arguments, say_unsupported
from flowport.compiler.diagnostics.diagnostic import CompileError, Diagnostic
from flowport.compiler.evaluate.reading import Reading
from flowport.compiler.imports.attributes import check_attributes
from flowport.compiler.imports.closure import closure
from flowport.compiler.imports.public_names import check_imports
from flowport.compiler.ir import Flow, Parameter, Schedule
from flowport.compiler.parse.artifact_uses import Reader
from flowport.compiler.parse.digest import digests
from flowport.compiler.parse.flow_class import pick
from flowport.compiler.parse.main_block import check_main_block
from flowport.compiler.parse.parameter_calls import find
from flowport.compiler.parse.parameters import parameters
from flowport.compiler.parse.steps import ends, methods, step
from flowport.compiler.python.classes import FlowClass
from flowport.compiler.python.modules import Definition, Modules
from flowport.compiler.python.roots import roots_with
from flowport.compiler.python.source import Source, read

TYPE_CHECKING = False
if TYPE_CHECKING:
    from pathlib import Path

OUTSIDE = ".flowport/roots"
"""Where source roots that are not inside the flow's folder go in the code package."""


def parse(
    path: str | Path, class_name: str | None, roots: tuple[str, ...] = (), included: tuple[str, ...] = ()
) -> tuple[Flow | None, tuple[Diagnostic, ...]]:
    """The flow in the file at `path`, and everything that reading it has to say.

    `class_name` picks one of several flows; `roots` are further folders of the flow's own modules, and `included` the paths in the code
    package of Python files that go along whatever imports them. The flow is there also when some of it was not understood, for `check`
    to say more; it is None when there is no class to speak of.
    """
    shown = os.fspath(path)
    full = os.path.abspath(shown)
    folder, name = os.path.split(full)
    around = places(folder, roots)
    modules = Modules(around, os.path.dirname(shown))
    reading = Reading(modules, bool(included))
    try:
        source = read(full, name, shown, name.removesuffix(".py"))
    except CompileError as refused:
        return None, refused.diagnostics
    modules.add(source)
    picked = pick(reading, source, class_name)
    flow = _flow(reading, source, picked, folder, included) if picked is not None else None
    return flow, tuple(dict.fromkeys(modules.found + reading.found))


def places(folder: str, roots: Iterable[str]) -> tuple[tuple[str, str], ...]:
    """The folders of the flow's own modules, each with its place in the code package."""
    found = {folder: ""}
    for number, root in enumerate(roots):
        full = os.path.abspath(root)
        inside = os.path.relpath(full, folder)
        found.setdefault(full, f"{OUTSIDE}/{number}" if inside.split(os.sep)[0] == ".." else inside.replace(os.sep, "/"))
    return tuple(found.items())


def _flow(reading: Reading, source: Source, chosen: FlowClass, folder: str, included: tuple[str, ...]) -> Flow:
    own = chosen.classes[0]
    for one, base in chosen.unseen:
        wider = roots_with(reading.modules, one.source, base)
        found_in = next((setting for more, setting in wider if isinstance(more.resolve(one.source, base), Definition)), None)
        way_out = f"write {found_in}" if found_in else "add its folder to `roots` in flowport.toml"
        message = f"the base class `{one.source.segment(base)}` of `{one.node.name}` is not in the flow's own files"
        reading.warn("FP114", message, one.source, base, f"steps and parameters that it brings are not seen; {way_out}")
    files = closure(reading, [source])
    unused = check_imports(reading, files, source)
    name, planned = _class_marks(reading, chosen)
    check_attributes(reading, files, source)
    check_main_block(reading, source, chosen)
    members = chosen.members
    found = parameters(reading, find(reading, chosen, files), folder)
    marked = methods(reading, members)
    start, end = ends(reading, marked)
    steps = {one: method.member for one, method in marked.items()}
    hashes, definitions = digests(reading.modules, chosen, steps, [one.attribute for one in found], files)
    reader = Reader(members)
    return Flow(
        name,
        own.node.name,
        source.place,
        tuple(step(reading, reader, method, one == end, hashes[one]) for one, method in marked.items()),
        start,
        end,
        found,
        ast.get_docstring(own.node) or "",
        planned,
        _files((*_also(reading, included), *files), folder, found),
        tuple(place for _, place in reading.modules.roots),
        {one.module if one is not source else "": definitions[one.place] for one in files if one.place in definitions},
        tuple(one for one in members if one not in marked),
        not chosen.unseen,
        source.name_span(own.node),
        unused,
    )


def _also(reading: Reading, included: Iterable[str]) -> tuple[Source, ...]:
    """The modules that included files import; nothing is said about them, as they may be no part of the flow."""
    modules = Modules(reading.modules.roots, reading.modules.shown)
    names = [path.removesuffix(".py").removesuffix("/__init__") for path in included]
    found = [modules.module(name.removeprefix(f"{place}/").replace("/", ".")) for _, place in modules.roots for name in names]
    return closure(Reading(modules, True), [own.source for own in found if own is not None and own.source is not None])


def _class_marks(reading: Reading, chosen: FlowClass) -> tuple[str, Schedule | None]:
    """The flow's name and schedule; says what there is to say about the decorators of its classes."""
    own = chosen.classes[0]
    name = own.node.name
    planned: Schedule | None = None
    for one in chosen.classes:
        scheduled = False
        for mark in marks(reading, one, one.node.decorator_list, 0):
            if mark.name == "flow":
                name = _flow_name(reading, mark, name) if one is own else name
            elif mark.name == "schedule" and scheduled:
                reading.say("FP132", f"`{one.node.name}` has `@schedule` twice", mark.source, mark.node, "keep one of them")
            elif mark.name == "schedule":
                scheduled = True
                named = arguments(reading, mark)
                planned = planned or (schedule(Values(reading, mark, named, "")) if named is not None else None)
            elif mark.name in SETTINGS or mark.name == "step":
                reading.say(
                    "FP134",
                    f"`@{mark.name}` belongs on a step, not on a flow",
                    mark.source,
                    mark.node,
                    "put it above each step that needs it",
                )
            elif mark.name:
                say_unsupported(reading, mark, f"`{one.node.name}`")
    return name, planned


def _flow_name(reading: Reading, mark: DecoratorUse, otherwise: str) -> str:
    for keyword in mark.call.keywords if mark.call else ():
        if keyword.arg != "name":
            reading.say("FP131", f"`@flow` has no argument `{keyword.arg}`", mark.source, keyword, "its argument is `name`")
            continue
        constant, value = reading.constant(keyword.value, mark.source, mark.members, "the name of the flow")
        if constant and isinstance(value, str) and value and "/" not in value and value.isprintable():
            return value
        if constant:
            reading.say(
                "FP133", f"the name of a flow is a text, not `{value!r}`", mark.source, keyword.value, f'write `@flow(name="{otherwise}")`'
            )
    return otherwise


def _files(sources: Iterable[Source], folder: str, found: tuple[Parameter, ...]) -> tuple[tuple[str, bytes], ...]:
    """Everything that the code package holds: own modules and the files that parameters include, by path."""
    files = {one.place: one.data for one in sources}
    for parameter in found:
        if parameter.kind == "file" and isinstance(parameter.default, str):
            with open(os.path.join(folder, parameter.default), "rb") as file:
                files[parameter.default] = file.read()
    return tuple(sorted(files.items()))
