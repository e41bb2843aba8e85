"""Attributes of `metaflow` and of `current` that do not exist when the flow runs.

    import metaflow as mf
    mf.FlowGraph               FP143, as for `from metaflow import FlowGraph`
    current.project_name       FP145

Names that the file tests for, with `hasattr` or in a `try`, are accepted.
"""

from __future__ import annotations

import ast
from collections.abc import Collection, Iterable, Iterator, Mapping

from flowport.compiler.decorators.registry import FLOW_DECORATORS, STEP_DECORATORS
from flowport.compiler.diagnostics.suggestions import did_you_mean
from flowport.compiler.evaluate.reading import Reading
from flowport.compiler.imports.closure import imported_with
from flowport.compiler.imports.public_names import PARTS, PUBLIC_NAMES, say_missing
from flowport.compiler.python.bindings import asks_for_main
from flowport.compiler.python.modules import OURS, External, Thing, bound_names
from flowport.compiler.python.source import Source
from flowport.runtime.names.exports import names_of

CURRENT = (
    "flow_name", "run_id", "origin_run_id", "step_name", "task_id", "retry_count", "attempt", "pathspec", "parameters",
    "parameter_names", "tags", "user", "username", "namespace", "card", "trigger", "is_running_flow", "get", "run", "task",
    "parent_task_pathspecs", "graph", "script_name", "resources", "tempdir", "scheduled_time",
    "log_metric", "log_metrics", "log_artifact",
)  # fmt: skip
"""The attributes of `current` (`runtime/names/current.py`)."""

ADDED: Mapping[str, str] = {
    **dict.fromkeys(("project_name", "project_flow_name", "branch_name", "is_production", "is_user_branch"), "project"),
    **dict.fromkeys(("parallel", "is_parallel"), "parallel"),
    "checkpoint": "checkpoint",
    "model": "model",
    "huggingface_hub": "huggingface_hub",
    "nim": "nim",
    "vllm": "vllm",
    "torch": "torchrun",
    "deepspeed": "deepspeed",
    "mpi": "mpi",
    "ray_storage_path": "metaflow_ray",
}
"""Attributes that decorators add to `current`, and the decorators; some of these flowport does not have."""

TRIGGERS = frozenset(("trigger", "trigger_on_finish"))
"""What `current.trigger` comes from."""

OF_STEPS, OF_FLOWS = frozenset(STEP_DECORATORS), frozenset(FLOW_DECORATORS)

WAYS_OUT: Mapping[str, str] = {
    name: f"put `@{name}` above a step, and go there with `num_parallel`"
    for name in ("parallel", "torchrun", "deepspeed", "mpi", "metaflow_ray")
}
"""What to type to have what a decorator adds, where putting it above a step or the flow is not enough."""

IN_TASKS = frozenset({"parameters", "parameter_names", "tags", "resources", "graph"})
"""Attributes that `current` has only while a task runs."""

NONE_BEFORE = frozenset(CURRENT) - IN_TASKS - {"user", "username", "namespace", "card", "trigger", "is_running_flow", "get", "tempdir"}
"""Attributes that are None while no task runs."""

CATCHES = frozenset({"AttributeError", "ImportError", "Exception", "BaseException"})
FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)


def check_attributes(reading: Reading, sources: Iterable[Source], start: Source, decorators: Collection[str]) -> None:
    """Report attributes of `metaflow`, `flowport` and `current` that do not exist; `decorators` are those of the flow and of its steps.

    `start` is imported before there is a task, and so are the files that it imports outside of functions.
    """
    early = imported_with(reading.modules, start)
    triggered = not TRIGGERS.isdisjoint(decorators)
    added = frozenset(name for name, decorator in ADDED.items() if decorator in OF_STEPS | OF_FLOWS and decorator in decorators)
    for source in sources:
        if any(word in source.text for word in (*OURS, "current")):
            reader = _Reader(reading, source, source in early, added, source is not start, triggered)
            for node in source.tree.body:
                reader.visit(node, {})


