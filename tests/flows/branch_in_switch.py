"""An arm of a switch splits into branches and joins them before the arms meet again."""

from flowport import FlowSpec, Parameter, step


class BranchInSwitch(FlowSpec):
    size = Parameter("size", type=str, default="large", choices=["small", "large"])

    @step
    def start(self):
        self.numbers = [4, 8, 15]
        self.next({"small": self.quick, "large": self.split}, condition="size")

    @step
    def quick(self):
        self.result = self.numbers[0]
        self.next(self.report)

    @step
    def split(self):
        self.next(self.add, self.multiply)

    @step
    def add(self):
        self.result = sum(self.numbers)
        self.next(self.combine)

    @step
    def multiply(self):
        self.result = self.numbers[0] * self.numbers[1] * self.numbers[2]
        self.next(self.combine)

    @step
    def combine(self, inputs):
        self.result = inputs.multiply.result - inputs.add.result
        self.next(self.report)

    @step
    def report(self):
        self.text = f"{self.size}: {self.result}"
        self.next(self.end)

    @step
    def end(self):
        pass
