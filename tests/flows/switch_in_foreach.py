"""Items of a foreach take different arms; the join sees them all, in order, with what their arm set."""

from flowport import FlowSpec, step


class SwitchInForeach(FlowSpec):
    @step
    def start(self):
        self.numbers = [1, 2, 3, 4, 6]
        self.next(self.look, foreach="numbers")

    @step
    def look(self):
        self.number = self.input
        self.kind = "fizz" if self.number % 3 == 0 else "even" if self.number % 2 == 0 else "odd"
        self.next({"fizz": self.fizz, "even": self.halve, "odd": self.triple}, condition="kind")

    @step
    def fizz(self):
        self.result = "fizz"
        self.only_fizz = True
        self.next(self.label)

    @step
    def halve(self):
        self.result = self.number // 2
        self.next(self.label)

    @step
    def triple(self):
        self.result = self.number * 3
        self.next(self.label)

    @step
    def label(self):
        self.text = f"{self.kind} {self.result}"
        self.next(self.collect)

    @step
    def collect(self, inputs):
        self.texts = [each.text for each in inputs]
        self.fizzes = [each.number for each in inputs if hasattr(each, "only_fizz")]
        self.next(self.end)

    @step
    def end(self):
        pass
