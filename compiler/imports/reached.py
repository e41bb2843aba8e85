"""The names that the code of a flow's files uses, as far as a task can run it.

    def test_graph(): lint(Train)          not reached: no step calls it, and nothing else names it
    def cost(n): return fetch(n)           reached, if a step or the code of a module says `cost`

Only functions and classes at the top of a module can be left out, and only while nothing that is reached says their name, as a name, an
attribute or a text. The code of modules, default arguments and decorators run on import. If anything looks names up in a way that cannot
be followed, such as `globals()`, or registers what it decorates, everything that it may find is reached.
"""

from __future__ import annotations

import ast
import builtins
from collections.abc import Iterable, Iterator, Sequence

from flowport.compiler.evaluate.reading import Reading
from flowport.compiler.python.bindings import asks_for_main
from flowport.compiler.python.classes import HARMLESS
from flowport.compiler.python.modules import OURS, Definition, External, imports
from flowport.compiler.python.source import Source
from flowport.compiler.record import record

FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)
LOOKUPS = frozenset(
    {
        "globals", "locals", "vars", "dir", "eval", "exec", "__dict__", "__import__", "import_module", "getmembers", "attrgetter",
        "methodcaller", "modules", "runpy", "__subclasses__",
    }
)  # fmt: skip
"""What finds names that no text of a flow's files says."""

BUILTIN_CLASSES = frozenset(name for name, kind in vars(builtins).items() if isinstance(kind, type)) - {"type"}
BUILTIN_DECORATORS = frozenset({"property", "classmethod", "staticmethod"})
QUIET = (*(f"{package}." for package in OURS), "pytest.", "dataclasses.dataclass", "contextlib.contextmanager")
QUIET_NAMES = frozenset({f"functools.{name}" for name in ("cache", "cached_property", "lru_cache", "total_ordering", "wraps")})
"""The decorators of other packages that call nothing on import, and keep nothing for others to call."""

ON_IMPORT = frozenset({"__init_subclass__", "__class_getitem__", "__set_name__"})
"""The methods that Python calls while it defines classes."""


@record(eq=False)
class Body:
    """What runs only when its owner, a function or a class, is used."""

    source: Source
    nodes: Sequence[ast.AST]


def used_names(reading: Reading, sources: Sequence[Source], flow: str, whole: Iterable[Source] = ()) -> frozenset[str]:
    """Every name, attribute and text in the code that is reached from the class `flow`, and from all that is in `whole`.

    With "" for `flow`, only what runs while the files are imported in a task.
    """
    reader = _Reader(reading, bool(flow))
    waiting, bodies = reader.split(sources, frozenset(one.path for one in whole))
    names = {flow}
    for source in sources:
        names |= {alias.name for node, guarded in imports(source.tree) if guarded for alias in node.names}
    while waiting or not names.isdisjoint(bodies):
        for body in waiting:
            names.update(reader.mentions(body))
        all_of_them = not reader.follows or not names.isdisjoint(LOOKUPS)
        reached = list(bodies) if all_of_them else [name for name in bodies if name in names]
        waiting = [body for name in reached for body in bodies.pop(name)]
    return frozenset(names)


