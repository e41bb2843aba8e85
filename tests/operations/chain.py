"""Three flows that start one another: features, a model of them, and scores by the model. Each reads the run that started it."""

from __future__ import annotations

FEATURES = """
from flowport import FlowSpec, Parameter, step


class Features{n}(FlowSpec):
    size = Parameter("size", default=3)

    @step
    def start(self):
        assert self.size < 100, "too many"
        self.features = list(range(self.size))
        self.next(self.end)

    @step
    def end(self):
        pass
"""

TRAIN = """
from flowport import FlowSpec, current, step, trigger_on_finish


@trigger_on_finish(flow="Features{n}")
class Train{n}(FlowSpec):
    @step
    def start(self):
        self.came = current.trigger["Features{n}"].pathspec
        self.weights = [2 * each for each in current.trigger.run.data.features]
        self.next(self.end)

    @step
    def end(self):
        pass
"""

SCORE = """
from flowport import FlowSpec, current, step, trigger_on_finish


@trigger_on_finish(flow="Train{n}")
class Score{n}(FlowSpec):
    @step
    def start(self):
        self.came = current.trigger.event.id
        self.score = sum(current.trigger.run.data.weights)
        self.next(self.end)

    @step
    def end(self):
        self.features = len(current.trigger.run.trigger.run.data.features)
"""

BOTH = """
from flowport import FlowSpec, current, step, trigger_on_finish


@trigger_on_finish(flows=["Features{n}", "Train{n}"])
class Both{n}(FlowSpec):
    @step
    def start(self):
        self.came = sorted(run.pathspec for run in current.trigger.runs)
        self.next(self.end)

    @step
    def end(self):
        pass
"""

LABELS = """
from flowport import FlowSpec, Parameter, current, step, trigger


@trigger(event={{"name": "labels{n}", "parameters": {{"day": "date", "count": "n"}}}})
class Labels{n}(FlowSpec):
    day = Parameter("day", required=True)
    count = Parameter("count", default=0)

    @step
    def start(self):
        self.found = [self.day, self.count, current.trigger.event.name]
        self.next(self.end)

    @step
    def end(self):
        pass
"""

FLOWS = {"Features": FEATURES, "Train": TRAIN, "Score": SCORE, "Both": BOTH, "Labels": LABELS}
