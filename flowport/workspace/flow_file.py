"""A flow, read from its file, with the settings that hold for it."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any, NamedTuple

from flowport.compiler.compile import load, split
from flowport.compiler.decorators.spec import DecoratorSpec
from flowport.compiler.diagnostics.diagnostic import CompileError, Diagnostic
from flowport.compiler.ir.plan import Plan
from flowport.compiler.options import CompileOptions
from flowport.compiler.package.documents import flow_document
from flowport.compiler.record import replace
from flowport.workspace.branch import NO_CHOICE, BranchChoice, on_branch
from flowport.workspace.config import Config, find
from flowport.workspace.flow_configs.choice import NO_CONFIGS, ConfigChoice, sources

if TYPE_CHECKING:
    from flowport.compiler.package.archive import Package


class FlowFile(NamedTuple):
    """A flow without errors, and the warnings about it."""

    path: str
    plan: Plan
    config: Config
    warnings: tuple[Diagnostic, ...]

    @property
    def name(self) -> str:
        """The flow's name."""
        return self.plan.flow.name

    @property
    def folder(self) -> str:
        """The absolute path of the folder that the file is in."""
        return os.path.dirname(os.path.abspath(self.path))

    @property
    def argument(self) -> str:
        """What names this flow from any folder: the absolute path of its file, and its class."""
        return f"{os.path.abspath(self.path)}:{self.plan.flow.class_name}"

    @property
    def parameters(self) -> list[dict[str, Any]]:
        """The parameters of the flow, as its package has them."""
        found: Any = flow_document(self.plan.flow)["parameters"]
        return list(found)

    def package(self) -> Package:
        """The code package, with the further files that the settings name."""
        from flowport.compiler.package.archive import package

        return package(self.plan, self.config.included(self.folder))


class CheckResult(NamedTuple):
    """What there is to say about a file: its flow, unless a diagnostic is an error."""

    flow: FlowFile | None
    diagnostics: tuple[Diagnostic, ...]
    ignored: tuple[str, ...] = ()


class Changes(NamedTuple):
    """What a command line changes in a flow: `decorators` are for the steps that lack them, and `configs` have values of its configs.

    With `run_mutators` the mutators of the flow run. `branch` is the branch of its project. Without `reads_locks` the flow has no lock
    files, whatever is there.
    """

    decorators: tuple[DecoratorSpec, ...] = ()
    configs: ConfigChoice = NO_CONFIGS
    run_mutators: bool = False
    branch: BranchChoice = NO_CHOICE
    reads_locks: bool = True


UNCHANGED = Changes()


def check_flow(argument: str, profile: str | None, changes: Changes = UNCHANGED) -> CheckResult:
    """Read `FILE.py` or `FILE.py:ClassName` with a profile of its settings; raises WorkspaceError for variables that cannot be read.

    A config without a value is a warning, because a command line can give it one. What depends on it is not checked.
    """
    path, _ = split(argument)
    folder = os.path.dirname(os.path.abspath(path))
    try:
        config = find(folder, profile)
        modules = config.modules(folder)
        roots = config.roots
        _ = config.provisions  # raises CompileError
        config.environments  # noqa: B018 - raises CompileError
    except CompileError as refused:
        return CheckResult(None, refused.diagnostics)
    options = CompileOptions(changes.decorators, sources(changes.configs, config), reads_locks=changes.reads_locks)
    try:
        loaded = load(argument, roots, modules, _mutated(argument, (roots, modules), options) if changes.run_mutators else options)
    except CompileError as refused:
        return CheckResult(None, refused.diagnostics, config.ignored)
    if loaded.plan is None:
        return CheckResult(None, loaded.diagnostics, config.ignored)
    try:
        plan = on_branch(loaded.plan, changes.branch, config)
    except CompileError as refused:
        return CheckResult(None, loaded.diagnostics + refused.diagnostics, config.ignored)
    return CheckResult(FlowFile(path, plan, config, loaded.diagnostics), loaded.diagnostics, config.ignored)


def _mutated(argument: str, where: tuple[tuple[str, ...], tuple[str, ...]], options: CompileOptions) -> CompileOptions:
    """The options with what the flow's mutators change; raises CompileError. Without a flow there is nothing to run."""
    from flowport.compiler.decorators.mutations import Mutations
    from flowport.compiler.parse.flow import parse
    from flowport.workspace.mutators.run import run_mutators

    path, class_name = split(argument)
    unread = replace(options, decorators=(), mutations=Mutations())
    flow, _ = parse(path, class_name, *where, unread)
    if flow is None:
        return unread
    return replace(options, mutations=run_mutators(flow, os.path.dirname(os.path.abspath(path)), options.decorators))


def open_flow(argument: str, profile: str | None, changes: Changes = UNCHANGED) -> FlowFile:
    """The flow of `FILE.py` or `FILE.py:ClassName`; raises CompileError when there are errors, and WorkspaceError."""
    if changes.configs.missing == "warning":
        changes = changes._replace(configs=changes.configs._replace(missing="error"))
    found = check_flow(argument, profile, changes)
    if found.flow is None:
        raise CompileError(found.diagnostics)
    return found.flow


def has_errors(diagnostics: tuple[Diagnostic, ...]) -> bool:
    """Whether any of them is more than a warning."""
    return any(diagnostic.severity == "error" for diagnostic in diagnostics)
