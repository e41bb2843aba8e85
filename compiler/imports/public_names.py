"""The names that a flow may import from flowport, and from Metaflow, which flowport replaces while a flow runs."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cached_property
from itertools import accumulate

from flowport.compiler.decorators.registry import ARGUMENTS
from flowport.compiler.diagnostics.suggestions import did_you_mean
from flowport.compiler.evaluate.reading import Reading
from flowport.compiler.imports.reached import used_names
from flowport.compiler.python.modules import OURS, imports
from flowport.compiler.python.source import Source
from flowport.compiler.record import record
from flowport.runtime.names.exports import CARDS, MODULES, names_of

PUBLIC_NAMES = frozenset({*MODULES[""], *ARGUMENTS})
"""The names of `flowport` and of `metaflow`."""


@record
class Part:
    """A part of Metaflow that flowport does not have, and what to do instead."""

    name: str
    way_out: str


_GANGS = Part("extensions", "run one task with all the processors or GPUs that it needs, and start the processes inside the step")
_SERVICES = Part("extensions", "call the service from the step, at an address that a parameter or an environment variable names")
_PACKAGES = Part("extensions", "install the packages in the image, or in the environment that runs the flow")
_MODELS = Part("extensions", "load and store models inside the step")

PARTS: Mapping[str, Part] = {
    **dict.fromkeys(("pyspark",), _GANGS),
    **dict.fromkeys(("nvcf", "nvct", "nvidia", "snowpark"), _SERVICES),
    **dict.fromkeys(("named_env", "named_env_base", "pip_base", "uv", "uv_base"), _PACKAGES),
    **dict.fromkeys(("checkpoint_config",), _MODELS),
}
"""Names of Metaflow that flowport does not have."""


def check_imports(reading: Reading, sources: Sequence[Source], start: Source, flow: str, whole: Iterable[Source]) -> tuple[str, ...]:
    """Report imports that fail when the class `flow` in `start` runs, except those that a `try` expects to fail.

    Names that no task uses are a warning. They are returned, so that the runtime can make their imports work. `whole` are files of which
    everything may be used.
    """
    checker = _Imports(reading, sources, start, lambda: used_names(reading, sources, flow, whole))
    for source in checker.sources:
        for node, guarded in imports(source.tree):
            if not guarded:
                checker.check(source, node)
    return tuple(sorted(checker.unused))


class _Imports:
    def __init__(self, reading: Reading, sources: Sequence[Source], start: Source, used: Callable[[], frozenset[str]]) -> None:
        self.reading, self.sources, self.start, self._used = reading, sources, start, used
        self.unused: set[str] = set()

    def check(self, source: Source, node: ast.Import | ast.ImportFrom) -> None:
        """Check one import."""
        if isinstance(node, ast.Import):
            for alias in node.names:
                package, _, module = alias.name.partition(".")
                if package not in OURS or not module:
                    continue
                if package == "metaflow" and names_of(package, module) is None and not self.is_module_used(alias):
                    self.unused.add(f"{module}.")
                    _say_unused(self.reading, source, alias, f"the module `{alias.name}`")
                else:
                    self.module(source, alias, alias.name, ())
        elif source is self.start and node.level:
            _say_relative(self.reading, source, node)
        elif not node.level and node.module and node.module.split(".")[0] in OURS:
            if node.module in OURS:
                for alias in node.names:
                    self.member(source, node.module, alias)
            else:
                self.module(source, node, node.module, node.names)

    def member(self, source: Source, package: str, alias: ast.alias) -> None:
        """A name that is imported from `flowport` or `metaflow` itself."""
        if alias.name == "cards":
            _say_cards(self.reading, source, alias)
        elif alias.name not in {"*", *PUBLIC_NAMES, *(names_of(package, "") or ())}:
            used = self.is_used(alias)
            (self.reading.rejected_imports if used else self.unused).add(alias.name)
            if used:
                say_missing(self.reading, source, alias, alias.name, _TRY)
            else:
                _say_unused(self.reading, source, alias)

    def module(self, source: Source, node: ast.AST, module: str, aliases: Sequence[ast.alias]) -> None:
        """A module of `flowport` or `metaflow` that is imported, or that names are imported from."""
        package, _, inner = module.partition(".")
        known = names_of(package, inner)
        if inner.split(".")[-1] == "cards" or set(MODULES.get(inner, {}).values()) == {CARDS}:
            _say_cards(self.reading, source, node)
        offered = PUBLIC_NAMES if known is None else known | {"*"}
        others = [alias for alias in aliases if alias.name not in offered]
        if others and package == "metaflow" and (known is not None or len(others) == len(aliases)) and not any(map(self.is_used, others)):
            self.unused.update(f"{inner}.{alias.name}" for alias in others)
            for alias in others:
                _say_unused(self.reading, source, alias)
        elif known is not None:
            self.reading.rejected_imports.update(alias.name for alias in others)
            for alias in others:
                say_missing(self.reading, source, alias, alias.name, _TRY, known=known)
        else:
            self.missing_module(source, node, module, aliases)

    def missing_module(self, source: Source, node: ast.AST, module: str, aliases: Sequence[ast.alias]) -> None:
        """Report a module that flowport does not have, and that is used."""
        package = module.partition(".")[0]
        public = [alias.name for alias in aliases if alias.name in PUBLIC_NAMES]
        others = [alias.name for alias in aliases if alias.name not in PUBLIC_NAMES]
        self.reading.rejected_imports.update([*accumulate(module.split("."), "{}.{}".format), *others])
        ways_out = [f"write `from {package} import {', '.join(public)}`"] if public else []
        if others or not public:
            ways_out += [*dict.fromkeys(PARTS[name].way_out for name in others if name in PARTS), _TRY]
        self.reading.say("FP143", f"flowport does not have the module `{module}`", source, node, *ways_out, notes=_NOTES)

    def is_used(self, alias: ast.alias) -> bool:
        """Whether a task may use an imported name or its alias."""
        return alias.name == "*" or not self.used.isdisjoint((alias.name, alias.asname))

    def is_module_used(self, alias: ast.alias) -> bool:
        """The same for `import metaflow.client`: whether a task may use `metaflow.client` or its alias."""
        return (alias.asname or ".".join(alias.name.split(".")[:2])) in self.used

    @cached_property
    def used(self) -> frozenset[str]:
        """What a task may use; found out only if there is a name that flowport does not have."""
        return self._used()


_NOTES = ("while a flow runs, flowport replaces Metaflow",)
_TRY = "remove the import, or put it into a `try` with `except ImportError` if the flow works without it"


def say_missing(reading: Reading, source: Source, node: ast.AST, name: str, *ways_out: str, known: Iterable[str] = PUBLIC_NAMES) -> None:
    """Report a name that flowport does not have; a name of Metaflow is not a misspelling."""
    part = PARTS.get(name)
    what = f"`{name}`, which belongs to the {part.name} of Metaflow" if part else f"`{name}`"
    instead = (part.way_out,) if part else did_you_mean(name, known)
    reading.say("FP143", f"flowport does not have {what}", source, node, *instead, *ways_out, notes=_NOTES)


def _say_unused(reading: Reading, source: Source, alias: ast.alias, what: str = "") -> None:
    message = f"flowport does not have {what or f'`{alias.name}`'}, which no step of the flow uses"
    way_out = "you can keep the import: it works, and an error says so if a task uses the name after all"
    reading.warn("FP143", message, source, alias, way_out, "or remove it")


def _say_cards(reading: Reading, source: Source, node: ast.AST) -> None:
    """Warn that no card is shown."""
    message = "`metaflow.cards` is not supported yet; no card is shown"
    reading.warn("FP141", message, source, node, "you can keep it: the flow runs without cards")


def _say_relative(reading: Reading, source: Source, node: ast.ImportFrom) -> None:
    names = ", ".join(f"{alias.name} as {alias.asname}" if alias.asname else alias.name for alias in node.names)
    instead = f"from {node.module} import {names}" if node.module else f"import {names}"
    way_out = f"write `{instead}`"
    if node.level > 1 or (node.module is None and names == "*"):
        way_out = "import the module by its full name, and add its folder to `roots` in flowport.toml"
    notes = ("the flow's file runs as a script, which belongs to no package",)
    message = "the flow's own file cannot use a relative import"
    reading.say("FP144", message, source, node, way_out, notes=notes)
