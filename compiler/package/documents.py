"""Plan -> the JSON documents in the code package, which the runtime reads.

    .flowport/flow.json          the flow itself: its file and class, its parameters
    .flowport/plan.json          its structure: the body, in nested blocks, and the retries of its steps
    .flowport/definitions.json   a digest for each class and function of its modules, which values may be of
    .flowport/configs.json       the values of its configs, when there are any
    .flowport/included.json      the files that travel with the flow, when there are any
    .flowport/environments/      the lock files of its steps, when there are any
    .flowport/plan/<step>.json   what one task needs: its transition, its settings and its `sites`

`sites` describes what a site is.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator

from flowport.compiler.decorators.registry import STEP_DECORATORS
from flowport.compiler.ir import (
    JSON,
    Branch,
    Computed,
    Config,
    Constant,
    End,
    Flow,
    Foreach,
    Lock,
    Next,
    NoDefault,
    Parameter,
    Project,
    Step,
    Switch,
)
from flowport.compiler.ir.plan import Block, Choice, Loop, Map, Node, Parallel, Plan, Task, steps
from flowport.compiler.ir.secrets import read_names
from flowport.compiler.package.sites import Document, Sites, edge_pairs
from flowport.runtime.process.nodes import NODES
from flowport.runtime.protocol import CONFIGS, DEFINITIONS, DOCUMENTS, ENVIRONMENTS, FLOW, INCLUDED, PLAN, STEP_PLANS


def documents(plan: Plan, further: Iterable[str] = ()) -> Iterator[tuple[str, bytes]]:
    """Every document of the plan with its path in the code package; `further` are the paths of files that the flow includes."""
    yield from flow_documents(plan.flow)
    yield PLAN, _bytes(plan_document(plan))
    yield DEFINITIONS, _bytes({"v": DOCUMENTS, "modules": {name: dict(found) for name, found in sorted(plan.flow.definitions.items())}})
    if included := sorted(further):
        yield INCLUDED, _bytes({"v": DOCUMENTS, "files": [*included]})
    for lock in {lock.name: lock for lock in _locks(plan.flow).values()}.values():
        yield f"{ENVIRONMENTS}{lock.name}.txt", lock.data
    sites = Sites(plan)
    for step in plan.flow.steps:
        if step.name in sites.of:
            yield f"{STEP_PLANS}{step.name}.json", _bytes({**_step_document(sites, step), **_reads(plan.flow)})


def flow_documents(flow: Flow) -> Iterator[tuple[str, bytes]]:
    """The documents that importing the flow needs."""
    yield FLOW, _bytes(flow_document(flow))
    if flow.configs:
        yield CONFIGS, _bytes({"v": DOCUMENTS, "configs": [_config(config) for config in flow.configs]})


def _locks(flow: Flow) -> dict[str, Lock]:
    """The locks by step."""
    asked = {step.name: step.settings.requirements for step in flow.steps}
    return {name: requirements.lock for name, requirements in asked.items() if requirements is not None and requirements.lock is not None}


def _bytes(document: Document) -> bytes:
    return json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "surrogatepass")


def flow_document(flow: Flow) -> Document:
    """What every task reads: which class it is, and what its parameters are."""
    document: Document = {
        "v": DOCUMENTS,
        "flow": flow.name,
        "file": flow.file,
        "class": flow.class_name,
        "roots": list(flow.roots),
        "start": flow.start,
        "end": flow.end,
        "parameters": [_parameter(parameter) for parameter in flow.parameters],
    }
    if flow.configs:
        document["configs"] = [config.attribute for config in flow.configs]
    if flow.late_parameters:
        document["late_parameters"] = [*flow.late_parameters]
    if flow.removed_parameters:
        document["removed_parameters"] = [*flow.removed_parameters]
    if flow.project is not None:
        document["project"] = _project(flow, flow.project)
    if any(step.settings.gang for step in flow.steps):
        document["gangs"] = True
    if flow.upstream:
        document["upstream"] = [source.flow for source in flow.upstream]
    if flow.events:
        document["events"] = {event.name: dict(event.parameters) for event in flow.events}
    if flow.has_exit_hooks:
        document["hooks"] = {"success": [*flow.exit_hooks.on_success], "error": [*flow.exit_hooks.on_error]}
    if flow.unused:
        document["unused"] = [*flow.unused]
    if flow.from_extensions:
        document["from_extensions"] = [*flow.from_extensions]
    return document


def _project(flow: Flow, project: Project) -> Document:
    """The project as `current` has it in the steps."""
    return {
        "project_name": project.name,
        "branch_name": project.branch_name,
        "is_user_branch": project.is_user_branch,
        "is_production": project.is_production,
        "project_flow_name": flow.deployment,
    }


def plan_document(plan: Plan) -> Document:
    """What the local runner and a fused block read: the order of all the steps."""
    granted: Document = {}
    minutes: Document = {}
    for step in plan.flow.steps:
        if step.settings.retries:
            granted[step.name] = step.settings.retries
            minutes[step.name] = step.settings.minutes
    environments: Document = {name: lock.name for name, lock in _locks(plan.flow).items()}
    return {
        "v": DOCUMENTS,
        "steps": list(steps(plan.body)),
        "retries": granted,
        "minutes": minutes,
        "body": _block(plan.body),
        **({"environments": environments} if environments else {}),
        **_reads(plan.flow),
    }


def _config(config: Config) -> Document:
    """A config: its value as JSON where that says it exactly, else as a Python literal."""
    document: Document = {"attribute": config.attribute, "name": config.name, "plain": config.plain, "help": config.help}
    if same(config.value):
        document["json"] = plain(config.value)
    else:
        document["literal"] = repr(config.value)
    return document


def same(value: Constant) -> bool:
    """Whether JSON tells a value from all others: it has no tuples, and texts for keys."""
    if isinstance(value, dict):
        return all(isinstance(key, str) and same(inner) for key, inner in value.items())
    return all(map(same, value)) if isinstance(value, list) else not isinstance(value, tuple)


def _reads(flow: Flow) -> Document:
    """The variables that the flow reads in decorators, and so in every task: Python evaluates these when it imports the file."""
    found = read_names(pair for step in flow.steps for pair in step.settings.forwarded)
    return {"reads": {**found}} if found else {}


def _parameter(parameter: Parameter) -> Document:
    document: Document = {
        "attribute": parameter.attribute,
        "name": parameter.name,
        "kind": parameter.kind,
        "required": parameter.required,
        "help": parameter.help,
        "choices": [plain(choice) for choice in parameter.choices],
        "computed": isinstance(parameter.default, Computed),
    }
    if not isinstance(parameter.default, Computed | NoDefault):
        document["default"] = plain(parameter.default)
    if parameter.kind == "file":
        document.update(text=parameter.text, encoding=parameter.encoding)
    option = parameter.option
    more: Document = {
        "separator": parameter.separator,
        "element": parameter.element,
        "variables": list(option.variables),
        "hidden": option.hidden,
        "metavar": option.metavar,
        "hides_default": not option.shows_default,
    }
    return document | {name: value for name, value in more.items() if value}


def plain(value: Constant) -> JSON:
    """A constant as JSON: tuples and sets become lists, keys become text; raises TypeError for bytes and complex numbers."""
    match value:
        case None | bool() | int() | float() | str():
            return value
        case list() | tuple():
            return [plain(item) for item in value]
        case set() | frozenset():
            return [plain(item) for item in sorted(value, key=repr)]
        case dict():
            return {str(key): plain(item) for key, item in value.items()}
        case _:
            raise TypeError(f"{type(value).__name__} has no JSON form")


def _block(block: Block) -> list[JSON]:
    return [_node(node) for node in block]


def _node(node: Node) -> Document:
    match node:
        case Task(step):
            return {"task": step}
        case Parallel(origin, branches):
            return {"parallel": origin, "branches": [_block(branch) for branch in branches]}
        case Map(origin=origin, body=body):
            return {"map": origin, "body": _block(body)}
        case Choice(origin, arms):
            return {"choice": origin, "arms": [{"edges": edge_pairs(arm.edges), "body": _block(arm.body)} for arm in arms]}
        case Loop(header, body, again, exits):
            return {"loop": header, "body": _block(body), "again": list(again), "exits": edge_pairs(exits)}


def _step_document(sites: Sites, step: Step) -> Document:
    """What a task of the step reads."""
    around: Document = {}
    if step.wrappers or step.unwrapped:
        around["wrappers"] = [[one.module, one.name, dict(one.arguments)] for one in step.wrappers]
    if step.unwrapped:
        around["unwrapped"] = True
    return {
        "v": DOCUMENTS,
        "step": step.name,
        "digest": step.digest,
        "join": step.join,
        "transition": _transition(step, sites),
        **{name: value for decorator in STEP_DECORATORS.values() for name, value in decorator.to_plan(step.settings).items()},
        "workers": sites.of[step.name].place.workers,
        "routed": sites.is_routed(step),
        "left": [*sorted(sites.ways_out(step.name))],
        "sites": {name: sites.document(name) for name in sites.reachable(step.name)},
        **around,
    }


def _transition(step: Step, sites: Sites) -> Document:
    match step.transition:
        case Next(target):
            return {"next": target}
        case Branch(names):
            return {"branch": list(names)}
        case Foreach(target, items=nodes, gang=True):
            return {"foreach": target, "over": NODES, "batch": 1, "gang": nodes}
        case Foreach(target, over, batch, max_parallel=most):
            limit: Document = {} if most is None else {"tasks": most // sites.of[target].place.workers}
            return {"foreach": target, "over": over, "batch": batch, **limit}
        case Switch(condition, cases):
            return {"switch": condition, "cases": [[case.value, case.target] for case in cases]}
        case End():
            return {"end": True}
