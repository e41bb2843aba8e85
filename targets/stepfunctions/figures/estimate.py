"""What an execution needs: its transitions, the events of its histories, its jobs, and what these cost.

This walks through the same states that `machine` makes. If no attempt fails, the figures are exact where the items of the run are known.
"""

from __future__ import annotations

from flowport.compiler.estimate import ONCE, Estimate, Figure, Range, Shape, exactly
from flowport.compiler.ir.plan import Block, Choice, Loop, Map, Node, Parallel, Plan, Task, steps
from flowport.compiler.lower.fuse import merge_settings
from flowport.compiler.record import record
from flowport.compiler.target import File
from flowport.targets.figures.layout import Layout, Limits, Place
from flowport.targets.sizes import fargate
from flowport.targets.stepfunctions import history
from flowport.targets.stepfunctions.figures import prices
from flowport.targets.stepfunctions.foreach.arrays import array_origins
from flowport.targets.stepfunctions.limits import DEFINITION
from flowport.targets.stepfunctions.overlap import skips
from flowport.targets.stepfunctions.routes import Routes, several_ways_out
from flowport.targets.stepfunctions.settings import Settings

ASSUMED = "no attempt fails: each one that is repeated adds a job, its transitions and its cost"


@record
class Use:
    """What some states need: `events` in the history that they are in, `longest` the events of the longest history inside of them."""

    transitions: Range = Range()
    events: Range = Range()
    jobs: Range = Range()
    executions: Range = Range()
    longest: Range = Range()
    compute: Range = Range()

    def __add__(self, other: Use) -> Use:
        return Use(
            self.transitions + other.transitions,
            self.events + other.events,
            self.jobs + other.jobs,
            self.executions + other.executions,
            self.longest.most(other.longest),
            self.compute + other.compute,
        )

    def times(self, number: Range) -> Use:
        """So many times as much."""
        return Use(
            self.transitions.times(number),
            self.events.times(number),
            self.jobs.times(number),
            self.executions.times(number),
            Range(self.longest.low if number.low else 0, self.longest.high if number.high else 0),
            self.compute.times(number),
        )


def state(events: int, transitions: int = 1) -> Use:
    """States with so many events."""
    return Use(transitions=exactly(transitions), events=exactly(events))


SUCCEED = state(history.PASS)


class StepFunctionsEstimator:
    """The figures of an execution, and of those that it starts."""

    def estimate(self, plan: Plan, settings: Settings, files: tuple[File, ...], shape: Shape) -> Estimate:
        """The figures of a lowered plan."""
        layout = Layout(plan, shape, Limits(settings.width, settings.total))
        counted = _Counter(plan, settings, layout)
        found = counted.whole()
        size = next(len(file.data) for file in files if file.path.endswith("state-machine.json"))
        money = found.transitions.times(exactly(prices.TRANSITION))
        figures = [
            Figure("definition", exactly(size), DEFINITION, "bytes"),
            Figure("transitions", found.transitions),
            Figure("events", found.events, history.LONGEST),
            Figure("events of the longest history", found.longest, history.LONGEST),
            Figure({"batch": "jobs", "ecs": "tasks", "lambda": "invocations"}[settings.compute], found.jobs),
            Figure("executions", found.executions + ONCE),
            Figure("cost of transitions", money, unit="USD"),
        ]
        if counted.is_priced:
            figures.append(Figure("cost of compute", found.compute, unit="USD"))
        return Estimate(tuple(figures), (ASSUMED, *_notes(counted, settings)))


def _notes(counted: _Counter, settings: Settings) -> list[str]:
    notes = [f"prices of {prices.REGION} of {prices.DATE}, without free tiers, storage, logs and data transfer"]
    if not counted.is_priced and (settings.platform == "FARGATE" or settings.compute == "lambda"):
        notes.append("the cost of compute needs the durations of an earlier run: `--run RUN`")
    elif not counted.is_priced:
        notes.append("the cost of compute is that of your instances")
    return notes


