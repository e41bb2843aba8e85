"""Whose the decorators of a step or a flow are.

@retry(times=2)       flowport's or Metaflow's own: DecoratorUse("retry")
@robust               robust = retry(times=2) in the flow's own files: DecoratorUse("retry") too
@traced               the user's own: DecoratorUse(""), it stays where it is and runs in the task
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Mapping

from flowport.compiler.decorators.unsupported import UNSUPPORTED
from flowport.compiler.diagnostics.suggestions import did_you_mean
from flowport.compiler.evaluate.reading import Reading
from flowport.compiler.python.bindings import Names
from flowport.compiler.python.classes import Class
from flowport.compiler.python.modules import OURS, Definition, External, Thing
from flowport.compiler.python.source import Source
from flowport.compiler.record import record

RESOURCES: Mapping[str, float] = {"cpu": 0.001, "memory": 1, "gpu": 0, "disk": 1, "shared_memory": 0}
"""What a step can ask for, and the least of it; all but `cpu` are whole numbers."""

_PROFILE, _NODES = "a profile of flowport.toml says it for all steps", "what nodes offer is chosen with `node_selector`"
ELSEWHERE: Mapping[str, str] = {
    "namespace": _PROFILE,
    "annotations": _PROFILE,
    "image_pull_policy": _PROFILE,
    "image_pull_secrets": _PROFILE,
    "security_context": _PROFILE,
    "gpu_vendor": "GPUs are those of NVIDIA",
    "qos": "memory has the same request and limit",
    "use_tmpfs": "`shared_memory` is a folder in memory",
    "tmpfs_tempdir": "`shared_memory` is a folder in memory",
    "tmpfs_size": "`shared_memory` is a folder in memory",
    "tmpfs_path": "`shared_memory` is a folder in memory",
    "compute_pool": _NODES,
    "executable": "the image's own `python` runs the step",
    "port": "nothing listens in a step's pod",
    "hostname_resolution_timeout": "steps do not talk to each other",
}
"""Arguments of Metaflow's `@kubernetes` that have no effect, and who says instead."""

SETTINGS: Mapping[str, tuple[str, ...]] = {
    "retry": ("times", "minutes_between_retries"),
    "catch": ("var", "print_exception"),
    "timeout": ("seconds", "minutes", "hours"),
    "resources": tuple(RESOURCES),
    "environment": ("vars",),
    "kubernetes": (
        *("image", *RESOURCES, "service_account", "node_selector", "tolerations", "labels", "secrets", "persistent_volume_claims"),
        *ELSEWHERE,
    ),
}
"""The decorators that say something about a step, and their arguments."""

FLOW_DECORATORS: Mapping[str, tuple[str, ...]] = {"schedule": ("hourly", "daily", "weekly", "cron", "timezone")}
"""The decorators that say something about a flow, and their arguments."""

_PLAIN = frozenset({"staticmethod", "classmethod", "property"})


@record(eq=False)
class DecoratorUse:
    """A decorator as it is written in `source`, with its own name, "" when it is somebody else's."""

    node: ast.expr
    name: str
    source: Source
    members: Names

    @property
    def call(self) -> ast.Call | None:
        """The decorator when it is called, as in `@retry(times=2)`."""
        return self.node if isinstance(self.node, ast.Call) else None


def marks(reading: Reading, owner: Class, decorators: Iterable[ast.expr], before: int) -> tuple[DecoratorUse, ...]:
    """What decorators of a class or of one of its members are; `before` is the line of what they decorate."""
    reader = _Reader(reading, before)
    return tuple(mark for node in decorators for mark in reader.read(owner.source, owner.members, node, frozenset()))