class _Reader:
    def __init__(self, reading: Reading, source: Source, is_early: bool, added: frozenset[str], is_shared: bool, triggered: bool) -> None:
        self.reading, self.source, self.is_early, self.added, self.triggered = reading, source, is_early, added, triggered
        self.tested = frozenset(_tested(source.tree))
        self.guarded = frozenset(_guarded(source.tree))
        self.optional = frozenset(_optional(source.tree)) if is_shared else frozenset()
        self.annotated = "annotations" not in reading.modules.names(source)

    def visit(self, node: ast.AST, local: Mapping[str, Thing | None]) -> None:
        """Look at a statement or an expression; `local` are the names of the functions around it."""
        waiting = [node]
        while waiting:
            inner = waiting.pop()
            if isinstance(inner, FUNCTIONS) and inner is not node:
                self.visit(inner, {**local, **bound_names(self.reading.modules, self.source, inner)})
                continue
            if isinstance(inner, FUNCTIONS) and not local:
                local = bound_names(self.reading.modules, self.source, inner)
            if isinstance(inner, ast.Attribute) and isinstance(inner.ctx, ast.Load):
                self.check(inner, inner.value, inner.attr, local)
                if self.is_early and not local and not isinstance(node, FUNCTIONS):
                    self.check_import(inner)
            elif isinstance(inner, ast.Name) and inner.id in PARTS and self.is_starred(inner.id, local):
                self.missing(inner, inner.id, "write the flow without it")
            elif isinstance(inner, ast.Call) and (name := _got(inner)):
                self.check(inner, inner.args[0], name, local)
            waiting += reversed(list(self.inside(inner)))

    def inside(self, node: ast.AST) -> Iterator[ast.AST]:
        """The parts of a node that run, without those that may fail and the names of decorators."""
        for name, value in ast.iter_fields(node):
            if name == "body" and (_may_fail(node) or (isinstance(node, ast.If) and asks_for_main(node.test))):
                continue
            if name in ("annotation", "returns") and not self.annotated:
                continue
            for part in value if isinstance(value, list) else [value]:
                if name == "decorator_list":
                    yield from (*part.args, *part.keywords) if isinstance(part, ast.Call) else ()
                elif isinstance(part, ast.AST):
                    yield part

    def check(self, node: ast.expr, owner: ast.expr, name: str, local: Mapping[str, Thing | None]) -> None:
        thing = self.resolved(owner, local)
        if not isinstance(thing, External) or name.startswith("__") or name in self.tested:
            return
        package, _, rest = thing.name.partition(".")
        if package not in OURS:
            return
        if rest == "current.trigger" and not self.triggered and not _tests_trigger(self.source.tree):
            message = "`current.trigger` is None, because nothing triggers the flow"
            ways_out = ('put `@trigger_on_finish(flow="...")` above the class', "test for it: `if current.trigger is not None:`")
            self.reading.warn("FP145", message, self.source, node, *ways_out)
        elif rest == "current" and name not in CURRENT and name not in self.added:
            attributes = (*CURRENT, *(one for one in ADDED if one in self.added))
            listed = ", ".join(f"`{one}`" for one in attributes)
            without = f'if the flow works without it, write `current.get("{name}")`'
            if name in ADDED:
                is_ours = ADDED[name] in OF_STEPS | OF_FLOWS
                message = f"`current` has no attribute `{name}`, which `@{ADDED[name]}`{'' if is_ours else ' of Metaflow'} adds"
                usual = f"put `@{ADDED[name]}` above the {'flow' if ADDED[name] in OF_FLOWS else 'step'}"
                first = (WAYS_OUT.get(ADDED[name], usual),) if is_ours else ()
                may_not_run = node in self.optional or (node in self.guarded and (not is_ours or ADDED[name] in WAYS_OUT))
                say = self.reading.warn if may_not_run else self.reading.say
                say("FP145", message, self.source, node, *first, without)
            else:
                guess = did_you_mean(name, attributes)
                self.reading.say(
                    "FP145", f"`current` has no attribute `{name}`", self.source, node, *guess, f"its attributes are {listed}", without
                )
        elif f"{thing.name}.{name}" in self.reading.rejected_imports:
            return
        elif (known := names_of(package, rest)) is not None and name not in known:
            self.missing(node, name, f'write the flow without it, or test for it: `hasattr({self.source.segment(owner)}, "{name}")`', rest)

    def check_import(self, node: ast.Attribute) -> None:
        """Report attributes of `current` that are read while the file is imported."""
        thing = self.resolved(node.value, {})
        if not isinstance(thing, External) or thing.name not in {f"{one}.current" for one in OURS} or node.attr in self.tested:
            return
        message = f"`current.{node.attr}` is read when the file is imported, before a task starts"
        way_out = "read it inside a step, or in a function that a step calls"
        if node.attr in IN_TASKS or node.attr in self.added:
            self.reading.say("FP145", message, self.source, node, way_out)
        elif node.attr in NONE_BEFORE:
            self.reading.warn("FP145", f"{message}: it is None", self.source, node, way_out)

    def missing(self, node: ast.expr, name: str, way_out: str, module: str = "") -> None:
        """Report a name of Metaflow that flowport does not have."""
        say_missing(self.reading, self.source, node, name, way_out, known=names_of("metaflow", module) or PUBLIC_NAMES)

    def is_starred(self, name: str, local: Mapping[str, Thing | None]) -> bool:
        """Whether a name comes from `from metaflow import *`."""
        thing = self.reading.modules.look(self.source, name) if name not in local else None
        return isinstance(thing, External) and name not in self.reading.modules.names(self.source)

    def resolved(self, node: ast.expr, local: Mapping[str, Thing | None]) -> Thing | None:
        if isinstance(node, ast.Attribute):
            owner = self.resolved(node.value, local)
            return None if owner is None else self.reading.modules.member(owner, node.attr)
        if not isinstance(node, ast.Name):
            return None
        return local[node.id] if node.id in local else self.reading.modules.look(self.source, node.id)


