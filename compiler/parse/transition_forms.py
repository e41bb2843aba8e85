"""The four forms of `self.next(...)`, read into transitions.

    self.next(self.a)                          Next("a")
    self.next(self.a, self.b)                  Branch(("a", "b"))
    self.next(self.a, foreach="items")         Foreach("a", "items")
    self.next({"x": self.a}, condition="c")    Switch("c", (Case("x", "a"),))

Which call counts is the business of `transitions`, whether the targets are steps that of `check`.
"""

from __future__ import annotations

import ast

from flowport.compiler.diagnostics.suggestions import did_you_mean
from flowport.compiler.evaluate.reading import Reading
from flowport.compiler.ir import Branch, Case, Foreach, Next, Switch, Transition
from flowport.compiler.python.bindings import Names
from flowport.compiler.python.modules import Function
from flowport.compiler.python.source import Source
from flowport.compiler.record import record

FORMS = (
    'write `self.next(self.step)`, `self.next(self.a, self.b)`, `self.next(self.step, foreach="items")` '
    'or `self.next({"case": self.step, ...}, condition="artifact")`'
)
KEYWORDS = ("foreach", "condition", "batch", "workers")


@record(eq=False)
class Place:
    """A step method and where it stands; `me` is what it calls itself, nearly always `self`."""

    reading: Reading
    source: Source
    members: Names
    function: Function
    me: str

    @property
    def step(self) -> str:
        return self.function.name

    def say(self, code: str, message: str, node: ast.AST, *ways_out: str, notes: tuple[str, ...] = ()) -> None:
        """Note an error at a node of the step."""
        self.reading.say(code, message, self.source, node, *ways_out, notes=notes)


def read_call(place: Place, call: ast.Call) -> Transition | None:
    """The transition that a call stands for, or None with a diagnostic."""
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
            "`condition` goes with a dict of cases",
            named["condition"],
            "write `self.next({" + ", ".join(f'"{name}": self.{name}' for name in names) + '}, condition="artifact")`',
        )
        return None
    if "foreach" in named:
        return _foreach(place, call, names, named)
    for name in ("batch", "workers"):
        if name in named:
            place.say(
                "FP208", f"`{name}` goes with `foreach`", named[name], f'write `self.next(self.{names[0]}, foreach="items", {name}=...)`'
            )
    return Next(names[0]) if len(names) == 1 else _branch(place, call, names)


def _branch(place: Place, call: ast.Call, names: list[str]) -> Branch:
    for name in sorted({name for name in names if names.count(name) > 1}):
        place.say(
            "FP207", f"step `{place.step}` goes to `{name}` twice", call, "name each step once; to run a step several times use `foreach`"
        )
    return Branch(tuple(names))


def _say_keyword(place: Place, call: ast.Call, keyword: ast.keyword) -> None:
    if keyword.arg == "num_parallel":
        place.say(
            "FP140",
            "`num_parallel` comes with a later version of flowport",
            keyword,
            "use `foreach` when the tasks do not talk to each other",
        )
    elif keyword.arg is None:
        place.say("FP206", "`self.next` cannot take its arguments from a dict", keyword, FORMS)
    else:
        place.say("FP209", f"`self.next` has no argument `{keyword.arg}`", keyword, *did_you_mean(keyword.arg, KEYWORDS), FORMS)


def _target(place: Place, node: ast.expr) -> str | None:
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
            "`self.next` takes the step itself, not its name as text",
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


def _artifact(place: Place, node: ast.expr, keyword: str) -> str | None:
    """The name of an artifact that `foreach` or `condition` was given."""
    inner = is_member(node, place.me)
    if inner is not None:
        place.say("FP211", f"`{keyword}` takes the name of an artifact, as text", node, f'write `{keyword}="{inner}"`')
        return None
    constant, value = place.reading.constant(node, place.source, place.members, f"`{keyword}`")
    if not constant:
        return None
    if not isinstance(value, str) or not value.isidentifier():
        way_out = f'set an artifact first, `self.items = {place.source.segment(node)}`, and write `{keyword}="items"`'
        place.say("FP211", f"`{keyword}` takes the name of an artifact, as text", node, way_out)
        return None
    return value


