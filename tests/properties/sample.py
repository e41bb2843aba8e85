"""Random well-formed flows: from a seed the source of a small flow, with what a reference must know that the class does not say.

A flow is grown from the outside in. A block has one first step and a list of ways by which it ends; branches, foreaches, switches and
loops are put into it, and each of them leaves its last steps the block's ways. What a step computes depends on everything that its item
went through, so an item that is lost, doubled, misled or given another's artifacts changes the result. Loops end by their turn.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from random import Random

HEAD = '''"""A random flow."""

from zlib import crc32

from flowport import FlowSpec, current, step

KEPT = {kept}


def mix(*values):
    return crc32(repr(values).encode())


def turn(scope):
    return int(current.task_id.split(".")[scope][1:])


def held(one):
    return [getattr(one, name, None) for name in KEPT]


def unlike(inputs):
    return [name for name in (*KEPT, "way", "items") if len({{repr(getattr(each, name)) for each in inputs if hasattr(each, name)}}) > 1]


class Random{seed}(FlowSpec):'''


@dataclass(frozen=True)
class Way:
    """A step to go to; `header` names the loop that must have turns left for it."""

    target: str
    header: str | None = None


@dataclass(frozen=True)
class Around:
    """What stands around a block: constructs, loops and foreaches by their first step, and the ways that its steps may take out of it."""

    depth: int = 0
    scopes: tuple[str, ...] = ()
    ways: tuple[Way, ...] = ()

    def inside(self, *scope: str) -> Around:
        """Inside a branch or a foreach, which nothing leaves but by its join."""
        return Around(self.depth + 1, self.scopes + scope)

    def beside(self, ways: Iterable[Way]) -> Around:
        return replace(self, depth=self.depth + 1, ways=(*ways, *self.ways))


@dataclass
class Step:
    """A step on the way to source: `kind` is next, branch, foreach, switch or end."""

    name: str
    scopes: tuple[str, ...]
    join: bool
    kind: str
    ways: list[Way] = field(default_factory=list)
    options: str = ""


@dataclass(frozen=True)
class Sample:
    """A flow's source; the join of each split; for each loop's header the steps of the loop."""

    seed: int
    source: str
    joins: dict[str, str]
    loops: dict[str, frozenset[str]]

    @property
    def class_name(self) -> str:
        return f"Random{self.seed}"


def sample(seed: int, largest: int = 24) -> Sample:
    """The flow of a seed; it stops growing when it has about `largest` steps."""
    return _Growth(seed, largest).sample()


class _Growth:
    def __init__(self, seed: int, largest: int) -> None:
        self.seed, self.largest = seed, largest
        self.random = Random(seed)
        self.steps: dict[str, Step] = {}
        self.joins: dict[str, str] = {}
        self.named = 0
        self.telling: set[str] = set()
        """The headers of loops that may have several ways out, which tell who left and so cannot be a foreach."""

    def sample(self) -> Sample:
        self.block("start", [Way("end")], Around())
        self.put("end", Around(), False, "end", [])
        self.prune()
        self.loops = {header: self.loop_of(header) for header in {scope for step in self.steps.values() for scope in step.scopes}}
        head = HEAD.format(kept=repr(sorted(f"kept{number}" for number in range(4))), seed=self.seed)
        source = "\n\n".join([head, *("\n".join(self.lines(step)) for step in self.steps.values())]) + "\n"
        loops = {header: steps for header, steps in self.loops.items() if steps}
        joins = {split: join for split, join in self.joins.items() if split in self.steps}
        return Sample(self.seed, source.replace("(FlowSpec):\n\n", "(FlowSpec):\n", 1), joins, loops)

    def prune(self) -> None:
        """Drop the steps that only dropped arms lead to."""
        found: set[str] = set()
        waiting = ["start"]
        while waiting:
            name = waiting.pop()
            if name not in found:
                found.add(name)
                waiting += [way.target for way in self.steps[name].ways]
        self.steps = {name: step for name, step in self.steps.items() if name in found}

    def chance(self, share: float) -> bool:
        return self.random.random() < share

    def new(self) -> str:
        self.named += 1
        return f"s{self.named}"

    def put(self, name: str, around: Around, join: bool, kind: str, ways: Sequence[Way], options: str = "") -> None:
        self.steps[name] = Step(name, around.scopes, join, kind, list(ways), options)

    def block(self, name: str, ends: list[Way], around: Around, join: bool = False) -> None:
        """Steps from `name` on, which end by `ends`; all of them when there are several."""
        more = self.random.choice([0, 0, 1, 1, 2])
        while True:
            kind = self.kind(name, around, join)
            if kind in ("branch", "foreach"):
                following = self.new()
                self.split(name, kind, following, around, join)
                name, join = following, True
                continue
            last = more <= 0 or len(self.steps) > self.largest
            following = "" if last else self.new()
            ways = ends if last else [Way(following)]
            if kind == "switch":
                self.switch(name, ways, around, join)
            elif kind == "loop":
                self.loop(name, ways, around)
            else:
                self.leave(name, ways, around, join)
            if last:
                return
            name, join, more = following, False, more - 1

    def kind(self, name: str, around: Around, join: bool) -> str:
        if len(self.steps) > self.largest or around.depth > 4:
            return "next"
        kinds = ["next", "next", "branch", "foreach", "foreach", "switch", "switch"]
        if not join and name != "start" and name not in around.scopes:
            kinds += ["loop", "loop"]
        return self.random.choice([kind for kind in kinds if kind != "foreach" or name not in self.telling])

    def leave(self, name: str, ends: list[Way], around: Around, join: bool) -> None:
        """The last step of a block: by its only end, or by a switch."""
        ways = ends + [way for way in around.ways if self.chance(0.2) and way not in ends]
        if len(ways) == 1 and not self.chance(0.05):
            self.put(name, around, join, "next", ways)
        else:
            self.put(name, around, join, "switch", self.cases(ways))

    def cases(self, ways: list[Way]) -> list[Way]:
        """Two cases may lead to one step."""
        return ways + [way for way in ways if self.chance(0.1)]

    def split(self, name: str, kind: str, following: str, around: Around, join: bool) -> None:
        self.joins[name] = following
        if kind == "foreach":
            target = self.new()
            options = self.random.choice(["", "", "", ", batch=2", ", batch=3", ", workers=2" if self.chance(0.2) else ""])
            self.put(name, around, join, "foreach", [Way(target)], options)
            self.block(target, [Way(following)], around.inside("foreach " + name))
            return
        branches = [Way(self.new()) for _ in range(self.random.choice([2, 2, 3]))]
        self.put(name, around, join, "branch", branches)
        for branch in branches:
            self.block(branch.target, [Way(following)], around.inside())

    def switch(self, name: str, ends: list[Way], around: Around, join: bool) -> None:
        arms = [Way(self.new()) for _ in range(self.random.choice([1, 2, 2, 3]))]
        ways = [arms[0], *[arm for arm in arms[1:] if self.chance(0.7)]]
        ways += [way for way in (*ends, *around.ways) if self.chance(0.3)]
        self.random.shuffle(ways)
        self.put(name, around, join, "switch", self.cases(ways))
        self.arms(arms, ends, around)

    def arms(self, arms: list[Way], ends: list[Way], around: Around) -> None:
        """Blocks one after the other, where an earlier one may skip to a later one; those that nobody goes to are left out."""
        for number, arm in enumerate(arms):
            if any(arm in step.ways for step in self.steps.values()):
                self.block(arm.target, ends, around.beside(arms[number + 1 :]))

    def loop(self, header: str, ends: list[Way], around: Around) -> None:
        """A loop whose body goes back at its end or, behind a switch in its middle, without asking."""
        exits = [Way(self.new()) for _ in range(self.random.choice([0, 1, 1, 2, 3]))]
        plain = [way for way in ends if way.header is None]
        outs = exits + (plain if not exits or self.chance(0.4) else [])
        again = Way(header, header)
        inner = Around(around.depth + 1, (*around.scopes, header), (again, *outs, *around.ways))
        if len(outs) > 1 or around.ways:
            self.telling.add(header)
        must = self.random.sample(outs, self.random.randint(1, len(outs)))
        if self.chance(0.3):
            rest = self.new()
            self.block(header, [Way(rest, header), *must], inner)
            self.block(rest, [Way(header)], inner)
        else:
            self.block(header, [again, *must], inner)
        self.arms(exits, ends, around)

    def loop_of(self, header: str) -> frozenset[str]:
        """The steps of a loop's body from which the header can be reached without leaving the body; none of a foreach."""
        body = {step.name for step in self.steps.values() if header in step.scopes}
        found: set[str] = set()
        while True:
            fresh = {
                name
                for name in body - found
                if any(way.target == header or way.target in found for way in self.steps[name].ways) or self.joins.get(name) in found
            }
            if not fresh:
                return frozenset(found)
            found |= fresh

    def lines(self, step: Step) -> list[str]:
        """The method of a step."""
        if step.join:
            body = [
                f'self.seen = mix("{step.name}", [(each.seen, *held(each)) for each in inputs])',
                f'self.log = [mix([each.log for each in inputs]), "{step.name}"]',
            ]
            if self.chance(0.6):
                body.append("self.merge_artifacts(inputs, exclude=unlike(inputs))")
        elif step.name == "start":
            body = [f"self.seen = {self.seed}", "self.log = []"]
        else:
            place = self.random.choice(["self.index, self.input", "self.index", "self.foreach_stack()"])
            body = [f'self.seen = mix(self.seen, "{step.name}", {place}, held(self))']
            body.append(self.random.choice([f'self.log.append("{step.name}")', f'self.log = [*self.log, "{step.name}"]', "pass", "pass"]))
        if self.chance(0.3):
            body.append(f"self.kept{self.random.randrange(4)} = self.seen % {self.random.choice([2, 3, 1000])}")
        body = [line for line in body if line != "pass"] + self.going(step)
        given = "self, inputs" if step.join else "self"
        return ["    @step", f"    def {step.name}({given}):", *(" " * 8 + line for line in body)]

    def going(self, step: Step) -> list[str]:
        """The end of a method: where it goes."""
        targets = [f"self.{way.target}" for way in step.ways]
        match step.kind:
            case "end":
                return []
            case "foreach":
                low = self.random.choice([0, 0, 1])
                high = self.random.choice([2, 3, 4, 5] if not step.scopes else [2, 3])
                return [
                    f"self.items = [mix(self.seen, number) % 100 for number in range({low} + self.seen % {high})]",
                    f'self.next({targets[0]}, foreach="items"{step.options})',
                ]
            case "switch":
                return self.choosing(step, targets)
        return [f"self.next({', '.join(targets)})"]

    def choosing(self, step: Step, targets: list[str]) -> list[str]:
        labels: list[str | int] = [number if self.chance(0.2) else f"way {number}" for number in range(len(targets))]
        header = [way.header if way.header and step.name in self.loops[way.header] else None for way in step.ways]
        lines = [f"ways = {[label for label, loop in zip(labels, header) if loop is None]!r}"]
        for label, loop in zip(labels, header):
            if loop is not None:
                lines += [f"if turn({self.place(step, loop)}) < {self.random.choice([1, 2, 3])}:", f"    ways += [{label!r}]"]
        cases = ", ".join(f"{label!r}: {target}" for label, target in zip(labels, targets))
        return [*lines, "self.way = ways[self.seen // 7 % len(ways)]", f'self.next({{{cases}}}, condition="way")']

    def place(self, step: Step, header: str) -> int:
        """The part of the step's address that counts the turns of a loop."""
        real = [scope for scope in step.scopes if scope.startswith("foreach ") or step.name in self.loops[scope]]
        return real.index(header) + 1
