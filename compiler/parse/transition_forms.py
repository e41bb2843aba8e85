"""The forms of `self.next(...)`, read into transitions.

    self.next(self.a)                          Next("a")
    self.next(self.a, self.b)                  Branch(("a", "b"))
    self.next(self.a, foreach="items")         Foreach("a", "items")
    self.next(self.a, num_parallel=4)          Foreach("a", "", items=4, gang=True)
    self.next({"x": self.a}, condition="c")    Switch("c", (Case("x", "a"),))

`transitions` selects the call that counts; `check` tests whether the targets are steps.
"""

from __future__ import annotations

import ast
from typing import Any

from flowport.compiler.diagnostics.suggestions import did_you_mean
from flowport.compiler.evaluate.configs import UnreadConfig, with_values
from flowport.compiler.evaluate.reading import Reading
from flowport.compiler.evaluate.scope import scope
from flowport.compiler.ir import Branch, Case, Foreach, Next, Switch, Transition
from flowport.compiler.python.bindings import Names
from flowport.compiler.python.modules import Function
from flowport.compiler.python.source import Source
from flowport.compiler.record import record, replace
from flowport.runtime.process.nodes import MOST_NODES

FORMS = (
    'write `self.next(self.step)`, `self.next(self.a, self.b)`, `self.next(self.step, foreach="items")` '
    'or `self.next({"case": self.step, ...}, condition="artifact")`'
)
SIZES = ("batch", "workers", "max_parallel")
"""Arguments that say how a foreach is divided into tasks."""

KEYWORDS = ("foreach", "condition", *SIZES, "num_parallel")


@record(eq=False)
class StepMethod:
    """A step method; `me` is the name of its first argument, nearly always `self`."""

    reading: Reading
    source: Source
    members: Names
    function: Function
    me: str

    @property
    def step(self) -> str:
        return self.function.name

    def constant(self, node: ast.expr, what: str) -> tuple[bool, Any]:
        """Whether an argument of `self.next` is constant, and its value; adds a diagnostic if it is not."""
        try:
            known = with_values(node, self.me, scope(self.reading.modules, self.source, self.members))
        except UnreadConfig:
            return False, None
        return self.reading.constant(known, self.source, self.members, what)

    def known(self, node: ast.expr) -> tuple[bool, Any]:
        """Whether an expression that need not be constant is, and its value; no diagnostic says that it is not."""
        aside = replace(self, reading=Reading(self.reading.modules))
        return aside.constant(node, "it")

    def say(self, code: str, message: str, node: ast.AST, *ways_out: str, notes: tuple[str, ...] = ()) -> None:
        """Note an error at a node of the step."""
        self.reading.say(code, message, self.source, node, *ways_out, notes=notes)


def read_call(place: StepMethod, call: ast.Call) -> Transition | None:
    """The transition of a call, or None with a diagnostic."""
    named: dict[str, ast.expr] = {}
    for keyword in call.keywords:
        if keyword.arg in KEYWORDS:
            named[str(keyword.arg)] = keyword.value
        else:
            _say_keyword(place, call, keyword)
            return None
    if len(call.args) == 1 and isinstance(call.args[0], ast.Dict):
        return _switch(place, call, call.args[0], named)
    targets = [_target(place, node) for node in call.args]
    if not targets:
        place.say("FP206", f"the `self.next` of step `{place.step}` names no step", call, FORMS)
        return None
    names = [name for name in targets if name is not None]
    if len(names) < len(targets):
        return None
    if "condition" in named:
        place.say(
            "FP213",
            "`condition` needs a dict of cases",
            named["condition"],
            "write `self.next({" + ", ".join(f'"{name}": self.{name}' for name in names) + '}, condition="artifact")`',
        )
        return None
    if "num_parallel" in named:
        return _gang(place, call, names, named)
    if "foreach" in named:
        return _foreach(place, call, names, named)
    for name in SIZES:
        if name in named:
            place.say(
                "FP208", f"`{name}` needs a `foreach`", named[name], f'write `self.next(self.{names[0]}, foreach="items", {name}=...)`'
            )
    return Next(names[0]) if len(names) == 1 else _branch(place, call, names)


def _branch(place: StepMethod, call: ast.Call, names: list[str]) -> Branch:
    for name in sorted({name for name in names if names.count(name) > 1}):
        place.say(
            "FP207", f"step `{place.step}` goes to `{name}` twice", call, "name each step once; to run a step several times use `foreach`"
        )
    return Branch(tuple(names))


