"""The names that a flow may import from flowport, and from Metaflow, which flowport replaces while a flow runs."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cached_property
from itertools import accumulate

from flowport.compiler.decorators.registry import ARGUMENTS
from flowport.compiler.diagnostics.suggestions import did_you_mean
from flowport.compiler.evaluate.reading import Reading
from flowport.compiler.imports.extensions import may_be_a_name_of_extension, may_be_of_extension, needs_metaflow
from flowport.compiler.imports.reached import used_names
from flowport.compiler.python.modules import OURS, imports
from flowport.compiler.python.source import Source
from flowport.compiler.record import record
from flowport.runtime.names.exports import MODULES, VENDORED, names_of

PUBLIC_NAMES = frozenset({*MODULES[""], *ARGUMENTS})
"""The names of `flowport` and of `metaflow`."""


@record
class Part:
    """A part of Metaflow that flowport does not have, and what to do instead."""

    name: str
    way_out: str


INSTALLED = frozenset({"click", "packaging", "yaml"})
"""The packages which Metaflow has a copy of, and which flowport is installed with."""

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


@record
class Imports:
    """What a flow's files import from `metaflow` that flowport does not have: names, and modules with a dot behind them.

    The runtime makes the imports of what is unused work, and looks for the others in extensions that are installed.
    """

    unused: tuple[str, ...]
    from_extensions: tuple[str, ...]


def check_imports(reading: Reading, sources: Sequence[Source], start: Source, flow: str, whole: Iterable[Source]) -> Imports:
    """Report imports that fail when the class `flow` in `start` runs, except those that a `try` expects to fail.

    Names that no task uses are a warning, and so is what an extension of Metaflow may have. `whole` are files of which everything may be
    used.
    """
    checker = _Imports(reading, sources, start, lambda: used_names(reading, sources, flow, whole))
    for source in checker.sources:
        for node, guarded in imports(source.tree):
            if not guarded:
                checker.check(source, node)
    return Imports(tuple(sorted(checker.unused)), tuple(sorted(checker.from_extensions)))


class _Imports:
    def __init__(self, reading: Reading, sources: Sequence[Source], start: Source, used: Callable[[], frozenset[str]]) -> None:
        self.reading, self.sources, self.start, self._used = reading, sources, start, used
        self.unused: set[str] = set()
        self.from_extensions: set[str] = set()

    def check(self, source: Source, node: ast.Import | ast.ImportFrom) -> None:
        """Check one import."""
        if isinstance(node, ast.Import):
            for alias in node.names:
                package, _, module = alias.name.partition(".")
                if package not in OURS or not module or self.is_beside(package, module) or self.is_copy(source, alias, package, module):
                    continue
                if package == "metaflow" and names_of(package, module) is None and not self.is_module_used(alias):
                    self.unused.add(f"{module}.")
                    _say_unused(self.reading, source, alias, f"the module `{alias.name}`")
                elif package != "metaflow" or not self.is_of_extension(
                    source, alias, module, [alias.asname or ".".join(alias.name.split(".")[:2])]
                ):
                    self.module(source, alias, alias.name, ())
        elif source is self.start and node.level:
            _say_relative(self.reading, source, node)
        elif not node.level and node.module and node.module.split(".")[0] in OURS:
            package, _, module = node.module.partition(".")
            if self.is_beside(package, module) or self.is_copy(source, node, package, module):
                return
            if not module:
                for alias in node.names:
                    self.member(source, node.module, alias, node in self.early)
            else:
                self.module(source, node, node.module, node.names)

    def member(self, source: Source, package: str, alias: ast.alias, is_early: bool) -> None:
        """A name that is imported from `flowport` or `metaflow` itself; `is_early`: together with the file."""
        if alias.name == "cards":
            return
        if package == "metaflow" and alias.name in self.reading.modules.extensions.names:
            return
        if alias.name not in {"*", *PUBLIC_NAMES, *(names_of(package, "") or ())}:
            used = self.is_used(alias)
            if package == "metaflow" and used and self.is_name_of_extension(source, alias, is_early):
                return
            (self.reading.rejected_imports if used else self.unused).add(alias.name)
            if used:
                say_missing(self.reading, source, alias, alias.name, _TRY)
            else:
                _say_unused(self.reading, source, alias)

    def module(self, source: Source, node: ast.AST, module: str, aliases: Sequence[ast.alias]) -> None:
        """A module of `flowport` or `metaflow` that is imported, or that names are imported from."""
        package, _, inner = module.partition(".")
        known = names_of(package, inner)
        for alias in aliases:
            self.is_copy(source, alias, package, f"{inner}.{alias.name}")
        offered = PUBLIC_NAMES if known is None else known | {"*"}
        others = [one for one in aliases if one.name not in offered and not self.is_beside(package, f"{inner}.{one.name}")]
        if others and package == "metaflow" and (known is not None or len(others) == len(aliases)) and not any(map(self.is_used, others)):
            self.unused.update(f"{inner}.{alias.name}" for alias in others)
            for alias in others:
                _say_unused(self.reading, source, alias)
        elif known is not None:
            others = [
                one for one in others if inner != "plugins" or not self.is_of_extension(source, one, f"{inner}.{one.name}", _bound([one]))
            ]
            self.reading.rejected_imports.update(alias.name for alias in others)
            for alias in others:
                say_missing(self.reading, source, alias, alias.name, _TRY, known=known)
        elif not others or package != "metaflow" or not self.is_of_extension(source, node, inner, _bound(aliases)):
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
        notes = (*_NOTES, _INNER) if needs_metaflow(module.partition(".")[2]) else _NOTES
        self.reading.say("FP143", f"flowport does not have the module `{module}`", source, node, *ways_out, notes=notes)

    def is_copy(self, source: Source, node: ast.AST, package: str, module: str) -> bool:
        """Whether a module is in a package that Metaflow has a copy of. What flowport itself does not need may be missing in a task."""
        real = next((name for path, name in VENDORED.items() if f"{module}.".startswith(f"{path}.")), None)
        if package != "metaflow" or real is None:
            return False
        if real not in INSTALLED:
            message = f"`metaflow.{module}` is Metaflow's copy of `{real}`: the package must be installed where the steps run"
            self.reading.warn("FP157", message, source, node, f"add `{real}` to the image, or to the packages of the step")
        return True

    def is_beside(self, package: str, module: str) -> bool:
        """Whether a module is that of an extension in the flow's own folders."""
        return package == "metaflow" and names_of(package, module) is None and bool(self.reading.modules.extensions.module(module))

    def is_of_extension(self, source: Source, node: ast.AST, module: str, bound: Iterable[str]) -> bool:
        """Whether `metaflow.<module>` may be that of an extension that is installed where the steps run, which is a warning.

        What an extension has for decorators or base classes, by the names `bound`, needs Metaflow itself.
        """
        if names_of("metaflow", module) is not None or not may_be_of_extension(module):
            return False
        if "*" in bound or not self.on_import.isdisjoint(bound):
            return False
        self.from_extensions.add(f"{module}.")
        where = f"metaflow_extensions/*/{module.replace('.', '/')}"
        _say_extension(self.reading, source, node, f"metaflow.{module}", f"the package that has `{where}`")
        self.reading.rejected_imports.update(accumulate(["metaflow", *module.split(".")], "{}.{}".format))
        return True

    def is_name_of_extension(self, source: Source, alias: ast.alias, is_early: bool) -> bool:
        """The same for a name of `metaflow` itself. At the top of a file it is likely that of a decorator."""
        if is_early or alias.name in PARTS or not self.on_import.isdisjoint(_bound([alias])):
            return False
        if not may_be_a_name_of_extension(alias.name, PUBLIC_NAMES):
            return False
        self.from_extensions.add(alias.name)
        _say_extension(self.reading, source, alias, f"metaflow.{alias.name}", "the package of the extension")
        return True

    def is_used(self, alias: ast.alias) -> bool:
        """Whether a task may use an imported name or its alias."""
        return alias.name == "*" or not self.used.isdisjoint((alias.name, alias.asname))

    def is_module_used(self, alias: ast.alias) -> bool:
        """The same for `import metaflow.client`: whether a task may use `metaflow.client` or its alias."""
        return (alias.asname or ".".join(alias.name.split(".")[:2])) in self.used

    @cached_property
    def early(self) -> frozenset[ast.AST]:
        """The imports that are done when the files are imported."""
        return frozenset(node for source in self.sources for node, _ in imports(source.tree, functions=False))

    @cached_property
    def on_import(self) -> frozenset[str]:
        """What is used when the files are imported."""
        return used_names(self.reading, self.sources, "")

    @cached_property
    def used(self) -> frozenset[str]:
        """What a task may use; found out only if there is a name that flowport does not have."""
        return self._used()


