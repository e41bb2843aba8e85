"""Every item of a foreach loops for as many turns as it needs; one leaves after the first."""

from flowport import FlowSpec, step


class LoopInForeach(FlowSpec):
    @step
    def start(self):
        self.pairs = [(48, 18), (7, 7), (17, 5)]
        self.next(self.begin, foreach="pairs")

    @step
    def begin(self):
        self.a, self.b = self.input
        self.turns = 0
        self.next(self.divide)

    @step
    def divide(self):
        self.a, self.b = self.b, self.a % self.b
        self.turns += 1
        self.state = "done" if self.b == 0 else "more"
        self.next({"more": self.divide, "done": self.finish}, condition="state")

    @step
    def finish(self):
        self.result = f"gcd{self.input} = {self.a} in {self.turns}"
        self.next(self.collect)

    @step
    def collect(self, inputs):
        self.results = [each.result for each in inputs]
        self.next(self.end)

    @step
    def end(self):
        pass