def _tested(tree: ast.AST) -> Iterator[str]:
    """The names that `hasattr(x, "name")` and `"name" in x` ask for."""
    for node in ast.walk(tree):
        tested: ast.expr | None = None
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "hasattr" and len(node.args) == 2:
            tested = node.args[1]
        elif isinstance(node, ast.Compare) and isinstance(node.ops[0], ast.In | ast.NotIn):
            tested = node.left
        if isinstance(tested, ast.Constant) and isinstance(tested.value, str):
            yield tested.value


def _guarded(tree: ast.AST) -> Iterator[ast.AST]:
    """What is evaluated only if something before it holds: `is_parallel and current.parallel.node_index`."""
    for node in ast.walk(tree):
        if isinstance(node, ast.BoolOp) and isinstance(node.op, ast.And):
            for value in node.values[1:]:
                yield from ast.walk(value)


def _optional(tree: ast.AST) -> Iterator[ast.AST]:
    """What stands in a branch of an `if` in a function: a module that several flows share reads there what some of them have."""
    for function in ast.walk(tree):
        for node in ast.walk(function) if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef) else ():
            for inner in (*node.body, *node.orelse) if isinstance(node, ast.If) else ():
                yield from ast.walk(inner)


def _tests_trigger(tree: ast.AST) -> bool:
    """Whether a condition looks at `current.trigger` itself."""
    for node in ast.walk(tree):
        if isinstance(node, ast.If | ast.IfExp | ast.While | ast.BoolOp):
            inside = [inner for part in (node.values if isinstance(node, ast.BoolOp) else [node.test]) for inner in ast.walk(part)]
            owners = {inner.value for inner in inside if isinstance(inner, ast.Attribute)}
            if any(isinstance(inner, ast.Attribute) and inner.attr == "trigger" and inner not in owners for inner in inside):
                return True
    return False


def _got(call: ast.Call) -> str:
    """The name in `getattr(x, "name")`, which has no default; "" for every other call."""
    is_getattr = isinstance(call.func, ast.Name) and call.func.id == "getattr" and len(call.args) == 2
    name = call.args[1].value if is_getattr and isinstance(call.args[1], ast.Constant) else ""
    return name if isinstance(name, str) else ""


def _may_fail(node: ast.AST) -> bool:
    """Whether a `try` catches what a missing attribute raises."""
    if not isinstance(node, ast.Try):
        return False
    kinds = [kind for handler in node.handlers for kind in ast.walk(handler.type or ast.Name("Exception"))]
    return any(isinstance(kind, ast.Name) and kind.id in CATCHES for kind in kinds)
