"""Source -> Flow: the flow class of a file, its steps and parameters, and the files that go with it.

Only the syntax tree is read; no code of the user is imported. `check` looks at how the steps fit together.
"""

from __future__ import annotations

import ast
import os.path
from collections.abc import Iterable

from flowport.compiler.configs.calls import read_call
from flowport.compiler.configs.keys import check_keys
from flowport.compiler.configs.read import configs
from flowport.compiler.decorators.attach import without_places
from flowport.compiler.decorators.mutations import Further, Mutations, say_mutators
from flowport.compiler.decorators.read import flow_settings
from flowport.compiler.decorators.resolve import decorator_uses
from flowport.compiler.decorators.use import DecoratorUse
from flowport.compiler.diagnostics.diagnostic import CompileError, Diagnostic
from flowport.compiler.evaluate.reading import Reading
from flowport.compiler.imports.attributes import check_attributes
from flowport.compiler.imports.closure import import_closure, with_packages_around
from flowport.compiler.imports.extensions import declarations
from flowport.compiler.imports.folders import own_modules
from flowport.compiler.imports.public_names import check_imports
from flowport.compiler.ir import ExitHooks, Flow, Parameter
from flowport.compiler.options import NO_OPTIONS, CompileOptions
from flowport.compiler.parse.artifact_uses import UseReader
from flowport.compiler.parse.digest import digests
from flowport.compiler.parse.flow_class import pick
from flowport.compiler.parse.main_block import check_main_block
from flowport.compiler.parse.packages import with_packages
from flowport.compiler.parse.parameter_calls import ParameterCall, find, late_calls
from flowport.compiler.parse.parameters import parameters
from flowport.compiler.parse.served import with_served
from flowport.compiler.parse.steps import ends, methods, step
from flowport.compiler.parse.transitions import with_gangs
from flowport.compiler.python.classes import Class, FlowClass
from flowport.compiler.python.modules import Definition, Modules
from flowport.compiler.python.roots import roots_with
from flowport.compiler.python.source import Source

TYPE_CHECKING = False
if TYPE_CHECKING:
    from pathlib import Path


def parse(
    path: str | Path,
    class_name: str | None,
    roots: tuple[str, ...] = (),
    included: tuple[str, ...] = (),
    options: CompileOptions = NO_OPTIONS,
) -> tuple[Flow | None, tuple[Diagnostic, ...]]:
    """The flow in the file at `path`, and diagnostics.

    `class_name` selects one of several flows. `roots` are further folders with modules of the flow. `included` are the paths in the code
    package of Python files that `include` adds. The flow is returned even if it has errors, so that `check` can report more; it is None
    if there is no flow class.
    """
    try:
        modules, source = own_modules(os.fspath(path), roots)
    except CompileError as error:
        return None, error.diagnostics
    reading = Reading(modules, bool(included))
    picked = pick(reading, source, class_name)
    flow = _flow(reading, source, picked, included, options) if picked is not None else None
    return flow, tuple(without_places(modules.diagnostics + reading.diagnostics, options.origins))


def _flow(reading: Reading, source: Source, flow_class: FlowClass, included: tuple[str, ...], options: CompileOptions) -> Flow:
    own, folder = flow_class.classes[0], os.path.dirname(source.path)
    further = Further(reading, source, options.decorators, options.mutations)
    for one, base in flow_class.unseen:
        wider = roots_with(reading.modules, one.source, base)
        found_in = next((setting for more, setting in wider if isinstance(more.resolve(one.source, base), Definition)), None)
        way_out = f"write {found_in}" if found_in else "add its folder to `roots` in flowport.toml"
        message = f"the base class `{one.source.segment(base)}` of `{one.node.name}` is not in the flow's own files"
        reading.warn("FP114", message, one.source, base, f"flowport does not see its steps and parameters; {way_out}")
    files = import_closure(reading, [source, *further.sources])
    imports = check_imports(reading, files, source, own.node.name, further.sources)
    calls = (*_kept(find(reading, flow_class, files), options.mutations), *late_calls(options.mutations))
    made = [read_call(reading, one.attribute, one.call, one.source, one.members) for one in calls if one.kind == "Config"]
    settings = configs(reading, made, options.configs, own, folder)
    uses = {one: _class_uses(reading, one, further, one is own) for one in flow_class.classes}
    name, about = _name(reading, own, uses[own]), flow_settings(reading, flow_class, uses)
    check_main_block(reading, source, flow_class)
    members = flow_class.members
    found = parameters(reading, [one for one in calls if one.kind != "Config"], folder)
    marked = methods(reading, members, further)
    start, end = ends(reading, marked)
    steps = {one: method.member for one, method in marked.items()}
    apart = {**dict.fromkeys([one.attribute for one in found]), **{one.attribute: (one.value,) for one in settings}}
    hashes, definitions = digests(reading.modules, flow_class, steps, apart, files)
    reader = UseReader(members)
    read = tuple(
        step(reading, reader, method, one == end, method.changed.digest(hashes[one], definitions)) for one, method in marked.items()
    )
    packed = with_packages(reading, read, about.packages, folder if options.reads_locks else None)
    read = with_served(with_gangs(packed), about.served)
    used = {use.name for group in (*uses.values(), *(method.decorators for method in marked.values())) for use in group}
    gang = {"parallel"} if any(one.settings.gang for one in read) else set()
    check_attributes(reading, files, source, used - {"parallel"} | gang)
    check_keys(reading, flow_class)
    return Flow(
        name,
        own.node.name,
        source.place,
        read,
        start,
        end,
        found,
        ast.get_docstring(own.node) or "",
        about.triggers,
        about.limits,
        _files(
            (*_also(reading, included), *_of_hooks(reading, about.exit_hooks), *files, *declarations(reading.modules, files)), folder, found
        ),
        tuple(place for _, place in reading.modules.roots),
        {one.module if one is not source else "": definitions[one.place] for one in files if one.place in definitions},
        tuple(one for one in members if one not in marked),
        not flow_class.unseen,
        source.name_span(own.node),
        imports.unused,
        imports.from_extensions,
        settings,
        tuple(one.attribute for one in options.mutations.parameters) if options.mutations is not None else (),
        options.mutations.removed_parameters if options.mutations is not None else (),
        about.project,
        about.exit_hooks,
    )


