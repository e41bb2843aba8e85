"""The branch of a project: what the command line, variables of the shell, the settings and `@project` say of it."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, NamedTuple

from flowport.compiler.diagnostics.diagnostic import CompileError, Diagnostic
from flowport.compiler.ir.parameter_kinds import WORDS
from flowport.compiler.ir.project import name_like, name_problem
from flowport.compiler.record import replace
from flowport.workspace.errors import BadBranch, BadVariable, NoBranch, NoProject

if TYPE_CHECKING:
    from flowport.compiler.ir import Flow, Project
    from flowport.compiler.ir.plan import Plan
    from flowport.workspace.config import Config


class BranchChoice(NamedTuple):
    """The branch that whoever compiles or runs a flow chooses, on the command line or in variables of the shell.

    The settings choose one where these say nothing at all.
    """

    branch: str | None = None
    production: bool = False


NO_CHOICE = BranchChoice()

VARIABLES = ("METAFLOW_BRANCH", "METAFLOW_PRODUCTION")
"""The variables that stand for `--branch` and `--production`, as in Metaflow."""


def on_branch(plan: Plan, choice: BranchChoice, config: Config) -> Plan:
    """The plan of a flow on the chosen branch.

    Raises BadBranch or BadVariable when the command line or a variable names what cannot be a branch, and CompileError when the settings
    do, or when `@project` has chosen another branch.
    """
    project = plan.flow.project
    if project is None:
        return plan
    if choice.branch is not None and (problem := name_problem(choice.branch)):
        raise BadBranch(choice.branch, problem)
    made = _with_variables(choice)
    sources = [
        "on the command line" if own == whole else f"in the environment variable {name}"
        for own, whole, name in zip(choice, made, VARIABLES, strict=True)
    ]
    if made == NO_CHOICE:
        made, sources = _of_settings(config), [f"in {config.path}"] * 2
    return _with_project(plan, _chosen(project, made, *sources))


def _with_variables(choice: BranchChoice) -> BranchChoice:
    """The choice with what the shell says where it says nothing; raises BadVariable. An empty variable is none."""
    branch, production = (os.environ.get(name, "") for name in VARIABLES)
    if choice.branch is None and branch:
        if problem := name_problem(branch):
            raise BadVariable(VARIABLES[0], f"is `{branch[:60]}`, which {problem}", name_like(branch)[:60])
        choice = choice._replace(branch=branch)
    if not choice.production and production:
        if production.lower() not in WORDS:
            raise BadVariable(VARIABLES[1], f"is `{production[:60]}`, which is neither true nor false", "true")
        choice = choice._replace(production=WORDS[production.lower()])
    return choice


def _of_settings(config: Config) -> BranchChoice:
    branch = config.settings.get("branch") or None
    if branch is not None and (problem := name_problem(branch)):
        message = f"{config.path}: `branch` is `{branch[:60]}`, which {problem}"
        raise CompileError((Diagnostic("FP490", message, help=(f'write `branch = "{name_like(branch)[:60]}"`',)),))
    return BranchChoice(branch, config.settings.get("production") is True)


def _chosen(project: Project, choice: BranchChoice, of_branch: str, of_production: str) -> Project:
    """The project on the chosen branch; what `@project` says stays, and nothing else may be said, as in Metaflow."""
    if choice.branch is not None and project.branch not in (None, choice.branch):
        raise _chosen_twice(project, "branch", f"`{project.branch}`", f"`{choice.branch}`", of_branch)
    if choice.production and project.production is False:
        raise _chosen_twice(project, "production", "False", "true", of_production)
    branch = choice.branch if project.branch is None else project.branch
    return replace(project, branch=branch, production=choice.production if project.production is None else project.production)


def _chosen_twice(project: Project, name: str, ours: str, theirs: str, source: str) -> CompileError:
    message = f"`{name}` is {ours} in `@project`, and {theirs} {source}"
    return CompileError((Diagnostic("FP435", message, project.span, help=(f"remove `{name}` here, or {source}",)),))


def on_branch_of_user(plan: Plan) -> Plan:
    """The plan as it runs on this machine: where nobody has chosen a branch, on the branch of the user."""
    from flowport.runtime.names.current import current

    project = plan.flow.project
    if project is None or not project.is_user_branch:
        return plan
    return _with_project(plan, replace(project, user=current.username or ""))


def require_branch(flow: Flow) -> None:
    """Raise NoBranch when nobody has chosen a branch: a deployment of one user must not replace that of another."""
    if flow.project is not None and flow.project.is_user_branch:
        raise NoBranch(flow.name, flow.project.name)


def require_project(flow: Flow, choice: BranchChoice) -> None:
    """Raise NoProject when a branch is chosen for a flow that belongs to no project."""
    if flow.project is None and choice != NO_CHOICE:
        raise NoProject(flow.name, "--production" if choice.branch is None else "--branch")


def _with_project(plan: Plan, project: Project) -> Plan:
    return replace(plan, flow=replace(plan.flow, project=project))