class _Counter:
    """Counts what each block needs at a place. `last` says that a machine ends with the block."""

    def __init__(self, plan: Plan, settings: Settings, layout: Layout) -> None:
        self._plan, self._settings, self._layout = plan, settings, layout
        self._read, self._arrays = Routes(plan).read, array_origins(plan, settings)
        self._step = {step.name: step for step in plan.flow.steps}
        self.is_priced = bool(layout.shape.seconds) and (settings.platform == "FARGATE" or settings.compute == "lambda")

    def whole(self) -> Use:
        """The execution itself, which stores its input first."""
        begin = state(history.CALL + history.EXECUTION) + state(history.PASS)
        if skips(self._plan, self._settings):
            begin += self._skipping()
        found = begin + self._block(self._plan.body, self._layout.root, last=True)
        return found + Use(longest=found.events)

    def _skipping(self) -> Use:
        """What a scheduled execution does before it begins; one that somebody starts passes the first choice only."""
        return Use(Range(1, 6), Range(history.CHOICE, 3 * history.CHOICE + history.CALL + 2 * history.PASS))

    def _block(self, block: Block, place: Place, last: bool) -> Use:
        found, nodes = Use(), [node for node in block if not isinstance(node, Choice) or any(arm.body for arm in node.arms)]
        for node in nodes:
            found += self._node(node, place, last and node is nodes[-1])
        return found

    def _node(self, node: Node, place: Place, last: bool) -> Use:
        match node:
            case Task(step):
                return self._job(step, place, self._step[step].settings.retries) + (state(history.CALL) if step in self._read else Use())
            case Parallel(branches=branches):
                return sum((self._block(branch, place, last=True) for branch in branches), state(history.PARALLEL))
            case Map():
                return self._array(node, place, last) if node.origin in self._arrays else self._map(node, place)
            case Choice():
                return self._choice(node, place, last)
            case Loop():
                return self._loop(node, place) + (SUCCEED if last else Use())

    def _job(self, step: str, place: Place, retries: int) -> Use:
        """A job, in a Parallel state of its own if it may be tried again (`states.tried_again`)."""
        is_lambda = self._settings.compute == "lambda"
        found = state(history.CALL if is_lambda else history.TASK) + Use(jobs=ONCE, compute=self._cost(step, place))
        return found + state(history.PARALLEL) if retries and not is_lambda else found

    def _cost(self, step: str, place: Place) -> Range:
        """What the container of a task costs, from the seconds that its items took."""
        seconds = self._layout.shape.seconds.get(step)
        if seconds is None or not self.is_priced:
            return Range()
        seconds *= max(1, place.stop - place.start)
        sizes = self._step[step].settings.sizes
        if self._settings.compute == "lambda":
            second = sizes.memory / 1024 * prices.LAMBDA_GIB_SECOND
            return Range(seconds * second + prices.LAMBDA_REQUEST, (seconds + prices.LAMBDA_START) * second + prices.LAMBDA_REQUEST)
        cpu, memory = fargate(sizes)
        second = cpu * prices.VCPU_SECOND + memory / 1024 * prices.GIB_SECOND
        return Range(max(seconds, prices.FARGATE_LEAST) * second, max(seconds + prices.FARGATE_START, prices.FARGATE_LEAST) * second)

    def _map(self, node: Map, place: Place) -> Use:
        """A distributed map: each slice is an execution with a history of its own."""
        found = state(history.MAP)
        for inner, number in self._layout.fan(node.origin, place):
            child = self._block(node.body, inner, last=True)
            events = child.events + exactly(history.EXECUTION)
            one = Use(child.transitions, Range(), child.jobs, child.executions + ONCE, child.longest.most(events), child.compute)
            found += one.times(number)
        return found

    def _array(self, node: Map, place: Place, last: bool) -> Use:
        """An array job: its slices are counted, and submitted at once."""
        (body,) = node.body
        assert isinstance(body, Task)
        slices, jobs = Range(), Use()
        for inner, number in self._layout.fan(node.origin, place):
            slices += number
            jobs += Use(jobs=ONCE, compute=self._cost(body.step, inner)).times(number)
        submitted = state(history.TASK).times(Range(float(slices.low > 0), float(slices.high > 0)))
        return state(history.CALL) + state(history.CHOICE) + submitted + jobs + (SUCCEED if last else Use())

    def _choice(self, node: Choice, place: Place, last: bool) -> Use:
        """The arms one after the other, each behind a state that asks whether an item came this way."""
        found = SUCCEED if last else Use()
        for arm in node.arms:
            if arm.body:
                found += state(history.CHOICE)
                found += self._block(arm.body, place, last=False).times(self._layout.reached(steps(arm.body)[0], place))
        return found

    def _loop(self, node: Loop, place: Place) -> Use:
        """The turns that the machine makes, and the rest, which is one job."""
        cap, turns = node.cap or 0, self._layout.turns(node.header, place)
        enter, again, turn = state(history.PASS), state(history.CHOICE), state(history.PASS)
        if turns is None:
            one = self._block(node.body, Layout.turn(place, 0), last=False) + again
            more = (one + turn).times(Range(0, max(0, cap - 1))) + self._rest(node, place).times(Range(float(cap == 0), 1))
            return enter + (one if cap else Use()) + more
        found = enter
        for number in range(min(turns, cap)):
            found += self._block(node.body, Layout.turn(place, number), last=False) + again + (turn if number else Use())
        return found + (self._rest(node, place) if turns > cap else Use())

    def _rest(self, node: Loop, place: Place) -> Use:
        retries = merge_settings(self._step[step].settings for step in steps(node.body)).retries
        return self._job(node.header, place, retries) + (state(history.CALL) if several_ways_out(node) else Use())