def _say_keyword(place: StepMethod, call: ast.Call, keyword: ast.keyword) -> None:
    if keyword.arg is None:
        place.say("FP206", "`self.next` cannot take its arguments from a dict", keyword, FORMS)
    else:
        place.say("FP209", f"`self.next` has no argument `{keyword.arg}`", keyword, *did_you_mean(keyword.arg, KEYWORDS), FORMS)


def _target(place: StepMethod, node: ast.expr) -> str | None:
    """The step that an argument names."""
    name = is_member(node, place.me)
    if name is not None:
        return name
    if isinstance(node, ast.Call) and (inner := is_member(node.func, place.me)):
        place.say(
            "FP210",
            f"`{place.source.segment(node)}` calls the step instead of naming it",
            node,
            f"write `self.{inner}`, without the parentheses",
        )
    elif isinstance(node, ast.Constant) and isinstance(node.value, str):
        place.say(
            "FP210",
            "`self.next` takes the step itself, not its name as a string",
            node,
            f"write `self.{node.value}`" if node.value.isidentifier() else FORMS,
        )
    elif isinstance(node, ast.Name):
        place.say("FP210", f"`{node.id}` is not a step", node, f"write `self.{node.id}`")
    elif isinstance(node, ast.List | ast.Tuple):
        place.say("FP210", "`self.next` takes steps, not a list of them", node, "write `self.next(self.a, self.b)`")
    elif isinstance(node, ast.IfExp):
        place.say(
            "FP210",
            "`self.next` cannot choose with `if`",
            node,
            'choose with a switch: `self.next({True: self.a, False: self.b}, condition="artifact")`',
        )
    else:
        place.say("FP210", f"`{place.source.segment(node)}` is not a step", node, FORMS)
    return None


def _artifact(place: StepMethod, node: ast.expr, keyword: str) -> str | None:
    """The name of an artifact that `foreach` or `condition` was given."""
    inner = is_member(node, place.me)
    if inner is not None:
        place.say("FP211", f"`{keyword}` takes the name of an artifact as a string", node, f'write `{keyword}="{inner}"`')
        return None
    constant, value = place.constant(node, f"`{keyword}`")
    if not constant:
        return None
    if not isinstance(value, str) or not value.isidentifier():
        way_out = f'set an artifact first, `self.items = {place.source.segment(node)}`, and write `{keyword}="items"`'
        place.say("FP211", f"`{keyword}` takes the name of an artifact as a string", node, way_out)
        return None
    return value


def _foreach(place: StepMethod, call: ast.Call, names: list[str], named: dict[str, ast.expr]) -> Transition | None:
    if len(names) != 1:
        place.say("FP212", "a `foreach` leads to one step", call, "let it lead to one step, and branch in that step")
        return None
    over = _artifact(place, named["foreach"], "foreach")
    counts = {name: _count(place, named[name], name) for name in SIZES if name in named}
    if over is None:
        return None
    sizes = counts.get("batch", 1), counts.get("workers", 1)
    return Foreach(names[0], over, *sizes, _items(place, over), max_parallel=counts.get("max_parallel"))


def _gang(place: StepMethod, call: ast.Call, names: list[str], named: dict[str, ast.expr]) -> Transition | None:
    node = named["num_parallel"]
    if len(names) != 1:
        place.say("FP212", "`num_parallel` leads to one step", call, "let it lead to one step, and branch after its join")
        return None
    for name in ("foreach", *SIZES):
        if name in named:
            ways_out = ("lead the foreach to a step of its own, and write `num_parallel` there",) if name == "foreach" else ("remove it",)
            place.say("FP250", f"`self.next` takes no `{name}` beside `num_parallel`", named[name], *ways_out)
            return None
    known, nodes = _nodes(place, node)
    if known and (type(nodes) is not int or not 1 <= nodes <= MOST_NODES):
        message = f"`num_parallel` must be a whole number from 1 to {MOST_NODES:,}, not `{nodes!r}`"
        place.say("FP250", message, node, "write `num_parallel=2` for two nodes")
        return None
    return Foreach(names[0], "", items=nodes if known else None, gang=True)


def _nodes(place: StepMethod, node: ast.expr) -> tuple[bool, Any]:
    """Whether the value of `num_parallel` is known, and it: a constant, one of the class, or an artifact that the step sets once to one."""
    name = is_member(node, place.me)
    if name is None:
        return (False, None) if _has_local_name(place, node) else place.known(node)
    value = _set_once(place, name, 2)
    if value is not None:
        return (False, None) if _has_local_name(place, value) else place.known(value)
    if name not in place.members or _is_set(place, name):
        return False, None
    return place.known(ast.copy_location(ast.Name(name, ast.Load()), node))