_NOTES = ("while a flow runs, flowport replaces Metaflow",)
_INNER = "the extension with this module imports inner parts of Metaflow, so that it cannot be used without Metaflow"
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


def _say_extension(reading: Reading, source: Source, node: ast.AST, name: str, package: str) -> None:
    message = f"`{name}` is not part of Metaflow itself: its extension must be installed where the steps run"
    way_out = f"add {package} to the image, or to the packages of the step"
    optional = "if the flow works without it, put the import into a `try` with `except ImportError`"
    reading.warn("FP157", message, source, node, way_out, optional)


def _bound(aliases: Iterable[ast.alias]) -> list[str]:
    """The names that an import binds, and what they are called where they come from."""
    return [name for alias in aliases for name in (alias.name, alias.asname) if name is not None]


def _say_relative(reading: Reading, source: Source, node: ast.ImportFrom) -> None:
    names = ", ".join(f"{alias.name} as {alias.asname}" if alias.asname else alias.name for alias in node.names)
    instead = f"from {node.module} import {names}" if node.module else f"import {names}"
    way_out = f"write `{instead}`"
    if node.level > 1 or (node.module is None and names == "*"):
        way_out = "import the module by its full name, and add its folder to `roots` in flowport.toml"
    notes = ("the flow's file runs as a script, which belongs to no package",)
    message = "the flow's own file cannot use a relative import"
    reading.say("FP144", message, source, node, way_out, notes=notes)
