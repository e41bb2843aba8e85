"""A foreach over as many numbers as a parameter says."""

from flowport import FlowSpec, Parameter, step


class Wide(FlowSpec):
    count = Parameter("count", type=int, default=40)

    @step
    def start(self):
        self.numbers = range(self.count)
        self.next(self.double, foreach="numbers")

    @step
    def double(self):
        self.doubled = 2 * self.input
        self.next(self.add)

    @step
    def add(self, inputs):
        self.total = sum(each.doubled for each in inputs)
        self.next(self.end)

    @step
    def end(self):
        pass
