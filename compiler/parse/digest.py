"""A SHA-256 for every step and every class of the flow, over its tokens and, transitively, over what it names in the flow's own files.

Comments, blank lines, line breaks, indentation and the bodies of other steps are ignored. So are decorators that only change how a step
runs: you can give more memory to the items that failed and keep the others. If a step assigns a name that a file also defines, it
counts as a use of the definition: to run a step once too often is better than once too few.
"""

from __future__ import annotations

import ast
import tokenize
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping, Sequence
from io import StringIO
from typing import Any, TypeAlias

from flowport.compiler.configs.uses import ConfigUses
from flowport.compiler.decorators.registry import STEP_DECORATORS
from flowport.compiler.python.bindings import Binding
from flowport.compiler.python.classes import Class, FlowClass, Member
from flowport.compiler.python.modules import OURS, Definition, External, Modules, Own, Thing, imports
from flowport.compiler.python.source import Source
from flowport.compiler.record import record
from flowport.runtime.store import digests as sha256

_HOW = frozenset(name for name, decorator in STEP_DECORATORS.items() if not decorator.changes_results)
_DEFINED = (ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
_SELVES = frozenset({"self", "cls"})
_SILENT = frozenset({tokenize.COMMENT, tokenize.NL, tokenize.ENCODING, tokenize.ENDMARKER})
_MARKS = {tokenize.NEWLINE: "\n", tokenize.INDENT: ">", tokenize.DEDENT: "<"}
_OPENING = frozenset(getattr(tokenize, name) for name in ("FSTRING_START", "TSTRING_START") if hasattr(tokenize, name))
_CLOSING = frozenset(getattr(tokenize, name) for name in ("FSTRING_END", "TSTRING_END") if hasattr(tokenize, name))


@record(eq=False)
class Unit:
    """A piece of source: `nodes` of one file, or the whole file if there are none."""

    source: Source
    nodes: tuple[ast.AST, ...]
    owner: Class | None


Digests: TypeAlias = "dict[str, str]"


def digests(
    modules: Modules, flow_class: FlowClass, steps: Mapping[str, Member], apart: Mapping[str, tuple[Any] | None], files: Iterable[Source]
) -> tuple[Digests, dict[str, Digests]]:
    """The digest of each step, and for each of `files`, by place, those of what it defines that a pickle can name; as hexadecimal text.

    Members in `apart` are parameters, which are compared at run time, and configs with their values: a step depends on what it reads.
    """
    pieces = Pieces(modules, flow_class, frozenset(steps), apart)
    units = {name: pieces.step(member) for name, member in steps.items()}
    defined = {source.place: dict(pieces.picklable(source)) for source in files}
    found = _closed(pieces, [*units.values(), *(unit for named in defined.values() for unit in named.values())])
    return (
        {name: found[unit] for name, unit in units.items()},
        {place: {name: found[unit] for name, unit in named.items()} for place, named in defined.items() if named},
    )


def _what(modules: Modules, member: Member) -> tuple[ast.AST, ...]:
    """A step without the decorators that only say how it runs."""
    step = member.function
    if step is None:
        return (member.node,)
    kept = [each for each in step.decorator_list if not _says_how(modules, member.owner.source, each)]
    return (*kept, type(step)(**{**vars(step), "decorator_list": []}))


def _says_how(modules: Modules, source: Source, decorator: ast.expr) -> bool:
    named, keywords = (decorator.func, decorator.keywords) if isinstance(decorator, ast.Call) else (decorator, [])
    thing = modules.resolve(source, named)
    package, _, name = thing.name.partition(".") if isinstance(thing, External) else ("", "", "")
    # Another image may have other packages in it.
    return package in OURS and name in _HOW and not any(each.arg in ("image", None) for each in keywords)


class Pieces:
    """The units of a flow, each made once."""

    def __init__(self, modules: Modules, flow_class: FlowClass, steps: frozenset[str], apart: Mapping[str, tuple[Any] | None]) -> None:
        self.modules, self.flow_class, self.steps, self.apart = modules, flow_class, steps, apart
        self.configs = ConfigUses(modules, {name: held[0] for name, held in apart.items() if held is not None})
        self.members = flow_class.members
        self.classes = {one.node: one for one in flow_class.classes}
        self.units: dict[object, Unit] = {}
        self.tokens: dict[Source, _Tokens] = {}
        self.things: dict[tuple[Source, str], Thing | None] = {}

    def unit(self, source: Source, nodes: tuple[ast.AST, ...], owner: Class | None) -> Unit:
        key = nodes or source
        if key not in self.units:
            self.units[key] = Unit(source, nodes, owner)
        return self.units[key]

    def step(self, member: Member) -> Unit:
        """The unit of a step."""
        return self.unit(member.owner.source, _what(self.modules, member), member.owner)

    def defined(self, bindings: tuple[Binding, ...], source: Source, owner: Class | None) -> Unit:
        return self.unit(source, tuple(dict.fromkeys(binding.node for binding in bindings)), owner)

    def picklable(self, source: Source) -> Iterator[tuple[str, Unit]]:
        """The classes and functions of a file, and what a call makes there, such as a named tuple; but for the flow's own classes."""
        for name, bound in self.modules.names(source).items():
            made = any(isinstance(one.node, _DEFINED) or isinstance(one.value, ast.Call) for one in bound)
            if made and not any(one.node in self.classes for one in bound):
                yield name, self.defined(tuple(bound), source, None)

    def text(self, unit: Unit) -> str:
        """The tokens of a unit."""
        if unit.source not in self.tokens:
            self.tokens[unit.source] = _Tokens(unit.source)
        tokens = self.tokens[unit.source]
        return "\0".join(tokens.of(node) for node in unit.nodes or (unit.source.tree,))

    def named(self, unit: Unit) -> tuple[list[Unit], list[str]]:
        """The units that a unit names, and what it names of other packages."""
        units: dict[Unit, None] = {}
        externals: set[str] = set()
        for thing in self._things(unit):
            if isinstance(thing, External):
                externals.add(thing.name)
            elif isinstance(thing, Own):
                if thing.source is not None:
                    units[self.unit(thing.source, (), None)] = None
            elif isinstance(thing, Unit):
                units[thing] = None
            elif thing.type not in self.classes:
                units[self.defined(thing.bindings, thing.source, None)] = None
        return list(units), sorted(externals)

    def _things(self, unit: Unit) -> Iterator[Thing | Unit]:
        roots: list[ast.AST] = list(unit.nodes or (unit.source.tree,))
        local = {name: thing for root in roots for name, thing in self._imports(unit.source, root)}
        yield from self.configs.of_class_body(unit.source, [root for root in roots if not isinstance(root, (*_DEFINED, ast.Module))])
        waiting = roots
        while waiting:
            node = waiting.pop()
            if (used := self.configs.read(node)) is not None:
                yield used[0]
                waiting += [part for part in used[1] if not (isinstance(part, ast.Name) and part.id in _selves(unit))]
            elif isinstance(node, ast.Name):
                thing = local.get(node.id) or self._look(unit.source, node.id)
                if self._is_flow(unit, node, thing):
                    yield from self._everything()
                elif thing is not None:
                    yield thing
            elif isinstance(node, ast.Attribute):
                found = self._attribute(unit, node, local)
                if found is None:
                    waiting.append(node.value)
                else:
                    yield from found
            else:
                if isinstance(node, ast.Call):
                    yield from (module for name in self.modules.named.get(node, ()) if (module := self.modules.module(name)))
                waiting += ast.iter_child_nodes(node)

    def _is_flow(self, unit: Unit, node: ast.Name, thing: Thing | None) -> bool:
        """Whether a name that stands by itself is the flow: it goes where its members are read in ways that cannot be followed."""
        if unit.owner is not None and node.id in _selves(unit):
            return True
        return isinstance(thing, Definition) and thing.type in self.classes

    def _everything(self) -> Iterator[Thing | Unit]:
        yield from self.configs.all()
        for name, member in self.members.items():
            yield from self._member(member, name)

    def _look(self, source: Source, name: str) -> Thing | None:
        if (source, name) not in self.things:
            self.things[source, name] = self.modules.look(source, name)
        return self.things[source, name]

    def _imports(self, source: Source, root: ast.AST) -> Iterator[tuple[str, Thing]]:
        """What imports inside a function bind."""
        if isinstance(root, ast.Module):
            return
        for node, _ in imports(root):
            yield from self.modules.local(source, node)

    def _attribute(self, unit: Unit, node: ast.Attribute, local: Mapping[str, Thing]) -> Sequence[Thing | Unit] | None:
        """What `owner.name` adds; None when the owner must be looked at by itself."""
        owner = node.value
        if node.attr in ("__class__", "__dict__"):
            return None
        if isinstance(owner, ast.Name) and unit.owner is not None and owner.id in _selves(unit):
            return self._member(self.members.get(node.attr), node.attr)
        if isinstance(owner, ast.Call) and isinstance(owner.func, ast.Name) and owner.func.id == "super" and unit.owner is not None:
            return self._inherited(unit.owner, node.attr)
        thing = self._resolve(unit.source, owner, local)
        if isinstance(thing, Definition) and thing.type in self.classes:
            return self._member(self.members.get(node.attr), node.attr)
        if isinstance(thing, External | Own):
            return [self.modules.member(thing, node.attr)]
        return None

    def _member(self, member: Member | None, name: str) -> list[Thing | Unit]:
        if member is not None and name in self.apart and self.apart[name] is None:
            return self._parser(member)
        if member is None or name in self.steps or name in self.apart:
            return []
        return [self.defined(member.bindings, member.owner.source, member.owner)]

    def _parser(self, member: Member) -> list[Thing | Unit]:
        """The function that parses the file of a parameter: a step that reads the parameter reads what it returns."""
        owner: Class | None = member.owner
        source, value = member.owner.source, member.bindings[-1].value
        thing = None if value is None or isinstance(value, ast.Call) else self.modules.resolve(source, value)
        if isinstance(thing, Definition):
            source, value, owner = thing.source, thing.bindings[-1].value, None
        keywords = value.keywords if isinstance(value, ast.Call) else ()
        return [self.unit(source, (keyword.value,), owner) for keyword in keywords if keyword.arg == "parser"]

    def _inherited(self, owner: Class, name: str) -> Sequence[Thing | Unit]:
        behind = self.flow_class.classes[self.flow_class.classes.index(owner) + 1 :] if owner in self.flow_class.classes else ()
        return [self.defined(tuple(one.members[name]), one.source, one) for one in behind if name in one.members][:1]

    def _resolve(self, source: Source, node: ast.expr, local: Mapping[str, Thing]) -> Thing | None:
        if isinstance(node, ast.Name):
            return local.get(node.id) or self._look(source, node.id)
        if isinstance(node, ast.Attribute):
            inner = self._resolve(source, node.value, local)
            return self.modules.member(inner, node.attr) if isinstance(inner, External | Own) else None
        return None


class _Tokens:
    """The tokens of a file, with their places, in order."""

    def __init__(self, source: Source) -> None:
        self.source = source
        self.places: list[tuple[int, int]] = []
        self.texts: list[str] = []
        opened: list[tuple[int, int]] = []
        try:
            for kind, text, start, end, _ in tokenize.generate_tokens(StringIO(source.text).readline):
                if kind in _OPENING:
                    opened.append(start)
                elif kind in _CLOSING:
                    # From 3.12 on an f-string is many tokens; before, it was one.
                    first = opened.pop()
                    if not opened:
                        self._add(first, self._between(first, end))
                elif not opened and kind not in _SILENT:
                    self._add(start, _MARKS.get(kind, text))
        except (tokenize.TokenError, IndentationError):
            pass

    def _add(self, place: tuple[int, int], text: str) -> None:
        self.places.append(place)
        self.texts.append(text)

    def _between(self, start: tuple[int, int], end: tuple[int, int]) -> str:
        lines = list(self.source.lines[start[0] - 1 : end[0]])
        lines[-1] = lines[-1][: end[1]]
        lines[0] = lines[0][start[1] :]
        return "\n".join(lines)

    def of(self, node: ast.AST) -> str:
        """The tokens of a statement, its decorators included."""
        if isinstance(node, ast.Module):
            return "\0".join(self.texts)
        first = min([node, *getattr(node, "decorator_list", ())], key=lambda one: (one.lineno, one.col_offset))
        start, whole = self.source.span(first), self.source.span(node)
        low = bisect_left(self.places, (start.line, start.column - 1))
        high = bisect_left(self.places, (whole.end_line, whole.end_column - 1))
        return "\0".join(self.texts[low:high])


def _closed(pieces: Pieces, wanted: Iterable[Unit]) -> dict[Unit, str]:
    """The digests of units over themselves and all that they reach; units that name each other share theirs (Tarjan's components)."""
    found: dict[Unit, str] = {}
    low: dict[Unit, int] = {}
    own: dict[Unit, str] = {}
    below: dict[Unit, list[Unit]] = {}
    path: list[Unit] = []
    for first in wanted:
        work: list[tuple[Unit, Iterator[Unit]]] = []
        if first not in low:
            work.append(_entered(pieces, first, low, own, below, path))
        while work:
            unit, rest = work[-1]
            following = next(rest, None)
            if following is None:
                work.pop()
                low[unit] = min([low[unit], *(low[other] for other in below[unit] if other not in found)])
                if path[low[unit]] is unit:
                    group = path[low[unit] :]
                    del path[low[unit] :]
                    behind = {found[other] for member in group for other in below[member] if other in found}
                    digest = sha256.of("\n".join([*sorted(own[member] for member in group), "", *sorted(behind)]).encode())
                    found.update(dict.fromkeys(group, digest))
            elif following not in low:
                work.append(_entered(pieces, following, low, own, below, path))
    return found


def _entered(
    pieces: Pieces, unit: Unit, low: dict[Unit, int], own: dict[Unit, str], below: dict[Unit, list[Unit]], path: list[Unit]
) -> tuple[Unit, Iterator[Unit]]:
    below[unit], externals = pieces.named(unit)
    own[unit] = sha256.of("\0".join([pieces.text(unit), "", *externals]).encode(errors="surrogatepass"))
    low[unit] = len(path)
    path.append(unit)
    return unit, iter(below[unit])


def _selves(unit: Unit) -> frozenset[str]:
    """What a method may call the flow: `self`, `cls`, or whatever its first argument is called."""
    functions = [node for node in unit.nodes if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]
    first = [[*node.args.posonlyargs, *node.args.args][:1] for node in functions]
    return _SELVES | {argument.arg for arguments in first for argument in arguments}
