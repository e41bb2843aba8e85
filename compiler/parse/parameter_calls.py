"""Finds the parameters and configs of a flow, and code that may create parameters that cannot be read from the source.

    rate = Parameter("rate")           a ParameterCall: the call says all about the parameter
    rate = RATE                        the same, where one of the flow's files has RATE = Parameter("rate")
    rate = make_rate()                 FP156: a function in the flow's own files calls Parameter

`parameters` reads the arguments of these calls.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator, Mapping

from flowport.compiler.decorators.mutations import AddedParameter, Mutations
from flowport.compiler.decorators.user_defined import kind
from flowport.compiler.evaluate.expressions import DEEPEST
from flowport.compiler.evaluate.reading import Reading
from flowport.compiler.evaluate.scope import Scope, resolve_name, scope
from flowport.compiler.parse.steps import block
from flowport.compiler.python.bindings import Binding, Names, asks_for_main, names
from flowport.compiler.python.classes import Class, FlowClass
from flowport.compiler.python.modules import OURS, Definition, External, Thing, imports
from flowport.compiler.python.source import Source, parse_source
from flowport.compiler.record import record

KINDS = frozenset({"Parameter", "IncludeFile", "Config"})
DEFINITIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)

LEADS, MAKES = 1, 2
"""What an expression has to do with parameters: it names what makes them, or it makes one."""


@record(eq=False)
class ParameterCall:
    """A call of `Parameter`, `IncludeFile` or `Config`, its file, and the names of the class around it."""

    attribute: str
    kind: str
    call: ast.Call
    source: Source
    members: Names


@record(eq=False)
class _Defined:
    """What a name stands for in the flow's own files."""

    where: Scope
    bindings: tuple[Binding, ...]


def find(reading: Reading, flow_class: FlowClass, files: Iterable[Source]) -> tuple[ParameterCall, ...]:
    """The parameters of a flow, by attribute; code that may create one and cannot be read is reported.

    A parameter that several attributes stand for is found once, under the last of them, as Python tells it that name last.
    """
    sources = tuple(files)
    if not any(kind in one.text for one in sources for kind in KINDS):
        return ()
    finder = _Finder(reading, flow_class)
    found: dict[ast.Call, ParameterCall] = {}
    members = flow_class.members
    for one in flow_class.classes:
        finder.note(one)
    for name, member in members.items():
        made = finder.attribute(name, member.owner, member.bindings)
        if made is not None:
            found[made.call] = made
    finder.check(sources)
    return tuple(found.values())


def late_calls(mutations: Mutations | None) -> tuple[ParameterCall, ...]:
    """The parameters that mutators added."""
    return tuple(_late(one) for one in mutations.parameters) if mutations is not None else ()


def _late(added: AddedParameter) -> ParameterCall:
    head = "from metaflow import IncludeFile, JSONType, Parameter\n"
    source = parse_source(f"{head}{added.attribute} = {added.call}\n".encode(errors="surrogatepass"), "", "", added.origin, "")
    node = source.tree.body[-1]
    assert isinstance(node, ast.Assign)
    assert isinstance(node.value, ast.Call)
    return ParameterCall(added.attribute, added.call.partition("(")[0], node.value, source, {})