class _Reader:
    def __init__(self, reading: Reading, main_blocks: bool) -> None:
        self.reading, self.main_blocks = reading, main_blocks
        self.follows = True
        """Whether every `getattr` that was read says the name that it gets."""

    def split(self, sources: Sequence[Source], whole: frozenset[str]) -> tuple[list[Body], dict[str, list[Body]]]:
        """What runs on import, and what runs when a name of a module is used."""
        at_once: list[Body] = []
        later: dict[str, list[Body]] = {}
        for source in sources:
            for node in source.tree.body:
                if not self.main_blocks and isinstance(node, ast.If) and asks_for_main(node.test):
                    at_once.append(Body(source, node.orelse))
                    continue
                shell = self.shell(source, node) if source.path not in whole else None
                if shell is None:
                    at_once.append(Body(source, [node]))
                else:
                    at_once.append(Body(source, shell[0]))
                    later.setdefault(shell[1], []).append(Body(source, shell[2]))
        return at_once, later

    def shell(self, source: Source, node: ast.stmt) -> tuple[list[ast.AST], str, list[ast.AST]] | None:
        """What a function or a class runs on import, its name, and what it runs when it is used; None if that is all one."""
        if isinstance(node, ast.ClassDef) and self.is_quiet_class(source, node):
            parts = [self.function(source, inner) for inner in node.body]
            at_once = [each for part, inner in zip(parts, node.body) for each in (part[0] if part else [inner])]
            later = [each for part in parts if part for each in part[1]]
            own = [base for base in node.bases if isinstance(self.reading.modules.resolve(source, base), Definition)]
            return [*node.decorator_list, *(base for base in node.bases if base not in own), *at_once], node.name, [*own, *later]
        # Python itself calls `__getattr__` and `__dir__` of a module.
        part = self.function(source, node) if isinstance(node, FUNCTIONS) and not node.name.startswith("__") else None
        return (part[0], node.name, part[1]) if part is not None and isinstance(node, FUNCTIONS) else None

    def function(self, source: Source, node: ast.stmt) -> tuple[list[ast.AST], list[ast.AST]] | None:
        """The two parts of a function; None for other statements, and for a function that its decorators may call or register."""
        if not isinstance(node, FUNCTIONS) or not all(self.is_quiet(source, each) for each in node.decorator_list):
            return None
        annotations = [] if node.returns is None else [node.returns]
        return [*node.decorator_list, node.args, *self.evaluated(source, annotations)], [*node.body]

    def is_quiet(self, source: Source, decorator: ast.expr) -> bool:
        named = decorator.func if isinstance(decorator, ast.Call) else decorator
        thing = self.reading.modules.resolve(source, named)
        if isinstance(named, ast.Name) and named.id in BUILTIN_DECORATORS:
            return thing is None
        return isinstance(thing, External) and (thing.name.startswith(QUIET) or thing.name in QUIET_NAMES)

    def is_quiet_class(self, source: Source, node: ast.ClassDef, below: tuple[ast.ClassDef, ...] = ()) -> bool:
        """Whether no code of a class runs before its name is used: no metaclass, decorator or base calls or registers it."""
        names = {inner.name for inner in node.body if isinstance(inner, FUNCTIONS)}
        quiet = not node.keywords and names.isdisjoint(ON_IMPORT) and all(self.is_quiet(source, each) for each in node.decorator_list)
        return quiet and all(self.is_quiet_base(source, base, (*below, node)) for base in node.bases)

    def is_quiet_base(self, source: Source, base: ast.expr, below: tuple[ast.ClassDef, ...]) -> bool:
        thing = self.reading.modules.resolve(source, base)
        if isinstance(thing, Definition) and thing.type is not None:
            return thing.type not in below and self.is_quiet_class(thing.source, thing.type, below)
        if isinstance(thing, External):
            return thing.name.split(".")[0] in OURS or thing.name in HARMLESS
        return thing is None and isinstance(base, ast.Name) and base.id in BUILTIN_CLASSES

    def evaluated(self, source: Source, annotations: list[ast.expr]) -> list[ast.expr]:
        """Annotations, unless the file never evaluates them."""
        return [] if "annotations" in self.reading.modules.names(source) else annotations

    def mentions(self, body: Body) -> Iterator[str]:
        """Every name, attribute and string, and what is imported under another name; no annotations that are not evaluated."""
        annotated = "annotations" not in self.reading.modules.names(body.source)
        waiting = [*body.nodes]
        while waiting:
            node = waiting.pop()
            match node:
                case ast.Attribute(value=ast.Name(id=owner), attr=name):
                    yield name
                    yield f"{owner}.{name}"
                case ast.Name(id=name) | ast.Attribute(attr=name) | ast.Constant(value=str(name)):
                    yield name
                case ast.ImportFrom(names=aliases) if (node.module or "").split(".")[0] not in OURS:
                    yield from (alias.name for alias in aliases if alias.asname)  # its own name is said where it is used
                case ast.Call(func=ast.Name(id="getattr"), args=[_, ast.Constant(), *_]):
                    pass
                case ast.Call(func=ast.Name(id="getattr")):
                    self.follows = False
            for field, value in ast.iter_fields(node):
                if annotated or field not in ("annotation", "returns"):
                    waiting += [part for part in (value if isinstance(value, list) else [value]) if isinstance(part, ast.AST)]
