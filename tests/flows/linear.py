"""Step after step: artifacts pass on, are replaced, changed in place and left alone."""

from flowport import FlowSpec, step


class Linear(FlowSpec):
    unit = "kg"

    @step
    def start(self):
        self.fruit = "apples"
        self.weights = [3, 1]
        self.nested = {"inner": {"list": []}}
        self.next(self.weigh)

    @step
    def weigh(self):
        self.weights.append(2)
        self.nested["inner"]["list"].append(self.fruit)
        self.next(self.rename)

    @step
    def rename(self):
        self.fruit = self.fruit.upper()
        self.alias = self.weights
        self.next(self.end)

    @step
    def end(self):
        self.total = f"{sum(self.weights)} {self.unit} of {self.fruit}"
        self.shared = self.alias == self.weights