class _Finder:
    def __init__(self, reading: Reading, flow_class: FlowClass) -> None:
        self.reading, self.flow_class = reading, flow_class
        self.flows = {one.node for one in flow_class.classes}
        self.understood: set[ast.expr] = set()
        self.direct: set[ast.stmt] = set()
        self.inside: dict[ast.ClassDef, Names] = {}
        self.ranks: dict[ast.AST, int] = {}
        self.depth = 0

    def note(self, one: Class) -> None:
        """Leave alone what a class sets to parameters that can be read, also where it is set to something else afterwards."""
        self.direct.update(one.node.body)
        for bindings in one.members.values():
            for binding in bindings:
                if binding.value is not None and self.made("", self.scope(one.source, one.members), binding.value) is not None:
                    self.understood.add(binding.value)

    def scope(self, source: Source, members: Names | None = None) -> Scope:
        return scope(self.reading.modules, source, members)

    def attribute(self, name: str, owner: Class, bindings: tuple[Binding, ...]) -> ParameterCall | None:
        """The parameter that an attribute of the flow is; says so where it is one only sometimes, or is changed afterwards."""
        last = bindings[-1]
        where = self.scope(owner.source, owner.members)
        if last.module is not None:
            imported = ast.copy_location(ast.Name(name, ast.Load()), last.node)
            made = self.made(name, where, imported)
            if made is None and self.rank(where, imported) == MAKES:
                self._unread(owner, [name], imported)
            return made
        values = [binding.value for binding in bindings if binding.value in self.understood]
        is_other = isinstance(last.node, DEFINITIONS) or (last.value is not None and last.value not in self.understood)
        if not values or (is_other and last.node in self.direct):
            return None
        made = self.made(_mangled(name, owner), where, values[-1])
        around = block(owner.node.body, last.node) if last.node not in self.direct else None
        if around is not None:
            message = f"the parameter `{name}` depends on the `{around[0]}` in line {around[1]} of the class body"
            self._say(message, owner.source, values[-1], f"set `{name}` once, outside the `{around[0]}`")
        elif last.value is None:
            message = f"the parameter `{name}` is changed in line {last.node.lineno} of the class body"
            self._say(message, owner.source, last.node, f"set `{name}` once, with all its arguments")
        return made

    def made(self, name: str, where: Scope, node: ast.expr) -> ParameterCall | None:
        """The parameter that an expression is, through names that are set once."""
        seen: set[ast.expr] = set()
        while node not in seen:
            seen.add(node)
            if isinstance(node, ast.Call):
                kind = self.kind(where, node.func)
                return ParameterCall(name, kind, node, where.source, where.members) if kind in KINDS else None
            found = self.look(where, node, {})
            if not isinstance(found, _Defined) or len(found.bindings) != 1 or found.bindings[0].value is None:
                return None
            where, node = found.where, found.bindings[0].value
        return None

    def kind(self, where: Scope, node: ast.expr) -> str:
        """The name of something of flowport or Metaflow that an expression stands for, else ""."""
        seen: set[ast.expr] = set()
        while node not in seen:
            seen.add(node)
            found = self.look(where, node, {})
            if isinstance(found, External):
                package, _, name = found.name.partition(".")
                return name if package in OURS else ""
            if not isinstance(found, _Defined) or len(found.bindings) != 1 or found.bindings[0].value is None:
                return ""
            where, node = found.where, found.bindings[0].value
        return ""

    def look(self, where: Scope, node: ast.expr, local: Mapping[str, Thing]) -> External | _Defined | None:
        """What a name or an attribute of a class stands for; `local` is what the function around it imports."""
        if isinstance(node, ast.Name) and node.id in where.members:
            first = where.members[node.id][0]
            if first.node.lineno >= node.lineno and first.module is None:
                where = self.scope(where.source)  # the class has not set it yet: `rate = rate("rate")`
            elif first.module is None:
                return _Defined(where, tuple(where.members[node.id]))
        if isinstance(node, ast.Attribute):
            owner = self.look(where, node.value, local)
            kind = owner.bindings[-1].node if isinstance(owner, _Defined) else None
            inside = self.members(kind) if isinstance(kind, ast.ClassDef) else {}
            if isinstance(owner, _Defined):
                return _Defined(self.scope(owner.where.source, inside), tuple(inside[node.attr])) if node.attr in inside else None
        thing = local.get(node.id) if isinstance(node, ast.Name) else None
        thing = thing or resolve_name(node, where)
        if isinstance(thing, Definition):
            return _Defined(self.scope(thing.source), thing.bindings)
        return thing if isinstance(thing, External) else None

    def members(self, node: ast.ClassDef) -> Names:
        """What the body of a class binds."""
        if node not in self.inside:
            self.inside[node] = names(node.body)
        return self.inside[node]

    def rank(self, where: Scope, root: ast.AST) -> int:
        """What an expression or a definition has to do with parameters: 0, LEADS or MAKES."""
        local = dict(self._imported(where.source, root))
        highest = 0
        waiting = [(root, False)]
        while waiting and highest < MAKES:
            node, called = waiting.pop()
            if node in self.understood or (isinstance(node, ast.Attribute) and self.made("", where, node.value)):
                continue
            if isinstance(node, ast.Name | ast.Attribute):
                found = self.look(where, node, local)
                if found is not None:
                    rank = self._rank_of(found)
                    highest = max(highest, MAKES if rank and called else rank)
                    continue
            waiting += [(part, called or isinstance(node, ast.Call)) for part in _parts(node)]
        return highest

    def _imported(self, source: Source, root: ast.AST) -> Iterator[tuple[str, Thing]]:
        for node, _ in imports(root) if isinstance(root, DEFINITIONS) else ():
            yield from self.reading.modules.local(source, node)

    def _rank_of(self, found: External | _Defined) -> int:
        if isinstance(found, External):
            package, _, name = found.name.partition(".")
            return LEADS if package in OURS and name in KINDS else 0
        return max(self._rank_of_binding(found.where, binding) for binding in found.bindings)

    def _rank_of_binding(self, where: Scope, binding: Binding) -> int:
        node = binding.node
        key = binding.value or node
        if key not in self.ranks and self.depth < DEEPEST:
            self.ranks[key] = 0
            self.depth += 1
            if isinstance(node, ast.ClassDef):
                methods = [part for part in node.body if isinstance(part, DEFINITIONS)]
                self.ranks[key] = LEADS if any(self.rank(where, part) for part in (*node.bases, *methods)) else 0
            elif isinstance(node, DEFINITIONS):
                self.ranks[key] = LEADS if self.rank(where, node) else 0
            elif binding.module is None:
                self.ranks[key] = self.rank(where, key)
            self.depth -= 1
        return self.ranks.get(key, 0)

    def check(self, sources: Iterable[Source]) -> None:
        """Say where the classes of the flow get parameters that cannot be read."""
        for one in self.flow_class.classes:
            where = self.scope(one.source, one.members)
            bound: dict[ast.stmt, list[str]] = {}
            for name, bindings in one.members.items():
                for binding in bindings:
                    bound.setdefault(binding.node, []).append(name)
            for statement, node in _expressions(one.node.body):
                if self.rank(where, node) == MAKES:
                    self._unread(one, bound.get(statement, []), node)
            self._shaped(one)
        for source in sources:
            body = [node for node in source.tree.body if not (isinstance(node, ast.If) and asks_for_main(node.test))]
            for statement, node in _expressions(body):
                targets = statement.targets if isinstance(statement, ast.Assign) else []
                owners = [target.value for target in targets if isinstance(target, ast.Attribute)]
                arguments = node.args if isinstance(node, ast.Call) else []
                named = next((name for part in (*owners, *arguments) if (name := self._flow(source, part))), "")
                if named and self.rank(self.scope(source), node) == MAKES:
                    message = f"flowport does not see the parameter that `{named}` gets here: `{source.segment(node)}`"
                    self._say(message, source, node, f'write `NAME = Parameter("NAME", ...)` in the body of `{named}`')

    def _flow(self, source: Source, node: ast.expr) -> str:
        """The name of the flow's class that an expression is, else ""."""
        thing = self.reading.modules.resolve(source, node)
        return thing.name if isinstance(thing, Definition) and any(binding.node in self.flows for binding in thing.bindings) else ""

    def _unread(self, one: Class, bound: list[str], node: ast.expr) -> None:
        name = bound[0] if len(bound) == 1 else "NAME"
        what = f"`{name}` may be a parameter, which" if len(bound) == 1 else "what may be a parameter"
        self._say(
            f"{what} cannot be read from the source: `{one.source.segment(node)}`",
            one.source,
            node,
            f'write `{name} = Parameter("{name}", ...)` in the body of `{one.node.name}`',
        )

    def _mutator(self, one: Class, node: ast.expr) -> bool:
        """Whether a decorator is a mutator: what it adds is known when it has run."""
        named = node.func if isinstance(node, ast.Call) else node
        return kind(self.reading.modules, self.reading.modules.resolve(one.source, named)) == "flow mutator"

    def _shaped(self, one: Class) -> None:
        """Say which decorators, metaclasses and methods of the user's own may add parameters to a class."""
        where = self.scope(one.source)
        found: list[ast.AST] = [
            *(node for node in one.node.decorator_list if not self._mutator(one, node)),
            *(keyword.value for keyword in one.node.keywords),
        ]
        found = [node for node in found if self.rank(where, node) or self._makes_inside(where, node)]
        found += [base for base in one.node.bases if self.rank(where, base) == MAKES]
        methods = [node for node in one.node.body if isinstance(node, DEFINITIONS) and node.name == "__init_subclass__"]
        found += [node for node in methods if self.rank(where, node)]
        for node in found:
            text = one.source.segment(node) if isinstance(node, ast.expr) else "__init_subclass__"
            message = f"flowport does not see parameters that `{text}` may add to `{self.flow_class.classes[0].node.name}`"
            self._say(message, one.source, node, 'write `NAME = Parameter("NAME", ...)` in the body of the class')

    def _makes_inside(self, where: Scope, node: ast.AST) -> bool:
        """Whether the body of a class of the flow's own files makes parameters."""
        found = self.look(where, node, {}) if isinstance(node, ast.expr) else None
        return isinstance(found, _Defined) and any(self.rank(found.where, binding.node) == MAKES for binding in found.bindings)

    def _say(self, message: str, source: Source, node: ast.AST, way_out: str) -> None:
        notes = ("parameters are part of the deployed files, and flowport does not run the flow to find them",)
        self.reading.say("FP156", message, source, node, way_out, notes=notes)


