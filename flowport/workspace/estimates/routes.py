"""Which steps an item of an earlier run depends on: those that may set what it reads, and those that decide whether it comes to its step.

Both are looked for in the plan of the earlier run and in the flow as it is now, as steps and transitions may be new, others or gone.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any, NamedTuple

from flowport.compiler.ir import Branch, Switch, targets
from flowport.workspace.why.order import scopes

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from flowport.compiler.ir import Step
    from flowport.compiler.ir.plan import Plan
    from flowport.runtime.run.reader import Run


class Route(NamedTuple):
    """A step on a way back from a reader of an artifact. `stop` is the step behind it that always set the artifact, "" if there is none.

    `may_change` says whether a step behind it may set the artifact now.
    """

    step: str
    stop: str
    may_change: bool


class Routes:
    """The steps before a step. `always` has, for each step, the artifacts that all of its items set in the earlier run."""

    def __init__(self, run: Run, plan: Plan, own: Mapping[str, set[str]], always: Mapping[str, set[str]]) -> None:
        self._run, self._own, self._always = run, own, always
        self._now: dict[str, Step] = {step.name: step for step in plan.flow.steps}
        self._targets = {name: targets(step.transition) for name, step in self._now.items()}
        self._was: dict[str, tuple[str, ...]] = {name: _old_targets(run.program.step(name)["transition"]) for name in run.plan["steps"]}
        self._before: dict[str, dict[str, None]] = {}
        for graph in (self._was, self._targets):
            for step, names in graph.items():
                for name in names:
                    self._before.setdefault(name, {})[step] = None
        self._deciding = [step for step in self._was if self._decides(step)]
        self.deciders = lru_cache(maxsize=None)(self._deciders)
        self.setters = lru_cache(maxsize=None)(self._setters)
        self._leads_to = lru_cache(maxsize=None)(self._leading_to)
        self._after = lru_cache(maxsize=None)(self._coming_after)

    def _setters(self, step: str, read: str) -> tuple[tuple[str, bool], ...]:
        """The steps that may change what a step reads if they run again, each with whether it does so because items may go another way."""
        kind, _, name = read.partition(".")
        if kind in ("input", "count"):
            return ((_splits(self._run, step)[int(name) if name else -1], False),)
        site = self._run.program.step(step)["sites"][step]
        if kind == "inputs" and not name:
            is_new = self._was[site["origin"]] != self._targets.get(site["origin"])
            return ((site["origin"], False),) if site.get("foreach") or is_new else ()
        return tuple(sorted(dict.fromkeys(self._on_the_way(step, name)), key=lambda found: found[1]))

    def _on_the_way(self, step: str, name: str) -> Iterator[tuple[str, bool]]:
        waiting, seen = [Route(one, "", False) for one in self._before.get(step, ())], set[Route]()
        while waiting:
            route = waiting.pop()
            if route in seen:
                continue
            seen.add(route)
            one, stop, may_change = route
            if not stop and self._may_set(one, name):
                may_change = True
                if one in self._was:
                    yield one, False
            if one in self._deciding and (one not in self._leads_to(stop) if stop else route.may_change):
                yield one, True
            stop = stop or (one if name in self._always.get(one, ()) else "")
            waiting += [Route(other, stop, may_change) for other in self._before.get(one, ())]

    def _may_set(self, step: str, name: str) -> bool:
        """Whether a step set an artifact, or may set it as it is now; `*` is any artifact."""
        if name == "*" or name in self._own.get(step, ()):
            return True
        now = self._now.get(step)
        if now is None:
            return False
        is_unknown = now.uses.opaque or now.uses.merges or now.unwrapped or bool(now.wrappers)
        caught = now.settings.catch.var if now.settings.catch else None
        return is_unknown or name == caught or any(use.name == name for use in now.uses.writes)

    def _deciders(self, step: str) -> tuple[str, ...]:
        """The steps that decide whether items come to a step: switches before it, and steps that go elsewhere now."""
        return tuple(
            one
            for one in self._deciding
            if step in self._after(one) and (one not in self._leads_to(step) or _loops(self._run, one) & _loops(self._run, step))
        )

    def splits(self, step: str) -> list[str]:
        """The steps whose foreaches a step is in, outermost first."""
        return _splits(self._run, step)

    def _decides(self, step: str) -> bool:
        """Whether a step is a switch, or goes to other steps now. Of a step that is gone, those before it go elsewhere."""
        if step not in self._now:
            return False
        is_switch = isinstance(self._now[step].transition, Switch) or "switch" in self._run.program.step(step)["transition"]
        return is_switch or {*self._was[step]} != {*self._targets[step]}

    def _leading_to(self, step: str) -> frozenset[str]:
        """The steps from which all items come to a step, whatever switches do."""
        found = set(self._now)
        is_less = True
        while is_less:
            less = {one for one in found if one != step and not self._leads(one, found)}
            found, is_less = found - less, bool(less)
        return frozenset(found)

    def _leads(self, step: str, to: set[str]) -> bool:
        ways = [name in to for name in self._targets[step]]
        return any(ways) if isinstance(self._now[step].transition, Branch) else bool(ways) and all(ways)

    def _coming_after(self, step: str) -> frozenset[str]:
        """The steps that items of a step can come to."""
        waiting, found = [step], set[str]()
        while waiting:
            one = waiting.pop()
            more = {*self._was.get(one, ()), *self._targets.get(one, ())} - found
            found |= more
            waiting += more
        return frozenset(found)


def _old_targets(transition: dict[str, Any]) -> tuple[str, ...]:
    """The steps that a transition in a code package leads to."""
    for kind in ("next", "foreach"):
        if kind in transition:
            return (transition[kind],)
    return tuple(dict.fromkeys([*transition.get("branch", ()), *(target for _, target in transition.get("cases", ()))]))


def _splits(run: Run, step: str) -> list[str]:
    return [origin for kind, origin in scopes(run, step) if kind == "foreach"]


def _loops(run: Run, step: str) -> set[str]:
    return {header for kind, header in scopes(run, step) if kind == "loop"}
