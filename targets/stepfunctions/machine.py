"""Plan -> the state machine, in the Amazon States Language.

    Task(start) Map(start, [Task(train)]) Task(join)

becomes the states `start`, `start foreach` with a machine of its own that holds `train`, and `join`, each with its `Next`. Names that
are ours contain a space, so no step can have one of them. What runs in the containers is the business of `jobs`.
"""

from __future__ import annotations

from collections.abc import Mapping

from flowport.compiler.ir import JSON
from flowport.compiler.ir.plan import Arm, Block, Choice, Loop, Map, Node, Parallel, Plan, Task, steps, walk
from flowport.compiler.lower.fuse import merge_settings
from flowport.compiler.lower.names import Namer
from flowport.compiler.lower.run_ids import run_prefix
from flowport.runtime.protocol import GATE
from flowport.runtime.store.keys import part, runs_folder
from flowport.targets.stepfunctions import states as asl
from flowport.targets.stepfunctions.batch import array, retried_by_batch
from flowport.targets.stepfunctions.compute import COMPUTE
from flowport.targets.stepfunctions.foreach.arrays import array_step
from flowport.targets.stepfunctions.foreach.concurrency import shares
from flowport.targets.stepfunctions.functions import invoke
from flowport.targets.stepfunctions.jobs import Job, Jobs
from flowport.targets.stepfunctions.overlap import skipping, skips
from flowport.targets.stepfunctions.routes import Place, Routes, several_ways_out
from flowport.targets.stepfunctions.settings import Settings
from flowport.targets.stepfunctions.states import State, States

STATE_NAME = 80
LABEL = 40

SCOPES: dict[str, JSON] = {"routes": {}, "loops": {}}
"""The empty places for routes and loops in a document, and in the scope of a loop."""

COUNT = "$.array.count"
"""Where the number of children of an array job is put."""


def machine(plan: Plan, settings: Settings, jobs: Jobs, code: str) -> State:
    """The definition of the state machine; `code` is the digest of the code package."""
    limit: State = {"TimeoutSeconds": settings.run_timeout} if settings.run_timeout else {}
    return {"Comment": _comment(plan), **limit, **_Builder(plan, settings, jobs).machine(code)}


def _comment(plan: Plan) -> str:
    flow = plan.flow
    return f"{flow.deployment}, compiled by flowport from {flow.file}" + (f": {first_line(flow.doc)}" if flow.doc.strip() else "")


def first_line(doc: str) -> str:
    """The first line of a docstring, shortened when it is a long one."""
    line = doc.strip().partition("\n")[0].strip()
    return line if len(line) <= 120 else line[:119] + "…"


