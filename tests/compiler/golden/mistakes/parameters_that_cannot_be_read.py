import os
from functools import partial

from flowport import FlowSpec, Parameter, step

Whole = partial(Parameter, type=int)
OPTIONS = {"shade": Parameter("shade", default="red")}


class Ratio(Parameter):
    def __init__(self, name, **more):
        super().__init__(name, type=float, **more)


def rate(name):
    return Parameter(name, default=0.5)


def with_seed(flow):
    flow.seed = Parameter("seed", default=1)
    return flow


@with_seed
class TrainFlow(FlowSpec):
    depth = Whole("depth", default=3)
    ratio = Ratio("ratio", default=0.5)
    rate = rate("rate")
    shade = OPTIONS["shade"]
    if os.name == "posix":
        user = Parameter("user", default="root")
    limit = Parameter("limit", default=10)
    limit.help = "how many rows"
    for name in ("first", "last"):
        vars()[name] = Parameter(name)

    @step
    def start(self):
        self.next(self.end)

    @step
    def end(self):
        print(self.depth, self.ratio, self.rate, self.shade, self.user, self.limit, self.first, self.seed)


TrainFlow.late = Parameter("late", default=1)