def _is_set(place: StepMethod, name: str) -> bool:
    """Whether anything in the file, or a method of the flow, sets an attribute of this name: an artifact hides a constant of the class."""
    trees = [place.source.tree, *(binding.node for bindings in place.members.values() for binding in bindings)]
    nodes = (each for tree in trees for each in ast.walk(tree))
    return any(isinstance(each, ast.Attribute) and each.attr == name and isinstance(each.ctx, ast.Store) for each in nodes)


def _has_local_name(place: StepMethod, node: ast.expr) -> bool:
    """Whether an expression has a name that the step itself sets."""
    local = {each.id for each in ast.walk(place.function) if isinstance(each, ast.Name) and isinstance(each.ctx, ast.Store)}
    return any(isinstance(each, ast.Name) and each.id in local for each in ast.walk(node))


def _items(place: StepMethod, over: str) -> int | None:
    """The number of items if the step sets the list once, as `self.items = [1, 2]` or a `range` of numbers."""
    value = _set_once(place, over, 1)
    return None if value is None else _length(value)


def _set_once(place: StepMethod, name: str, most: int) -> ast.expr | None:
    """What a step sets an artifact to, if it does so once, outside of other statements, and mentions it `most` times."""
    set_here = [each.value for each in place.function.body if isinstance(each, ast.Assign) and is_member(each.targets[0], place.me) == name]
    mentions = sum(isinstance(node, ast.expr) and is_member(node, place.me) == name for node in ast.walk(place.function))
    return set_here[0] if len(set_here) == 1 and mentions <= most else None


def _length(node: ast.expr) -> int | None:
    match node:
        case ast.List(elts=elements) | ast.Tuple(elts=elements):
            return None if any(isinstance(each, ast.Starred) for each in elements) else len(elements)
        case ast.Call(func=ast.Name("list"), args=[inner], keywords=[]):
            return _length(inner)
        case ast.Call(func=ast.Name("range"), args=[ast.Constant(value=int(count))], keywords=[]):
            return max(0, count)
    return None


def _count(place: StepMethod, node: ast.expr, keyword: str) -> int:
    constant, value = place.constant(node, f"`{keyword}`")
    if constant and (type(value) is not int or value < 1):
        place.say("FP208", f"`{keyword}` must be a whole number of at least 1", node, f"write `{keyword}=1`")
        return 1
    return value if constant else 1


def _switch(place: StepMethod, call: ast.Call, cases: ast.Dict, named: dict[str, ast.expr]) -> Transition | None:
    for name in ("foreach", *SIZES, "num_parallel"):
        if name in named:
            place.say(
                "FP213",
                f"a switch takes no `{name}`",
                named[name],
                f"let a case lead to a step with the `{'num_parallel' if name == 'num_parallel' else 'foreach'}`",
            )
    if "condition" not in named:
        place.say(
            "FP213",
            f"the switch of step `{place.step}` has no condition",
            call,
            'add `condition="artifact"`: the value of that artifact selects the case',
        )
        return None
    condition = _artifact(place, named["condition"], "condition")
    found: list[Case] = []
    texts: dict[object, ast.expr] = {}
    whole = True
    for key, value in zip(cases.keys, cases.values):
        case = _case(place, key, value, texts)
        whole = whole and case is not None
        found += [case] if case is not None else []
    if not cases.keys:
        place.say("FP213", f"the switch of step `{place.step}` has no cases", cases, 'write `{"value": self.step, ...}`')
    if condition is None or not whole or not found:
        return None
    return Switch(condition, tuple(found))


def _case(place: StepMethod, key: ast.expr | None, value: ast.expr, texts: dict[object, ast.expr]) -> Case | None:
    if key is None:
        place.say("FP214", "a switch cannot take its cases from another dict", value, 'write `"value": self.step`')
        return None
    constant, label = place.constant(key, "a case")
    target = _target(place, value)
    if not constant:
        return None
    if not isinstance(label, str | int | float | bool | None):
        place.say(
            "FP214",
            f"a case must be a string, a number, True, False or None, not `{place.source.segment(key)}`",
            key,
            "use a plain value in the artifact",
        )
        return None
    for same in (("text", str(label)), ("value", label)):
        if same in texts:
            place.say(
                "FP215",
                f"the cases `{place.source.segment(texts[same])}` and `{place.source.segment(key)}` cannot be distinguished",
                key,
                "use values that also differ as text",
                notes=('for Python 1, 1.0 and True are the same key, and `1` and `"1"` look alike',),
            )
            return None
        texts[same] = key
    return None if target is None else Case(label, target)


def is_member(node: ast.expr, me: str) -> str | None:
    """The name, when `node` is `self.name`."""
    if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == me:
        return node.attr
    return None