def _mangled(name: str, owner: Class) -> str:
    """The attribute that Python makes of a private name in a class."""
    around = owner.node.name.lstrip("_")
    return f"_{around}{name}" if name.startswith("__") and not name.endswith("__") and around else name


def _parts(node: ast.AST) -> Iterator[ast.AST]:
    """The parts of a node that may make something: no annotations, and no tests of a type."""
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in ("isinstance", "issubclass"):
        return
    for name, value in ast.iter_fields(node):
        if name not in ("annotation", "returns", "decorator_list"):
            yield from (part for part in (value if isinstance(value, list) else [value]) if isinstance(part, ast.AST))


def _expressions(body: Iterable[ast.stmt]) -> Iterator[tuple[ast.stmt, ast.expr]]:
    """The outermost expressions that the statements of a module or a class evaluate, each with its statement."""
    waiting: list[tuple[ast.stmt, ast.AST]] = [(node, node) for node in reversed(list(body))]
    while waiting:
        statement, node = waiting.pop()
        if isinstance(node, ast.expr):
            if isinstance(getattr(node, "ctx", None) or ast.Load(), ast.Load):
                yield statement, node
        elif not isinstance(node, DEFINITIONS):
            inner = statement if not isinstance(node, ast.stmt) else node
            waiting += [(inner, part) for part in reversed(list(_parts(node)))]