class _Reader:
    def __init__(self, reading: Reading, before: int) -> None:
        self.reading, self.before = reading, before

    def read(self, source: Source, members: Names, node: ast.expr, seen: frozenset[ast.AST]) -> list[DecoratorUse]:
        """The marks that one decorator stands for: one, or those that a name or function of the user's own puts together."""
        called = node.func if isinstance(node, ast.Call) else node
        if isinstance(called, ast.Name) and self._hidden(source, members, called):
            return [DecoratorUse(node, "", source, members)]
        thing = self.reading.modules.resolve(source, called)
        if isinstance(thing, External) and thing.name.split(".")[0] in OURS:
            return [DecoratorUse(node, thing.name.rpartition(".")[2], source, members)]
        if isinstance(thing, Definition) and thing.bindings[0].node not in seen:
            made = self._unfolded(thing, node, seen | {thing.bindings[0].node})
            if made and isinstance(node, ast.Call) and not made[0].call:
                made = [DecoratorUse(node, made[0].name, source, members)]
            return made if made is not None else [DecoratorUse(node, "", source, members)]
        return [DecoratorUse(node, self._unknown(source, called, thing), source, members)]

    def _hidden(self, source: Source, members: Names, node: ast.Name) -> bool:
        """Whether the class sets the name before it is used here."""
        first = members[node.id][0] if node.id in members else None
        if first is None or first.node.lineno >= self.before or first.module is not None:
            return False
        if not isinstance(first.node, ast.FunctionDef) and node.id in {"step", *SETTINGS, *FLOW_DECORATORS, *UNSUPPORTED}:
            message = f"`@{node.id}` is the class attribute of line {first.node.lineno} here, not the decorator"
            way_out = (
                f"rename the attribute, or import the decorator under another name: `from flowport import {node.id} as {node.id}_step`"
            )
            self.reading.say("FP124", message, source, node, way_out)
        return True

    def _unfolded(self, thing: Definition, node: ast.expr, seen: frozenset[ast.AST]) -> list[DecoratorUse] | None:
        """The marks that a decorator of the user's own stands for, when that can be seen; None when it is to be left alone."""
        function = thing.function
        if function is None:
            if thing.value is not None and not isinstance(thing.value, ast.Lambda) and not self._partial(thing.source, thing.value):
                return self.read(thing.source, {}, thing.value, seen)
            self._unseen(thing)
            return None
        nodes = None if isinstance(node, ast.Call) else _composed(function)
        if nodes is not None:
            return [mark for inner in nodes for mark in self.read(thing.source, {}, inner, seen)]
        self._unseen(thing)
        return None

    def _partial(self, source: Source, node: ast.expr) -> bool:
        made = self.reading.modules.resolve(source, node.func) if isinstance(node, ast.Call) else None
        return isinstance(made, External) and made.name == "functools.partial"

    def _unseen(self, thing: Definition) -> None:
        """Say which of flowport's decorators stand in what makes one of the user's own."""
        made = [each.node for each in thing.bindings]
        names = {self._ours(thing.source, inner) for each in made for inner in ast.walk(each)}
        if inside := sorted(names & {*SETTINGS, *FLOW_DECORATORS}):
            listed = ", ".join(f"`@{name}`" for name in inside)
            message = f"what the decorator `{thing.name}` does with {listed} is not seen"
            place = "the flow" if set(inside) <= set(FLOW_DECORATORS) else "the steps"
            self.reading.warn(
                "FP126", message, thing.source, made[0], f"put {listed} on {place}, or write `{thing.name} = {inside[0]}(...)`"
            )

    def _ours(self, source: Source, node: ast.AST) -> str:
        thing = self.reading.modules.resolve(source, node) if isinstance(node, ast.Name | ast.Attribute) else None
        return thing.name.rpartition(".")[2] if isinstance(thing, External) and thing.name.split(".")[0] in OURS else ""

    def _unknown(self, source: Source, node: ast.expr, thing: Thing | None) -> str:
        """Say what there is to say about a name that neither flowport nor the flow's own files define; the name that was probably meant."""
        if isinstance(thing, External):
            package = thing.name.split(".")[0]
            message = f"flowport does not know the decorator `{source.segment(node)}`, which comes from `{package}`"
            way_out = "it is kept, and runs in the task; it must leave `self` and `self.next` as they are"
            self.reading.warn("FP123", message, source, node, way_out)
        elif thing is None and isinstance(node, ast.Name) and node.id not in _PLAIN:
            own = {"step", *SETTINGS, *FLOW_DECORATORS}
            known = {*self.reading.modules.names(source), *own}
            ways_out = (f"add `from flowport import {node.id}`",) if node.id in own | set(UNSUPPORTED) else did_you_mean(node.id, known)
            self.reading.say("FP122", f"nothing in `{source.shown}` defines `{node.id}`", source, node, *ways_out)
            return node.id if node.id in own else ""
        return ""


def _composed(function: ast.FunctionDef | ast.AsyncFunctionDef) -> list[ast.expr] | None:
    """The decorators that `def both(f): return retry(times=2)(catch(f))` applies, outermost first."""
    body = [part for part in function.body if not (isinstance(part, ast.Expr) and isinstance(part.value, ast.Constant))]
    if len(body) != 1 or not isinstance(body[0], ast.Return) or len(function.args.args) != 1 or function.decorator_list:
        return None
    found = []
    node = body[0].value
    while isinstance(node, ast.Call) and len(node.args) == 1 and not node.keywords:
        found.append(node.func)
        node = node.args[0]
    return found if isinstance(node, ast.Name) and node.id == function.args.args[0].arg else None