def _class_uses(reading: Reading, one: Class, further: Further, is_flow: bool) -> tuple[DecoratorUse, ...]:
    uses = decorator_uses(reading, one, one.node.decorator_list, 0)
    if further.mutations is None:
        say_mutators(reading, uses, f"`{one.node.name}`")
    return further.of_class(uses, is_flow)


def _kept(calls: Iterable[ParameterCall], mutations: Mutations | None) -> tuple[ParameterCall, ...]:
    """The parameters without those that mutators removed or replaced."""
    gone = () if mutations is None else (*mutations.removed_parameters, *(one.attribute for one in mutations.parameters))
    return tuple(call for call in calls if call.attribute not in gone)


def _also(reading: Reading, included: Iterable[str]) -> tuple[Source, ...]:
    """The modules that included files import; no diagnostics about them, because they may not be part of the flow."""
    modules = Modules(reading.modules.roots, reading.modules.shown)
    names = [path.removesuffix(".py").removesuffix("/__init__") for path in included]
    found = [modules.module(name.removeprefix(f"{place}/").replace("/", ".")) for _, place in modules.roots for name in names]
    return import_closure(Reading(modules, True), [own.source for own in found if own is not None and own.source is not None])


def _of_hooks(reading: Reading, hooks: ExitHooks) -> tuple[Source, ...]:
    """The modules that exit hooks are in, with what these import; the flow itself may import none of them."""
    modules = Modules(reading.modules.roots, reading.modules.shown)
    names = sorted({one.partition(":")[0] for one in (*hooks.on_success, *hooks.on_error)} - {""})
    return import_closure(Reading(modules, True), [found for name in names for found in with_packages_around(modules, name)])


def _name(reading: Reading, own: Class, uses: Iterable[DecoratorUse]) -> str:
    """The name of the flow: that of its class, or what `@flow` says."""
    name = own.node.name
    for use in uses:
        if use.name == "flow":
            name = _flow_name(reading, use, name)
    return name


def _flow_name(reading: Reading, use: DecoratorUse, otherwise: str) -> str:
    for keyword in use.call.keywords if use.call else ():
        if keyword.arg != "name":
            reading.say("FP131", f"`@flow` has no argument `{keyword.arg}`", use.source, keyword, "its argument is `name`")
            continue
        constant, value = reading.constant(keyword.value, use.source, use.members, "the name of the flow")
        if constant and isinstance(value, str) and value and "/" not in value and value.isprintable():
            return value
        if constant:
            reading.say(
                "FP133",
                f"the name of a flow must be a string, not `{value!r}`",
                use.source,
                keyword.value,
                f'write `@flow(name="{otherwise}")`',
            )
    return otherwise


def _files(sources: Iterable[Source], folder: str, found: tuple[Parameter, ...]) -> tuple[tuple[str, bytes], ...]:
    """Everything that the code package holds: own modules and the files that parameters include, by path."""
    files = {one.place: one.data for one in sources}
    for parameter in found:
        if parameter.kind == "file" and isinstance(parameter.default, str) and "://" not in parameter.default:
            with open(os.path.join(folder, parameter.default), "rb") as file:
                files[parameter.default] = file.read()
    return tuple(sorted(files.items()))