class _Builder:
    """Makes the states of each block; `following` is the state after it, None where its machine ends."""

    def __init__(self, plan: Plan, settings: Settings, jobs: Jobs) -> None:
        self._plan, self._settings, self._jobs = plan, settings, jobs
        self._compute = COMPUTE[settings.compute]
        self._name = Namer(r"\w -", STATE_NAME)
        self._label = Namer("A-Za-z0-9_-", LABEL)
        self._routes = Routes(plan)
        self._shares = shares(plan, settings)
        self._step = {step.name: step for step in plan.flow.steps}
        for node in walk(plan.body):
            if isinstance(node, Task):
                self._name(node.step)

    def machine(self, code: str) -> State:
        body = self._block(self._plan.body, Place(), None)
        before = run_prefix(self._plan.flow)
        key = self._key("input.json", run="$$.Execution.Name", before=before)
        run = asl.text(f"{before}{{}}", "$$.Execution.Name") if before else "$$.Execution.Name"
        values: dict[str, JSON] = {"run.$": run, "code": code, "slice": "s", **_scopes(self._plan.body)}
        begin: States = {
            "store input": asl.onward(asl.put_input(self._settings.bucket, key), "begin run"),
            "begin run": asl.onward(asl.place(values), next(iter(body))),
        }
        first = skipping(self._settings, "store input") if skips(self._plan, self._settings) else {}
        return asl.machine(first | begin | body)

    def _block(self, block: Block, place: Place, following: str | None) -> States:
        states: States = {}
        nodes = [node for node in block if not isinstance(node, Choice) or _with_steps(node)]
        entries = [*(self._entry(node) for node in nodes[1:]), following]
        for node, onward in zip(nodes, entries):
            states |= self._node(node, place, onward)
        return states

    def _entry(self, node: Node) -> str:
        """The name of the first state of a node."""
        match node:
            case Task(step):
                return self._name(step)
            case Parallel(origin):
                return self._name(f"{origin} branches")
            case Map(origin):
                return self._name(f"{origin} foreach")
            case Choice(origin):
                return self._guard(origin, _with_steps(node)[0])
            case Loop(header):
                return self._name(f"{header} loop")

    def _guard(self, origin: str, arm: Arm) -> str:
        return self._name(f"{origin} to {arm.edges[0].target}")

    def _node(self, node: Node, place: Place, following: str | None) -> States:
        match node:
            case Task(step):
                return self._task(step, following)
            case Parallel(branches=branches):
                made = [self._block(branch, place, None) for branch in branches]
                return {self._entry(node): asl.onward(asl.parallel(made), following)}
            case Map():
                return self._map(node, place, following)
            case Choice(origin=origin) if origin == GATE:
                return self._gate(node, place)
            case Choice():
                return self._choice(node, place, following)
            case Loop():
                return self._loop(node, place, following)

    def _task(self, step: str, following: str | None) -> States:
        flow = self._plan.flow
        scope = self._routes.places[step].scope
        engine = {"engine.$": "States.Format('stepfunctions/{} {}', $$.Execution.Id, $$.Execution.StartTime)"} if step == flow.start else {}
        name = self._name(step)
        state = asl.commented(self._job(name, (step,), self._jobs.steps[step], f"{scope}.slice", engine), first_line(self._step[step].doc))
        if step not in self._routes.read:
            return {name: asl.onward(state, following)}
        fetch = self._name(f"{step} route")
        key = self._route(step, scope)
        got = asl.get(self._settings.bucket, key, self._routes.path(step))
        return {name: asl.onward(state, fetch), fetch: asl.onward(got, following)}

    def _job(self, name: str, steps: tuple[str, ...], job: Job, slice: str, engine: Mapping[str, JSON]) -> State:
        """The state that runs a job of some steps, and runs it again as often as they ask for."""
        values: dict[str, JSON] = {"run.$": "$.run", "slice.$": slice, "code.$": "$.code", **engine}
        state = self._compute.state(job, self._settings, values)
        asked = merge_settings(self._step[step].settings for step in steps)
        if not asked.retries:
            return state
        if self._settings.compute == "lambda":
            return invoke.tried_again(state, asked.retries, asked.minutes)
        first, ended, stopped, failed, late = (self._name(f"{name} {what}") for what in ("job", "ended", "stopped", "failed", "timed out"))
        return asl.tried_again(state, (first, ended, stopped, failed, late), asked.retries, asked.minutes)

    def _map(self, node: Map, place: Place, following: str | None) -> States:
        if (step := array_step(self._plan, node, self._settings)) is not None:
            return self._array(node, step, place, following)
        origin = self._routes.places[node.origin]
        concurrency = self._shares[node.origin].concurrency
        body = self._block(node.body, Place(), None)
        key = self._route(node.origin, origin.scope)
        slice = asl.text("{}.{}", f"{place.scope}.slice", "$$.Map.Item.Value")
        selector: dict[str, JSON] = {"run.$": "$.run", "code.$": "$.code", "slice.$": slice, **_scopes(node.body)}
        state = asl.distributed_map(self._settings.bucket, key, self._label(node.origin), concurrency, selector, body)
        return {self._entry(node): asl.onward(state, following)}

    def _array(self, node: Map, step: str, place: Place, following: str | None) -> States:
        """Count the slices, and run an array job of as many; a job for a single slice, as an array has at least two children."""
        count, single = (self._name(f"{node.origin} {what}") for what in ("slices", "slice"))
        ends: States = {}
        if following is None:
            following = self._name(f"{node.origin} end")
            ends[following] = {"Type": "Succeed"}
        scope, job = self._routes.places[node.origin].scope, self._jobs.steps[step]
        attempts = 1 + self._step[step].settings.retries

        def submit(last: str) -> State:
            slice = asl.text(f"{{}}.{last}", f"{place.scope}.slice")
            values: dict[str, JSON] = {"run.$": "$.run", "slice.$": slice, "code.$": "$.code"}
            return retried_by_batch(self._compute.state(job, self._settings, values), attempts)

        rules: list[State] = [
            {"Variable": COUNT, "NumericEquals": 0, "Next": following},
            {"Variable": COUNT, "NumericEquals": 1, "Next": single},
        ]
        array_job = asl.commented(array(submit(""), COUNT), first_line(self._step[step].doc))
        return {
            self._entry(node): asl.onward(asl.count(self._settings.bucket, self._route(node.origin, scope), "$.array"), count),
            count: asl.choice(rules, self._name(step)),
            single: asl.onward(submit("0"), following),
            self._name(step): asl.onward(array_job, following),
            **ends,
        }

    def _gate(self, node: Choice, place: Place) -> States:
        """The whole run, behind a state that asks whether it begins."""
        (arm,) = node.arms
        asked, end = self._guard(GATE, arm), self._name(f"{GATE} not")
        body = self._block(arm.body, Place(place.scope, place.loops, arm), None)
        rule = {**asl.any_of(self._routes.entering(arm, place)), "Next": next(iter(body))}
        return {asked: asl.choice([rule], end), end: asl.skipped(), **body}

    def _choice(self, node: Choice, place: Place, following: str | None) -> States:
        """The arms one after the other, each behind a state that asks whether an item came this way."""
        ends: States = {}
        if following is None:
            following = self._name(f"{node.origin} end")
            ends[following] = {"Type": "Succeed"}
        arms = _with_steps(node)
        guards = [*(self._guard(node.origin, arm) for arm in arms), following]
        states: States = {}
        for arm, guard, onward in zip(arms, guards, guards[1:]):
            body = self._block(arm.body, Place(place.scope, place.loops, arm), onward)
            rule = {**asl.any_of(self._routes.entering(arm, place)), "Next": next(iter(body))}
            states |= {guard: asl.choice([rule], onward), **body}
        return states | ends

    def _loop(self, node: Loop, place: Place, following: str | None) -> States:
        """Enter a scope of its own, the body in it, and then another turn, or after the last one the rest in one task, or on."""
        scope = self._routes.inside(node.header, place.scope)
        enter, end = self._entry(node), self._name(f"{node.header} end")
        onward = end if following is None else following
        rest = self._rest(node, place, scope, onward)
        turns = self._turns(node, place, scope, next(iter(rest)), onward) if node.cap else {}
        first = asl.place(_first_turn(place.scope), scope)
        states = {enter: asl.onward(first, next(iter(turns | rest))), **turns, **rest}
        return states if following is not None else {**states, end: {"Type": "Succeed"}}

    def _turns(self, node: Loop, place: Place, scope: str, rest: str, onward: str) -> States:
        more, turn = self._name(f"{node.header} again"), self._name(f"{node.header} turn")
        body = self._block(node.body, Place(scope, (*place.loops, node), place.arm), more)
        returning = asl.any_of(self._routes.returning(node))
        last: State = {"Variable": f"{scope}.turn", "NumericGreaterThanEquals": (node.cap or 0) - 1}
        return {
            **body,
            more: asl.choice([{"And": [last, returning], "Next": rest}, {**returning, "Next": turn}], onward),
            turn: asl.onward(asl.place(_next_turn(scope, place.scope), scope), next(iter(body))),
        }

    def _rest(self, node: Loop, place: Place, scope: str, following: str) -> States:
        """The fused task that continues where the engine stops, and the route that it returns."""
        job = self._jobs.rests[node.header]
        task = self._name(f"{node.header} rest")
        state = self._job(task, tuple(steps(node.body)), job, f"{place.scope}.slice", {})
        if not several_ways_out(node):
            return {task: asl.onward(state, following)}
        fetch = self._name(f"{node.header} rest route")
        key = self._key(f"steps/{part(node.header)}/{{}}.t{node.cap or 0}@0.rest.json", f"{place.scope}.slice")
        return {task: asl.onward(state, fetch), fetch: asl.onward(asl.get(self._settings.bucket, key, f"{scope}.rest"), following)}

    def _route(self, step: str, scope: str) -> str:
        """The key of the route that the task of a step has written."""
        return self._key(f"steps/{part(step)}/{{}}@0.route.json", f"{scope}.slice")

    def _key(self, rest: str, *values: str, run: str = "$.run", before: str = "") -> str:
        """The key of a document of this run; the `{}` in `rest` stand for `values`, and `before` stands before the `run` in its id."""
        return asl.text(f"{self._settings.prefix}{runs_folder(self._plan.flow.name)}{before}{{}}/{rest}", run, *values)


def _scopes(body: Block) -> dict[str, JSON]:
    """What the document of a block needs of them."""
    return SCOPES if any(isinstance(node, Choice | Loop) for node in walk(body)) else {}


def _with_steps(node: Choice) -> list[Arm]:
    """The arms that run anything: a case may lead straight to where the arms meet."""
    return [arm for arm in node.arms if arm.body]


def _first_turn(around: str) -> dict[str, JSON]:
    return {"turn": 0, "slice.$": asl.text("{}.t0", f"{around}.slice"), **SCOPES}


def _next_turn(scope: str, around: str) -> dict[str, JSON]:
    """The scope of the next turn: nothing of the last one stays but its number."""
    number = f"States.MathAdd({scope}.turn, 1)"
    return {"turn.$": number, "slice.$": asl.text("{}.t{}", f"{around}.slice", number), **SCOPES}