def _foreach(place: Place, call: ast.Call, names: list[str], named: dict[str, ast.expr]) -> Transition | None:
    if len(names) != 1:
        place.say("FP212", "a `foreach` goes to one step", call, "let it go to one step, and branch from there")
        return None
    over = _artifact(place, named["foreach"], "foreach")
    counts = {name: _count(place, named[name], name) for name in ("batch", "workers") if name in named}
    if over is None:
        return None
    return Foreach(names[0], over, counts.get("batch", 1), counts.get("workers", 1), _items(place, over))


def _items(place: Place, over: str) -> int | None:
    """How many items a step lists that mentions them once, as `self.items = [1, 2]` or a `range` of numbers."""
    set_here = [each.value for each in place.function.body if isinstance(each, ast.Assign) and is_member(each.targets[0], place.me) == over]
    mentions = sum(isinstance(node, ast.expr) and is_member(node, place.me) == over for node in ast.walk(place.function))
    return _length(set_here[0]) if len(set_here) == mentions == 1 else None


def _length(node: ast.expr) -> int | None:
    match node:
        case ast.List(elts=elements) | ast.Tuple(elts=elements):
            return None if any(isinstance(each, ast.Starred) for each in elements) else len(elements)
        case ast.Call(func=ast.Name("list"), args=[inner], keywords=[]):
            return _length(inner)
        case ast.Call(func=ast.Name("range"), args=[ast.Constant(value=int(count))], keywords=[]):
            return max(0, count)
    return None


def _count(place: Place, node: ast.expr, keyword: str) -> int:
    constant, value = place.reading.constant(node, place.source, place.members, f"`{keyword}`")
    if constant and (type(value) is not int or value < 1):
        place.say("FP208", f"`{keyword}` is a whole number of at least 1", node, f"write `{keyword}=1`")
        return 1
    return value if constant else 1


def _switch(place: Place, call: ast.Call, cases: ast.Dict, named: dict[str, ast.expr]) -> Transition | None:
    for name in ("foreach", "batch", "workers"):
        if name in named:
            place.say("FP213", f"a switch takes no `{name}`", named[name], "let a case lead to a step that has the `foreach`")
    if "condition" not in named:
        place.say(
            "FP213",
            f"the switch of step `{place.step}` has no condition",
            call,
            'add `condition="artifact"`, the artifact whose value picks the case',
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


def _case(place: Place, key: ast.expr | None, value: ast.expr, texts: dict[object, ast.expr]) -> Case | None:
    if key is None:
        place.say("FP214", "the cases of a switch are written out, not taken from another dict", value, 'write `"value": self.step`')
        return None
    constant, label = place.reading.constant(key, place.source, place.members, "a case")
    target = _target(place, value)
    if not constant:
        return None
    if not isinstance(label, str | int | float | bool | None):
        place.say(
            "FP214",
            f"a case is a text, a number, True, False or None, not `{place.source.segment(key)}`",
            key,
            "give the artifact a plain value to choose by",
        )
        return None
    for same in (("text", str(label)), ("value", label)):
        if same in texts:
            place.say(
                "FP215",
                f"the cases `{place.source.segment(texts[same])}` and `{place.source.segment(key)}` cannot be told apart",
                key,
                "use values that differ as text too",
                notes=('Python takes 1, 1.0 and True for the same key, and `1` and `"1"` read alike',),
            )
            return None
        texts[same] = key
    return None if target is None else Case(label, target)


def is_member(node: ast.expr, me: str) -> str | None:
    """The name, when `node` is `self.name`."""
    if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == me:
        return node.attr
    return None
