"""The engine that a request is about: the operations of its target, and the settings that say which deployment there is meant."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any, NamedTuple

from flowport.compiler.diagnostics.diagnostic import CompileError
from flowport.compiler.lower.run_ids import branch_prefix, run_prefix
from flowport.runtime.store.errors import Corrupt, Missing
from flowport.workspace.config import find
from flowport.workspace.errors import NotOperable, UnknownFlow, UnknownRun
from flowport.workspace.flow_file import has_errors
from flowport.workspace.operations.settings import decoded_settings
from flowport.workspace.runs import find_run
from flowport.workspace.stores import StoreChoice, open_to_read
from flowport.workspace.targets import find_target, prepare

if TYPE_CHECKING:
    from flowport.compiler.operations import Operations
    from flowport.targets.registry import AnyTarget
    from flowport.workspace.address import Address
    from flowport.workspace.flow_file import FlowFile


class Engine(NamedTuple):
    """An engine with a deployment: `prefix` stands before the ids of its runs in the store."""

    target: AnyTarget
    operations: Operations[Any]
    settings: Any
    prefix: str = ""


class EngineAddress(NamedTuple):
    """A run at its engine: its id there, and in the store."""

    engine: Engine
    run: str
    stored: str


def engine_of_flow(flow: FlowFile, target: str) -> Engine:
    """The engine of a flow that is there as a file; raises CompileError where settings are missing or wrong."""
    found = operable(target)
    ready = prepare(flow, found)
    wrong = tuple(each for each in ready.diagnostics if each.code.startswith(("FP40", "FP49")))
    if has_errors(wrong):
        raise CompileError(wrong)
    return Engine(found, _operations(found), ready.settings, run_prefix(flow.plan.flow))


def engine_of_profile(target: str, profile: str | None, deployment: str = "", prefix: str = "") -> Engine:
    """The engine that the settings of the current folder lead to, for a deployment of this name."""
    found = operable(target)
    settings = decoded_settings(found, find(os.curdir, profile), deployment)
    return Engine(found, _operations(found), settings, prefix)


def engine_of_run(address: Address, target: str, profile: str | None, store: str | None = None) -> EngineAddress:
    """The engine of a run, which need not have begun: until then only flows without a project are found by the name alone."""
    operable(target)
    try:
        run = find_run(open_to_read(StoreChoice(store, target, profile))[0], address, lambda text: None)
        project: Any = run.program.flow.get("project")
    except (UnknownFlow, UnknownRun, Missing, Corrupt):
        if address.run is None:
            raise
        return EngineAddress(engine_of_profile(target, profile, address.flow), address.run, address.run)
    name = str(run.doc["run"])
    if project is None:
        return EngineAddress(engine_of_profile(target, profile, address.flow), name, name)
    prefix = branch_prefix(project["project_name"], project["branch_name"])
    engine = engine_of_profile(target, profile, project["project_flow_name"], prefix)
    return EngineAddress(engine, name.removeprefix(prefix), name)


def operable(name: str) -> AnyTarget:
    """The target with a name; raises UnknownTarget, and NotOperable if flowport does not control its engine."""
    found = find_target(name)
    if found.operations is None:
        raise NotOperable(found.name)
    return found


def _operations(target: AnyTarget) -> Operations[Any]:
    operations = target.operations
    assert operations is not None
    return operations
